"""A small project in a git repository."""

from __future__ import annotations

from pathlib import Path

import atlases
import pytest
import samples
from contributions import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    project = atlases.project(tmp_path / "atlas")
    samples.write_entry(project, "old")
    return Repository(project)
