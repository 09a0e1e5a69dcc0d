"""Matrix -> what a page needs to show it: one Bokeh figure, palettes, layout, a sentence.

There is one figure for heatmaps, authored here, serialised once a build and filled in the browser
with a model's own published JSON (`static/heatmap.js`). Its image holds shares of the colour scale
in [0, 1], so that another matrix, kind or scale is new data and new tick labels on a live figure,
never another figure. What both sides must agree on is stated here and carried in the page: the
layout in `Box`, the palettes and the name of the BokehJS file in the template's JSON.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.matrix import Matrix
from atlas.templating import number

CATEGORY_COLOURS = (
    "#b9bec7",  # the first category is the one of what has none
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#7b3294",
    "#f0e442",
    "#44546a",
    "#8c510a",
    "#1b1b1b",
)
"""Grey, the colours of Okabe and Ito, and a few that stay apart from them."""

BINARY_COLOURS = ("#dde3ea", "#28456e")
"""0 light and 1 dark, in both colour schemes."""

CHARACTER = 6.0
"""Width of a character of an axis label in pixels, on average."""

FITS = 860
"""Width in pixels of a stage from which on column labels stand upright; also in atlas.css."""


@dataclass(frozen=True)
class Box:
    """How a heatmap lies on the page, in pixels: margins around the frame, the frame's largest
    width and its height. `upright`: column labels fit without turning where the page is wide.
    `lines`: cells are large enough for lines between them."""

    left: int
    right: int
    bottom: int
    turned: int
    width: int
    height: int
    upright: bool
    lines: bool

    @property
    def text(self) -> str:
        """The same as `heatmap.js` reads it from an option of the picker."""
        values = (self.left, self.right, self.bottom, self.turned, self.width, self.height)
        return " ".join(str(int(value)) for value in (*values, self.upright, self.lines))


@functools.cache
def palettes() -> dict[str, tuple[str, ...]]:
    """Colours by kind of matrix; none needs red told from green.

    Sources: viridis and cividis (matplotlib, CC0), RdBu (ColorBrewer), Okabe & Ito 2008.
    """
    from bokeh import palettes as bokeh_palettes

    return {
        "sequential": tuple(bokeh_palettes.Viridis256),
        "diverging": tuple(bokeh_palettes.interp_palette(bokeh_palettes.RdBu11, 256)),
        "counts": tuple(bokeh_palettes.Cividis256),
        "categorical": CATEGORY_COLOURS,
        "binary": BINARY_COLOURS,
    }


def colours(matrix: Matrix) -> tuple[str, ...]:
    """The palette of a matrix: as many colours as it has categories, else all of its kind."""
    palette = palettes()[matrix.kind]
    if matrix.kind != "categorical":
        return palette
    return tuple(palette[index % len(palette)] for index in range(len(matrix.categories or ())))


def script() -> tuple[str, Path]:
    """BokehJS: its file name on the site, and the file in the installed wheel."""
    import bokeh

    wheel = Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.min.js"
    return f"bokeh-{bokeh.__version__}.min.js", wheel


@functools.cache
def template() -> str:
    """The heatmap figure as JSON: Bokeh's own item, palettes, and the name of the BokehJS file.

    Bokeh numbers its objects in the order in which a process made them; they are numbered anew,
    so that every build writes the same bytes.
    """
    from bokeh.embed import json_item

    item = _renumbered(json_item(_heatmap()))
    document = {"script": script()[0], "palettes": palettes(), "item": item}
    return json.dumps(document, separators=(",", ":")) + "\n"


def box(matrix: Matrix) -> Box:
    """Where the frame of a matrix lies, and how large it is."""
    rows, columns = len(matrix.rows), len(matrix.columns)
    row_text = max(map(len, matrix.rows)) * CHARACTER
    labels = (*matrix.columns, *(matrix.native or ()))
    wide = max(map(len, matrix.columns)) * CHARACTER + 10
    numeric = all(label.isdigit() for label in matrix.columns)
    cell = min(44, max(8, round(720 / columns))) if numeric else min(84, max(wide, 40))
    left = round(min(170.0, 34 + row_text))
    right = 10 if matrix.kind in ("categorical", "binary") else 78
    turned = 46 if numeric else round(min(130.0, max(map(len, labels)) * CHARACTER) + 34)
    upright = numeric or columns * wide + left + right <= FITS
    return Box(
        left=left,
        right=right,
        bottom=46 if upright else turned,
        turned=turned,
        width=round(columns * cell),
        height=rows * min(30, max(8, round(420 / rows))),
        upright=upright,
        lines=rows <= 40 and columns <= 32,
    )


def shares(matrix: Matrix) -> NDArray[np.float64]:
    """Each value's place on the colour scale that the matrix asks for, in [0, 1]; NaN stays NaN.

    `values` of shape (row, column). Diverging scales are symmetric about 0; logarithmic ones begin
    at the smallest value above 0; counts begin at 0.
    """
    values = matrix.values
    if matrix.kind in ("categorical", "binary"):
        return np.asarray((values + 0.5) / len(colours(matrix)))
    low, high = limits(matrix)
    if matrix.scale == "log" and low > 0:
        values, low, high = np.log(np.maximum(values, low)), np.log(low), np.log(high)
    if high <= low:
        return np.where(np.isnan(values), np.nan, 0.5)
    return np.asarray(np.clip((values - low) / (high - low), 0, 1))


def limits(matrix: Matrix) -> tuple[float, float]:
    """The values at both ends of the colour scale that the matrix asks for; (0, 0) for none."""
    known = matrix.values[np.isfinite(matrix.values)]
    if matrix.scale == "log" and (known > 0).any():
        known = known[known > 0]
    if not known.size:
        return 0.0, 0.0
    if matrix.kind == "diverging":
        bound = float(np.abs(known).max())
        return -bound, bound
    return 0.0 if matrix.kind == "counts" else float(known.min()), float(known.max())


def scale_text(matrix: Matrix) -> str:
    """What the colours mean, in words; `scales.js` says the same for the other scales."""
    if matrix.kind == "categorical":
        return "one colour a category"
    if matrix.kind == "binary":
        return "dark 1, light 0"
    low, high = limits(matrix)
    kind = "logarithmic" if matrix.scale == "log" and low > 0 else "linear"
    return f"{kind}, {number(low)} to {number(high)}"


def summary(matrix: Matrix) -> str:
    """One sentence computed from the values."""
    known = matrix.values[np.isfinite(matrix.values)]
    none = absent(matrix)
    tail = f"; {none} of {matrix.values.size} do not exist in this architecture" if none else ""
    if not known.size:
        return "None of these values exist in this architecture."
    if matrix.kind in ("categorical", "binary"):
        names = matrix.categories or ("0", "1")
        counts = np.bincount(known.astype(int), minlength=len(names))
        order = [index for index in np.argsort(-counts, kind="stable") if counts[index]][:4]
        parts = ", ".join(f"{names[index]} in {counts[index]}" for index in order)
        return f"Of {known.size} cells: {parts}{tail}."
    return (
        f"Highest {_told(matrix, int(np.nanargmax(matrix.values)))}; "
        f"lowest {_told(matrix, int(np.nanargmin(matrix.values)))}; "
        f"median {number(float(np.median(known)))} over {known.size} values{tail}."
    )


def absent(matrix: Matrix) -> int:
    """How many values do not exist in this architecture."""
    return int(np.isnan(matrix.values).sum())


def _told(matrix: Matrix, flat: int) -> str:
    row, column = divmod(flat, len(matrix.columns))
    value = number(float(matrix.values[row, column]))
    return f"{value} at {_place(matrix.axes[0], matrix.rows[row])}, " + _place(
        matrix.axes[1], matrix.columns[column]
    )


def _place(axis: str, label: str) -> str:
    """`layer 3`, but `attn.q` alone: a module's name says what it is."""
    return f"{axis.replace('_', ' ')} {label}" if label.isdigit() else label


def _heatmap() -> Any:
    """The figure that every heatmap of the site is: an image, two axes, a colour bar, a cursor.

    Everything that depends on a matrix or on the colour scheme is named, and set in the browser.
    """
    from bokeh import models, plotting

    plot = plotting.figure(
        name="figure",
        x_range=models.Range1d(-0.5, 0.5, name="x_range"),
        y_range=models.Range1d(0.5, -0.5, name="y_range"),
        toolbar_location=None,
        tools=[models.BoxZoomTool(name="zoom"), models.ResetTool(name="reset")],
        active_drag=None,
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        lod_threshold=None,
        min_border=0,
    )
    mapper = models.LinearColorMapper(
        name="mapper", palette=["#000000"], low=0, high=1, nan_color="rgba(0, 0, 0, 0)"
    )
    source = models.ColumnDataSource(
        name="source", data={"image": [np.zeros((1, 1), np.float32)], "dw": [1], "dh": [1]}
    )
    plot.image("image", source=source, x=-0.5, y=-0.5, dw="dw", dh="dh", color_mapper=mapper)
    for side, name in ((0, "columns"), (1, "rows")):
        axis = (plot.xaxis, plot.yaxis)[side][0]
        axis.update(
            name=name,
            ticker=models.FixedTicker(name=f"{name}_ticker", ticks=[]),
            major_label_overrides={},
            axis_line_color=None,
            major_tick_line_color=None,
            major_label_text_font_size="11px",
            axis_label_text_font_size="12px",
            axis_label_text_font_style="normal",
            axis_label_standoff=6,
        )
        grid = (plot.xgrid, plot.ygrid)[side][0]
        grid.update(
            name=f"{name}_lines",
            ticker=models.FixedTicker(name=f"{name}_edges", ticks=[]),
            level="overlay",
        )
    bar = models.ColorBar(
        name="bar",
        color_mapper=mapper,
        ticker=models.FixedTicker(name="bar_ticker", ticks=[]),
        major_label_overrides={},
        width=12,
        padding=0,
        margin=14,
        major_tick_line_color=None,
        bar_line_color=None,
        background_fill_color=None,
        major_label_text_font_size="11px",
        label_standoff=6,
    )
    plot.add_layout(bar, "right")
    plot.add_layout(
        models.BoxAnnotation(
            name="cursor", visible=False, fill_color=None, line_width=2, level="overlay"
        )
    )
    return plot


def _renumbered(document: Any) -> Any:
    """The same JSON with Bokeh's ids replaced by their order of appearance."""
    seen: dict[str, str] = {}

    def walk(node: Any, key: str = "") -> Any:
        if isinstance(node, dict):
            return {name: walk(value, name) for name, value in node.items()}
        if isinstance(node, list):
            return [walk(value) for value in node]
        if key in ("id", "root_id") and isinstance(node, str):
            return seen.setdefault(node, f"a{len(seen)}")
        return node

    return walk(document)
