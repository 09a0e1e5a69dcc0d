"""Two or more models side by side: what of their matrices lines up, and what may be subtracted.

The compare page computes the same in the browser (`static/matrix/align.js`,
`static/matrix/contrast.js`); this is what both are held to. Values of the first model, the
baseline, are subtracted from those of the others, and only where `obstacles` finds none.

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

from atlas.errors import AtlasError
from atlas.profiles import comparable
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
    return {key: value for key, value in profile.conditions.items() if key in comparable.BINDING}


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
    found = _entries("", first.conditions, second.conditions)
    return tuple(one for one in found if one.what != "corpus")


def _entries(prefix: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Differs]:
    for key in sorted({*first, *second}):
        what = f"{prefix} {key.replace('_', ' ')}".strip()
        yield from _differing(what, first.get(key), second.get(key))


def _differing(what: str, first: Any, second: Any) -> Iterator[Differs]:
    """True is not 1 here; 1.0 is, for JSON has one kind of number."""
    if first != second or isinstance(first, bool) != isinstance(second, bool):
        yield Differs(what, _told(first), _told(second))


def _told(value: Any) -> str:
    """A scalar as people read it, with all of its digits."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    if not isinstance(value, float):
        return str(value)
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return np.format_float_positional(value, trim="-")
    return re.sub(r"e([+-])0", r"e\1", repr(value))


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
