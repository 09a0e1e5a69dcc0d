"""The matrices and facts of the analysis `functions`, from the scores of all heads."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from atlas.analyses.functions import MATRICES, categories, relation_scores
from atlas.analyses.functions.relation_scores import Pairs
from atlas.entries.geometry import Geometry
from atlas.pinned.relations import CATEGORIES, Relation
from atlas.profiles import contract, shares
from atlas.profiles.matrix import Matrix, rounded
from atlas.profiles.profile_file import Scalar

STATED = contract.read(MATRICES)

SIGNS = ("score", "suppressive")
"""What names of matrices begin with: targets among the largest entries, and the smallest."""

FOLDED = "folded_"
"""What comes before that where norm gains are folded in."""

DIGITS = 3
"""Decimals of a score. A share of at most 500 pairs can be told from the next one."""


@dataclass
class Reading:
    """The scores of all heads under one choice of `fold`, filled layer by layer.

    `score` and `chance` (relation, sign, level, layer, head); chance is NaN where it was not
    needed.
    """

    score: NDArray[np.float64]
    chance: NDArray[np.float64]

    def has(self, pairs: Pairs, level: int) -> NDArray[np.bool_]:
        """Which relations a head has, (relation, sign, layer, head): above the threshold, and above
        chance by more than the interval. Chance decides as it is published, so that a reader who
        counts again finds the same."""
        sizes = pairs.sizes.cpu().numpy()[:, None, None, None]
        low, _ = shares.wilson(self.score[:, :, level], sizes)
        with np.errstate(invalid="ignore"):
            return np.asarray(low > _published(self.chance[:, :, level]))


def _published(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chances with the digits of the file."""
    told, known = chance.copy(), ~np.isnan(chance)
    told[known] = [rounded(value) for value in chance[known].tolist()]
    return told


@dataclass
class HeadScores:
    """What was found of all heads, filled layer by layer.

    `readings`: not folded, folded. `copying`, `centred` (layer, head); `spectra` by layer,
    (head, d_head); `heads` by layer, what each does. `null`: of centred copying, as
    `salient_mappings.copying_null` gives it. `attending`: the layers that have heads.
    """

    readings: tuple[Reading, Reading]
    copying: NDArray[np.float64]
    centred: NDArray[np.float64]
    attending: tuple[int, ...]
    spectra: dict[int, torch.Tensor] = field(default_factory=dict)
    null: float = math.nan
    heads: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def empty(
        cls, count: int, shape: Geometry, attending: tuple[int, ...] | None = None
    ) -> HeadScores:
        place = (shape.layers, shape.heads)
        size = (count, 2, 2, *place)
        plain, folded = (Reading(np.zeros(size), np.full(size, np.nan)) for _ in range(2))
        layers = tuple(range(shape.layers)) if attending is None else attending
        return cls((plain, folded), np.zeros(place), np.zeros(place), layers)

    def of_layer(self, number: int) -> dict[str, Any]:
        """What was found of a layer, as values that JSON can hold."""
        return {
            "score": [one.score[:, :, :, number].tolist() for one in self.readings],
            "chance": [one.chance[:, :, :, number].tolist() for one in self.readings],
            "copying": self.copying[number].tolist(),
            "centred": self.centred[number].tolist(),
            "spectra": self.spectra[number].tolist(),
            "heads": self.heads[number],
        }

    def put(self, number: int, held: Mapping[str, Any]) -> None:
        """Take what `of_layer` gave, in this run or in an earlier one."""
        shape = self.readings[0].score[:, :, :, number].shape
        for one, score, chance in zip(self.readings, held["score"], held["chance"], strict=True):
            one.score[:, :, :, number] = np.reshape(score, shape)
            one.chance[:, :, :, number] = np.reshape(chance, shape)
        self.copying[number], self.centred[number] = held["copying"], held["centred"]
        self.spectra[number] = torch.tensor(held["spectra"])
        self.heads[number] = held["heads"]


@dataclass(frozen=True)
class Rule:
    """What decides which relations a head has: `fold` as chosen, and the level of k that counts."""

    fold: bool
    level: int


def matrix_name(sign: str, relation: str, level: int) -> str:
    """`score:capital@10`."""
    return f"{sign}:{relation}@{relation_scores.ks(relation)[level]}"


def build(found: HeadScores, pairs: Pairs, rule: Rule) -> Iterator[Matrix]:
    """Every matrix, in the order in which the page shows them; layers without heads have none."""
    absent = np.setdiff1d(np.arange(len(found.copying)), found.attending)
    for matrix in _whole(found, pairs, rule):
        if len(absent):
            values = matrix.values.copy()
            values[absent] = np.nan
            matrix = replace(matrix, values=values)
        yield matrix


def _whole(found: HeadScores, pairs: Pairs, rule: Rule) -> Iterator[Matrix]:
    """The same, as if every layer had heads."""
    if pairs.relations:
        yield from _category_matrices(found, pairs, rule)
        yield from _count_matrices(found, pairs, rule)
    yield STATED["ov_copying"].matrix(found.copying)
    yield STATED["ov_copying_centred"].matrix(found.centred)
    yield from _score_matrices(found.readings[rule.fold], pairs, "", (0, 1))
    yield from _score_matrices(found.readings[True], pairs, FOLDED, (0,))


def _category_matrices(found: HeadScores, pairs: Pairs, rule: Rule) -> Iterator[Matrix]:
    """The categories of every head, under both rules."""
    reading = found.readings[rule.fold]
    published: NDArray[np.bool_] = reading.score[:, :, rule.level] > relation_scores.THRESHOLD
    has = reading.has(pairs, rule.level)
    for name, one in (("categories", has), ("categories:maps", published)):
        yield STATED[name].matrix(categories.codes(_by_category(one, pairs)))


def _count_matrices(found: HeadScores, pairs: Pairs, rule: Rule) -> Iterator[Matrix]:
    """How many relations a head has, of all and of each category."""
    counts = _by_category(found.readings[rule.fold].has(pairs, rule.level), pairs)
    yield STATED["relations"].matrix(np.asarray(sum(counts.values())))
    for category, count in counts.items():
        words = {"category": category, "Category": category.capitalize()}
        yield STATED["relations:{category}"].filled(**words).matrix(count)


def _score_matrices(
    reading: Reading, pairs: Pairs, prefix: str, levels: Sequence[int]
) -> Iterator[Matrix]:
    """The score and the suppression of every relation, at some of its k."""
    for place, relation in enumerate(pairs.relations):
        for level in levels:
            k = relation_scores.ks(relation.name)[level]
            for number, sign in enumerate(SIGNS):
                words = {"relation": relation.name, "Relation": relation.title, "k": k}
                quantity = STATED[f"{prefix}{sign}:{{relation}}@{{k}}"].filled(**words)
                values = np.round(reading.score[place, number, level], DIGITS)
                yield quantity.matrix(values, n=int(pairs.sizes[place]))


def _by_category(has: NDArray[np.bool_], pairs: Pairs) -> dict[str, NDArray[np.float64]]:
    """Relations of each category that every head has, with either sign: (layer, head)."""
    either: NDArray[np.bool_] = np.any(has, axis=1)
    of = np.array([relation.category for relation in pairs.relations])
    return {name: either[of == name].sum(0).astype(np.float64) for name in CATEGORIES}


def facts(found: HeadScores, pairs: Pairs, rule: Rule) -> dict[str, Scalar]:
    """Pairs of every relation, the largest chance of each, how many heads have any relation, how
    many have other categories with gains folded than without, and the null of copying."""
    told: dict[str, Scalar] = {f"pairs:{name}": count for name, count in pairs.counts.items()}
    reading = found.readings[rule.fold]
    for prefix, one in (("", reading), (FOLDED, found.readings[True])):
        for place, relation in enumerate(pairs.relations):
            for level, k in enumerate(relation_scores.ks(relation.name)):
                known = one.chance[place, :, level]
                if (known := known[~np.isnan(known)]).size:
                    told[f"{prefix}chance:{relation.name}@{k}"] = float(known.max())
    if pairs.relations:
        told["measurable"] = len(pairs.relations)
        told["classified"] = int(reading.has(pairs, rule.level).any((0, 1)).sum())
        told["fold_changes"] = _changed(found, pairs, rule.level)
    told |= {"copying_null_high": found.null, "copying_null_low": -found.null}
    return told


def _changed(found: HeadScores, pairs: Pairs, level: int) -> int:
    """Heads of other categories with norm gains folded in than without."""
    several = [_by_category(one.has(pairs, level), pairs).values() for one in found.readings]
    plain, folded = (np.stack(list(counts)) > 0 for counts in several)
    return int((plain != folded).any(0).sum())


def pairs_part(reading: Reading, pairs: Pairs, known: Sequence[Relation]) -> list[dict[str, Any]]:
    """Of every relation which of its pairs the tokenizer can express, and where a score is above
    the threshold the chance of it: [layer, head, chance] by matrix."""
    places = {relation.name: place for place, relation in enumerate(pairs.relations)}
    return [
        {
            "relation": one.name,
            "category": one.category,
            "ids": list(pairs.ids[one.name]),
            "chance": _chances(reading, pairs, places[one.name]) if one.name in places else {},
        }
        for one in known
    ]


def _chances(reading: Reading, pairs: Pairs, place: int) -> dict[str, list[list[float]]]:
    told = {}
    for level, (number, sign) in itertools.product(range(2), enumerate(SIGNS)):
        values = reading.chance[place, number, level]
        cells = np.argwhere(~np.isnan(values)).tolist()
        name = matrix_name(sign, pairs.relations[place].name, level)
        told[name] = [[layer, head, float(values[layer, head])] for layer, head in cells]
    return {name: cells for name, cells in told.items() if cells}
