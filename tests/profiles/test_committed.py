"""Every committed entry and profile: read, held against the published schemas, and fresh."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from atlas import schemas
from atlas.entries import entry
from atlas.paths import PACKAGE, Project
from atlas.profiles import plan, profile_file, settings, statement
from atlas.review import check

PROJECT = Project(PACKAGE.parent)
ENTRIES = sorted(PROJECT.models.glob("*/model.yml"))
PROFILES = sorted(
    path for name in statement.names() for path in PROJECT.models.glob(f"*/{name}.json")
)


def named(path: Path) -> str:
    return path.relative_to(PROJECT.models).as_posix()


def test_there_are_reference_models_with_profiles() -> None:
    entries = entry.load_all(PROJECT)
    measured = {path.parent.name for path in PROFILES}
    references = {item.slug for item in entries if item.is_reference}
    assert references and references <= measured


def test_nothing_is_wrong_with_the_project() -> None:
    assert [str(problem) for problem in check.problems(PROJECT)] == []


def test_no_committed_profile_is_stale_and_no_reference_model_lacks_one() -> None:
    entries = entry.load_all(PROJECT)
    jobs = plan.jobs(PROJECT, entries, settings.load(PROJECT))
    references = {item.slug for item in entries if item.is_reference}
    assert [job for job in jobs if job.state == "stale"] == []
    assert [job for job in jobs if job.slug in references and job.state != "fresh"] == []


@pytest.mark.parametrize("path", ENTRIES, ids=named)
def test_an_entry_states_its_shape_and_is_measured_by_it(path: Path) -> None:
    read = entry.load(path)
    assert read.geometry is not None and read.geometry.parameters is not None
    assert read.geometry.heads % read.geometry.kv_heads == 0
    for profile_path in (path for path in PROFILES if path.parent.name == read.slug):
        for matrix in profile_file.load(profile_path).matrices:
            if matrix.axes[0] == "layer":
                assert matrix.rows == tuple(map(str, range(read.geometry.layers)))


@pytest.mark.parametrize("path", PROFILES, ids=named)
def test_a_profile_passes_its_schema_values_and_all(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert [str(problem) for problem in schemas.problems(document, "profile", path)] == []


@pytest.mark.parametrize("path", PROFILES, ids=named)
def test_a_profile_is_written_as_atlas_writes_it(path: Path) -> None:
    assert profile_file.text(profile_file.load(path)) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PROFILES, ids=named)
def test_a_profile_holds_values_and_nothing_of_the_machine(path: Path) -> None:
    read = profile_file.load(path)
    assert all(np.isfinite(matrix.values).any() for matrix in read.matrices)
    text = path.read_text(encoding="utf-8")
    assert not any(f'"{root}' in text for root in ("/", "~", "C:"))
    assert len(text) < 3_000_000
