"""What keeps planned analyses from being measured here, each told of the jobs that it concerns."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny
from letters import letters
from samples import write_entry

from atlas.checkpoints import digests, headers
from atlas.commands import prospects
from atlas.commands.project import Planned
from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.loaded import memory
from atlas.measure import obstacles
from atlas.paths import Project
from atlas.pinned.choices import DEFAULT
from atlas.profiles import account
from atlas.profiles.plan import Job
from atlas.profiles.unavailable import Away, Obstacle


@pytest.fixture(autouse=True)
def nothing_cached(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))


def put(project: Project, *slugs: str, **changes: Any) -> None:
    for slug in slugs:
        letters(tiny.make(project.root / "weights" / slug, "llama"))
        stated = {"source": f"./weights/{slug}", "revision": ..., **changes}
        write_entry(project, slug, name=slug, **stated)


def job(slug: str, name: str = "weights", **changes: Any) -> Job:
    tier = "forward" if name == "activations" else "weights"
    stated = {"bytes": 1.0, "tier": tier, **changes}
    return Job(slug, name, stated["tier"], "missing", ("never measured",), 1.0, stated["bytes"])


def apart(project: Project, *jobs: Job, **options: Any) -> tuple[list[Job], list[Away]]:
    return obstacles.split(project, entry.load_all(project), jobs, **options)


def test_what_is_here_is_kept_in_order_and_what_is_not_has_its_reason(project: Project) -> None:
    put(project, "b", "d")
    put(project, "a", source="org/a", revision=None)
    put(project, "c", source="org/c", revision="1" * 40)
    jobs = [job(slug, name) for slug in "abcd" for name in ("weights", "activations")]
    here, away = apart(project, *jobs)
    assert [(one.slug, one.analysis) for one in here] == [
        ("b", "weights"),
        ("b", "activations"),
        ("d", "weights"),
        ("d", "activations"),
    ]
    assert [(one.obstacle.kind, one.slug, len(one.jobs)) for one in away] == [
        ("unpinned", "a", 2),
        ("missing", "c", 2),
    ]


def test_memory_bars_the_analysis_that_does_not_fit(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(project, "a")
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    here, [away] = apart(project, job("a"), job("a", "functions", bytes=3e9), job("a", "drift"))
    assert [one.analysis for one in here] == ["weights", "drift"]
    assert away.obstacle.kind == "memory" and away.jobs[0].analysis == "functions"
    assert "needs about 3.0 GB of memory; free: 1.0 GB on cpu;" in away.obstacle.line


def test_a_model_that_runs_needs_its_weights_on_a_device(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(project, "a")
    monkeypatch.setattr(memory, "available", lambda: 1000)
    monkeypatch.setattr(memory, "may_have_accelerator", lambda: False)
    here, [away] = apart(project, job("a", "activations"))
    assert here == [] and away.obstacle.kind == "memory" and "in F32" in away.obstacle.line
    monkeypatch.setattr(memory, "may_have_accelerator", lambda: True)
    monkeypatch.setattr(memory, "free_memory", lambda device: {"cuda:0": 10**9, "cpu": 1000})
    assert apart(project, job("a", "activations")) == ([job("a", "activations")], [])


@pytest.mark.parametrize("name", ["torch", "transformers"])
def test_what_is_not_installed(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    put(project, "a")
    monkeypatch.setattr(obstacles, "find_spec", lambda wanted: None if wanted == name else "there")
    here, [away] = apart(project, job("a"), job("a", "activations"))
    assert [one.analysis for one in here] == (["weights"] if name == "transformers" else [])
    assert away.obstacle.kind == "torch" and "pip install 'model-atlas[profile]'" in str(
        away.obstacle.line
    )


def test_no_room_to_write_is_told_before_anything_is_measured(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(project, "a")
    usage = shutil.disk_usage(project.root)._replace(free=10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    here, [away] = apart(project, job("a"))
    assert here == [] and "1 MB are free on its disk, at least 67" in away.obstacle.line
    assert apart(project, job("a"), saving=False) == ([job("a")], [])


def test_a_folder_that_may_not_be_written_to(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(project, "a")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    here, [away] = apart(project, job("a"))
    assert here == [] and away.obstacle.kind == "disk"
    assert "models/a: cannot be written to; allow this user to write there" in away.obstacle.line


def test_a_base_that_is_not_here_bars_what_is_held_against_it(project: Project) -> None:
    put(project, "b")
    put(project, "a", base="b")
    assert apart(project, job("a"), job("a", "drift"))[1] == []
    weights: Path = project.root / "weights" / "b" / headers.SINGLE
    weights.write_bytes(weights.read_bytes()[:-1])
    here, [away] = apart(project, job("a"), job("a", "drift"))
    assert [one.analysis for one in here] == ["weights"] and away.jobs[0].analysis == "drift"
    assert away.obstacle.kind == "damaged" and "its base 'b': " in away.obstacle.line


def test_a_model_without_a_tokenizer_bars_what_reads(project: Project) -> None:
    put(project, "a")
    for file in (project.root / "weights" / "a").glob("*token*"):
        file.unlink()
    here, [away] = apart(project, job("a"), job("a", "functions"), job("a", "activations"))
    assert [one.analysis for one in here] == ["weights"]
    assert [one.analysis for one in away.jobs] == ["functions", "activations"]
    assert "weights/a: has no tokenizer; put the model's tokenizer files" in away.obstacle.line


def test_what_was_not_possible_stays_so_while_the_files_are_the_same(project: Project) -> None:
    put(project, "a")
    work = Planned(project, entry.load_all(project), [job("a")], DEFAULT)
    files = digests.state(project, work.entries[0])
    refused = account.away(job("a"), Obstacle("damaged", AtlasError("a tensor is missing")))
    account.remember(project, refused, files)
    [found] = prospects.of(work)
    assert found.obstacle is not None and found.obstacle.line == "a tensor is missing"
    (project.root / "weights" / "a" / "more.txt").write_text("mended")
    assert prospects.of(work)[0].obstacle is None
