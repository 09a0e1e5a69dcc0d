"""The site in a browser: every page, instant navigation, a phone, no scripts, nasty texts."""

from __future__ import annotations

import io
from typing import Any

import atlases
import numpy as np
import pytest
import waiting
from nasty import NASTY, spoil
from PIL import Image

from atlas.profiles import profile_file
from atlas.site import pages
from atlas.site.figures import heatmap

LIVE = '[data-ready="live"]'
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PAGES = ("", "models/", "models/small/", "models/large/", "models/waiting/", "methods/",
         "methods/weights/", "data/", "contributing/", "architectures/")  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("context_options", [{}, PHONE], ids=["desktop", "phone"])
def test_every_page_fits_and_is_quiet(page: Any, site: Any, path: str) -> None:
    answer = page.goto(site.url + path)
    assert answer.status == 200
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("context_options", [PHONE], ids=["phone"])
def test_a_tap_tells_the_value_on_a_phone(page: Any, site: Any) -> None:
    page.goto(f"{site.url}models/small/")
    page.locator(".atlas-stage").scroll_into_view_if_needed()
    page.wait_for_selector(LIVE)
    values = profile_file.load(site.project.profile("small", "weights")).matrices[0].values
    frame = page.locator(".atlas-frame").bounding_box()
    at = (frame["x"] + frame["width"] * 1.5 / 8, frame["y"] + frame["height"] * 0.5 / 12)
    page.touchscreen.tap(*at)
    told = page.locator(".atlas-tip:visible .atlas-value")
    assert float(told.inner_text()) == values[0, 1]
    box = page.locator(".atlas-tip").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


@pytest.mark.parametrize("context_options", [{"java_script_enabled": False}], ids=["no scripts"])
def test_without_scripts_the_preview_stands(page: Any, site: Any) -> None:
    page.goto(f"{site.url}models/small/")
    page.locator(".atlas-frame").scroll_into_view_if_needed()
    assert not page.locator(".atlas-controls").is_visible()
    frame = page.locator(".atlas-frame").bounding_box()
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    matrix = profile_file.load(site.project.profile("small", "weights")).matrices[0]
    palette = heatmap.colours(matrix)
    shares = heatmap.shares(matrix)
    for row, column in ((0, 0), (5, 3), (11, 7)):
        x = frame["x"] + frame["width"] * (column + 0.5) / 8
        y = frame["y"] + frame["height"] * (row + 0.5) / 12
        colour = palette[min(255, int(shares[row, column] * 256))]
        wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        assert np.abs(np.array(shot.getpixel((x, y))) - wanted).max() <= 24


def test_nothing_of_bokeh_is_loaded_before_it_is_needed(page: Any, site: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.url)
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "bokeh" in url or "weights.json" in url]


def test_navigation_is_instant_and_leaves_nothing_behind(page: Any, site: Any) -> None:
    page.goto(f"{site.url}models/")
    page.evaluate("window.same = true")
    for _ in range(3):
        page.locator('a[href$="models/small/"], a[href="small/"]').first.click()
        page.wait_for_url("**/models/small/")
        page.locator(".atlas-stage").scroll_into_view_if_needed()
        page.wait_for_selector(LIVE)
        page.locator(".atlas-crumbs a").first.click()
        page.wait_for_url("**/models/")
        page.wait_for_selector(".atlas-models")
        page.wait_for_timeout(200)
        assert page.evaluate("[Bokeh.documents.length, [...Object.keys(Bokeh.index)].length]") == [
            0,
            0,
        ]
        assert page.locator(".atlas-tip, .bk-tooltip").count() == 0
    assert page.evaluate("window.same === true")


def test_style_is_loaded_once_for_all_pages(page: Any, site: Any) -> None:
    """The theme asks again for style sheets and pictures as it starts; early.js keeps them."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site.url}models/small/")
    page.wait_for_selector(".atlas-stage")
    page.evaluate("window.sheets = [...document.querySelectorAll('link[rel=stylesheet]')]")
    page.locator(".atlas-crumbs a").first.click()
    page.wait_for_url("**/models/")
    page.locator('a[href$="models/small/"], a[href="small/"]').first.click()
    page.wait_for_url("**/models/small/")
    page.wait_for_selector(".atlas-stage")
    page.wait_for_load_state("networkidle")
    assert page.evaluate(
        """() => {
          const found = [...document.querySelectorAll("link[rel=stylesheet]")];
          return sheets.length > 1 && sheets.length === found.length
            && sheets.every((sheet, at) => sheet === found[at] && sheet.sheet.cssRules.length > 0);
        }"""
    )
    styles = [url for url in asked if url.endswith(".css")]
    assert len(styles) == len(set(styles)) > 1


@pytest.mark.parametrize("typed", ["waiting", "some-org/waiting"])
def test_search_finds_a_model(page: Any, site: Any, typed: str) -> None:
    """By its name here, or on the hub."""
    page.goto(site.url)
    page.locator(".md-search__input").click()
    page.keyboard.type(typed)
    # What is found follows the letters as they are typed.
    first = "document.querySelector('.md-search-result__link')"
    waiting.until(page, f"{first}?.getAttribute('href').includes('models/waiting/')")


def test_nasty_texts_do_nothing(page: Any, serve: Any, tmp_path: Any) -> None:
    made = atlases.project(tmp_path / "nasty")
    spoil(made, NASTY)
    pages.render(made)
    url = f"{serve(made.root)}/site/"
    atlases.build(made, url)
    page.goto(f"{url}models/nasty/")
    page.locator(".atlas-stage").scroll_into_view_if_needed()
    page.wait_for_selector(LIVE)
    for name in ("rms", "kinds", "group:x"):
        page.select_option('[data-role="matrix"]', name)
        frame = page.locator(".atlas-frame").bounding_box()
        page.mouse.move(frame["x"] + 5, frame["y"] + 5)
        page.mouse.move(frame["x"] + 9, frame["y"] + 9)
        assert page.locator(".atlas-tip:visible").count() == 1
    page.locator(".atlas-table summary").click()
    page.locator(".md-search__input").click()
    page.keyboard.type("onclick")
    page.wait_for_timeout(800)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("typeof window.pwned") == "undefined"
