"""What scripts add to an atlas of one's own: no way to a section that is left out, and its name."""

from __future__ import annotations

from typing import Any

import beacon_atlas
import pytest
import waiting
from served import Site, built


@pytest.fixture(scope="module")
def beacon(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    made = beacon_atlas.write(tmp_path_factory.mktemp("beacon") / "atlas")
    text = made.mkdocs_yml.read_text(encoding="utf-8")
    stated = "site_url: https://beacon.example/atlas/"
    made.mkdocs_yml.write_text(text.replace(stated, 'site_url: !ENV [ATLAS_SITE_URL, ""]'))
    return built(made, serve)


def test_figures_lead_to_no_section_that_is_left_out(page: Any, beacon: Site) -> None:
    page.goto(f"{beacon.url}models/ref-llama/")
    page.locator(".atlas-stage").first.scroll_into_view_if_needed()
    page.locator('[data-atlas="heatmap"][data-ready="live"]').first.wait_for()
    status = page.locator(".atlas-status").first.inner_text()
    assert "How it is measured" in status and "All models" not in status
    links = page.evaluate("[...document.querySelectorAll('a')].map((one) => one.href)")
    assert not [link for link in links if "/compare/" in link or "/survey/" in link]
    page.get_by_role("button", name="Cite").first.click()
    cited = page.locator(".atlas-shared textarea").first
    cited.wait_for()
    assert "Beacon's atlas" in cited.input_value() and "Model Atlas" not in cited.input_value()


@pytest.mark.parametrize(
    ("context_options", "colour"),
    [
        ({"color_scheme": "light"}, "rgb(138, 28, 74)"),
        ({"color_scheme": "dark"}, "rgb(242, 160, 192)"),
    ],
    ids=["light", "dark"],
)
def test_links_have_the_colours_of_the_atlas(page: Any, beacon: Site, colour: str) -> None:
    page.goto(beacon.url)
    waiting.until(page, "document.querySelector('.md-typeset p a') !== null")
    found = page.evaluate("getComputedStyle(document.querySelector('.md-typeset p a')).color")
    assert found == colour
    if colour == "rgb(242, 160, 192)":
        page.emulate_media(media="print", color_scheme="dark")
        printed = page.evaluate("getComputedStyle(document.body).getPropertyValue('--atlas-link')")
        assert printed == "#8a1c4a"


def test_a_lost_reader_is_shown_the_sections_that_there_are(page: Any, beacon: Site) -> None:
    page.goto(f"{beacon.url}404.html")
    page.get_by_role("heading", name="Where things are").wait_for()
    listed = page.locator(".md-content .atlas-list").last.locator("a").all_inner_texts()
    assert [text.split(" ")[0] for text in listed] == ["Models,", "How", "Files"]
