"""Published formats are told to the last key, and with the numbers that they are made with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import own_atlas
import pytest

from atlas.paths import PACKAGE, shipped_templates
from atlas.site import pages
from atlas.site.heads import fingerprints, nearest, strengths

FREE: dict[str, set[str]] = {
    "heads/bundle.json": {"groups", "chance"},
    "families/reference/ladder.json": {"protocol"},
    "survey/attention/bundle.json": {"protocol"},
}
"""Keys below which names are those of analyses, protocols and relations."""

TOLD = {
    "heads/bundle.json": ("heads.txt", "heads/index.md"),
    "families/reference/ladder.json": ("family_ladder.txt", "data/index.md"),
    "survey/attention/bundle.json": ("survey_bundle.txt", "data/index.md"),
}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return pages.planned(own_atlas.copied(tmp_path_factory.mktemp("formats")))


def _keys(document: Any, free: set[str]) -> Iterator[str]:
    for key, value in document.items() if isinstance(document, dict) else ():
        yield key
        if key not in free:
            yield from _keys(value, free)
    for item in document if isinstance(document, list) else ():
        yield from _keys(item, free)


@pytest.mark.parametrize("path", TOLD)
def test_every_key_is_told(planned: dict[str, bytes], path: str) -> None:
    text = (shipped_templates() / "parts/formats" / TOLD[path][0]).read_text(encoding="utf-8")
    document = json.loads(planned[path])
    missing = {key for key in _keys(document, FREE[path]) if key not in text}
    assert missing == set()


@pytest.mark.parametrize("path", TOLD)
def test_the_description_stands_on_its_page(planned: dict[str, bytes], path: str) -> None:
    name, page = TOLD[path]
    text = (shipped_templates() / "parts/formats" / name).read_text(encoding="utf-8")
    shown = planned[page].decode().replace("&#10;", "\n")
    assert text.strip() in shown


def test_nearest_is_told_with_its_numbers(planned: dict[str, bytes]) -> None:
    page = planned["heads/index.md"].decode()
    assert f"above {strengths.THRESHOLD}, and" in page
    assert f"(v - {strengths.FLOOR}) / {1 - strengths.FLOOR} for" in page
    assert f"taken to be at least {strengths.LEAST_CHANCE}" in page
    assert f"fewer than {fingerprints.FEWEST} relations" in page
    assert f"add up to less than {nearest.LEAST} is in no list" in page
    assert f"at most {nearest.NEAREST} of them" in page


def test_every_schema_is_published(planned: dict[str, bytes]) -> None:
    published = {Path(path).name for path in planned if path.startswith("data/schemas/")}
    assert published == {path.name for path in (PACKAGE / "schemas").glob("*.json")}
