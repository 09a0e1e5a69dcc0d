"""Matrices of several models on one grid (twin: `static/matrix/align.js`).

Rows and columns are matched by their labels, so that a module which a model lacks is missing, not
zero. Layers can be matched by relative depth instead (0 the first layer, 1 the last one): the
deepest model gives the rows, and every other one its nearest layer, so that no value is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from atlas.errors import AtlasError
from atlas.profiles.matrix import Matrix, Values

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
    """All labels once: numbers in their order, others as `joined` puts them."""
    found = joined(lists)
    if all(label.isascii() and label.isdigit() for label in found):
        return tuple(sorted(found, key=int))
    return found


def joined(lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """All labels once, where the first list that has them puts them: behind the label that stands
    before them there."""
    found: list[str] = []
    for labels in lists:
        at = 0
        for label in labels:
            if label in found:
                at = found.index(label) + 1
            else:
                found.insert(at, label)
                at += 1
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
    names = categories(matrices)
    layers = []
    for model, matrix in enumerate(matrices):
        values = taken(matrix, grid, model)
        if matrix.categories is not None:
            number = np.array([names.index(label) for label in matrix.categories], float)
            known = np.isfinite(values)
            values[known] = number[values[known].astype(int)]
        layers.append(values)
    return np.stack(layers)


def categories(matrices: Sequence[Matrix]) -> tuple[str, ...]:
    """Categories of all matrices, in order of appearance."""
    return tuple(dict.fromkeys(name for matrix in matrices for name in matrix.categories or ()))
