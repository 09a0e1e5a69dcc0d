"""The Bokeh figure that every heatmap is.

There is one figure, authored here, serialised once a build and filled in the browser with a model's
own published JSON (`static/heatmap/heatmap.js`). Its image holds shares of the colour scale in
[0, 1], so that another matrix, kind or scale is new data and new tick labels on a live figure,
never another figure.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

from atlas.site.figures import palettes


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
    document = {"script": script()[0], "palettes": palettes.by_kind(), "item": item}
    return json.dumps(document, separators=(",", ":")) + "\n"


def _heatmap() -> Any:
    """The figure that every heatmap of the site is: an image, two axes, a colour bar.

    Everything that depends on a matrix or on the colour scheme is named, and set in the browser.
    """
    from bokeh import models  # bokeh.plotting takes 0.1 s more to import and adds what nobody sees

    mapper = models.LinearColorMapper(
        name="mapper", palette=["#000000"], low=0, high=1, nan_color="rgba(0, 0, 0, 0)"
    )
    source = models.ColumnDataSource(
        name="source", data={"image": [np.zeros((1, 1), np.float32)], "dw": [1], "dh": [1]}
    )
    image = models.Image(image="image", x=-0.5, y=-0.5, dw="dw", dh="dh", color_mapper=mapper)
    plot = models.Plot(
        name="figure",
        x_range=models.Range1d(-0.5, 0.5, name="x_range"),
        y_range=models.Range1d(0.5, -0.5, name="y_range"),
        title=None,
        toolbar_location=None,
        toolbar=models.Toolbar(
            tools=[models.BoxZoomTool(name="zoom"), models.ResetTool(name="reset")],
            active_drag=None,
        ),
        renderers=[
            models.GlyphRenderer(
                data_source=source, glyph=image, nonselection_glyph=None, muted_glyph=None
            )
        ],
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        lod_threshold=None,
        min_border=0,
    )
    for side, name in (("below", "columns"), ("left", "rows")):
        axis = models.LinearAxis(
            name=name,
            ticker=models.FixedTicker(name=f"{name}_ticker", ticks=[]),
            major_label_overrides={},
            axis_line_color=None,
            major_tick_line_color=None,
            minor_tick_line_color=None,
            major_label_text_font_size="11px",
            axis_label_text_font_size="12px",
            axis_label_text_font_style="normal",
            axis_label_standoff=2,
        )
        lines = models.Grid(
            name=f"{name}_lines",
            dimension=0 if side == "below" else 1,
            axis=axis,
            ticker=models.FixedTicker(name=f"{name}_edges", ticks=[]),
            level="overlay",
        )
        plot.add_layout(axis, side)
        plot.add_layout(lines, "center")
    bar = models.ColorBar(
        name="bar",
        color_mapper=mapper,
        ticker=models.FixedTicker(name="bar_ticker", ticks=[]),
        major_label_overrides={},
        width=12,
        padding=0,
        location=(14, 0),
        major_tick_line_color=None,
        bar_line_color=None,
        background_fill_color=None,
        major_label_text_font_size="11px",
        label_standoff=6,
    )
    plot.add_layout(bar, "right")
    title = models.Title(
        name="bar_title",
        text="",
        align="center",
        standoff=4,
        text_font_size="12px",
        text_font_style="normal",
        text_line_height=1.15,
    )
    plot.add_layout(title, "right")
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
