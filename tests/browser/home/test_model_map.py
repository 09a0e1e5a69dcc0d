"""The map of models on the home page: names that touch nothing, the same places in its files."""

from __future__ import annotations

import csv
import io
import itertools
from typing import Any

import drawn
import pytest
from served import Site

MAP = '[data-atlas="model-map"]'
NAMES = """(selector) => [...document.querySelectorAll(selector)].map((map) =>
  [...map.querySelectorAll("a text")].map((name) => name.getBoundingClientRect().toJSON())
)"""


@pytest.fixture(scope="module")
def site(whole_site: Site) -> Site:
    return whole_site


@pytest.mark.parametrize(
    ("context_options", "drawing"),
    [
        ({"viewport": {"width": 1280, "height": 900}}, "wide"),
        ({"viewport": {"width": 390, "height": 800}}, "narrow"),
    ],
)
def test_names_do_not_overlap(page: Any, site: Site, drawing: str) -> None:
    page.goto(site.url)
    page.locator(MAP).first.scroll_into_view_if_needed()
    page.wait_for_selector(f"{MAP} .atlas-export")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    maps = page.evaluate(NAMES, f"{MAP} .atlas-map-{drawing}")
    assert len(maps) > 1 and max(len(names) for names in maps) > 4
    for names in maps:
        assert all(name["width"] > 0 for name in names)
        for one, other in itertools.combinations(names, 2):
            apart = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert apart or one["bottom"] <= other["top"] + 3 or other["bottom"] <= one["top"] + 3


def test_files_have_the_same_names_and_colours(page: Any, site: Site) -> None:
    page.goto(site.url)
    files = f"{MAP} .atlas-export"
    page.locator(MAP).first.scroll_into_view_if_needed()
    page.wait_for_selector(files)
    shown = page.locator(MAP).first.locator(".atlas-map-wide")
    names = shown.locator("a text").all_text_contents()
    text = drawn.saved(page, files, "svg").decode()
    assert set(names) <= set(drawn.words(text))
    colours = shown.locator("circle").evaluate_all(
        "dots => dots.map(dot => dot.getAttribute('stroke') ?? dot.getAttribute('fill'))"
    )
    assert all(f'"{colour}"' in text for colour in colours)
    lines = list(csv.reader(io.StringIO(drawn.saved(page, files, "csv").decode())))
    assert lines[0] == ["model", "family", "x", "y"]
    assert {line[0] for line in lines[1:]} >= set(names)
