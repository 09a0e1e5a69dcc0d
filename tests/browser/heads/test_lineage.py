"""Beside a head of a related model stands how that one was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import atlases
import head_atlas

from atlas.site import pages


def test_a_head_of_a_quantised_copy_is_said_to_be_one(
    page: Any, tmp_path: Path, serve: Any
) -> None:
    made = atlases.project(tmp_path / "atlas")
    head_atlas.model(made, "root", name="Root", seed=1)
    head_atlas.model(made, "copy", name="Copy", seed=1, base="root", relation="quantised")
    pages.render(made)
    url = f"{serve(made.root)}/site/"
    atlases.build(made, url)
    for slug, told in (("root", "Copy 2.1 quantised from"), ("copy", "Root 2.1 this model's base")):
        page.goto(f"{url}heads/?head={slug}/2.1")
        row = page.locator("[data-role=card] tbody tr").nth(1)
        row.wait_for()
        assert told in " ".join(row.inner_text().split())
