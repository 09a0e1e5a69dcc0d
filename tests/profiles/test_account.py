"""The account of a run: a line a model, sums, and what is remembered of what failed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samples import write_entry

from atlas import failures
from atlas.commands import prospects
from atlas.commands.project import Planned
from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.pinned.choices import DEFAULT
from atlas.profiles import account, freshness, plan
from atlas.profiles.account import Outcome
from atlas.profiles.plan import Job
from atlas.profiles.settings import Settings
from atlas.profiles.unavailable import Obstacle


def job(slug: str, name: str = "weights", state: freshness.State = "missing") -> Job:
    return Job(slug, name, "weights", state, ("never measured",), 1.0, 1e6)


def outcomes() -> list[Outcome]:
    unpinned = Obstacle("unpinned", AtlasError("still to be pinned", remedy="pin it"))
    return [
        Outcome(job("good"), "measured", 1.0),
        Outcome(job("good", "masks"), "measured", 2.0),
        Outcome(job("half"), "measured", 1.0),
        Outcome(job("half", "drift"), "fresh"),
        Outcome(job("half", "masks"), "failed", 3.0, reason="KeyError: 'x'"),
        Outcome(job("half", "importance"), "failed", 1.0, reason="KeyError: 'x'"),
        Outcome(job("bad"), "failed", reason="out of luck", log=Path("a.log")),
        *(account.away(job(f"away-{number}"), unpinned) for number in range(5)),
        account.away(job("big"), Obstacle("memory", AtlasError("needs 900 GB", remedy="rent"))),
        Outcome(job("same"), "fresh"),
    ]


def test_a_line_a_model_and_a_line_a_reason() -> None:
    assert account.lines(outcomes()) == [
        "good: 2 measured in 3.0 s",
        "half: 1 measured in 1.0 s, 1 fresh; masks, importance failed: KeyError: 'x'",
        "bad: weights failed: out of luck",
        "same: 1 fresh",
        "5 models are still to be pinned: away-0, away-1, away-2 and 2 more; "
        "write each one's full commit hash as the revision of its entry: atlas pin does",
        "big: not measurable here: needs 900 GB; rent",
    ]


def test_many_models_of_which_nothing_is_new_are_one_line() -> None:
    fresh = [Outcome(job(slug), "fresh") for slug in "abcde"]
    assert account.lines(fresh) == ["5 models are fresh: a, b, c and 2 more"]


def test_the_sums() -> None:
    told = account.total(outcomes(), 150)
    assert told == "analyses: 3 measured, 2 fresh, 3 failed, 6 not measurable here; 2.5 min"


def test_json_has_every_outcome() -> None:
    documents = [json.loads(json.dumps(one.as_dict())) for one in outcomes()]
    assert [document["result"] for document in documents].count("unavailable") == 6
    assert documents[6] == {
        "model": "bad",
        "analysis": "weights",
        "result": "failed",
        "seconds": 0.0,
        "reason": "out of luck",
        "kind": None,
        "log": "a.log",
    }
    assert documents[7]["kind"] == "unpinned"


def test_nothing_is_lost_where_nothing_can_be_noted(project: Project) -> None:
    project.cache.write_text("a file where a folder should be")
    account.remember(project, outcomes()[6])
    with account.begun(project, [job("a")]):
        assert account.remembered(project, job("a")) is None
    line = failures.line(KeyError("x"), project.outcome("a", "weights").with_suffix(".log"))
    assert line.startswith("KeyError: 'x'; traceback: /") and "atlas-" in line
    Path(line.rpartition(" ")[2]).unlink()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"result": 3}', '{"result": "begun"}'])
def test_a_note_that_says_nothing(project: Project, text: str) -> None:
    note = project.outcome("a", "weights")
    note.parent.mkdir(parents=True)
    note.write_text(text)
    told = account.remembered(project, job("a"))
    assert told is None or told.startswith("killed on  while")


def test_a_plan_tells_what_failed_and_what_is_not_possible(
    project: Project, state: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))
    state("weights", bytes=2e6)
    write_entry(project, "a", name="A")
    write_entry(project, "b", name="B", source="./b", revision=...)
    entries = entry.load_all(project)
    jobs = plan.jobs(project, entries, Settings())
    failed: dict[str, Any] = {"reason": "KeyError: 'x'"}
    account.remember(project, Outcome(jobs[1], "failed", **failed))
    work = Planned(project, entries, jobs, DEFAULT)
    found = prospects.of(work)
    assert [one.obstacle.kind if one.obstacle else None for one in found] == ["missing"] * 2
    assert found[0].why == "never measured"
    assert found[1].why.startswith("failed on 2") and found[1].why.endswith("KeyError: 'x'")
    document = found[1].as_dict()
    assert document["obstacle"]["kind"] == "missing" and "KeyError" in document["last"]
    total = prospects.total(work, found)
    assert total == "analyses: 0 to measure here; 2 not measurable here; 0 fresh"
