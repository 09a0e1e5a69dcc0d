"""The matrices and facts of the analysis `functions`, from the scores of all heads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.analyses.functions import relation_scores
from atlas.analyses.functions.relation_scores import Pairs
from atlas.entries.geometry import Geometry
from atlas.pinned.relations import CATEGORIES
from atlas.profiles.matrix import Kind, Matrix
from atlas.profiles.profile_file import Scalar

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
    yield _matrix(
        "ov_copying",
        found.copying,
        title="Copying by eigenvalues",
        unit="sum of eigenvalues over sum of their moduli",
        direction="raises whatever token it reads",
        kind="diverging",
        range=(-1, 1),
    )
    yield from _score_matrices(found, pairs)


def _category_matrices(found: HeadScores, pairs: Pairs, level: int) -> Iterator[Matrix]:
    """The categories of every head, under both rules."""
    published: NDArray[np.bool_] = found.score[:, :, level] > relation_scores.THRESHOLD
    for name, has, rule in (
        ("categories", found.has, "above chance"),
        ("categories:maps", published, "published rule"),
    ):
        yield _matrix(
            name,
            relation_scores.categories(_by_category(has, pairs)),
            title=f"Categories of relations ({rule})",
            unit="category",
            direction="another category; from 5 on more of them",
            kind="categorical",
            categories=relation_scores.CODES,
        )


def _count_matrices(found: HeadScores, pairs: Pairs) -> Iterator[Matrix]:
    """How many relations a head has, of all and of each category."""
    counts = _by_category(found.has, pairs)
    for category, count in {"": sum(counts.values()), **counts}.items():
        yield _matrix(
            f"relations:{category}" if category else "relations",
            np.asarray(count),
            title=f"{category.capitalize()} relations" if category else "Relations",
            unit="relations",
            direction="has more relations",
            kind="counts",
            range=(0, None),
        )


def _score_matrices(found: HeadScores, pairs: Pairs) -> Iterator[Matrix]:
    """The score and the suppression of every relation, at both of its k."""
    for place, relation in enumerate(pairs.relations):
        for level, k in enumerate(relation_scores.ks(relation.name)):
            for number, sign in enumerate(SIGNS):
                among = ("largest", "smallest")[number]
                yield _matrix(
                    matrix_name(sign, relation.name, level),
                    np.round(found.score[place, number, level], DIGITS),
                    title=f"{relation.title}: {('score', 'suppression')[number]} at k = {k}",
                    unit="share of pairs",
                    direction=f"more targets among the {k} {among} of their row",
                    kind="sequential",
                    range=(0, 1),
                    n=int(pairs.sizes[place]),
                )


def _by_category(has: NDArray[np.bool_], pairs: Pairs) -> dict[str, NDArray[np.float64]]:
    """Relations of each category that every head has, with either sign: (layer, head)."""
    either: NDArray[np.bool_] = np.any(has, axis=1)
    of = np.array([relation.category for relation in pairs.relations])
    return {name: either[of == name].sum(0).astype(np.float64) for name in CATEGORIES}


def _matrix(
    name: str,
    values: NDArray[np.float64],
    *,
    title: str,
    unit: str,
    direction: str,
    kind: Kind,
    range: tuple[float | None, float | None] | None = None,
    categories: tuple[str, ...] | None = None,
    n: int | None = None,
) -> Matrix:
    layers, heads = values.shape
    return Matrix(
        name=name,
        title=title,
        unit=unit,
        kind=kind,
        axes=("layer", "head"),
        rows=tuple(map(str, np.arange(layers))),
        columns=tuple(map(str, np.arange(heads))),
        values=values,
        direction=direction,
        range=range,
        categories=categories,
        n=n,
    )


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
