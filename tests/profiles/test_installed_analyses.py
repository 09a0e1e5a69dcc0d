"""Analyses of one's own come from installed packages, and never from a project's folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from atlas.profiles import statement

STATED = '''"""Counts of layers.

How many there are.
"""
VERSION = 3
TIER = "weights"
KINDS = ("decoder",)
PROTOCOL = {}
MATRICES = {"count": {"title": "Layers", "unit": "layers", "direction": "more", "axes": ("a", "b")}}


def cost(geometry):
    return 1.0, 1.0
'''
RUN = "def run(subject, progress):\n    return 'ran'\n"


def install(site: Path, points: str, package: str = "layer_counts") -> None:
    """A package as pip leaves it, with its entry points."""
    for name, text in (("__init__.py", STATED), ("run.py", RUN)):
        path = site / package / "count" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (site / package / "__init__.py").touch()
    info = site / f"{package}-1.2.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    listed = f"[{statement.GROUP}]\n{points}\n"
    (info / "entry_points.txt").write_text(listed, encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder where packages are installed."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    forget()
    yield folder
    monkeypatch.undo()
    forget()
    for name in set(sys.modules) - before:
        if name.startswith("layer_counts"):
            del sys.modules[name]


def forget() -> None:
    statement._installed.cache_clear()
    statement._stated.cache_clear()


def test_an_installed_package_brings_an_analysis(site: Path) -> None:
    assert "count" not in statement.names()
    install(site, "count = layer_counts.count")
    forget()
    assert "count" in statement.names()
    assert statement.of("count").version == 3
    assert statement.module("count").run(None, None) == "ran"
    assert statement.rules("count") is None
    assert statement.origin("count") == {"analysis": "of the package layer_counts 1.2"}
    assert statement.origin("weights") == {}


def test_no_package_replaces_an_analysis_of_ours(site: Path) -> None:
    version = statement.of("weights").version
    install(site, "weights = layer_counts.count\n../up = layer_counts.count")
    forget()
    assert statement.of("weights").version == version != 3
    assert statement.origin("weights") == {} and "../up" not in statement.names()


def test_a_package_that_is_broken_ends_nothing_else(site: Path) -> None:
    install(site, "count = layer_counts.gone")
    forget()
    assert "count" not in statement.names() and "weights" in statement.names()
    assert any(
        "count/__init__.py in layer_counts: cannot be read" in str(e) for e in statement.broken()
    )


def test_the_working_folder_is_a_projects_and_brings_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m atlas` has it among the places that modules come from."""
    install(tmp_path, "count = layer_counts.count")
    for place in ("analyses", "atlas/analyses"):
        path = tmp_path / place / "other" / "__init__.py"
        path.parent.mkdir(parents=True)
        path.write_text(STATED, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    monkeypatch.syspath_prepend(str(tmp_path))
    forget()
    try:
        assert not {"count", "other"} & {*statement.names()}
    finally:
        monkeypatch.undo()
        forget()
