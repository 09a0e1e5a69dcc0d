"""Counts and categories of relations made again, so that several models are counted alike: at one
k, over the relations that all can express (twin: `static/matrix/common-relations.js`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.profiles import shares
from atlas.profiles.matrix import Values
from atlas.profiles.profile_file import Profile


@dataclass(frozen=True)
class Common:
    """The smallest k at which any model is judged (`copying`: of copying relations), and the
    relations that all can express; `left`: those that only some can. `needed`: whether not all
    models are counted so already."""

    k: int
    copying: int
    relations: tuple[str, ...]
    left: tuple[str, ...]
    needed: bool


Pairs = Sequence[Mapping[str, Any]]
"""The items of `functions.pairs.json`."""

SAME_PAIRS = 0.8
"""Pairs of both models over pairs of either, below which they are not the same pairs."""


def common(profiles: Sequence[Profile]) -> Common:
    """What counts of several models can be made of (`static/matrix/common-relations.js`)."""
    judged = [[int(str(one.conditions[key])) for one in profiles] for key in ("k", "k_copying")]
    able = [_scored(one) for one in profiles]
    every = dict.fromkeys(name for each in able for name in each)
    shared = tuple(name for name in every if all(name in each for each in able))
    left = tuple(name for name in every if name not in shared)
    k, copying = map(min, judged)
    needed = bool(left) or any(len(set(several)) > 1 for several in judged)
    return Common(k, copying, shared, left, needed)


def _scored(profile: Profile) -> dict[str, None]:
    found = (re.fullmatch(r"score:([a-z-]+)@\d+", one.name) for one in profile.matrices)
    return dict.fromkeys(match[1] for match in found if match)


def recounted(profile: Profile, pairs: Pairs, name: str, shared: Common) -> Values:
    """A matrix of counts or categories made again: (layer, head).

    A head has a relation where its score, or its suppression, is above the threshold and the lower
    end of the Wilson interval above chance; the latter does not matter for `categories:maps`.
    """
    categories = list(dict.fromkeys(item["category"] for item in pairs))
    counts = {one: np.zeros(profile.matrix(name).values.shape) for one in categories}
    for item in pairs:
        if item["relation"] in shared.relations:
            has = [_has(profile, item, sign, shared, name) for sign in ("score", "suppressive")]
            counts[item["category"]] += np.any(has, axis=0)
    if name.startswith("relations:"):
        return counts[name.partition(":")[2]]
    table = np.stack(list(counts.values()))
    if name == "relations":
        return np.asarray(table.sum(0))
    many = (table > 0).sum(0)
    one = np.where(many == 1, (table > 0).argmax(0) + 1.0, 0.0)
    return np.where(many > 1, len(categories) + many - 1.0, one)


def _has(
    profile: Profile, item: Mapping[str, Any], sign: str, shared: Common, name: str
) -> NDArray[np.bool_]:
    """The heads that have a relation with one sign."""
    maps = {one.name: one for one in profile.matrices}
    scores = maps.get(f"{sign}:{item['relation']}@{shared.k}")
    if scores is None:
        scores = maps[f"{sign}:{item['relation']}@{shared.copying}"]
    assert scores.n is not None
    found = np.zeros(scores.values.shape, dtype=np.bool_)
    chances = {(layer, head): chance for layer, head, chance in item["chance"].get(scores.name, ())}
    for place, value in np.ndenumerate(scores.values):
        share = np.floor(value * scores.n + 0.5) / scores.n
        if share <= float(str(profile.protocol["threshold"])):
            continue
        low, _ = shares.wilson(float(share), scores.n)
        found[place] = name == "categories:maps" or low > chances.get(place, 2.0)
    return found


def overlap(ours: Pairs, theirs: Pairs, relation: str) -> float:
    """The share of pairs of either model that are pairs of both (Jaccard 1912)."""
    first, second = (
        next((set(item["ids"]) for item in pairs if item["relation"] == relation), set())
        for pairs in (ours, theirs)
    )
    return len(first & second) / max(1, len(first | second))


def counts_relations(name: str) -> bool:
    """Whether a matrix of `functions` counts relations, or says what they are."""
    return bool(re.fullmatch(r"relations(?::[a-z]+)?|categories(?::maps)?", name))


def relation_of(name: str) -> str | None:
    """The relation that a matrix of scores is about, folded or not; None for any other matrix."""
    found = re.fullmatch(r"(?:folded_)?(?:score|suppressive):([a-z][a-z0-9-]*)@\d+", name)
    return found[1] if found else None


def rests_on_pairs(profile: Profile, name: str) -> bool:
    """Whether a quantity of a profile rests on pairs of relations."""
    told = counts_relations(name) or relation_of(name) is not None
    return told and "k" in profile.conditions
