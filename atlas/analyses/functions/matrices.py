"""The matrices and facts of the analysis `functions`, from the scores of all heads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.analyses.functions import MATRICES, categories, relation_scores
from atlas.analyses.functions.relation_scores import Pairs
from atlas.entries.geometry import Geometry
from atlas.pinned.relations import CATEGORIES
from atlas.profiles import contract
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar

STATED = contract.read(MATRICES)

SIGNS = ("score", "suppressive")
"""What names of matrices begin with: targets among the largest entries, and the smallest."""

DIGITS = 3
"""Decimals of a score. A share of at most 500 pairs can be told from the next one."""


@dataclass
class HeadScores:
    """The scores of all heads, filled layer by layer.

    `score` (relation, sign, level, layer, head); `has` (relation, sign, layer, head): above the
    threshold, and above chance by more than the interval; `chance` (relation, sign, layer, head) at
    the level that counts, NaN where it was not needed; `copying` (layer, head).
    """

    score: NDArray[np.float64]
    has: NDArray[np.bool_]
    chance: NDArray[np.float64]
    copying: NDArray[np.float64]
    heads: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def empty(cls, count: int, shape: Geometry) -> HeadScores:
        place = (shape.layers, shape.heads)
        return cls(
            score=np.zeros((count, 2, 2, *place)),
            has=np.zeros((count, 2, *place), dtype=bool),
            chance=np.full((count, 2, *place), np.nan),
            copying=np.zeros(place),
        )


def matrix_name(sign: str, relation: str, level: int) -> str:
    """`score:capital@10`."""
    return f"{sign}:{relation}@{relation_scores.ks(relation)[level]}"


def build(found: HeadScores, pairs: Pairs, level: int) -> Iterator[Matrix]:
    """Every matrix, in the order in which the page shows them. `level`: the k that counts."""
    if pairs.relations:
        yield from _category_matrices(found, pairs, level)
        yield from _count_matrices(found, pairs)
    yield STATED["ov_copying"].matrix(found.copying)
    yield from _score_matrices(found, pairs)


def _category_matrices(found: HeadScores, pairs: Pairs, level: int) -> Iterator[Matrix]:
    """The categories of every head, under both rules."""
    published: NDArray[np.bool_] = found.score[:, :, level] > relation_scores.THRESHOLD
    for name, has in (("categories", found.has), ("categories:maps", published)):
        yield STATED[name].matrix(categories.codes(_by_category(has, pairs)))


def _count_matrices(found: HeadScores, pairs: Pairs) -> Iterator[Matrix]:
    """How many relations a head has, of all and of each category."""
    counts = _by_category(found.has, pairs)
    yield STATED["relations"].matrix(np.asarray(sum(counts.values())))
    for category, count in counts.items():
        words = {"category": category, "Category": category.capitalize()}
        yield STATED["relations:{category}"].filled(**words).matrix(count)


def _score_matrices(found: HeadScores, pairs: Pairs) -> Iterator[Matrix]:
    """The score and the suppression of every relation, at both of its k."""
    for place, relation in enumerate(pairs.relations):
        for level, k in enumerate(relation_scores.ks(relation.name)):
            for number, sign in enumerate(SIGNS):
                words = {"relation": relation.name, "Relation": relation.title, "k": k}
                quantity = STATED[f"{sign}:{{relation}}@{{k}}"].filled(**words)
                values = np.round(found.score[place, number, level], DIGITS)
                yield quantity.matrix(values, n=int(pairs.sizes[place]))


def _by_category(has: NDArray[np.bool_], pairs: Pairs) -> dict[str, NDArray[np.float64]]:
    """Relations of each category that every head has, with either sign: (layer, head)."""
    either: NDArray[np.bool_] = np.any(has, axis=1)
    of = np.array([relation.category for relation in pairs.relations])
    return {name: either[of == name].sum(0).astype(np.float64) for name in CATEGORIES}


def facts(found: HeadScores, pairs: Pairs, level: int) -> dict[str, Scalar]:
    """Pairs of every relation, the largest chance of each, and how many heads have any relation."""
    told: dict[str, Scalar] = {f"pairs:{name}": count for name, count in pairs.counts.items()}
    for place, relation in enumerate(pairs.relations):
        known = found.chance[place][~np.isnan(found.chance[place])]
        if known.size:
            k = relation_scores.ks(relation.name)[level]
            told[f"chance:{relation.name}@{k}"] = float(known.max())
    if pairs.relations:
        told["measurable"] = len(pairs.relations)
        told["classified"] = int(found.has.any((0, 1)).sum())
    return told
