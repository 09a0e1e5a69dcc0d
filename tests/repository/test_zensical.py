"""The way out of MkDocs stays open: Zensical builds every page of the same files on disk."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import atlases
import own_atlas
import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("zensical") is None, reason="zensical is not installed"
)


def _pages(site: Path) -> dict[str, Path]:
    return {path.relative_to(site).as_posix(): path for path in site.rglob("*.html")}


def _figures(page: Path) -> list[str]:
    return re.findall(r'data-atlas="(\w+)"', page.read_text(encoding="utf-8"))


def test_zensical_makes_the_same_pages(tmp_path: Path) -> None:
    """As many pages at the same addresses, with the same figures."""
    ours, theirs = own_atlas.rendered(tmp_path / "ours"), own_atlas.rendered(tmp_path / "theirs")
    atlases.build(ours)
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build"],
        cwd=theirs.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    wanted, found = _pages(ours.site), _pages(theirs.site)
    assert len(found) == len(wanted) > 50
    assert found.keys() == wanted.keys()
    for path in wanted.keys() - {"404.html"}:
        assert _figures(found[path]) == _figures(wanted[path]), path
    assert any(map(_figures, found.values()))
