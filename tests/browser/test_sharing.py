"""Every figure can be linked to, cited and embedded, on every kind of page that has one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from served import Site

FIGURES = {
    "compare/": '[data-atlas="compare"]',
    "families/reference/": '[data-atlas="family"]',
    "survey/functions/": '[data-atlas="survey"]',
    "heads/": '[data-atlas="heads-page"]',
    "models/ref-llama/#attention": '[data-atlas="heads"]',
    "models/ref-llama/#residual": '[data-atlas="curves"]',
    "models/ref-llama/#masks": '[data-atlas="masks"]',
    "models/ref-llama/#functions": '[data-atlas="functions"]',
    "models/ref-llama/#weights": '[data-atlas="heatmap"][data-figure="weights"]',
}
"""A figure of each kind by the address of its page."""


@pytest.fixture
def site(whole_site: Site) -> Site:
    return whole_site


def _told(page: Any, figure: str, name: str) -> str:
    """What a button below a figure gives."""
    page.locator(figure).first.scroll_into_view_if_needed()
    button = page.locator(f"{figure} .atlas-export button", has_text=name).first
    button.wait_for()
    button.click()
    text = page.locator(f"{figure} .atlas-shared:not([hidden]) textarea").first
    text.wait_for()
    found = str(text.input_value())
    button.click()
    return found


@pytest.mark.parametrize("address", FIGURES)
def test_a_figure_is_given_away(page: Any, site: Site, address: str) -> None:
    figure = FIGURES[address]
    page.goto(f"{site.url}{address}")
    link = _told(page, figure, "Copy link")
    assert link.startswith(f"{site.url}{address.partition('#')[0]}")
    entry = _told(page, figure, "Cite")
    assert re.match(r"@misc\{model-atlas-[a-z0-9-]+,\n  title = \{\{[^}]", entry)
    assert f"url = {{{link}}}" in entry
    assert re.search(r"note = \{.*(version|Source)", entry)
    frame = _told(page, figure, "Embed")
    page.goto(re.findall('src="([^"]+)"', frame)[0].replace("&amp;", "&"))
    page.locator(f"{figure}.atlas-alone").wait_for()
    assert page.locator(figure).first.is_visible()
    assert page.locator("h1").first.is_hidden()
    assert page.locator(".atlas-alone").count() == 1
