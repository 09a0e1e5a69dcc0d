"""A matrix as a page draws it: which way round, its columns in which order, and which other column
stands first.

`static/matrix/column-order.js` does the same for what a reader chooses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from atlas.profiles.matrix import Matrix
from atlas.profiles.statement import Statement
from atlas.site.figures import labels

HEADS = ("layer", "head")
"""The axes of a map of heads, as profiles have it."""

NAMES = {"module": "Component", "cluster": "Topic", "sublayer": "Block"}
"""What axes are called where a reader meets them, where that differs from profiles; also in
`static/matrix/axes.js`."""


def arranged(matrix: Matrix, order: str) -> Matrix:
    """The same matrix with its columns by their mean, the highest first, where it opens so; equal
    ones and those without a value as they were."""
    if not by_mean(matrix, order):
        return matrix
    known = np.isfinite(matrix.values)
    sums = np.where(known, matrix.values, 0.0).sum(axis=0)
    counts = known.sum(axis=0)
    means = np.divide(sums, counts, out=np.full(len(counts), -np.inf), where=counts > 0)
    sequence = np.argsort(-means, kind="stable")
    named = [matrix.columns, matrix.native or ()]
    columns, native = (tuple(names[at] for at in sequence) if names else () for names in named)
    return replace(
        matrix,
        columns=columns,
        native=native or None,
        values=matrix.values[:, sequence],
        spread=None if matrix.spread is None else matrix.spread[:, sequence],
        largest_share=None if matrix.largest_share is None else matrix.largest_share[:, sequence],
    )


def by_mean(matrix: Matrix, order: str) -> bool:
    """Whether a figure opens with columns by their mean: where `order` is "mean" and they have no
    order of their own, as layers and whatever is numbered have."""
    if order != "mean" or "layer" in matrix.axes[1:] or matrix.kind == "categorical":
        return False
    return not labels.numeric(matrix.columns)


def axis_title(axis: str, sorted_by_mean: bool) -> str:
    """The title of an axis, with its order where that is not the canonical one."""
    name = NAMES.get(axis, axis.replace("_", " ").capitalize())
    return f"{name}, by mean, highest first" if sorted_by_mean else name


def upright(matrix: Matrix) -> Matrix:
    """The same matrix with its layers across, where it is a map of heads, as papers draw them;
    any other as it is."""
    if matrix.axes != HEADS:
        return matrix
    return replace(
        matrix,
        axes=HEADS[::-1],
        rows=matrix.columns,
        columns=matrix.rows,
        values=matrix.values.T,
        undefined=tuple((column, row) for row, column in matrix.undefined),
        spread=None if matrix.spread is None else matrix.spread.T,
        largest_share=None if matrix.largest_share is None else matrix.largest_share.T,
    )


def beside(stated: Statement, matrices: Iterable[Matrix]) -> Matrix | None:
    """The matrix of one column that an analysis wants first beside its others, None without one."""
    found = (one for one in matrices if one.name == stated.shown.get("beside"))
    return next((one for one in found if len(one.columns) == 1), None)


def joined(matrix: Matrix, first: Matrix | None) -> Matrix:
    """A matrix with the column of another one before its own, where both have the same rows and
    the same fixed scale; itself where they have not."""
    if first is None or not _fit(matrix, first):
        return matrix
    native = matrix.native and (*(first.native or first.columns), *matrix.native)
    return replace(
        matrix,
        columns=(*first.columns, *matrix.columns),
        native=native,
        values=np.hstack([first.values, matrix.values]),
        undefined=(*first.undefined, *matrix.undefined),
        spread=None,
        largest_share=None,
    )


def _fit(matrix: Matrix, first: Matrix) -> bool:
    bounds = matrix.range or (None, None)
    return (
        None not in bounds
        and (matrix.axes, matrix.rows, matrix.kind, matrix.scale, bounds)
        == (first.axes, first.rows, first.kind, first.scale, first.range)
        and not set(first.columns) & set(matrix.columns)
    )
