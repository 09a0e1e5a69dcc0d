"""Data taken out of a page: a figure's CSV is what the command prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from atlas.profiles import matrix_csv, profile_file
from atlas.site.figures import heatmap

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", ["categories", "mask"])
def test_a_caption_says_no_more_than_classes_have(page: Any, site: Any, name: str) -> None:
    """Classes have no order to tell, and no code that a reader sees."""
    page.goto(f"{site.url}models/small/")
    page.locator(".atlas-stage").first.scroll_into_view_if_needed()
    page.wait_for_selector('[data-ready="live"]')
    page.select_option('[data-role="matrix"]', name)
    with page.expect_download() as download:
        page.locator('[data-role="svg"]').first.click()
    said = [one.text for one in ElementTree.parse(download.value.path()).iter(f"{SVG}text")]
    found = profile_file.load(site.project.profile("small", "weights")).matrices
    matrix = next(one for one in found if one.name == name)
    direction = heatmap.direction(matrix)
    assert not direction or f"{direction}." in said
    assert not any("weight units" in (one or "") for one in said)


@pytest.mark.parametrize("name", ["rms", "outlier", "ov_copying"])
def test_a_figures_csv_is_the_commands(page: Any, site: Any, name: str) -> None:
    page.goto(f"{site.url}models/small/")
    page.locator(".atlas-stage").first.scroll_into_view_if_needed()
    page.wait_for_selector('[data-ready="live"]')
    page.select_option('[data-role="matrix"]', name)
    with page.expect_download() as download:
        page.locator('[data-role="csv"]').first.click()
    profile = profile_file.load(site.project.profile("small", "weights"))
    assert Path(download.value.path()).read_bytes() == matrix_csv.of(profile, name).encode()
