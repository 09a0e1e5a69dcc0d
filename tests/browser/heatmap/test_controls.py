"""What a reader chooses on a figure: order, depth, classes, files, keys, what stands behind it."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scene_reading
from cells import TIP, centre, drawn, open_model, stored, told
from PIL import Image

from atlas.profiles import statement
from atlas.site.figures import explanations, heatmap

VOICE = ".atlas-voice"


def _axis(page: Any, name: str) -> tuple[str, list[str]]:
    """The title and the labels of an axis of the live figure."""
    title, labels = page.evaluate(
        """(name) => {
          const axis = Bokeh.documents[0].get_model_by_name(name);
          return [axis.axis_label, [...axis.major_label_overrides].map(([, label]) => label)];
        }""",
        name,
    )
    return title, labels


def _sorted(matrix: Any) -> list[int]:
    means = np.nanmean(matrix.values, axis=0)
    return sorted(range(len(means)), key=lambda column: -means[column])


def test_columns_are_sorted_by_mean_and_the_axis_says_so(page: Any, site: Any) -> None:
    open_model(page, site)
    matrix = stored(site)
    page.select_option('[data-role="order"]', "mean")
    order = _sorted(matrix)
    title, labels = _axis(page, "columns")
    assert title == "Component, by mean, highest first"
    assert labels == [matrix.columns[column] for column in order]
    for at in (0, 7):
        page.mouse.move(*centre(page, matrix, 5, at))
        assert float(told(page)) == matrix.values[5, order[at]]
        words = page.locator(f"{TIP}:visible").inner_text()
        assert f"layer 5, {matrix.columns[order[at]]}" in words
        assert (matrix.native or ())[order[at]] in words


def test_an_order_stays_for_the_next_quantity_that_has_it(page: Any, site: Any) -> None:
    open_model(page, site)
    page.select_option('[data-role="order"]', "name")
    page.select_option('[data-role="matrix"]', "outlier")
    assert page.input_value('[data-role="order"]') == "name"
    assert _axis(page, "columns")[1] == sorted(stored(site, "outlier").columns)
    page.select_option('[data-role="matrix"]', "categories")
    assert page.input_value('[data-role="order"]') == "canonical"


def test_layers_are_told_by_relative_depth(page: Any, site: Any) -> None:
    open_model(page, site)
    page.check('[data-role="depth"]')
    title, labels = _axis(page, "rows")
    assert title == "Layer, relative depth"
    assert labels == [f"{layer / 11:.2f}" for layer in range(12)]
    page.mouse.move(*centre(page, stored(site), 3, 1))
    words = page.locator(f"{TIP}:visible").inner_text()
    assert "layer 3, attn.k" in words
    assert "relative depth 0.27" in words
    page.select_option('[data-role="matrix"]', "mask")  # clusters by layers
    assert _axis(page, "columns")[0] == "Layer, relative depth"


@pytest.mark.parametrize(
    ("keys", "cell"),
    [
        (["ArrowDown"], (0, 0)),
        (["ArrowDown", "ArrowRight", "ArrowDown"], (1, 1)),
        (["End"], (0, 7)),
        (["PageDown"], (10, 0)),
        (["PageDown", "PageDown"], (11, 0)),
        (["Control+End"], (11, 7)),
        (["Control+End", "PageUp", "Home"], (1, 0)),
        (["Control+End", "Control+Home"], (0, 0)),
        (["ArrowUp", "ArrowUp", "ArrowLeft"], (0, 0)),
    ],
)
def test_keys_read_cells_aloud(
    page: Any, site: Any, keys: list[str], cell: tuple[int, int]
) -> None:
    open_model(page, site)
    matrix = stored(site)
    page.focus(".atlas-stage")
    for key in keys:
        page.keyboard.press(key)
    row, column = cell
    value = matrix.values[row, column]
    assert float(told(page)) == value
    place = int((matrix.values >= value).sum())
    spoken = page.locator(VOICE).inner_text()
    assert spoken == (
        f"layer {row}, {matrix.columns[column]}: {value} weight units, rank {place} of 96"
    )
    assert page.locator(VOICE).get_attribute("aria-live") == "polite"


def test_a_pointer_does_not_speak(page: Any, site: Any) -> None:
    open_model(page, site)
    page.mouse.move(*centre(page, stored(site), 3, 1))
    assert page.locator(f"{TIP}:visible").count() == 1
    assert page.locator(VOICE).inner_text() == ""


def test_after_a_click_the_keys_go_on_from_there(page: Any, site: Any) -> None:
    open_model(page, site)
    page.mouse.click(*centre(page, stored(site), 3, 1))
    page.keyboard.press("ArrowRight")
    assert float(told(page)) == stored(site).values[3, 2]


@pytest.mark.parametrize("name", ["categories", "mask"])
def test_classes_are_switched_off_and_on(page: Any, site: Any, name: str) -> None:
    open_model(page, site)
    page.select_option('[data-role="matrix"]', name)
    matrix = drawn(site, name)
    button = page.locator('[data-role="legend"] button').nth(1)
    labels = matrix.categories or ("0", "1")
    count = int((matrix.values == 1).sum())
    assert button.inner_text().split() == [labels[1], str(count)]
    before = _palette(page)
    assert before == list(heatmap.colours(matrix))
    button.focus()
    page.keyboard.press("Space")
    assert button.get_attribute("aria-pressed") == "false"
    after = _palette(page)
    assert [at for at, colour in enumerate(after) if colour != before[at]] == [1]
    row, column = np.argwhere(matrix.values == 1)[0]
    page.locator(".atlas-stage").evaluate("node => node.scrollIntoView({ block: 'center' })")
    page.mouse.move(*centre(page, matrix, int(row), int(column)))
    assert told(page) == labels[1]  # the value is told all the same
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert _palette(page) == before


def _palette(page: Any) -> list[str]:
    found: list[str] = page.evaluate(
        'Bokeh.documents[0].get_model_by_name("mapper").palette.map((c) =>'
        ' typeof c === "string" ? c : "#" + (c >>> 8).toString(16).padStart(6, "0"))'
    )
    return found


def test_every_class_is_on_after_another_quantity(page: Any, site: Any) -> None:
    open_model(page, site)
    page.select_option('[data-role="matrix"]', "categories")
    page.locator('[data-role="legend"] button').first.click()
    page.select_option('[data-role="matrix"]', "rms")
    assert page.locator('[data-role="legend"]').is_hidden()
    page.select_option('[data-role="matrix"]', "categories")
    pressed = page.locator('[data-role="legend"] [aria-pressed="true"]')
    assert pressed.count() == 4


def _download(page: Any, kind: str) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        page.locator(f'[data-role="{kind}"]').click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_the_svg_is_the_figure_with_its_words(page: Any, site: Any) -> None:
    open_model(page, site)
    matrix = stored(site, "outlier")
    page.select_option('[data-role="matrix"]', "outlier")
    page.select_option('[data-role="order"]', "mean")
    name, content = _download(page, "svg")
    assert name == "small.weights.outlier.svg"
    found = scene_reading.read(content.decode())
    assert found.title == "Largest weight of Model small"
    words = " ".join(found.words)
    assert words.startswith("Largest weight of Model small")
    assert f"{matrix.unit}. {heatmap.direction(matrix)}." in words
    assert "logarithmic" in words
    (panel,) = found.panels
    assert panel.axes[0] == "Component, by mean, highest first"
    assert panel.columns[-1] == "norm.attn"  # without a value, so behind all others
    colours = {colour for row in panel.colours(*matrix.values.shape) for colour in row}
    assert None in colours
    assert heatmap.colours(matrix)[-1] in colours


def test_the_png_holds_the_cells_in_their_colours(page: Any, site: Any) -> None:
    """300 dots an inch, which the file says, in the place that the SVG has them."""
    open_model(page, site)
    page.select_option('[data-role="matrix"]', "ov_copying")
    matrix = drawn(site, "ov_copying")
    name, content = _download(page, "png")
    assert name == "small.weights.ov_copying.png"
    picture = Image.open(io.BytesIO(content))
    assert picture.width == round(175 / 25.4 * 300)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    image = np.asarray(picture.convert("RGB")).astype(int)
    text = _download(page, "svg")[1].decode()
    left, top = (
        sum(float(one[axis]) for one in re.findall(r"<g transform=.translate\((\S+) (\S+)\)", text))
        for axis in (0, 1)
    )
    (panel,) = scene_reading.read(text).panels
    points = float(re.search(r'viewBox="0 0 (\S+)', text)[1])  # type: ignore[index]
    rows, columns = matrix.values.shape
    palette = heatmap.colours(matrix)
    shares = heatmap.shares(matrix)
    for row, column in ((0, 0), (17, 4), (31, 11)):
        x = int((left + (column + 0.5) * panel.size[0] / columns) * picture.width / points)
        y = int((top + (row + 0.5) * panel.size[1] / rows) * picture.width / points)
        colour = palette[min(255, int(shares[row, column] * 256))]
        wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
        assert np.abs(image[y, x] - wanted).max() <= 8


def test_the_json_link_is_the_profile(page: Any, site: Any) -> None:
    open_model(page, site)
    with page.expect_download() as waiting:
        page.locator(".atlas-links a").click()
    assert waiting.value.suggested_filename == "small.weights.json"
    content = Path(waiting.value.path()).read_bytes()
    assert content == site.project.profile("small", "weights").read_bytes()


def test_the_table_stands_in_the_order_of_the_figure(page: Any, site: Any) -> None:
    open_model(page, site)
    page.locator('[data-role="table"] summary').click()
    page.select_option('[data-role="order"]', "name")
    heads = page.locator(".atlas-table thead th")
    heads.nth(8).wait_for()
    assert heads.all_inner_texts()[1:] == sorted(stored(site).columns)


def test_what_stands_behind_a_figure_is_one_click_away(page: Any, site: Any) -> None:
    open_model(page, site)
    profile = json.loads(site.project.profile("small", "weights").read_text())
    page.locator('[data-role="origin"] summary').click()
    page.locator('[data-role="origin"] dd').first.wait_for()
    words = page.locator('[data-role="origin"]').inner_text()
    for told_value in (profile["model"]["digest"], profile["conditions"]["device"]):
        assert told_value in words
    assert "32,768" in words
    page.locator('[data-role="reading"] summary').click()
    reading = page.locator('[data-role="reading"]')
    reading.locator(".atlas-usual").wait_for()
    general = explanations.reading(statement.of("weights").prose)
    said = page.evaluate(
        "(html) => new DOMParser().parseFromString(html, 'text/html').body.textContent", general
    )
    assert reading.locator("> p").last.text_content() == said
    for quantity in ("rms", "outlier"):
        page.select_option('[data-role="matrix"]', quantity)
        reading.locator(f".atlas-reading code:text-is('{quantity}')").first.wait_for()
        assert reading.locator(".atlas-reading").count() == 1
        assert reading.locator(".atlas-formula math").count() >= 1
        usual = reading.locator(".atlas-usual").inner_text()
        assert usual.startswith("Usual values: in ") and "; the median is " in usual
