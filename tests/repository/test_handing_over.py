"""Profiles and records on their way from the machine that measured to a branch."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import atlases
import pytest
import samples
from contributions import Repository, script

from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.profiles import profile_file, verified
from atlas.profiles.agreement import Difference


@pytest.fixture
def handed(repository: Repository, tmp_path: Path) -> Path:
    """A folder of profiles as the machine that measured hands it over."""
    measured = repository.project
    atlases.profile(
        measured,
        "old",
        model=profile_file.Pin(
            "old", samples.ENTRY["source"], samples.REVISION, samples.DIGEST, None
        ),
    )
    (measured.folder("old") / "verified.json").write_text("{}")
    folder = tmp_path / "handed"
    assert len(script("hand_over").collect(measured, folder, ["old"])) == 1
    measured.profile("old", "weights").unlink()
    return folder


def test_profiles_are_handed_over(repository: Repository, handed: Path) -> None:
    [written] = script("hand_over").accept(handed, repository.project)
    assert written == repository.project.profile("old", "weights")
    assert profile_file.load(written).analysis == "weights"


@pytest.mark.parametrize(
    ("spoil", "wrong"),
    [
        (lambda folder: (folder / "old" / "x.py").write_text("x"), "is no <slug>"),
        (lambda folder: (folder / "x.json").write_text("{}"), "is no <slug>"),
        (lambda folder: (folder / "old" / "wights.json").write_text("{}"), "no analysis"),
        (lambda folder: (folder / "old" / "weights.json").write_text("{}"), "is missing"),
        (lambda folder: (folder / "old").rename(folder / "other"), "cannot be read"),
        (lambda folder: (folder / "old" / "drift.json").symlink_to("/etc/passwd"), "symbolic link"),
    ],
)
def test_what_is_no_sound_profile_is_not_accepted(
    repository: Repository, handed: Path, spoil: Any, wrong: str
) -> None:
    spoil(handed)
    with pytest.raises(AtlasError) as caught:
        script("hand_over").accept(handed, repository.project)
    assert wrong in " ".join(map(str, getattr(caught.value, "problems", [caught.value])))
    assert not repository.project.profile("old", "weights").exists()


def test_profiles_of_another_revision_are_not_accepted(
    repository: Repository, handed: Path
) -> None:
    samples.write_entry(repository.project, "old", revision="b" * 40)
    with pytest.raises(AtlasError, match="the entry says"):
        script("hand_over").accept(handed, repository.project)


@pytest.mark.parametrize("place", ["docs", "docs/models", "docs/models/old", "docs/models/old/w"])
def test_no_link_on_the_way_is_followed(
    repository: Repository, handed: Path, tmp_path: Path, place: str
) -> None:
    """The checkout may be a contribution's: nothing is written where its links lead."""
    root = repository.project.root
    link = root / (place if not place.endswith("/w") else f"{place}eights.json")
    outside = tmp_path / "outside"
    if link.exists():
        link.rename(outside)
    link.symlink_to(outside)
    before = sorted(path.read_bytes() for path in outside.rglob("*") if path.is_file())
    with pytest.raises(AtlasError, match="symbolic link"):
        script("hand_over").accept(handed, repository.project)
    assert sorted(path.read_bytes() for path in outside.rglob("*") if path.is_file()) == before
    assert link.is_symlink()


def test_no_link_is_collected(repository: Repository, handed: Path, tmp_path: Path) -> None:
    project = repository.project
    project.profile("old", "weights").symlink_to(handed / "old" / "weights.json")
    with pytest.raises(AtlasError, match="symbolic link"):
        script("hand_over").collect(project, tmp_path / "out", ["old"])


def record(project: Project, seed: int = 0) -> Path:
    """A profile of `old` and a record that it came out the same."""
    pin = profile_file.Pin("old", samples.ENTRY["source"], samples.REVISION, samples.DIGEST, None)
    found = atlases.profile(project, "old", model=pin, matrices=atlases.matrices(seed))
    made_by = {"atlas": "0", "torch": "2", "python": "3", "machine": "x", "device": "cpu"}
    same = Difference("weights", "rms", 0.0, 1e-3, "")
    day = datetime.date(2026, 11, 21)
    project.verified("old").unlink(missing_ok=True)
    verified.update(project, replace(found, made_by=made_by), [same], day)
    return project.verified("old")


def test_records_are_handed_over_to_the_profiles_that_they_are_about(
    repository: Repository, tmp_path: Path
) -> None:
    hand_over, project = script("hand_over"), repository.project
    record(project)
    [written] = hand_over.collect(project, tmp_path / "records", ["old"], records=True)
    assert written == tmp_path / "records" / "old" / "verified.json"
    project.verified("old").unlink()
    assert hand_over.accept(tmp_path / "records", project, records=True) == [
        project.verified("old")
    ]
    assert list(verified.load(project.verified("old"))) == ["weights"]
    project.verified("old").unlink()
    atlases.profile(project, "old", matrices=atlases.matrices(seed=1))
    with pytest.raises(AtlasError, match=r"is about another weights\.json"):
        hand_over.accept(tmp_path / "records", project, records=True)
    assert not project.verified("old").exists()


def test_records_and_profiles_do_not_pass_for_each_other(
    repository: Repository, handed: Path, tmp_path: Path
) -> None:
    hand_over, project = script("hand_over"), repository.project
    with pytest.raises(AtlasError, match="is no record of verification"):
        hand_over.accept(handed, project, records=True)
    record(project).rename(handed / "old" / "verified.json")
    with pytest.raises(AtlasError, match="belongs to no analysis"):
        hand_over.accept(handed, project)


def test_a_record_of_what_was_measured_anew_loses_its_line(
    repository: Repository, handed: Path
) -> None:
    record(repository.project, seed=1)
    script("hand_over").accept(handed, repository.project)
    assert not repository.project.verified("old").exists()


def test_nothing_measured_is_a_failure(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match="nothing was measured"):
        script("hand_over").collect(repository.project, tmp_path / "out", ["old"])
