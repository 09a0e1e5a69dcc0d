"""Every kind of page for everybody: on a phone, by keyboard, on paper, without scripts."""

from __future__ import annotations

from typing import Any

import own_atlas
import pytest
from served import Site
from shown import draw_all, show_all

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
EVERY = [*own_atlas.KINDS.values(), *own_atlas.MORE]

WIDEST = """(width) => {
  const fits = document.documentElement.scrollWidth <= width;
  return fits ? [] : [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > width + 1 && one.checkVisibility())
    .filter((one) => {
      for (let at = one.parentElement; at && at !== document.body; at = at.parentElement)
        if (getComputedStyle(at).overflowX !== "visible") return false;
      return true;
    })
    .slice(0, 12).map((one) => one.outerHTML.slice(0, 120));
}"""
"""In the page: what makes it wider than the window."""

STOPS = """() => {
  const shown = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && one.getClientRects().length > 0 && !one.disabled;
  const kinds = "a[href], svg a, button, select, input, textarea, summary, [tabindex='0']";
  const groups = new Set();
  const first = (one) => one.type !== "radio" || (!groups.has(one.name) && groups.add(one.name));
  const article = document.querySelector(".md-content__inner");
  window.stops = [...article.querySelectorAll(kinds)].filter((one) => shown(one) && first(one));
  article.tabIndex = -1;
  article.focus();
  return stops.map((one) => one.outerHTML.slice(0, 120));
}"""
"""In the page: everything of the article that the keyboard has to reach; the focus before it."""

FOCUS = """() => {
  const one = document.activeElement;
  if (!one.closest(".md-content__inner")) return null;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
  const seen = (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
  return [stops.indexOf(one), seen, one.outerHTML.slice(0, 120)];
}"""
"""In the page: which stop has the focus, and whether that can be seen."""


@pytest.fixture
def site(whole_site: Site) -> Site:
    return whole_site


@pytest.mark.parametrize("context_options", [PHONE], ids=["phone"])
@pytest.mark.parametrize("path", EVERY)
def test_no_page_is_wider_than_a_phone(page: Any, site: Site, path: str) -> None:
    page.goto(site.url + path)
    page.wait_for_load_state("networkidle")
    show_all(page)
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate("() => new Promise((next) => requestAnimationFrame(() => setTimeout(next)))")
        assert page.evaluate(WIDEST, width) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", ["", "models/ref-llama/", "data/", own_atlas.KINDS["compare/"]])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    page: Any, site: Site, path: str
) -> None:
    page.goto(site.url + path)
    page.wait_for_load_state("networkidle")
    draw_all(page)
    wanted = page.evaluate(STOPS)
    reached, unseen = set(), []
    for _ in range(2 * len(wanted) + 40):  # figures that come into sight bring stops of their own
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found is None:
            break
        reached.add(found[0])
        if not found[1]:
            unseen.append(found[2])
    assert unseen == []
    assert [html for at, html in enumerate(wanted) if at not in reached] == []


@pytest.mark.parametrize("path", [path for path in EVERY if "?" not in path])
@pytest.mark.parametrize("context_options", [{"java_script_enabled": False}], ids=["no scripts"])
def test_without_scripts_nothing_is_offered_that_needs_them(
    page: Any, site: Site, path: str
) -> None:
    page.goto(site.url + path)
    article = page.locator(".md-content__inner")
    assert article.locator("h1").count() == 1
    for kind in ("button", "select", "input", "canvas"):
        assert article.locator(kind).locator("visible=true").count() == 0, kind
    assert len(article.inner_text()) > 100 or path == "404.html"


@pytest.mark.parametrize("context_options", [{"color_scheme": "dark"}], ids=["dark"])
def test_paper_is_white_and_has_no_controls(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/ref-llama/")
    page.locator(".atlas-stage").first.scroll_into_view_if_needed()
    page.locator('[data-atlas="heatmap"][data-ready="live"]').first.wait_for()
    page.emulate_media(media="print", color_scheme="dark")
    for part in (".md-header", ".md-tabs", ".md-footer", ".atlas-controls", ".atlas-live"):
        assert page.locator(part).locator("visible=true").count() == 0, part
    assert page.locator(".atlas-stage > img").first.is_visible()
    ink, paper = page.evaluate(
        """() => [getComputedStyle(document.querySelector("article h2")).color,
                  getComputedStyle(document.body).backgroundColor]"""
    )
    assert max(_rgb(ink)) < 90
    assert paper == "rgba(0, 0, 0, 0)" or min(_rgb(paper)) == 255


def _rgb(colour: str) -> list[float]:
    return [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
