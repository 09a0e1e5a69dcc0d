"""Two or more models side by side: what of their matrices lines up, and what may be subtracted.

The compare page computes the same in the browser (`static/matrix/align.js`,
`static/matrix/contrast.js`, `static/matrix/paired.js`); this is what they are held to. Values of
the first model, the baseline, are subtracted from those of the others, and only where `obstacles`
finds none.

Rows and columns are matched by their labels, so that a module which a model lacks is missing, not
zero. Layers can be matched by relative depth instead (0 the first layer, 1 the last one): the
deepest model gives the rows, and every other one its nearest layer, so that no value is made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from atlas import words
from atlas.errors import AtlasError
from atlas.profiles import shares
from atlas.profiles.comparable import BINDING
from atlas.profiles.matrix import Matrix, Values
from atlas.profiles.profile_file import Profile, Scalar

By = Literal["layer", "depth"]

LAYER = "layer"
"""The axis that has a depth."""


@dataclass(frozen=True)
class Axis:
    """One axis of a common grid.

    `labels`: of its positions. `places`: for each model and position, where in the model's own
    matrix the value stands, None where it has none.
    """

    name: str
    labels: tuple[str, ...]
    places: tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True)
class Grid:
    """The common rows and columns of several models' matrices."""

    rows: Axis
    columns: Axis


@dataclass(frozen=True)
class Differs:
    """One thing that two profiles do not have in common, and how it is with either."""

    what: str
    first: str
    second: str


def obstacles(first: Profile, second: Profile, name: str) -> tuple[Differs, ...]:
    """What forbids subtracting the matrix `name` of two profiles; empty where nothing does.

    Analysis, version and every key of the protocol must agree, and the matrices must be the same
    quantity: unit, kind, axes. Raises `KeyError` where a profile has no such matrix.
    """
    pair = (first, second)
    found = [*_differing("analysis", *(profile.analysis for profile in pair))]
    found += _differing("version of the method", *(profile.version for profile in pair))
    found += (_by_name(one, *pair) for one in _entries("protocol", first.protocol, second.protocol))
    found += _entries("", *(_binding(profile) for profile in pair))
    ours, theirs = (profile.matrix(name) for profile in pair)
    found += _differing("unit", ours.unit, theirs.unit)
    found += _differing("kind of values", ours.kind, theirs.kind)
    axes = (" by ".join(matrix.axes).replace("_", " ") for matrix in (ours, theirs))
    return (*found, *_differing("axes", *axes))


def _binding(profile: Profile) -> dict[str, Scalar]:
    """The conditions that must agree like a protocol."""
    return {key: value for key, value in profile.conditions.items() if key in BINDING}


def _by_name(one: Differs, first: Profile, second: Profile) -> Differs:
    """What differs, a corpus called by its name where the profile says it."""
    if one.what != "protocol corpus":
        return one
    names = [f"{each.conditions['corpus']}, " if "corpus" in each.conditions else ""
             for each in (first, second)]  # fmt: skip
    return Differs(one.what, names[0] + one.first, names[1] + one.second)


def conditions(first: Profile, second: Profile) -> tuple[Differs, ...]:
    """What was otherwise when two profiles were measured, and forbids no comparison; the corpus is
    told with the protocol."""
    return tuple(_entries("", *(_free(profile) for profile in (first, second))))


def _free(profile: Profile) -> dict[str, Scalar]:
    """The conditions that do not bind."""
    told = {*BINDING, "corpus"}
    return {key: value for key, value in profile.conditions.items() if key not in told}


def _entries(prefix: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Differs]:
    for key in sorted({*first, *second}):
        what = f"{prefix} {key.replace('_', ' ')}".strip()
        yield from _differing(what, first.get(key), second.get(key))


def _differing(what: str, first: Any, second: Any) -> Iterator[Differs]:
    """True is not 1 here; 1.0 is, for JSON has one kind of number."""
    if first != second or isinstance(first, bool) != isinstance(second, bool):
        yield Differs(what, _told(first), _told(second))


def _told(value: Any) -> str:
    """A scalar as people read it, with all of its digits; those of large whole numbers in
    groups, also where JSON has them with a point."""
    if isinstance(value, float) and abs(value) < 2**53 and value == int(value):
        value = int(value)
    return words.scalar(value)


def align(matrices: Sequence[Matrix], by: By = "layer", shared: bool = False) -> Grid:
    """The common grid of matrices whose axes are the same.

    `by`: layers by their number, or by relative depth. `shared`: only rows and columns that every
    matrix has, which may be none. Raises `AtlasError` where axes differ.
    """
    if len({matrix.axes for matrix in matrices}) > 1:
        axes = " and ".join(sorted({"x".join(matrix.axes) for matrix in matrices}))
        raise AtlasError(
            f"{axes} have no common grid", place=f"matrix {matrices[0].name!r}",
            remedy="compare matrices of the same axes",
        )  # fmt: skip
    rows, columns = matrices[0].axes
    return Grid(
        _axis(rows, [matrix.rows for matrix in matrices], by, shared),
        _axis(columns, [matrix.columns for matrix in matrices], by, shared),
    )


def _axis(name: str, lists: Sequence[Sequence[str]], by: By, shared: bool) -> Axis:
    if name == LAYER and by == "depth":
        count = max(map(len, lists))
        return Axis(name, depths(count), tuple(nearest(count, len(labels)) for labels in lists))
    labels = merged(lists)
    if shared:
        labels = tuple(label for label in labels if all(label in items for items in lists))
    at = [{label: place for place, label in enumerate(items)} for items in lists]
    return Axis(name, labels, tuple(tuple(place.get(label) for label in labels) for place in at))


def merged(lists: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """All labels once: numbers in their order, others where the first list that has them puts
    them, behind the label that stands before them there."""
    found: list[str] = []
    for labels in lists:
        at = 0
        for label in labels:
            if label in found:
                at = found.index(label) + 1
            else:
                found.insert(at, label)
                at += 1
    if all(label.isascii() and label.isdigit() for label in found):
        found.sort(key=int)
    return tuple(found)


def depths(count: int) -> tuple[str, ...]:
    """Relative depths of `count` layers to three decimals, halves rounded up."""
    last = max(1, count - 1)
    return tuple(f"{(2000 * row + last) // (2 * last) / 1000:g}" for row in range(count))


def nearest(count: int, length: int) -> tuple[int, ...]:
    """For each of `count` rows from depth 0 to 1 the nearest of `length` layers, from 0; the
    earlier one where two are as near."""
    last = max(1, count - 1)
    return tuple(-((last - 2 * row * (length - 1)) // (2 * last)) for row in range(count))


def taken(matrix: Matrix, grid: Grid, model: int) -> Values:
    """Values of a model on the common grid, (row, column); NaN where it has none."""
    rows, columns = grid.rows.places[model], grid.columns.places[model]
    found = np.full((len(rows), len(columns)), np.nan)
    for row, place in enumerate(rows):
        for column, other in enumerate(columns):
            if place is not None and other is not None:
                found[row, column] = matrix.values[place, other]
    return found


def stacked(matrices: Sequence[Matrix], grid: Grid) -> Values:
    """Values of all models on the common grid, (model, row, column). Categories are those of
    `pooled`, whatever number each model gives them."""
    names = _categories(matrices)
    layers = []
    for model, matrix in enumerate(matrices):
        values = taken(matrix, grid, model)
        if matrix.categories is not None:
            number = np.array([names.index(label) for label in matrix.categories], float)
            known = np.isfinite(values)
            values[known] = number[values[known].astype(int)]
        layers.append(values)
    return np.stack(layers)


def pooled(matrices: Sequence[Matrix], grid: Grid) -> Matrix:
    """The values of all models in one matrix, a model below the other: what one colour scale is
    computed from, as for any matrix."""
    first = matrices[0]
    rows = [f"{model} {label}" for model in range(len(matrices)) for label in grid.rows.labels]
    ranges = {matrix.range for matrix in matrices}
    return replace(
        first,
        rows=tuple(rows),
        columns=grid.columns.labels,
        values=np.concatenate(stacked(matrices, grid)),
        range=first.range if len(ranges) == 1 else None,
        categories=_categories(matrices) or None,
        native=None,
        spread=None,
        largest_share=None,
        n=None,
    )


def _categories(matrices: Sequence[Matrix]) -> tuple[str, ...]:
    """Categories of all matrices, in order of appearance."""
    return tuple(dict.fromkeys(name for matrix in matrices for name in matrix.categories or ()))


def has_ratio(matrix: Matrix) -> bool:
    """Whether "twice as much" means something: amounts and counts that cannot be negative."""
    low = matrix.range[0] if matrix.range else None
    bounded = matrix.scale == "log" or matrix.kind == "counts" or (low is not None and low >= 0)
    return matrix.kind in ("sequential", "counts") and bounded


def differences(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What every other model has more than the first, (model - 1, row, column); NaN where either
    has no value. `values`: (model, row, column)."""
    return np.asarray(values[1:] - values[0])


def ratios(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many times the first model's value every other one has, (model - 1, row, column); NaN
    where either has none or is not above 0. `values`: (model, row, column)."""
    fit = (values[1:] > 0) & (values[0] > 0)
    found = np.full(fit.shape, np.nan)
    np.divide(values[1:], values[0], out=found, where=fit)
    return found


def changes(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the class of every other model is another than the first one's: 1, else 0,
    (model - 1, row, column); NaN where either has none. `values`: (model, row, column)."""
    unknown = np.isnan(values[1:]) | np.isnan(values[0])
    return np.where(unknown, np.nan, (values[1:] != values[0]).astype(float))


def largest(contrast: NDArray[np.float64], ratio: bool = False) -> tuple[int, int, int] | None:
    """Where a difference, or with `ratio` a ratio in either direction, is largest: its place in
    `contrast`, the first of equals; None where there is no value."""
    known = np.isfinite(contrast)
    if not known.any():
        return None
    filled = np.where(known, contrast, 1.0 if ratio else 0.0)
    size = np.maximum(filled, 1 / filled) if ratio else np.abs(filled)
    at = np.unravel_index(int(np.argmax(np.where(known, size, -np.inf))), contrast.shape)
    return int(at[0]), int(at[1]), int(at[2])


# How sure a difference is

Sums = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Totals and sizes of every passage, (row, column, passage) both; NaN where one does not count."""


def paired_errors(first: Sums, second: Sums) -> NDArray[np.float64]:
    """Standard errors of the differences of two models' ratios of sums over the same passages,
    (row, column): linearised, so that what a passage adds to both cancels. NaN where fewer than two
    passages count for both."""
    counts: NDArray[np.bool_] = np.asarray(np.isfinite(np.stack([*first, *second])).all(axis=0))
    apart = _linearised(*first, counts) - _linearised(*second, counts)
    count = counts.sum(axis=-1)
    squares = np.where(counts, apart**2, 0).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(count > 1, np.sqrt(count / (count - 1) * squares), np.nan))


def _linearised(
    totals: NDArray[np.float64], sizes: NDArray[np.float64], counts: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """What each passage adds to the error of a ratio of sums: (T_i - R b_i) / sum b."""
    totals, sizes = np.where(counts, totals, 0), np.where(counts, sizes, 0)
    whole = sizes.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = totals.sum(axis=-1, keepdims=True) / whole
        return np.asarray((totals - ratio * sizes) / whole)


def unpaired_errors(first: Values, second: Values) -> Values:
    """Of two models that each have an error of their own, as if they had read different texts."""
    return np.asarray(np.sqrt(first**2 + second**2))


def sums(name: str, passages: Sequence[Mapping[str, Any]]) -> Sums:
    """What every passage adds to the cells of a matrix of `importance` or `masks`."""
    sizes = np.array([one.get("bytes", np.nan) for one in passages], dtype=float)
    if name == "taylor":
        totals = np.array([one["taylor"] for one in passages], dtype=float).transpose(1, 2, 0)
        row, column = np.unravel_index(np.nanargmax(totals.sum(axis=-1)), totals.shape[:2])
        sizes = totals[row, column]
    elif name == "block_increase":
        layers = next(len(one["increase"]) for one in passages if one["increase"])
        lines = [one["increase"] or [np.nan] * layers for one in passages]
        totals = np.array(lines, dtype=float).T[:, None]
    else:
        half = {"delta:attn": 0, "delta:mlp": 1}[name]
        lines = [one["increase"][half::2] for one in passages]
        bits = np.array(lines).T * [one["tokens"] / np.log(2) for one in passages]
        clusters = np.array([one["cluster"] for one in passages])
        own = np.arange(clusters.max() + 1)[:, None, None] == clusters
        totals = np.where(own, bits, np.nan)
    return totals, np.broadcast_to(sizes, totals.shape)


# Counts and categories of relations, at one k and over the relations that all models can express


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
