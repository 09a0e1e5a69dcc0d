"""The front door in a browser: the live map, tables that sort, where one is in tabs and contents,
pages that do not move as they load, and an address at which nothing lies."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
import waiting
from served import Site

from atlas.profiles import profile_file

DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SMOL = "models/smollm2-135m-instruct/"

SHIFTS = """window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""
"""In every page: how far what is seen moves by itself."""


@pytest.fixture
def site(whole_site: Site) -> Site:
    return whole_site


@pytest.mark.parametrize("context_options", [DESK, PHONE], ids=["desktop", "phone"])
def test_the_first_screen_shows_a_live_map(page: Any, site: Site) -> None:
    page.goto(site.url)
    page.wait_for_selector(".atlas-opening[data-ready]")
    box = page.locator(".atlas-opening").bounding_box()
    assert box["y"] + box["height"] <= page.viewport_size["height"]
    matrix = profile_file.load(site.project.profile("smollm2-135m-instruct", "functions"))
    values = matrix.matrix("categories")
    frame = page.locator(".atlas-opening-map").bounding_box()
    layer, head = 23, 3
    page.locator(".atlas-opening-map").hover()
    page.wait_for_selector('.atlas-opening[data-ready="live"]')
    page.mouse.move(
        frame["x"] + frame["width"] * (layer + 0.5) / len(values.rows),
        frame["y"] + frame["height"] * (head + 0.5) / len(values.columns),
    )
    told = page.locator(".atlas-tip:visible")
    assert f"Layer {layer}, head {head}" in told.inner_text()
    assert values.categories
    assert values.categories[int(values.values[layer, head])] in told.inner_text()
    assert (
        page.locator(".atlas-opening-map")
        .get_attribute("href")
        .endswith(f"{SMOL}?head={layer}.{head}#functions")
    )


def test_the_live_map_is_read_by_keys(page: Any, site: Site) -> None:
    page.goto(site.url)
    page.wait_for_selector(".atlas-opening[data-ready]")
    page.locator(".atlas-opening-map").focus()
    page.wait_for_selector('.atlas-opening[data-ready="live"]')
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert "Layer 1, head 1" in page.locator(".atlas-opening .atlas-voice").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/smollm2-135m-instruct/?head=1.1#functions")


def test_without_a_script_the_map_is_a_picture_and_a_link(browser: Any, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False, **DESK)
    page = context.new_page()
    page.goto(site.url)
    assert page.locator(".atlas-opening-map img").evaluate("(one) => one.naturalWidth") > 0
    assert page.locator(".atlas-opening-map").get_attribute("href").endswith(f"{SMOL}#functions")
    context.close()


def column(page: Any, at: int) -> list[str]:
    """What a column of the first table says, from top to bottom."""
    rows = page.locator(".atlas-models").first.locator("tbody tr")
    return [str(one) for one in rows.locator(f"td:nth-child({at})").all_inner_texts()]


def test_models_sort_by_any_column_with_the_keyboard(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/")
    page.wait_for_selector('[data-atlas="models"][data-ready="live"]')
    table = page.locator(".atlas-models").first
    before = column(page, 2)
    heads = table.locator("th")
    layers = heads.nth(4)
    assert layers.inner_text().strip() == "Layers"
    layers.locator("button").focus()
    page.keyboard.press("Enter")
    assert layers.get_attribute("aria-sort") == "descending"
    shown = [int(one) for one in column(page, 5)]
    assert shown == sorted(shown, reverse=True) and shown[0] > shown[-1]
    page.keyboard.press("Enter")
    assert layers.get_attribute("aria-sort") == "ascending"
    assert [int(one) for one in column(page, 5)] == sorted(shown)
    page.keyboard.press("Enter")
    assert layers.get_attribute("aria-sort") is None
    assert column(page, 2) == before
    heads.nth(1).locator("button").click()
    assert column(page, 2) == sorted(column(page, 2), key=str.lower) != before
    assert table.locator("th[aria-sort]").count() == 1
    for at in range(1, heads.count()):
        assert heads.nth(at).locator("button").count() == 1, "every column but the pictures"


@pytest.mark.parametrize(
    ("path", "tab"),
    [
        ("", "Atlas"),
        ("models/", "Models"),
        (SMOL, "Models"),
        ("families/qwen3/", "Families"),
        ("survey/weights/", "Survey"),
        ("methods/weights/", "Methods"),
    ],
)
def test_the_tab_where_one_is_is_marked(page: Any, site: Site, path: str, tab: str) -> None:
    page.goto(site.url + path)
    page.wait_for_load_state("networkidle")
    assert page.locator(".md-tabs__item--active").all_inner_texts() == [tab]
    assert page.locator(".md-tabs [aria-current]").all_inner_texts() == [tab]


def test_the_heading_where_one_is_is_marked_also_after_a_swap_of_pages(
    page: Any, site: Site
) -> None:
    page.goto(f"{site.url}models/")
    page.locator(f'a[href$="{SMOL}"], a[href$="smollm2-135m-instruct/"]').first.click()
    page.wait_for_url(f"**/{SMOL}")
    page.wait_for_selector("#attention")
    page.wait_for_load_state("networkidle")
    page.evaluate("document.getElementById('attention').scrollIntoView()")
    active = page.locator(".md-nav--secondary .md-nav__link--active")
    active.wait_for()
    waiting.until(
        page,
        "document.querySelector('.md-nav--secondary .md-nav__link--active')"
        "?.textContent.trim() === 'Attention'",
    )
    assert page.locator(".md-tabs__item--active").all_inner_texts() == ["Models"]


@pytest.mark.parametrize("context_options", [DESK, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize(
    "path",
    [
        "",
        "models/",
        "survey/",
        SMOL,
        f"{SMOL}#functions",
        f"{SMOL}#attention",
        "models/gemma-3-270m/#importance",
        "models/ref-llama/#residual",
        "models/ref-llama/#masks",
    ],
)
def test_nothing_moves_as_a_page_loads(page: Any, site: Site, path: str) -> None:
    page.add_init_script(SHIFTS)
    page.goto(site.url + path)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2500)
    assert page.evaluate("window.shifts") < 0.1


def test_the_first_view_of_home_is_light(page: Any, site: Site) -> None:
    """As a server sends it that packs what it can; the theme's search comes when all is shown."""
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.setdefault(answer.url, packed(answer)))
    page.goto(site.url)
    page.wait_for_load_state("networkidle")
    shown = {url: size for url, size in sizes.items() if "search" not in url}
    assert sum(shown.values()) <= 120_000, shown


def packed(answer: Any) -> int:
    body = answer.body()
    return min(len(body), len(gzip.compress(body, 6)))


def test_an_address_at_which_nothing_lies_leads_on(page: Any, site: Site) -> None:
    page.route(
        "**/models/smollm2-135/",
        lambda asked: asked.fulfill(path=site.project.site / "404.html", content_type="text/html"),
    )
    page.goto(f"{site.url}models/smollm2-135/")
    page.wait_for_selector("text=Did you mean")
    assert "models/smollm2-135" in page.locator("article").inner_text()
    found = page.locator("article .atlas-list").first.locator("a")
    assert found.first.get_attribute("href") == f"{site.url}models/smollm2-135m/"
    for link in page.locator("article a").all():
        assert page.request.get(link.get_attribute("href")).ok
    page.locator(".atlas-ask").click()
    page.wait_for_selector(".md-search-result__link")
    assert "smollm2" in page.locator(".md-search-result__link").first.get_attribute("href")
