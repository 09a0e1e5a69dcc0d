"""A heatmap in a browser: it draws what the JSON says, tells it exactly, and swaps its data."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cells import TIP, centre, centres, drawn, open_model, stored
from PIL import Image

from atlas.profiles import profile_file
from atlas.profiles.matrix import Matrix
from atlas.site.figures import heatmap


def _colours(page: Any, matrix: Matrix) -> np.ndarray:
    """The colour on the screen at every cell's middle, (row, column, 3)."""
    page.mouse.move(1, 1)
    page.wait_for_timeout(150)  # the cursor and a repaint of the canvas
    image = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
    x, y = np.moveaxis(centres(page, matrix).astype(int), -1, 0)
    return np.asarray(image[y, x])


def _expected(matrix: Matrix, shares: np.ndarray) -> np.ndarray:
    palette = heatmap.colours(matrix)
    colours = np.array([[int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in palette])
    index = np.minimum(np.nan_to_num(shares) * len(palette), len(palette) - 1)
    return np.asarray(colours[index.astype(int)])


@pytest.mark.parametrize("name", ["rms", "outlier", "ov_copying", "categories", "score:all@10"])
def test_every_cell_is_drawn_in_the_colour_of_its_value(page: Any, site: Any, name: str) -> None:
    """Within two steps of the palette: the browser holds 32-bit numbers."""
    open_model(page, site)
    page.select_option('[data-role="matrix"]', name)
    matrix = drawn(site, name)
    page.locator(".atlas-stage").scroll_into_view_if_needed()
    shares = heatmap.shares(matrix)
    known = np.isfinite(shares)
    apart = np.abs(_colours(page, matrix) - _expected(matrix, shares)).max(axis=-1)
    assert apart[known].max() <= 8


def test_the_preview_lies_where_the_figure_is_drawn(page: Any, site: Any) -> None:
    open_model(page, site)
    still = page.locator(".atlas-frame").bounding_box()
    live = page.evaluate(
        """() => {
          const view = Object.values(Bokeh.index)[0];
          const box = view.el.getBoundingClientRect();
          const { left, top, width, height } = view.frame.bbox;
          return { x: box.x + left, y: box.y + top, width, height };
        }"""
    )
    for side in ("x", "y", "width", "height"):
        assert abs(still[side] - live[side]) <= 1


def test_nothing_moves_when_the_figure_takes_over(page: Any, site: Any) -> None:
    page.add_init_script(
        """window.shifts = [];
        new PerformanceObserver((list) => {
          for (const { value, sources } of list.getEntries()) {
            shifts.push({ value, of: sources.map(({ node }) => node?.className) });
          }
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    open_model(page, site)
    assert [shift for shift in page.evaluate("shifts") if shift["value"] > 0.002] == []


@pytest.mark.parametrize("cell", [(0, 0), (3, 5), (11, 7), (7, 2)])
def test_hover_tells_the_value_of_the_json(page: Any, site: Any, cell: tuple[int, int]) -> None:
    open_model(page, site)
    raw = json.loads(site.project.profile("small", "weights").read_text())["matrices"][0]
    row, column = cell
    page.mouse.move(*centre(page, stored(site), row, column))
    told = page.locator(f"{TIP}:visible")
    assert told.locator(".atlas-value").inner_text() == str(raw["values"][row][column])
    text = told.inner_text()
    assert f"layer {raw['rows'][row]}, {raw['columns'][column]}" in text
    assert raw["native"][column] in text
    above = sum(value >= raw["values"][row][column] for line in raw["values"] for value in line)
    assert f"rank {above} of 96" in text
    page.mouse.move(1, 1)
    page.wait_for_selector(TIP, state="hidden")


def test_hover_is_exact_in_every_cell_of_a_large_map(page: Any, site: Any) -> None:
    """A walk along the diagonal of 80 x 64, cells of 8 x 11 pixels."""
    open_model(page, site, "large")
    page.select_option('[data-role="matrix"]', "ov_copying")
    matrix = drawn(site, "ov_copying", "large")
    for at in range(0, 64, 7):
        page.locator(".atlas-stage").evaluate("node => node.scrollIntoView()")
        page.evaluate("scrollBy(0, -120)")
        x, y = centre(page, matrix, at, at)
        if y > 890:
            page.evaluate("scrollBy(0, 500)")
            x, y = centre(page, matrix, at, at)
        page.mouse.move(x, y)
        told = page.locator(f"{TIP}:visible .atlas-value").inner_text()
        assert float(told.replace("−", "-")) == float(f"{matrix.values[at, at]:.4g}")


def test_what_does_not_exist_is_said_to(page: Any, site: Any) -> None:
    open_model(page, site)
    page.select_option('[data-role="matrix"]', "outlier")
    page.mouse.move(*centre(page, stored(site), 2, 7))
    told = page.locator(f"{TIP}:visible").inner_text()
    assert told.startswith("does not exist in this architecture")
    assert page.locator('[data-role="absent"]').is_visible()


def test_the_picker_swaps_data_and_words_on_the_live_figure(page: Any, site: Any) -> None:
    open_model(page, site)
    page.evaluate("window.first = Bokeh.documents[0]")
    for matrix in profile_file.load(site.project.profile("small", "weights")).matrices:
        page.select_option('[data-role="matrix"]', matrix.name)
        assert page.locator('[data-role="title"]').inner_text() == matrix.title
        assert page.locator('[data-role="summary"]').inner_text() == heatmap.summary(matrix)
        assert page.locator('[data-role="scale-text"]').inner_text() == heatmap.scale_text(matrix)
        assert page.locator('[data-role="direction"]').inner_text() == heatmap.direction(matrix)
        legend = page.locator('[data-role="legend"]')
        assert legend.is_visible() == (matrix.kind in ("categorical", "binary"))
    assert page.evaluate("Bokeh.documents.length === 1 && Bokeh.documents[0] === window.first")


def test_the_picker_works_from_the_keyboard(page: Any, site: Any) -> None:
    open_model(page, site)
    page.focus('[data-role="matrix"]')
    page.keyboard.press("ArrowDown")
    page.locator('[data-role="title"]', has_text="Largest weight").wait_for()


def test_arrow_keys_read_the_cells(page: Any, site: Any) -> None:
    open_model(page, site)
    page.focus(".atlas-stage")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    values = stored(site).values
    told = page.locator(f"{TIP}:visible .atlas-value").inner_text()
    assert float(told.replace("−", "-")) == values[1, 1]
    page.keyboard.press("Escape")
    assert page.locator(TIP).is_hidden()


@pytest.mark.parametrize("scale", ["log", "robust", "row", "column"])
def test_scales_change_the_colours_and_say_so(page: Any, site: Any, scale: str) -> None:
    open_model(page, site)
    matrix = stored(site)
    page.select_option('[data-role="scale"]', scale)
    values = matrix.values
    bounds: dict[str, Any] = {
        "log": (values.min(), values.max()),
        "robust": np.sort(values.ravel())[[1, -2]],  # one of 96 on either side is an outlier
        "row": (values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)),
        "column": (values.min(axis=0), values.max(axis=0)),
    }
    low, high = bounds[scale]
    if scale == "log":
        values, low, high = np.log(values), np.log(low), np.log(high)
    shares = np.clip((values - low) / (high - low), 0, 1)
    assert np.abs(_colours(page, matrix) - _expected(matrix, shares)).max() <= 8
    text = page.locator('[data-role="scale-text"]').inner_text()
    word = {
        "log": "logarithmic",
        "robust": "without outliers",
        "row": "each row",
        "column": "each column",
    }
    assert word[scale] in text


def test_native_names_stand_on_the_axis(page: Any, site: Any) -> None:
    open_model(page, site)
    page.check('[data-role="native"]')
    labels = page.evaluate(
        """() => [...Bokeh.documents[0].get_model_by_name("columns").major_label_overrides]
          .map(([, label]) => label)"""
    )
    assert labels == list(stored(site).native or ())


def test_dark_and_light_follow_the_page(page: Any, site: Any) -> None:
    open_model(page, site)

    def colours() -> list[str]:
        found: list[str] = page.evaluate(
            """() => {
              const find = (name) => Bokeh.documents[0].get_model_by_name(name);
              return [find("rows").major_label_text_color, find("rows_lines").grid_line_color];
            }"""
        )
        return found

    light = colours()
    page.locator("label.md-header__button[for^=__palette]:visible").click()
    page.wait_for_selector('body[data-md-color-scheme="slate"]')
    page.wait_for_timeout(200)
    dark = colours()
    assert light != dark
    wanted = page.evaluate(
        """() => ["--atlas-text", "--atlas-ground"].map((name) =>
          getComputedStyle(document.body).getPropertyValue(name).trim())"""
    )
    assert dark == wanted
    matrix = stored(site)
    apart = np.abs(_colours(page, matrix) - _expected(matrix, heatmap.shares(matrix)))
    assert apart.max() <= 8


def test_the_figure_is_an_image_with_words(page: Any, site: Any) -> None:
    open_model(page, site)
    label = page.evaluate(
        """() => {
          const element = Object.values(Bokeh.index)[0].el;
          return [element.getAttribute("role"), element.getAttribute("aria-label")];
        }"""
    )
    assert label == ["img", f"Root mean square of Model small. {heatmap.summary(stored(site))}"]


def test_the_table_and_the_csv_hold_every_value(page: Any, site: Any) -> None:
    open_model(page, site)
    matrix = stored(site)
    page.locator(".atlas-table summary").click()
    page.wait_for_selector(".atlas-table tbody tr")
    cells = page.locator(".atlas-table tbody td").all_inner_texts()
    assert [float(cell) for cell in cells] == matrix.values.ravel().tolist()
    with page.expect_download() as download:
        page.locator('[data-role="csv"]').click()
    assert download.value.suggested_filename == "small.weights.rms.csv"
    rows = list(csv.reader(Path(download.value.path()).read_text().splitlines()))
    assert rows[0] == ["layer \\ module", *matrix.columns]
    assert [[float(value) for value in row[1:]] for row in rows[1:]] == matrix.values.tolist()


def test_zooming_keeps_the_cells_exact_and_goes_back(page: Any, site: Any) -> None:
    open_model(page, site)
    matrix = stored(site)
    page.locator('[data-role="zoom"]').click()
    page.mouse.move(*centre(page, matrix, 2, 2))
    page.mouse.down()
    page.mouse.move(*centre(page, matrix, 6, 5), steps=4)
    page.mouse.up()
    frame = page.locator(".atlas-frame").bounding_box()
    page.mouse.move(frame["x"] + 4, frame["y"] + 4)
    assert float(page.locator(f"{TIP}:visible .atlas-value").inner_text()) == matrix.values[2, 2]
    page.locator('[data-role="zoom"]').click()
    page.mouse.move(*centre(page, matrix, 0, 0))
    page.wait_for_timeout(100)
    assert float(page.locator(f"{TIP}:visible .atlas-value").inner_text()) == matrix.values[0, 0]


def test_thirty_navigations_leave_no_heap_behind(page: Any, site: Any) -> None:
    """To a live figure and back, 15 times after 4 to settle: 0.2 MB a navigation at most."""
    cdp = page.context.new_cdp_session(page)
    page.goto(f"{site.url}models/")
    sizes = []
    for _ in range(19):
        page.locator('.atlas-models a[href$="small/"]').first.click()
        page.locator(".atlas-stage").first.scroll_into_view_if_needed()
        page.locator('[data-ready="live"]').first.wait_for()
        page.locator(".atlas-crumbs a").first.click()
        page.locator(".atlas-models").first.wait_for()
        cdp.send("HeapProfiler.collectGarbage")
        sizes.append(cdp.send("Runtime.getHeapUsage")["usedSize"] / 1e6)
    assert (sizes[-1] - sizes[3]) / 30 <= 0.2
