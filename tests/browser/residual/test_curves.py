"""Curves over the layers: the still picture, the live curves, files and paper say the same."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import drawn
import pytest
from served import Site

PAGE = "models/ref-llama/"
STILL = ".atlas-curves .atlas-still"
LIVE = '.atlas-curves[data-ready="live"]'
READ = "async (picture) => (await fetch(picture.src)).text()"


@pytest.fixture(scope="module")
def site(whole_site: Site) -> Site:
    return whole_site


def _still(page: Any) -> str:
    page.wait_for_selector(f"{STILL}[src]")
    page.locator(STILL).evaluate("picture => picture.decode()")
    return str(page.locator(STILL).evaluate(READ))


def test_curves_that_were_never_in_sight_are_printed(page: Any, site: Site) -> None:
    page.goto(f"{site.url}{PAGE}")
    text = _still(page)
    page.emulate_media(media="print")
    assert page.locator(STILL).is_visible()
    assert page.locator(LIVE).count() == 0
    paths = ElementTree.fromstring(text).iter(f"{drawn.SVG}path")
    assert sum(path.get("class", "").startswith("k ") for path in paths) > 6


def test_still_live_file_and_paper_have_the_same_words(page: Any, site: Site) -> None:
    page.goto(f"{site.url}{PAGE}")
    still = set(drawn.words(_still(page)))
    page.locator(".atlas-curves").scroll_into_view_if_needed()
    page.wait_for_selector(LIVE)
    shown = {
        str(text)
        for text in page.locator(
            ".atlas-trend svg text, .atlas-trend figcaption, .atlas-trend .atlas-legend li"
        ).all_text_contents()
    }
    assert {"Layer", "Attention block", "MLP block", "Whole layer"} <= shown
    assert still == shown
    saved = drawn.saved(page, ".atlas-curves .atlas-export", "svg").decode()
    for text in (saved, drawn.printed(page, ".atlas-curves .atlas-trends")):
        assert shown <= set(drawn.words(text))
    lines = drawn.saved(page, ".atlas-curves .atlas-export", "csv").decode().splitlines()
    assert lines[0] == "quantity,line,x axis,x,y axis,y"
    assert any(line.startswith("Block influence") and ",Layer,3," in line for line in lines)
