"""What a heatmap shows when its page opens, for whoever draws it before a script has run.

`static/heatmap/scene.js` describes the same of what a reader has chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.matrix import Matrix
from atlas.site.figures import column_order, heatmap, palettes
from atlas.site.figures.heatmap import Box

DISTANCE = 15
"""Pixels that labels of a colour bar are apart, at least."""


@dataclass(frozen=True)
class Axis:
    """An axis of cells: its title, and the label of every row or column."""

    title: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Bar:
    """A colour bar: its title in lines, colours from the lowest value on, and ticks as shares of
    its length with their labels."""

    title: tuple[str, ...]
    palette: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Scene:
    """A heatmap as it is drawn.

    `index`: (row, column), the place of each cell's colour in `palette`, -1 where there is no
    value. `apart`: the first column is that of another matrix. `bar`: None where the page says in
    rows what colours mean, and where there is no value.
    """

    box: Box
    x: Axis
    y: Axis
    palette: tuple[str, ...]
    index: NDArray[np.int64]
    bar: Bar | None
    apart: bool


def of(matrix: Matrix, order: str = "", first: Matrix | None = None) -> Scene:
    """The scene of a matrix that opens in an order, after the column of `first`, if one stands
    there."""
    drawn = as_drawn(matrix, order, first)
    box = heatmap.box(drawn)
    ordered = matrix.axes[1] if column_order.by_mean(matrix, order) else ""
    y, x = (
        Axis(column_order.axis_title(axis, axis == ordered), named)
        for axis, named in zip(drawn.axes, (drawn.rows, drawn.columns), strict=True)
    )
    return Scene(
        box=box,
        x=x,
        y=y,
        palette=heatmap.colours(drawn),
        index=index(drawn),
        bar=_bar(drawn, box.height),
        apart=drawn.values.size > matrix.values.size,
    )


def as_drawn(matrix: Matrix, order: str = "", first: Matrix | None = None) -> Matrix:
    """A matrix the way round, in the order and with the columns that it has on the page."""
    arranged = column_order.arranged(matrix, order)
    return column_order.upright(column_order.joined(arranged, first))


def index(matrix: Matrix) -> NDArray[np.int64]:
    """(row, column): the place of each cell's colour in the palette, -1 where there is no value."""
    levels = len(heatmap.colours(matrix))
    shares = heatmap.shares(matrix)
    places = np.minimum((np.nan_to_num(shares) * levels).astype(np.int64), levels - 1)
    return np.where(np.isnan(shares), -1, places)


def _bar(matrix: Matrix, height: int) -> Bar | None:
    """The colour bar of values, of which there are some."""
    if heatmap.legend(matrix) or not np.isfinite(matrix.values).any():
        return None
    return Bar(
        title=heatmap.bar_title(matrix, height),
        palette=palettes.by_kind()[matrix.kind],
        ticks=_thinned(heatmap.bar_ticks(matrix), DISTANCE / height),
    )


def _thinned(marks: list[tuple[float, str]], gap: float) -> tuple[tuple[float, str], ...]:
    """The ticks, ascending, that keep a gap from each other."""
    kept: list[tuple[float, str]] = []
    for at, label in marks:
        if not kept or at >= kept[-1][0] + gap:
            kept.append((at, label))
    return tuple(kept)
