"""What a browser or a network refuses: storage in another site's frame, files, the clipboard; and
readers who are faster than the network. Each is told, and none is an error that nobody caught."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NO_STORAGE = (
    "Object.defineProperty(window, 'sessionStorage', "
    "{ get() { throw new DOMException('denied', 'SecurityError'); } })"
)
NO_CLIPBOARD = (
    "Object.defineProperty(navigator, 'clipboard', "
    "{ value: { writeText: () => Promise.reject(new DOMException('no', 'NotAllowedError')) } })"
)
FIGURE = '[data-atlas="heatmap"]'


@pytest.fixture
def refused(browser: Any) -> Iterator[Any]:
    """A page whose requests a test may end; afterwards no error was left to the browser."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(120_000)
    page = context.new_page()
    wrong: list[str] = []
    # The theme's search reads its index over a request of its own, whose failure it does not catch.
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert [one for one in wrong if one != "Network error"] == []


def _opened(page: Any, site: Any) -> Any:
    page.goto(f"{site.url}models/small/")
    page.locator(".atlas-stage").first.scroll_into_view_if_needed()
    figure = page.locator(FIGURE).first
    figure.and_(page.locator("[data-ready]:not([data-ready=mounted])")).wait_for()
    return figure


def test_figures_are_drawn_where_nothing_may_be_stored(refused: Any, site: Any) -> None:
    refused.add_init_script(NO_STORAGE)
    figure = _opened(refused, site)
    assert figure.get_attribute("data-ready") == "live"
    figure.locator(".atlas-export select").select_option("85")
    with refused.expect_download() as download:
        figure.locator('[data-role="svg"]').click()
    assert b'width="85mm"' in Path(download.value.path()).read_bytes()


def test_a_figure_without_its_file_says_so_and_leaves_nothing_uncaught(
    refused: Any, site: Any
) -> None:
    refused.route("**/*.json", lambda route: route.abort())
    figure = _opened(refused, site)
    assert figure.get_attribute("data-ready") == "failed"
    assert "The figure could not be drawn" in figure.locator(".atlas-summary").inner_text()
    figure.hover()
    for role in ("svg", "csv"):
        figure.locator(f'[data-role="{role}"]').click()
        told = figure.locator(".atlas-export [role=alert]")
        told.wait_for()
        assert told.inner_text().startswith("The file could not be made")
    figure.locator("button", has_text="Copy link").click()
    assert figure.locator("textarea").count() == 0
    refused.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    figure.locator("details [role=alert]").first.wait_for()
    assert figure.locator("details [role=alert]").count() == 2, "how to read it, and where from"


def test_choices_before_a_figure_has_its_file_are_kept(refused: Any, site: Any) -> None:
    held: list[Any] = []
    refused.route("**/weights.json", lambda route: held.append(route))
    refused.goto(f"{site.url}models/small/")
    figure = refused.locator(FIGURE).first
    figure.and_(refused.locator('[data-ready="mounted"]')).wait_for()
    figure.locator('[data-role="native"]').evaluate(
        "(one) => { one.checked = true; one.dispatchEvent(new Event('change')); }"
    )
    while not held:
        refused.wait_for_timeout(50)
    for route in held:
        route.continue_()
    figure.and_(refused.locator('[data-ready="live"]')).wait_for()
    refused.wait_for_url("**names=native**")


def test_a_refused_clipboard_shows_the_text(refused: Any, site: Any) -> None:
    refused.add_init_script(NO_CLIPBOARD)
    figure = _opened(refused, site)
    figure.locator("button", has_text="Cite").click()
    told = figure.locator(".atlas-shared [role=status]")
    told.wait_for()
    assert told.inner_text() == "BibTeX: copy it from here"
    assert figure.locator(".atlas-shared textarea").input_value().startswith("@misc{")
