"""How strongly a head does each thing that heads are compared by: numbers in [0, 1], 0 where it
does not do it.

A measured score is not yet something that a head does: heads of random weights have small scores
everywhere, and would be each other's likes by them. So every rule here has a floor below which
nothing is left. What does not say what a head does has no rule: entropy, sink and distance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlas.profiles import shares
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.site.heads.scores import asked

PATTERNS = ("previous", "duplicate", "induction")
"""Patterns of attention that are functions: a head attends to something for what it is."""

RELATIONS = ("folded_score", "folded_suppressive")
"""What names of relation scores begin with whose norm gains are folded into the weights: models
that are the same but for where their gains stand have the same."""

COPYING = "ov_copying_centred"

FLOOR = 0.1
"""Attention and copying up to it are nothing."""

THRESHOLD = 0.15
"""A head has a relation above it, as in the analysis `functions`."""

LEAST_CHANCE = 0.05
"""What chance counts as where it is less, or was not measured."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Strength:
    """One thing that the heads of a model may do. `values` (layer, head) in [0, 1], NaN where it
    was not measured; `relation`: the one that it is about, `side`: raised or lowered, where a
    matrix says both; empty for none."""

    values: Values
    relation: str = ""
    side: str = ""


def strengths(analysis: str, matrix: Matrix, facts: Mapping[str, Scalar]) -> Iterator[Strength]:
    """What a matrix of a profile says that heads do: most say nothing, copying says two things.

    `facts`: the profile's, which have the chance of relations and what copying is by chance.
    """
    name, k = asked(matrix.name)
    kind, _, relation = name.partition(":")
    if analysis == "attention" and name in PATTERNS:
        yield Strength(_above(matrix.values, FLOOR))
    elif analysis == "functions" and kind in RELATIONS and matrix.n:
        told = "folded_chance" if f"folded_chance:{relation}@{k}" in facts else "chance"
        chance = max(LEAST_CHANCE, _chance(facts, f"{told}:{relation}", k))
        yield Strength(_had(matrix.values, matrix.n, chance), relation)
    elif analysis == "functions" and name == COPYING:
        high, low = facts.get("copying_null_high"), facts.get("copying_null_low")
        if isinstance(high, int | float) and isinstance(low, int | float):
            yield Strength(_above(matrix.values, max(FLOOR, high)), side="raised")
            yield Strength(_above(-matrix.values, max(FLOOR, -low)), side="lowered")


def _above(values: Values, floor: float) -> Values:
    """By how much values lie above a floor, as shares of what lies between it and 1."""
    if floor >= 1:
        return np.where(np.isnan(values), np.nan, 0.0)
    return np.asarray(np.clip((values - floor) / (1 - floor), 0, 1))


def _had(scores: Values, pairs: int, chance: float) -> Values:
    """Scores of heads that have the relation: above the threshold, and above chance by more than
    the interval. 0 for the rest."""
    low, _ = shares.wilson(np.clip(scores, 0, 1), pairs)
    had = (scores > THRESHOLD) & (low > chance)
    return np.where(had | np.isnan(scores), scores, 0.0)


def _chance(facts: Mapping[str, Scalar], name: str, k: int) -> float:
    """The largest chance of any head, at that k; where it was measured at another k, at that one:
    a model with many tokens is judged at the larger k, where chance is higher."""
    own = facts.get(f"{name}@{k}")
    others = [told for fact, told in facts.items() if fact.startswith(f"{name}@")]
    known = [one for one in ([own] if own is not None else others) if isinstance(one, int | float)]
    return float(max(known, default=0.0))
