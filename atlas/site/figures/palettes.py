"""Colours of every figure, stated once; the browser reads them from the figure's template."""

from __future__ import annotations

import functools

CATEGORY_COLOURS = (
    "#b9bec7",  # the first category is the one of what has none
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#8a2be2",
    "#f0e442",
    "#44546a",
    "#6b3e00",
    "#1b1b1b",
)
"""Grey, the colours of Okabe and Ito, and a few that stay apart from them for every eye."""

FAMILY_COLOURS = (
    "#a63f66", "#ca6789", "#ab4235", "#cf6b5b", "#a15000", "#c5772c", "#886300", "#ab8704",
    "#5f7300", "#82972f", "#0a7e3a", "#48a260", "#00816c", "#00a58f", "#007c95", "#00a0b7",
    "#0070b0", "#2d95d3", "#4a61b9", "#6e87db", "#7652ac", "#9978cf", "#94468f", "#b86db1",
)  # fmt: skip
"""Twelve hues in two shades, each with a contrast of 3:1 to the page in light and in dark."""

BINARY_COLOURS = ("#dde3ea", "#28456e")
"""0 light and 1 dark, in both colour schemes."""

HEAD_COLOURS = ("#3d9a8f", "#2c6cab", "#4c2f93", "#1a0a2c")
"""Of heads in 1, 2, 3 and 4 categories of relations, from light to dark: each lighter than the next
by more than half, for every eye and in grey, and the lightest with a contrast of 3:1 to paper."""


@functools.cache
def by_kind() -> dict[str, tuple[str, ...]]:
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
