"""Records of verification: what they say, and of which profile."""

from __future__ import annotations

import datetime
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import atlases
import pytest
import samples

from atlas import paths
from atlas.errors import AtlasError
from atlas.paths import PACKAGE, Project
from atlas.profiles import collection, part_agreement, profile_file, side_files, verified
from atlas.profiles.agreement import Difference
from atlas.profiles.profile_file import Profile
from atlas.review import check
from atlas.site import pages

TODAY = datetime.date(2026, 11, 21)
SAME = (Difference("weights", "rms", 2e-5, 1.1e-3, ""), Difference("weights", "b", 0.0, 1.1e-3, ""))
OTHER = (Difference("weights", "rms", 0.5, 1.1e-3, ""),)
MADE_BY = {"atlas": "0.1.0", "torch": "2.13.0", "python": "3.11.9", "machine": "x86_64"}
HEAD = {"layer": 0, "head": 1, "relations": {"score:year@10": [0.2353, 0.1635]}, "salient": []}


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "a", geometry={**samples.GEOMETRY, "layers": 12, "heads": 32})
    return made


@pytest.fixture
def again(atlas: Project) -> Profile:
    found = atlases.profile(atlas, "a")
    return replace(found, made_by={**MADE_BY, "device": "cpu"})


def test_a_record_is_written_read_and_shown(atlas: Project, again: Profile) -> None:
    verified.update(atlas, again, SAME, TODAY)
    [(name, record)] = verified.load(atlas.verified("a")).items()
    assert (name, record.date, record.largest, record.tolerance) == (
        "weights",
        "2026-11-21",
        2e-5,
        1.1e-3,
    )
    assert record.machine.device == "cpu" and record.machine.processor == "x86_64"
    assert record.matrices == len(again.matrices) and record.values > 0
    assert not [str(one) for one in check.problems(atlas) if "verified" in str(one.file)]
    pages.render(atlas)
    page = (atlas.docs / "models" / "a" / "index.md").read_text(encoding="utf-8")
    assert "reproduced 2026-11-21 on cpu (" in page
    assert "largest difference 2 × 10⁻⁵" in page


def test_a_record_is_about_one_profile_only(atlas: Project, again: Profile) -> None:
    def shown() -> bool:
        [model] = collection.load(atlas)
        section = model.section("weights")
        return section is not None and section.reproduced is not None

    verified.update(atlas, again, SAME, TODAY)
    assert shown()
    atlases.profile(atlas, "a", made_by={"seconds": 1})
    assert shown(), "how it was made is no part of what was measured"
    atlases.profile(atlas, "a", matrices=atlases.matrices(seed=1))
    assert not shown()
    atlases.profile(atlas, "a", conditions={"device": "cuda"})
    assert not shown()
    atlases.profile(atlas, "a")
    assert shown()


def test_what_comes_out_otherwise_loses_its_line(atlas: Project, again: Profile) -> None:
    verified.update(atlas, again, OTHER, TODAY)
    assert not atlas.verified("a").exists()
    verified.update(atlas, again, SAME, TODAY)
    verified.update(atlas, again, OTHER, TODAY)
    assert not atlas.verified("a").exists()


def test_records_of_two_commands_at_once_are_merged(
    atlas: Project, again: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reads, waits until the other has had every chance to, and writes."""
    names = ("weights", "drift", "attention", "residual")
    load = verified.load

    def slow(path: Path) -> dict[str, verified.Reproduction]:
        found = load(path)
        time.sleep(0.3)
        return found

    monkeypatch.setattr(verified, "load", slow)
    monkeypatch.setattr(profile_file, "load", lambda path: again)
    said: list[str] = []

    def note(name: str) -> None:
        verified.update(atlas, replace(again, analysis=name), SAME, TODAY, said.append)

    with ThreadPoolExecutor() as threads:
        list(threads.map(note, names))
    assert set(load(atlas.verified("a"))) == set(names)
    assert said and all(line.startswith("waiting for process") for line in said)


def test_a_changed_part_is_no_longer_reproduced(atlas: Project, again: Profile) -> None:
    path = atlas.profile("a", "functions")
    path.write_text("{}")
    part = side_files.path(path, "heads")
    assert verified.part_digests(path) == {}
    part.write_text("{}")
    before = verified.part_digests(path)
    part.write_text("{} ")
    assert list(before) == ["heads"] and verified.part_digests(path) != before


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"format": 2}, "format"),
        ({"slug": "b"}, "'b' in a file that lies at 'a'"),
        ({"host": "x"}, "unknown key 'host'"),
        ({"analyses": {}}, "analyses"),
        ({"analyses": {"weights": {"date": "today"}}}, "key 'version' is missing"),
    ],
)
def test_a_record_is_checked(
    atlas: Project, again: Profile, change: dict[str, Any], wrong: str
) -> None:
    verified.update(atlas, again, SAME, TODAY)
    path = atlas.verified("a")
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(AtlasError) as caught:
        verified.load(path)
    assert wrong in str(caught.value)
    assert any("verified.json" in str(problem) for problem in check.problems(atlas))


@pytest.fixture
def measured(atlas: Project, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Profile]:
    """A profile with a part, whatever the part's own rules are."""
    found = replace(atlases.profile(atlas, "a"), analysis="functions")
    path = atlas.profile("a", "functions")
    monkeypatch.setattr(side_files, "load", lambda where: json.loads(where.read_text()))
    side_files.path(path, "heads").write_text(side_files.text(found, "heads", [HEAD]))
    return path, found


@pytest.mark.parametrize(
    ("item", "agrees", "said"),
    [
        (HEAD, True, None),
        ({**HEAD, "relations": {"score:year@10": [0.23535, 0.16350001]}}, True, None),
        ({**HEAD, "relations": {"score:year@10": [0.24, 0.1635]}}, False, None),
        ({**HEAD, "relations": {"score:year@25": [0.2353, 0.1635]}}, False, "score:year@25"),
        ({**HEAD, "relations": {"score:year@10": [None, 0.1635]}}, False, "is 0.2353 as committed"),
        ({**HEAD, "head": 2}, False, "heads[0].head is 1 as committed, 2 measured now"),
        ({**HEAD, "salient": [["a", 1.0, []]]}, False, "heads[0].salient"),
    ],
)
def test_parts_are_compared(
    measured: tuple[Path, Profile], item: dict[str, Any], agrees: bool, said: str | None
) -> None:
    path, found = measured
    [verdict] = part_agreement.compare(path, found, found, {"heads": [item]})
    assert (verdict.matrix, verdict.agrees) == ("part heads", agrees)
    assert said is None or (verdict.problem and said in verdict.problem)


def test_a_part_of_one_side_differs(measured: tuple[Path, Profile]) -> None:
    path, found = measured
    [gone] = part_agreement.compare(path, found, found, {})
    assert gone.problem == "is only committed"
    side_files.path(path, "heads").unlink()
    [new] = part_agreement.compare(path, found, found, {"heads": [HEAD]})
    assert new.problem == "is only measured now"


def test_committed_records_are_of_the_committed_profiles() -> None:
    here = Project(PACKAGE.parent)
    found = sorted(here.models.glob("*/verified.json"))
    assert found, "the reference models were verified"
    for path in found:
        paths.refuse_link(path)
        for name, record in verified.load(path).items():
            assert record.largest <= record.tolerance, (path, name)
