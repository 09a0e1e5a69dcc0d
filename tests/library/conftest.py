"""Fixtures: a small atlas as a project, and served on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_atlas
from small_atlas import Host

from atlas.paths import Project


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project, whose docs/ are laid out as its site is. Not to be changed."""
    return small_atlas.made(tmp_path_factory.mktemp("library") / "atlas")


@pytest.fixture
def spoilt(small: Project, tmp_path: Path) -> Project:
    """A copy of the project, to be spoilt."""
    shutil.copytree(small.root, tmp_path / "atlas")
    return Project(tmp_path / "atlas")


@pytest.fixture
def host(small: Project) -> Iterator[Host]:
    """The small atlas, served."""
    with small_atlas.served(small.docs) as found:
        yield found
