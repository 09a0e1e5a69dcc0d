"""The compare page as a figure of a paper: maps of large models beside each other, the same on the
screen, in files and on paper."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import atlases
import head_atlas
import large_atlas
import numpy as np
import pytest
import waiting
from PIL import Image
from pointing import hover
from served import Site, built

from atlas.profiles import profile_file
from atlas.profiles.matrix import Matrix

LIVE = '[data-atlas="compare"][data-ready="live"]'
HIGH = {"viewport": {"width": 1280, "height": 2600}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SLUGS = list(large_atlas.SHAPES)
FIGURE = f"?models={','.join(SLUGS)}&analysis=functions&matrix=categories"
DIFFERENCE = "?models=invented-xl,invented-phi&analysis=functions&matrix=relations&view=difference"
SVG = "{http://www.w3.org/2000/svg}"
RUN = re.compile(r"M([\d.]+) ([\d.]+)H([\d.]+)V")

SCREEN = """() => [...document.querySelectorAll(".atlas-pane:not(.atlas-resting)")].map((pane) => {
  const layer = pane.querySelector(".atlas-live");
  const view = [...Bokeh.index].find((one) => layer.contains(one.el));
  const model = (name) => view.model.document.get_model_by_name(name);
  const array = model("source").get_column("image")[0];
  const labels = (axis) => model(`${axis}_ticker`).ticks.map((at) =>
    model(axis).major_label_overrides.get(at));
  const box = pane.querySelector(".atlas-hit").getBoundingClientRect();
  return {
    title: pane.querySelector("strong").textContent,
    axes: [model("columns").axis_label, model("rows").axis_label],
    labels: [...labels("columns"), ...labels("rows")],
    palette: model("mapper").palette.map(String),
    shape: [...array.shape],
    shares: [...array],
    box: [box.left, box.top, box.width, box.height],
  };
})"""
LOADED = "document.querySelectorAll('.atlas-pane .atlas-frame canvas').length === 0"
SHIFT = """() => {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """Four models of unlike sizes, and a fine-tune of one of them."""
    made = atlases.project(tmp_path_factory.mktemp("figure") / "atlas")
    large_atlas.write(made)
    head_atlas.model(made, "tuned", 48, 25, seed=9, base="invented-xl", name="Tuned XL")
    large_atlas.functions(made, "tuned", 48, 25, seed=9)
    return built(made, serve)


def _open(page: Any, site: Site, query: str) -> None:
    page.goto(f"{site.url}compare/{query}")
    page.wait_for_selector(LIVE)


def _categories(site: Site, slug: str) -> Matrix:
    return profile_file.load(site.project.profile(slug, "functions")).matrix("categories")


def _screen(page: Any) -> list[dict[str, Any]]:
    """What BokehJS shows, each panel live."""
    waiting.until(page, LOADED)
    found: list[dict[str, Any]] = page.evaluate(SCREEN)
    return found


def _colours(panel: dict[str, Any]) -> list[list[str | None]]:
    """The colours of its cells, as its colour mapper gives them."""
    palette = [one.lower() for one in panel["palette"]]
    shares = np.array([np.nan if one is None else one for one in panel["shares"]], dtype=float)
    last = len(palette) - 1

    def colour(share: float) -> str | None:
        return None if np.isnan(share) else palette[min(last, int(share * len(palette)))]

    return [[colour(share) for share in row] for row in shares.reshape(panel["shape"])]


def _drawn(text: str) -> list[dict[str, Any]]:
    """The panels of a drawing: colours of the cells, and all words of the panel."""
    root = ElementTree.fromstring(text)
    panels = []
    for group in root.iter(f"{SVG}g"):
        cells = next((one for one in group if one.get("class") == "cells"), None)
        frame = group.find(f"{SVG}rect")
        if cells is None or frame is None:
            continue
        words = ["".join(one.itertext()) for one in group.iter(f"{SVG}text")]
        size = float(frame.attrib["width"]), float(frame.attrib["height"])
        runs = [
            (path.attrib["fill"].lower(), [float(part) for part in run])
            for path in cells.iter(f"{SVG}path")
            for run in RUN.findall(path.attrib["d"])
        ]
        panels.append({"words": words, "size": size, "runs": runs})
    return panels


def _painted(panel: dict[str, Any], shape: list[int]) -> list[list[str | None]]:
    """The cells of a drawn panel, None where they are hatched."""
    high, wide = shape
    found: list[list[str | None]] = [["nothing"] * wide for _ in range(high)]
    cell = panel["size"][0] / wide, panel["size"][1] / high
    for fill, (left, y, right) in panel["runs"]:
        for column in range(round(left / cell[0]), round(right / cell[0])):
            found[round(y / cell[1])][column] = None if fill.startswith("url") else fill
    return found


def _headings(text: str) -> str:
    """All words of a drawing."""
    root = ElementTree.fromstring(text)
    return " ".join("".join(one.itertext()) for one in root.iter(f"{SVG}text"))


def _exported(page: Any, kind: str) -> bytes:
    with page.expect_download() as download:
        page.locator(f'.atlas-export [data-role="{kind}"]').click()
    return Path(download.value.path()).read_bytes()


# Side by side


@pytest.mark.parametrize("context_options", [HIGH], ids=["high"])
def test_each_model_has_its_own_layers_and_heads(page: Any, site: Site) -> None:
    """Layers run across, heads down, and no panel has a place that its model does not have."""
    _open(page, site, FIGURE)
    for slug, panel in zip(SLUGS, _screen(page), strict=True):
        layers, heads = large_atlas.SHAPES[slug]
        assert panel["shape"] == [heads, layers]
        assert panel["axes"] == ["Layer", "Head"]
        assert not any(None in row for row in _colours(panel))
        matrix = _categories(site, slug)
        shares = np.array(panel["shares"]).reshape(heads, layers)
        categories = len(matrix.categories or ())
        np.testing.assert_array_equal(np.floor(shares * categories), matrix.values.T)
    assert page.locator(".atlas-sheet .atlas-hatch").count() == 0


def test_panels_are_equally_wide_and_in_two_rows(page: Any, site: Site) -> None:
    _open(page, site, FIGURE)
    boxes = [one.bounding_box() for one in page.locator(".atlas-pane .atlas-hit").all()]
    assert len({(box["width"], box["height"]) for box in boxes}) == 1
    assert boxes[0]["y"] == boxes[1]["y"] < boxes[2]["y"] == boxes[3]["y"]
    assert boxes[0]["x"] == boxes[2]["x"] < boxes[1]["x"] == boxes[3]["x"]


def test_layers_of_unlike_models_are_matched_by_depth(page: Any, site: Site) -> None:
    """The last layer of one stands for the last of the others; a head that one lacks is nowhere."""
    _open(page, site, FIGURE)
    assert page.locator('[data-role="by"]').input_value() == "depth"
    hover(page, 0, (3, 47), (25, 48))
    page.wait_for_selector(".atlas-readout:visible")
    layers = page.locator(".atlas-readout tbody tr td:first-of-type").all_inner_texts()
    assert layers == [f"layer {layers - 1}" for layers, _ in large_atlas.SHAPES.values()]
    cells = page.locator(".atlas-pane .atlas-mark-cell:visible").evaluate_all(
        "all => all.map((one) => [parseFloat(one.style.left), parseFloat(one.style.top)])"
    )
    wanted = [
        [100 * (1 - 1 / layers), 300 / heads] for layers, heads in large_atlas.SHAPES.values()
    ]
    np.testing.assert_allclose(cells, wanted, atol=1e-3)
    hover(page, 3, (63, 0), (64, 80))
    page.wait_for_selector('.atlas-readout:visible >> text="no head 63"')
    assert page.locator(".atlas-pane .atlas-mark-cell:visible").count() == 1


# A model that was made from another


def test_a_fine_tune_opens_as_a_difference_from_its_base(page: Any, site: Site) -> None:
    _open(page, site, "?models=invented-xl,tuned")
    assert page.locator('[data-role="view"]').input_value() == "difference"
    titles = page.locator(".atlas-pane:visible strong").all_inner_texts()
    assert titles == ["Tuned XL \u2212 Model invented-xl"]
    page.locator('[data-role="view"]').select_option("values")
    page.wait_for_selector('[data-shown*="view=values"]')
    assert page.locator(".atlas-pane:visible").count() == 2
    page.reload()
    page.wait_for_selector(LIVE)
    assert page.locator(".atlas-pane:visible").count() == 2
    _open(page, site, "?models=tuned,invented-xl")
    assert page.locator('[data-role="view"]').input_value() == "values"


def test_the_difference_from_a_base_is_offered(page: Any, site: Site) -> None:
    _open(page, site, "?models=tuned,invented-phi&analysis=attention")
    offers = page.locator('[data-role="offers"] button')
    assert offers.all_inner_texts() == ["Tuned XL \u2212 Model invented-xlfine-tune"]
    offers.click()
    page.wait_for_selector('[data-shown*="models=invented-xl,tuned"]')
    assert page.locator('[data-role="view"]').input_value() == "difference"
    assert offers.count() == 0


# One drawing


@pytest.mark.parametrize("context_options", [HIGH], ids=["high"])
@pytest.mark.parametrize("query", [FIGURE, DIFFERENCE], ids=["categories", "difference"])
def test_screen_file_and_paper_show_the_same(page: Any, site: Site, query: str) -> None:
    """Titles, axes, ticks, and the colour of every cell; of the screen sampled pixels as well."""
    _open(page, site, query)
    screen = _screen(page)
    page.mouse.move(2, 2)
    pixels = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    exported = _exported(page, "svg").decode()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator(".atlas-printed svg").is_visible()
    assert page.locator(".atlas-pane:visible").count() == 0
    paper = page.locator(".atlas-printed svg").evaluate(
        "(one) => new XMLSerializer().serializeToString(one)"
    )
    for text in (exported, paper):
        words = _headings(text)
        panels = _drawn(text)
        assert len(panels) == len(screen)
        for shown, panel in zip(screen, panels, strict=True):
            assert shown["title"] in words
            assert panel["words"] == [*shown["labels"], *shown["axes"]]
            assert _painted(panel, shown["shape"]) == _colours(shown)
    for shown in screen:
        left, top, width, height = shown["box"]
        high, wide = shown["shape"]
        colours = _colours(shown)
        for row, column in ((0, 0), (3, 1), (high - 1, wide - 1), (high // 2, wide // 2)):
            x, y = left + (column + 0.5) * width / wide, top + (row + 0.5) * height / high
            wanted = colours[row][column]
            if wanted is not None:
                assert "#{:02x}{:02x}{:02x}".format(*pixels[int(y), int(x)]) == wanted
    hatched = any(None in row for shown in screen for row in _colours(shown))
    assert hatched == ("no value in one of the two models" in _headings(exported))


@pytest.mark.parametrize("query", [FIGURE, DIFFERENCE], ids=["categories", "difference"])
def test_a_comparison_fits_on_a_page_of_paper(page: Any, site: Site, query: str) -> None:
    _open(page, site, query)
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type /Page\b(?!s)", printed)) == 1
    assert page.locator(".atlas-printed").count() == 0, "gone once it is printed"


def test_a_drawing_says_what_it_shows(page: Any, site: Site) -> None:
    """Title, legend with names, counts, conditions and sources."""
    _open(page, site, FIGURE)
    text = _headings(_exported(page, "svg").decode())
    matrix = _categories(site, SLUGS[0])
    counts = np.bincount(matrix.values.astype(int).ravel(), minlength=len(matrix.categories or ()))
    for label, count in zip(matrix.categories or (), counts, strict=True):
        assert label in text
        assert f"{label} {count:,}" in text
    for slug in SLUGS:
        assert f"{slug}/functions.json, version" in text
    assert "linear, " not in text
    page.locator(".atlas-export input").uncheck()
    assert "functions.json" not in _headings(_exported(page, "svg").decode())
    _open(page, site, DIFFERENCE)
    page.locator(".atlas-export input").check()
    assert "Relations: difference (relations)" in _headings(_exported(page, "svg").decode())


def test_chance_stands_beside_a_score_and_in_its_picture(page: Any, site: Site) -> None:
    _open(page, site, FIGURE.replace("categories", "score:capital@10"))
    captions = page.locator(".atlas-pane:visible figcaption").all_inner_texts()
    assert all("chance at most 0.2" in text for text in captions)
    assert _headings(_exported(page, "svg").decode()).count("chance at most 0.2") == 4


def test_the_csv_has_names(page: Any, site: Site) -> None:
    _open(page, site, FIGURE)
    lines = list(csv.DictReader(_exported(page, "csv").decode().splitlines()))
    for slug in SLUGS:
        matrix = _categories(site, slug)
        for line in lines[::997]:
            if not line[slug]:
                assert int(line["head"]) >= len(matrix.columns)
                continue
            value = matrix.values[int(line[f"{slug} layer"]), int(line["head"])]
            assert line[slug] == (matrix.categories or ())[int(value)]
    _open(page, site, DIFFERENCE.replace("matrix=relations", "matrix=categories"))
    rows = csv.DictReader(_exported(page, "csv").decode().splitlines())
    found = {row["invented-phi differs from invented-xl"] for row in rows}
    assert found == {"", "same category", "different category"}


# Fit


@pytest.mark.parametrize("context_options", [{}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("query", ["", FIGURE, "?models=invented-xl,tuned"])
def test_a_deep_link_moves_nothing(page: Any, site: Site, query: str) -> None:
    page.add_init_script(f"({SHIFT})()")
    _open(page, site, query)
    page.wait_for_timeout(600)
    assert page.evaluate("window.shifted") < 0.1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_names_and_pickers_are_whole(page: Any, site: Site) -> None:
    _open(page, site, FIGURE)
    cut = page.evaluate(
        """() => [...document.querySelectorAll(
          ".atlas-pane figcaption *, .atlas-chosen span, .atlas-controls label > span")]
          .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth)
          .map((one) => one.textContent)"""
    )
    assert cut == []
    for role in ("baseline", "analysis", "matrix", "view", "by"):
        wide, room = page.locator(f'[data-role="{role}"]').evaluate(
            """(select) => {
              const context = document.createElement("canvas").getContext("2d");
              const style = getComputedStyle(select);
              context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
              const around = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
              const { width } = context.measureText(select.selectedOptions[0].text);
              return [width, select.clientWidth - around];
            }"""
        )
        assert wide <= room, role


def test_escape_closes_the_readout(page: Any, site: Site) -> None:
    _open(page, site, FIGURE)
    hover(page, 0, (3, 5), (25, 48))
    page.wait_for_selector(".atlas-readout:visible")
    page.keyboard.press("Escape")
    assert page.locator(".atlas-readout").is_hidden()
