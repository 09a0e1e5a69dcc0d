"""The block masks on screen, as files and on paper: the same labels, ticks and colours."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import atlases
import masks_atlas
import numpy as np
import pytest
import scene_reading
from PIL import Image
from scene_reading import Drawing
from served import Site, built

from atlas.site.figures import palettes

LAYERS = {"d4": 4, "e36": 36, "f80": 80}
LONG = "donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbau"
OTHER = (LONG, *masks_atlas.TOPICS[1:])
"""Topics of the deepest model, one of which the others do not have."""

PAGE, COMPARED = ".atlas-masks", ".atlas-mask-comparison"
CASES = {
    "36 layers": ("models/e36/", PAGE),
    "4 layers": ("models/d4/", PAGE),
    "80 layers": ("models/f80/", PAGE),
    "4 and 36 layers": ("compare/?models=d4,e36&analysis=masks", COMPARED),
    "36 and 80 layers": ("compare/?models=e36,f80&analysis=masks", COMPARED),
}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """Models of few layers and of many."""
    made = atlases.project(tmp_path_factory.mktemp("drawn") / "atlas")
    for seed, (slug, layers) in enumerate(LAYERS.items()):
        topics = OTHER if slug == "f80" else masks_atlas.TOPICS
        masks_atlas.site(made, slug, layers, seed, topics=topics)
    return built(made, serve)


def opened(page: Any, site: Site, case: str) -> str:
    """Open a case; the selector of its figure."""
    address, figure = CASES[case]
    page.goto(f"{site.url}{address}")
    page.locator(
        figure if figure == PAGE else '[data-atlas="compare"]'
    ).scroll_into_view_if_needed()
    page.wait_for_selector('[data-ready="live"]')
    page.wait_for_selector(f"{figure} .atlas-mask-columns em")
    return figure


def on_screen(page: Any, figure: str) -> list[dict[str, Any]]:
    """What every panel shows; colours None where there is no value."""
    panels = page.locator(f"{figure} .atlas-mask").evaluate_all(
        """panels => panels.map((panel) => {
          const texts = (selector) =>
            [...panel.querySelectorAll(selector)].map((one) => one.textContent);
          return {
            heading: texts("h3 > *").join(" "),
            columns: texts(".atlas-mask-columns span"),
            rows: texts("li"),
            axes: texts("em"),
            isNamed: panel.querySelector("ol").checkVisibility(),
            picture: panel.querySelector("canvas").toDataURL(),
          };
        })"""
    )
    for panel in panels:
        told = base64.b64decode(panel.pop("picture").partition(",")[2])
        pixels = np.asarray(Image.open(io.BytesIO(told)).convert("RGBA"))
        panel["colours"] = [
            [f"#{bytes(cell[:3]).hex()}" if cell[3] else None for cell in line] for line in pixels
        ]
    return list(panels)


def exported(page: Any, figure: str, kind: str) -> Path:
    with page.expect_download() as told:
        page.locator(f"{figure} .atlas-export").get_by_role("button", name=kind).click()
    return Path(told.value.path())


def on_paper(page: Any, figure: str) -> Drawing:
    """What is printed in place of the canvases, which are not."""
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert not page.locator(f"{figure} canvas").first.is_visible()
    svg = page.locator(f"{figure} .atlas-printed svg")
    assert svg.is_visible()
    found = scene_reading.read(svg.evaluate("svg => new XMLSerializer().serializeToString(svg)"))
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(f"{figure} canvas").first.is_visible()
    return found


@pytest.mark.parametrize("case", CASES)
def test_files_and_paper_show_what_the_screen_shows(page: Any, site: Site, case: str) -> None:
    figure = opened(page, site, case)
    seen = on_screen(page, figure)
    assert len(seen) == 4
    from_file = scene_reading.read(exported(page, figure, "SVG").read_text(encoding="utf-8"))
    for drawing in (from_file, on_paper(page, figure)):
        for at, (shown, drawn) in enumerate(zip(seen, drawing.panels, strict=True)):
            assert drawn.heading.endswith(shown["heading"])
            assert shown["axes"] == ["Topic", "Layer"]
            assert drawn.axes == (["Layer"] if at % 2 else ["Layer", "Topic"])
            assert drawn.rows == ([] if at % 2 else shown["rows"])
            assert drawn.columns in [shown["columns"][::step] for step in (1, 2, 3)]
            rows, columns = len(shown["colours"]), len(shown["colours"][0])
            assert drawn.colours(rows, columns) == shown["colours"]
        widths = [panel.size[0] for panel in drawing.panels]
        assert widths == pytest.approx([widths[0]] * 4, abs=0.1)
        legend = page.locator(f"{figure} .atlas-legend li i").evaluate_all(
            "marks => marks.map((mark) => getComputedStyle(mark).backgroundColor)"
        )
        light, dark = palettes.BINARY_COLOURS
        assert (drawing.boxes["kept"], drawing.boxes["pruned"]) == (dark, light)
        assert legend == [_css(dark), _css(light)]
        for end in page.locator(f"{figure} .atlas-key .atlas-number").all_text_contents():
            assert end in drawing.words
    assert [panel["isNamed"] for panel in seen] == [True, False, case != "4 layers", False]


def _css(colour: str) -> str:
    red, green, blue = bytes.fromhex(colour[1:])
    return f"rgb({red}, {green}, {blue})"


@pytest.mark.parametrize("case", CASES)
def test_numbers_of_layers_stand_below_their_layers(page: Any, site: Site, case: str) -> None:
    figure = opened(page, site, case)
    for panel in page.locator(f"{figure} .atlas-mask").all():
        frame = panel.locator("canvas").bounding_box()
        layers = panel.locator("canvas").evaluate("canvas => canvas.width")
        for tick in panel.locator(".atlas-mask-columns span").all():
            box = tick.bounding_box()
            middle = frame["x"] + frame["width"] * (int(tick.inner_text()) + 0.5) / layers
            assert box["x"] + box["width"] / 2 == pytest.approx(middle, abs=1)


def test_a_topic_that_a_model_was_not_measured_on_is_hatched(page: Any, site: Site) -> None:
    figure = opened(page, site, "36 and 80 layers")
    seen = on_screen(page, figure)
    topics = seen[0]["rows"]
    only, missing = topics.index(LONG), topics.index(masks_atlas.TOPICS[0])
    for at, panel in enumerate(seen):
        empty = [row for row, line in enumerate(panel["colours"]) if None in line]
        assert empty == [missing if at % 2 else only]
    drawing = scene_reading.read(exported(page, figure, "SVG").read_text(encoding="utf-8"))
    assert "topic that the model was not measured on" in drawing.boxes
    assert "not measured on the same topics" in page.locator(figure).inner_text()


def test_a_png_has_300_dots_an_inch(page: Any, site: Site) -> None:
    figure = opened(page, site, "36 layers")
    picture = Image.open(exported(page, figure, "PNG"))
    assert picture.width == round(175 / 25.4 * 300)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    for colour in palettes.BINARY_COLOURS:
        of_colour = np.asarray(picture.convert("RGB")) == list(bytes.fromhex(colour[1:]))
        assert of_colour.all(-1).sum() > 10_000


def test_on_narrow_paper_panels_stand_one_below_another(page: Any, site: Site) -> None:
    """And each has the names of all topics."""
    figure = opened(page, site, "36 and 80 layers")
    page.locator(f"{figure} .atlas-export select").select_option("85")
    drawing = scene_reading.read(exported(page, figure, "SVG").read_text(encoding="utf-8"))
    topics = on_screen(page, figure)[0]["rows"]
    assert [panel.rows for panel in drawing.panels] == [topics] * 4


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("case", ["36 and 80 layers", "80 layers"])
def test_topics_are_read_in_full(page: Any, site: Site, case: str, width: int) -> None:
    """A long word takes the width that is there, wraps, and never widens the page."""
    page.set_viewport_size({"width": width, "height": 900})
    figure = opened(page, site, case)
    cut = page.locator(f"{figure} li").evaluate_all(
        """items => items.filter((one) => one.checkVisibility())
          .filter((one) => one.scrollWidth > one.clientWidth + 1
            || one.scrollHeight > one.clientHeight + 1)
          .map((one) => one.textContent)"""
    )
    assert cut == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    boxes = [one.bounding_box()["width"] for one in page.locator(f"{figure} canvas").all()]
    assert boxes == pytest.approx([boxes[0]] * 4, abs=0.1)
    heights = page.locator(f"{figure} .atlas-mask").first.evaluate(
        """panel => ["ol", "canvas"].map((one) =>
          panel.querySelector(one).getBoundingClientRect().height)"""
    )
    assert heights[0] == pytest.approx(heights[1], abs=0.5)
