"""The naive way, which benchmarks of the site are held against: a Bokeh figure of rectangles for
every matrix, inline in the page. It takes as long as the machine is slow, and so does the site."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import atlases

from atlas.profiles.matrix import Matrix
from atlas.site.figures import bokeh_figure, palettes

MAPS = 12
FIRST_MS = {"fast": 1178.0, "slow": 3695.0}
"""ms to its first heatmap on the machine that the budgets were made for."""
BUILD_S = 65.0
"""Seconds in which that machine made a site of 100 models this way, MkDocs included."""


def matrices(seed: int) -> tuple[Matrix, ...]:
    """12 matrices of 50 x 60 random values."""
    drawn = atlases.matrices(seed, 50, 60)[2]
    return tuple(
        replace(drawn, name=f"map{at}", title=f"Map {at}", values=drawn.values * (1 - at / 20))
        for at in range(MAPS)
    )


PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>Naive</title>
<script src="../assets/atlas/{script}"></script></head><body>{body}<script>
const look = () => {{
  const views = Object.values(Bokeh.index).filter((view) => view.has_finished());
  if (views.length > 0) seen.first ??= performance.now();
  if (views.length < {count}) setTimeout(look, 4);
  else document.body.dataset.ready = "live";
}};
look();
</script></body></html>"""
"""A page of the naive way, which says when its figures are drawn."""


def render(models: int) -> tuple[float, str]:
    """(CPU seconds a model, the page's body) of a figure of rectangles for every matrix."""
    from bokeh.embed import components
    from bokeh.plotting import figure
    from bokeh.transform import linear_cmap

    start = time.process_time()
    for at in range(models):
        plots = []
        for matrix in matrices(at):
            cells = [(row, column) for row in matrix.rows for column in matrix.columns]
            values = [float(f"{value:.4g}") for value in matrix.values.ravel()]
            data = {"row": [c[0] for c in cells], "column": [c[1] for c in cells], "value": values}
            plot = figure(
                x_range=list(matrix.columns),
                y_range=list(reversed(matrix.rows)),
                tooltips=[("value", "@value")],
            )
            fill = linear_cmap("value", list(palettes.by_kind()["sequential"]), -1, 1)
            plot.rect("column", "row", 1, 1, source=data, fill_color=fill, line_color=None)
            plots.append(plot)
        script, divs = components(plots)
        body = script + "".join(divs)
    return (time.process_time() - start) / models, body


def pace(measured: float, reference: float) -> float:
    """How much longer the naive way takes here than on that machine, at least 1."""
    return max(1.0, measured / reference)


def publish(site: Path, models: int = 1) -> tuple[float, str]:
    """Put a page of the naive way beside a built site: (CPU seconds a model, its text)."""
    each, body = render(models)
    text = PAGE.format(script=bokeh_figure.script()[0], body=body, count=MAPS)
    (site / "naive").mkdir()
    (site / "naive" / "index.html").write_text(text, encoding="utf-8")
    return each, text


def browser_pace(browser: Any, url: str, visits: int = 5) -> float:
    """The pace of the first figure of that page."""
    times = []
    for _ in range(visits):
        page = browser.new_page(viewport={"width": 1280, "height": 1200})
        page.add_init_script("window.seen = {}")
        times.append(alone(page, f"{url}naive/", 2000)["first"])
        page.close()
    return pace(sorted(times)[visits // 2], FIRST_MS["fast"])


def alone(page: Any, url: str, ms: int) -> dict[str, float]:
    """When the figures of a page were there. It is left alone meanwhile: a driver that asks whether
    it is ready works in the page and on its processor, and a reader has none."""
    page.goto(url)
    page.wait_for_timeout(ms)
    page.wait_for_selector('[data-ready="live"]')
    return dict(page.evaluate("seen"))
