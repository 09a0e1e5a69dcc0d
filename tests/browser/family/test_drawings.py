"""Figure F1 on the screen, as a file and on paper: the same labels, ticks and colours."""

from __future__ import annotations

import csv
import io
from typing import Any

import atlases
import drawn
import large_atlas
import pytest
from served import Site, built

from atlas.profiles import profile_file

LIVE = '[data-atlas="family"][data-ready="live"]'
FIGURE = ".atlas-family-figure"
FILES = f"{FIGURE} + .atlas-export"
TRENDS = ".atlas-trends + .atlas-export"
TOWER = "families/tower/?analysis=importance&matrix=taylor"
SCREEN = """() => {
  const texts = (home, selector) =>
    [...home.querySelectorAll(selector)].map((one) => one.textContent);
  const read = (panel) => {
    const canvas = panel.querySelector("canvas");
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    const byte = (at) => data[at].toString(16).padStart(2, "0");
    const hex = (at) => `#${byte(at)}${byte(at + 1)}${byte(at + 2)}`;
    const columns = texts(panel, ".atlas-panel-columns span");
    return {
      title: panel.querySelector("figcaption").textContent,
      words: [...columns, ...texts(panel, ".atlas-panel-rows span, .atlas-axis")],
      columns, width, height,
      colours: Array.from({ length: width * height }, (_, at) =>
        data[at * 4 + 3] ? hex(at * 4) : null),
    };
  };
  return {
    panels: [...document.querySelectorAll(".atlas-panel")].map(read),
    bar: texts(document, ".atlas-colourbar-title, .atlas-colourbar-ticks span"),
  };
}"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """The family of three invented models of 28, 36 and 36 layers."""
    made = atlases.project(tmp_path_factory.mktemp("tower") / "atlas")
    large_atlas.tower(made)
    return built(made, serve)


def _open(page: Any, site: Site, address: str) -> Any:
    page.goto(f"{site.url}{address}")
    page.wait_for_selector(LIVE)
    return page.evaluate(SCREEN)


def _same(screen: Any, text: str) -> None:
    """A drawing says and shows what the screen does."""
    drawings = drawn.panels(text)
    assert len(drawings) == len(screen["panels"])
    for panel, one in zip(screen["panels"], drawings, strict=True):
        assert sorted(one.words) == sorted(panel["words"])
        for row in range(panel["height"]):
            for column in range(panel["width"]):
                at = (row + 0.5) / panel["height"], (column + 0.5) / panel["width"]
                assert one.colour(*at) == panel["colours"][row * panel["width"] + column]
    said = drawn.words(text)
    assert all(panel["title"] in said for panel in screen["panels"])
    title, *ticks = screen["bar"]
    assert "".join(title.split()) in "".join("".join(said).split())
    assert len(ticks) >= 2 and set(ticks) <= set(said)


def test_a_family_of_three_sizes_is_the_same_everywhere(page: Any, large: Site) -> None:
    screen = _open(page, large, TOWER)
    assert [panel["title"] for panel in screen["panels"]] == ["Tower 2B", "Tower 4B", "Tower 8B"]
    assert [panel["height"] for panel in screen["panels"]] == [28, 36, 36]
    assert {len(panel["columns"]) for panel in screen["panels"]} == {1 + len(large_atlas.MODULES)}
    _same(screen, drawn.saved(page, FILES, "svg").decode())
    _same(screen, drawn.printed(page, FIGURE))


def test_a_family_of_reference_models_is_the_same_everywhere(page: Any, whole_site: Site) -> None:
    screen = _open(page, whole_site, "families/reference/?analysis=importance&matrix=taylor")
    assert len(screen["panels"]) > 4
    _same(screen, drawn.saved(page, FILES, "svg").decode())
    _same(screen, drawn.printed(page, FIGURE))
    assert page.locator("#trends").inner_text() == "Layer by layer"


def test_panels_are_side_by_side_with_names_that_do_not_touch(page: Any, large: Site) -> None:
    _open(page, large, TOWER)
    boxes = [one.bounding_box() for one in page.locator(".atlas-panel canvas").all()]
    assert len({box["y"] for box in boxes}) == 1
    assert all(box["width"] / (1 + len(large_atlas.MODULES)) >= 20 for box in boxes)
    bar = page.locator(".atlas-colourbar").bounding_box()
    assert bar["x"] > boxes[-1]["x"] + boxes[-1]["width"]
    assert bar["x"] + bar["width"] <= 1280


def test_a_narrow_file_has_every_name_of_a_component(page: Any, large: Site) -> None:
    screen = _open(page, large, TOWER)
    page.locator(f"{FILES} select").select_option("85")
    drawings = drawn.panels(drawn.saved(page, FILES, "svg").decode())
    for panel, one in zip(screen["panels"], drawings, strict=True):
        assert set(panel["columns"]) <= set(one.words)


def test_the_table_of_the_panels(page: Any, large: Site) -> None:
    _open(page, large, TOWER)
    lines = list(csv.reader(io.StringIO(drawn.saved(page, FILES, "csv").decode())))
    assert lines[0][:4] == ["model", "parameters", "layer", "module"]
    matrix = profile_file.load(large.project.profile("tower-8b", "importance")).matrix("taylor")
    at = (35, matrix.columns.index("mlp.gate"))
    found = [line for line in lines if line[0] == "Tower 8B" and line[2:4] == ["35", "mlp.gate"]]
    assert [float(value) for value in found[0][4:]] == pytest.approx(
        [matrix.values[at], matrix.spread[at] if matrix.spread is not None else -1], rel=1e-3
    )
    assert len(lines) == 1 + (28 + 36 + 36) * (1 + len(large_atlas.MODULES))


def test_trends_are_files_and_on_paper(page: Any, large: Site) -> None:
    _open(page, large, TOWER)
    assert page.locator("#trends").inner_text() == "Trends across sizes"
    shown = [str(text) for text in page.locator(".atlas-trend svg text").all_text_contents()]
    for text in (
        drawn.saved(page, TRENDS, "svg").decode(),
        drawn.printed(page, ".atlas-trends"),
    ):
        said = drawn.words(text)
        assert set(shown) <= set(said)
        assert {"Tower 2B", "Tower 4B", "Tower 8B"} <= set(said)
        assert text.count("<polyline") == 4
    lines = list(csv.reader(io.StringIO(drawn.saved(page, TRENDS, "csv").decode())))
    assert len(lines) == 1 + 28 + 36 + 36 + 3
