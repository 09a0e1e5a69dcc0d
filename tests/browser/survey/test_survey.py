"""A survey in a browser: every pixel is the step of its value; filters, order, classes, keys."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

import atlases
import drawn
import numpy as np
import pytest
import samples

from atlas.profiles.matrix import Matrix
from atlas.site import pages
from atlas.site.across import shared_scale
from atlas.site.figures import palettes

SHAPES = ((48, 25), (32, 32), (36, 40), (80, 64), (6, 8))
LIVE = '[data-atlas="survey"][data-ready="live"]'
PIXELS = """(slug) => {
  const canvas = document.querySelector(`[data-slug="${slug}"] canvas`);
  const { width, height } = canvas;
  return [height, width, ...canvas.getContext("2d").getImageData(0, 0, width, height).data];
}"""


@dataclass(frozen=True)
class Survey:
    url: str
    matrices: dict[str, dict[str, Matrix]]


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Survey:
    """Five measured models of the shapes that real ones have, and one that waits."""
    made = atlases.project(tmp_path_factory.mktemp("survey") / "atlas")
    matrices = {}
    for at, (layers, heads) in enumerate(SHAPES):
        slug = f"model-{at}"
        geometry = {**samples.GEOMETRY, "layers": layers, "parameters": 10 ** (8 + at)}
        atlases.entry(
            made, slug, family=f"fam-{at % 2}", tags=[f"tag-{at % 3}"], geometry=geometry,
            released=f"202{at}-01",
        )  # fmt: skip
        found = atlases.matrices(at, layers, heads)
        if at == 4:
            found = tuple(matrix for matrix in found if matrix.name != "ov_copying")
        atlases.profile(made, slug, matrices=found)
        matrices[slug] = {matrix.name: matrix for matrix in found}
    atlases.entry(made, "waiting", source="some-org/waiting", revision=samples.REVISION)
    pages.render(made)
    url = f"{serve(made.root)}/site/"
    atlases.build(made, url)
    return Survey(f"{url}survey/weights/", matrices)


def _open(page: Any, survey: Survey, query: str = "") -> None:
    page.goto(f"{survey.url}{query}")
    page.wait_for_selector(LIVE)


def _shown(page: Any) -> list[str]:
    return [str(slug) for slug in page.eval_on_selector_all(
        ".atlas-tile:not([hidden])", "tiles => tiles.map(tile => tile.dataset.slug)"
    )]  # fmt: skip


def _pixels(page: Any, slug: str) -> np.ndarray:
    """(row, column, 4) of a model's canvas."""
    height, width, *data = page.evaluate(PIXELS, slug)
    return np.array(data).reshape(height, width, 4)


@pytest.mark.parametrize("name", ["rms", "outlier", "ov_copying", "categories", "score:all@10"])
def test_every_pixel_is_the_colour_of_its_step(page: Any, survey: Survey, name: str) -> None:
    _open(page, survey, f"?matrix={name}")
    having = {slug: found[name] for slug, found in survey.matrices.items() if name in found}
    scale = shared_scale.over(list(having.values()))
    palette = palettes.by_kind()[scale.kind]
    colours = np.array([[int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in palette])
    assert sorted(_shown(page)) == sorted(having)
    for slug, matrix in having.items():
        pixels, steps = _pixels(page, slug), scale.steps(matrix)
        if matrix.axes == ("layer", "head"):
            steps = steps.T  # layers run across
        absent = steps == shared_scale.MISSING
        assert ((pixels[..., 3] == 0) == absent).all()
        places = steps.astype(int)
        if scale.transform != "whole":
            places = np.floor(places / shared_scale.STEPS * (len(colours) - 1) + 0.5).astype(int)
        expected = colours[np.where(absent, 0, places) % len(colours)]
        # profiles have four digits, so that a value may lie on the other side of a step's edge
        assert np.abs(pixels[..., :3] - expected)[~absent].max() <= 8


def test_panels_keep_the_shape_of_their_models(page: Any, survey: Survey) -> None:
    _open(page, survey, "?matrix=categories")
    for at, (layers, heads) in enumerate(SHAPES):
        box = page.locator(f'[data-slug="model-{at}"] canvas').bounding_box()
        cell = (box["width"] / layers, box["height"] / heads)
        assert cell[0] == pytest.approx(round(cell[0])) and cell[0] >= 1
        assert cell[1] == pytest.approx(round(cell[1])) and cell[1] >= 1
        assert box["width"] <= 200 and box["height"] <= 200


def test_filters_and_their_address(page: Any, survey: Survey) -> None:
    _open(page, survey)
    page.select_option('[data-role="family"]', "fam-0")
    assert _shown(page) == ["model-0", "model-2", "model-4"]
    page.select_option('[data-role="size"]', label="5 to 20 billion")
    assert _shown(page) == ["model-2"]
    page.reload()
    page.wait_for_selector(LIVE)
    assert _shown(page) == ["model-2"]
    page.locator('[data-role="text"]').fill("no such model")
    assert _shown(page) == []
    page.locator('[data-role="reset"]').click()
    assert len(_shown(page)) == 5
    assert page.url == survey.url
    page.select_option('[data-role="tag"]', "tag-1")
    assert _shown(page) == ["model-1", "model-4"]
    page.locator('[data-role="text"]').fill("MODEL-4")
    assert _shown(page) == ["model-4"]
    assert "1 of 5 models" in page.locator('[data-role="told"]').inner_text()


def test_the_way_back_finds_what_was_shown(page: Any, survey: Survey) -> None:
    _open(page, survey)
    page.evaluate("window.same = true")
    page.select_option('[data-role="family"]', "fam-1")
    page.locator(".atlas-tile:not([hidden]) a").first.click()
    page.wait_for_selector("#weights")
    page.go_back()
    page.wait_for_selector(LIVE)
    assert _shown(page) == ["model-1", "model-3"]
    assert page.evaluate("window.same === true")  # no page was loaded anew
    assert page.locator(".atlas-survey > .atlas-tip").count() == 1


def test_order_by_what_was_measured(page: Any, survey: Survey) -> None:
    _open(page, survey)
    for order, read, sign in (("mean", np.nanmean, -1), ("highest", np.nanmax, -1)):
        page.select_option('[data-role="sort"]', order)
        keys = {slug: sign * read(found["rms"].values) for slug, found in survey.matrices.items()}
        assert _shown(page) == sorted(keys, key=lambda slug: keys[slug])
    page.select_option('[data-role="sort"]', "released")
    assert _shown(page) == [f"model-{at}" for at in (4, 3, 2, 1, 0)]
    page.select_option('[data-role="sort"]', "layers")
    assert _shown(page) == [f"model-{at}" for at in (4, 1, 2, 0, 3)]


def test_classes_are_switched(page: Any, survey: Survey) -> None:
    _open(page, survey, "?matrix=categories&sort=classes")
    page.locator(".atlas-class").nth(2).click()
    assert page.locator(".atlas-class").nth(2).get_attribute("aria-pressed") == "false"
    values = {slug: found["categories"].values for slug, found in survey.matrices.items()}
    assert ((values["model-3"] == 2) == (_pixels(page, "model-3")[..., 3] == 0).T).all()
    shares = {slug: -float((found != 2).mean()) for slug, found in values.items()}
    assert _shown(page) == sorted(shares, key=lambda slug: shares[slug])
    assert "off=2" in page.url
    count = page.locator(".atlas-class small").nth(2).inner_text()
    assert int(count.replace(",", "")) == sum(int((v == 2).sum()) for v in values.values())


def test_hover_tells_a_rounded_value_and_says_so(page: Any, survey: Survey) -> None:
    _open(page, survey)
    canvas = page.locator('[data-slug="model-4"] canvas')
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    row, column = 2, 5
    x, y = box["x"] + box["width"] * (column + 0.5) / 8, box["y"] + box["height"] * (row + 0.5) / 6
    page.mouse.move(x, y)
    tip = page.locator(".atlas-tip:visible")
    assert "layer 2" in tip.inner_text() and atlases.MODULES[5] in tip.inner_text()
    assert "rounded to the picture's steps, within" in tip.inner_text()
    told = float(tip.locator(".atlas-value").inner_text().removeprefix("≈ "))
    value = survey.matrices["model-4"]["rms"].values[row, column]
    scale = shared_scale.over([found["rms"] for found in survey.matrices.values()])
    assert abs(told - value) <= (scale.high - scale.low) / 254 / 2 + 5e-3 * value
    page.mouse.click(x, y)
    page.wait_for_url("**/models/model-4/**")
    assert f"row={row}" in page.url and f"column={atlases.MODULES[5]}" in page.url
    assert page.url.endswith("#weights")


def test_keys_read_a_panel(page: Any, survey: Survey) -> None:
    _open(page, survey, "?matrix=categories")
    page.locator('[data-slug="model-0"] canvas').focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    kinds = survey.matrices["model-0"]["categories"]
    wanted = atlases.CATEGORIES[int(kinds.values[1, 1])]
    assert page.locator(".atlas-tip .atlas-value").inner_text() == wanted
    page.keyboard.press("Escape")
    assert page.locator(".atlas-tip:visible").count() == 0


def test_ticked_models_lead_to_their_comparison(page: Any, survey: Survey) -> None:
    _open(page, survey, "?matrix=score:all@10")
    page.get_by_label("Compare Model model-1").check()
    assert page.locator(".atlas-survey-compare:visible").count() == 0
    page.get_by_label("Compare Model model-3").check()
    link = page.locator(".atlas-survey-compare:visible").get_attribute("href")
    assert link.endswith("compare/?models=model-1,model-3&analysis=weights&matrix=score%3Aall%4010")


def test_models_without_the_quantity_are_counted(page: Any, survey: Survey) -> None:
    _open(page, survey, "?matrix=ov_copying")
    assert "model-4" not in _shown(page)
    assert "1 measured without this quantity" in page.locator('[data-role="told"]').inner_text()


@pytest.mark.parametrize("context_options", [{"viewport": {"width": 390, "height": 800}}])
def test_a_phone_shows_two_panels_side_by_side(page: Any, survey: Survey) -> None:
    _open(page, survey)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    boxes = [page.locator(".atlas-tile").nth(at).bounding_box() for at in range(2)]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[1]["x"] > boxes[0]["x"]


def test_layers_run_across_in_maps_of_heads(page: Any, survey: Survey) -> None:
    _open(page, survey, "?matrix=categories")
    assert _pixels(page, "model-0").shape[:2] == (25, 48)
    tile = page.locator('[data-slug="model-0"]')
    assert tile.locator(".atlas-axis").all_inner_texts() == ["Head", "Layer"]
    canvas = tile.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] * 40.5 / 48, box["y"] + box["height"] * 7.5 / 25
    page.mouse.move(x, y)
    tip = page.locator(".atlas-tip:visible")
    kinds = survey.matrices["model-0"]["categories"]
    assert tip.locator(".atlas-value").inner_text() == atlases.CATEGORIES[int(kinds.values[40, 7])]
    assert "layer 40, head 7" in tip.inner_text()
    page.mouse.click(x, y)
    page.wait_for_url("**/models/model-0/**")
    assert "row=40" in page.url and "column=7" in page.url


def test_panels_have_axes_from_160_pixels_on_and_tiles_one_size(page: Any, survey: Survey) -> None:
    for size, axes in (("120", 0), ("200", 5), ("320", 5)):
        _open(page, survey, f"?matrix=categories&panel={size}")
        assert page.locator(".atlas-tile:not([hidden]) .atlas-panel-frame").count() == axes
        boxes = [one.bounding_box() for one in page.locator(".atlas-tile-map").all()]
        assert len({(box["width"], box["height"]) for box in boxes}) == 1
    _open(page, survey, "?matrix=rms")
    for slug, matrix in ((slug, found["rms"]) for slug, found in survey.matrices.items()):
        labels = page.locator(f'[data-slug="{slug}"] .atlas-panel-columns span')
        assert labels.all_inner_texts() == list(matrix.columns)


FILES = ".atlas-survey > .atlas-export"
FIGURE = '[data-role="figure"]'


@pytest.mark.parametrize("name", ["categories", "rms"])
def test_files_and_paper_show_what_the_screen_does(page: Any, survey: Survey, name: str) -> None:
    _open(page, survey, f"?matrix={name}&family=fam-0")
    shown = _shown(page)
    assert len(shown) == 3
    maps = {slug: _pixels(page, slug) for slug in shown}
    for text in (drawn.saved(page, FILES, "svg").decode(), drawn.printed(page, FIGURE)):
        drawings = drawn.panels(text)
        assert len(drawings) == len(shown)
        for slug, one in zip(shown, drawings, strict=True):
            labels = page.locator(f'[data-slug="{slug}"]').locator(
                ".atlas-panel-columns span, .atlas-panel-rows span, .atlas-axis"
            )
            assert set(one.words) <= set(labels.all_inner_texts())
            pixels = maps[slug]
            high, wide = pixels.shape[:2]
            for row in range(high):
                for column in range(wide):
                    wanted = "#" + "".join(f"{byte:02x}" for byte in pixels[row, column, :3])
                    found = one.colour((row + 0.5) / high, (column + 0.5) / wide)
                    assert found == (wanted if pixels[row, column, 3] else None)
    said = drawn.words(text)
    names = {word.rstrip("†") for word in said}
    assert names >= {f"Model {slug}" for slug in shown}


def test_the_table_has_names_and_what_is_drawn(page: Any, survey: Survey) -> None:
    _open(page, survey, "?matrix=categories&text=model-4")
    text = drawn.saved(page, FILES, "csv").decode()
    head, *lines = csv.reader(io.StringIO(text))
    assert head == ["model", "head", "layer", "Category"]
    kinds = survey.matrices["model-4"]["categories"].values
    assert len(lines) == kinds.size
    found = {(line[1], line[2]): line[3] for line in lines}
    assert found["7", "5"] == atlases.CATEGORIES[int(kinds[5, 7])]
