"""Figure F3 on the screen, in a file and on paper; its address; panels that are empty."""

from __future__ import annotations

import csv
import itertools
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import atlases
import functional_atlas
import numpy as np
import pytest
from served import Site, built

from atlas.pinned.relations import CATEGORIES
from atlas.profiles import profile_file
from atlas.site.figures import palettes
from atlas.site.figures.functions import NONE_HAS_IT, NOT_MEASURABLE

SHAPES = {"large": (80, 64), "small": (4, 4)}
FIGURE = ".atlas-functional"
LIVE = f'{FIGURE}[data-ready="live"]'
SVG = "{http://www.w3.org/2000/svg}"

SCREEN = """figure => [...figure.querySelectorAll(".atlas-map")].map((map) => {
  const text = (selector) => [...map.querySelectorAll(selector)].map((one) => one.textContent);
  const canvas = map.querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const hex = (at) => [0, 1, 2].map((one) => data[at + one].toString(16).padStart(2, "0")).join("");
  return {
    title: map.querySelector("h3").textContent.replace(/\\s/g, ""),
    columns: text(".atlas-axis-across span"),
    rows: text(".atlas-axis-down span"),
    axes: text(".atlas-axes b"),
    shape: [canvas.height, canvas.width],
    colours: Array.from({ length: data.length / 4 }, (_, at) =>
      data[at * 4 + 3] ? `#${hex(at * 4)}` : ""),
  };
})"""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """Two sizes of models, and one of which no head has a relation of knowledge, which was asked
    for, or of translation, which was not."""
    made = atlases.project(tmp_path_factory.mktemp("panels") / "atlas")
    for seed, (slug, shape) in enumerate(SHAPES.items()):
        functional_atlas.site(made, slug, *shape, seed)
    functional_atlas.site(made, "bare", 4, 4)
    profile = profile_file.load(made.profile("bare", "functions"))
    for matrix in profile.matrices:
        if matrix.name in ("relations:translation", "relations:knowledge"):
            matrix.values[:] = 0
    profile_file.save(made.profile("bare", "functions"), profile)
    return built(made, serve)


def _open(page: Any, site: Site, slug: str, query: str = "") -> Any:
    page.goto(f"{site.url}models/{slug}/{query}")
    return _live(page)


def _live(page: Any) -> Any:
    page.locator(FIGURE).scroll_into_view_if_needed()
    page.wait_for_selector(LIVE)
    page.locator(f"{FIGURE} .atlas-axes").nth(4).wait_for(state="attached")
    return page.locator(FIGURE)


def _saved(page: Any, figure: Any, role: str, folder: Path) -> str:
    with page.expect_download() as waited:
        figure.locator(f'.atlas-export [data-role="{role}"]').click()
    waited.value.save_as(folder / waited.value.suggested_filename)
    return str((folder / waited.value.suggested_filename).read_text(encoding="utf-8"))


def _words(picture: str) -> list[str]:
    root = ElementTree.fromstring(picture)
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


def _panels(picture: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(picture)
    drawing = root.find(f"{SVG}g")
    assert drawing is not None
    return [
        one for one in drawing.iter(f"{SVG}g") if one.find(f"{SVG}g[@class='cells']") is not None
    ]


def _cells(panel: ElementTree.Element, rows: int, columns: int) -> list[str]:
    """The colour of every cell of a panel, read from the corners of its paths."""
    frame = panel.find(f"{SVG}rect")
    assert frame is not None
    width, height = float(frame.get("width", 0)), float(frame.get("height", 0))
    found = [""] * (rows * columns)
    for path in panel.findall(f"{SVG}g/{SVG}path"):
        for run in re.findall(r"M([\d.]+) ([\d.]+)H([\d.]+)V", path.get("d", "")):
            left, top, right = (float(one) for one in run)
            row = round(top / height * rows)
            for column in range(round(left / width * columns), round(right / width * columns)):
                found[row * columns + column] = path.get("fill", "")
    return found


@pytest.mark.parametrize("slug", SHAPES)
def test_screen_file_and_paper_show_the_same(
    page: Any, site: Site, slug: str, tmp_path: Path
) -> None:
    figure = _open(page, site, slug)
    shown = figure.evaluate(SCREEN)
    legend = figure.locator(".atlas-class").evaluate_all(
        "all => all.map(one => one.childNodes[1].data)"
    )
    picture = _saved(page, figure, "svg", tmp_path)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper = figure.locator(".atlas-printed").inner_html()
    layers, heads = SHAPES[slug]
    assert len(shown) == 5
    for drawn in (picture, paper):
        words = _words(drawn)
        for panel, one in zip(_panels(drawn), shown, strict=True):
            assert one["shape"] == [heads, layers]
            assert _cells(panel, heads, layers) == one["colours"]
            texts = ["".join(each.itertext()) for each in panel.iter(f"{SVG}text")]
            assert texts == [*one["columns"], *one["rows"], *one["axes"]]
            assert one["axes"] == ["Layer", "Head"]
            assert one["title"] in [each.replace(" ", "") for each in words]
        assert [each for each in words if each in legend] == legend
        assert "Number of categories" in words
    assert len(legend) == 4
    assert len(shown[0]["columns"]) > (3 if slug == "small" else 6)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert figure.locator(".atlas-printed").count() == 0


def test_the_values_of_a_file_have_names(page: Any, site: Site, tmp_path: Path) -> None:
    figure = _open(page, site, "small")
    lines = list(csv.DictReader(_saved(page, figure, "csv", tmp_path).splitlines()))
    stored = profile_file.load(site.project.profile("small", "functions"))
    counts = [stored.matrix(f"relations:{name}").values for name in CATEGORIES]
    assert len(lines) == 16
    for line in lines:
        layer, head = int(line["layer"]), int(line["head"])
        has = [name for name, each in zip(CATEGORIES, counts, strict=True) if each[layer, head]]
        assert line["categories"] == ("; ".join(map(str.capitalize, has)) or "Unclassified")
        assert int(line["number of categories"]) == len(has)
        assert int(line["relations"]) == sum(each[layer, head] for each in counts)


def test_what_is_shown_stands_in_the_address(page: Any, site: Site) -> None:
    figure = _open(page, site, "small", "?maps=relations#functions")
    choice = figure.locator(".atlas-controls select")
    assert choice.input_value() == "relations"
    assert figure.locator(".atlas-key-title").inner_text() == "Number of relations"
    choice.select_option("categories")
    figure.locator(".atlas-class").nth(1).click()
    assert page.url.endswith("/small/?without=2#functions")
    figure.evaluate("element => (element.dataset.left = 'yes')")
    page.go_back()
    page.wait_for_selector(f"{FIGURE}:not([data-left])")  # the theme fetches the page anew
    figure.scroll_into_view_if_needed()
    page.wait_for_selector(LIVE)
    assert page.url.endswith("/small/#functions")
    assert figure.locator(".atlas-class").nth(1).get_attribute("aria-pressed") == "true"
    page.go_forward()
    page.wait_for_url("**without=2#functions")
    assert figure.locator(".atlas-class").nth(1).get_attribute("aria-pressed") == "false"
    figure.get_by_role("button", name="Copy link").click()
    assert figure.locator("textarea").input_value().endswith("/small/?without=2#functions")
    page.reload()
    _live(page)
    drawn = {colour for panel in figure.evaluate(SCREEN) for colour in panel["colours"]}
    assert palettes.HEAD_COLOURS[1] not in drawn
    assert palettes.HEAD_COLOURS[0] in drawn


def test_an_empty_panel_says_why(page: Any, site: Site, tmp_path: Path) -> None:
    figure = _open(page, site, "bare")
    told = figure.locator(".atlas-map p").all_inner_texts()
    assert told == [NONE_HAS_IT, NOT_MEASURABLE]
    words = " ".join(_words(_saved(page, figure, "svg", tmp_path)))
    assert all(one in words for one in told)


def test_escape_and_a_tap_elsewhere_close_the_tooltip(page: Any, site: Site) -> None:
    figure = _open(page, site, "small")
    canvas = figure.locator("canvas").first
    tip = figure.locator(".atlas-tip")
    canvas.hover(position={"x": 5, "y": 5})
    tip.wait_for(state="visible")
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    canvas.hover(position={"x": 60, "y": 60})
    tip.wait_for(state="visible")
    page.locator("h1").dispatch_event("pointerdown")
    tip.wait_for(state="hidden")


def _luminance(colour: str) -> float:
    parts = np.array(list(bytes.fromhex(colour[1:]))) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_colours_of_counts_go_from_light_to_dark() -> None:
    found = [_luminance(colour) for colour in palettes.HEAD_COLOURS]
    assert len(found) == 4
    assert (0.93 + 0.05) / (found[0] + 0.05) >= 3  # to the ground of the panels
    for lighter, darker in itertools.pairwise(found):
        assert (lighter + 0.05) / (darker + 0.05) >= 1.6
