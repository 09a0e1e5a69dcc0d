"""Data taken out of a page: a figure's CSV is what the command prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atlas.profiles import matrix_csv, profile_file


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
