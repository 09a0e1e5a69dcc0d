"""Dry runs: an entry's analyses on a tiny random model like its own, nothing of it kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import tiny
from click.testing import CliRunner, Result
from samples import GEOMETRY, matrix, write_entry

from atlas.commands import main
from atlas.entries import entry
from atlas.entries.entry import Entry
from atlas.errors import AtlasError
from atlas.loaded import checkpoint
from atlas.measure import dry_run
from atlas.measure.run import outcomes
from atlas.paths import Project
from atlas.profiles.plan import Job
from atlas.profiles.statement import Measured

State = Callable[..., Path]


@pytest.fixture(autouse=True)
def nothing_cached(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))


def measure(
    tiny_project: Project, made: Sequence[Entry], jobs: Sequence[Job]
) -> Iterator[tuple[str, str, str | None]]:
    for outcome in outcomes(tiny_project, made, jobs, lambda job: _no_progress, save=False):
        yield outcome.job.slug, outcome.job.analysis, outcome.reason


def _no_progress(done: int, total: int) -> None:
    """Progress that nobody looks at."""


def run(project: Project, *words: str) -> Result:
    return CliRunner().invoke(main, ["check", *words, "--project", str(project.root)])


def measuring(
    *, fails: str | None = None, seen: list[Any] | None = None
) -> Callable[..., Measured]:
    """What an analysis of the weights does: fail, or remember the shape of what it got."""

    def measured(subject: checkpoint.Checkpoint, *rest: object) -> Measured:
        if seen is not None:
            seen.append((subject.geometry, subject.config))
        if fails is not None:
            raise AtlasError(fails, remedy="mend it")
        return Measured((matrix(),))

    return measured


def test_every_analysis_runs_once_for_entries_that_are_alike(
    project: Project, state: State
) -> None:
    seen: list[Any] = []
    state("weights", measuring(seen=seen))
    write_entry(project, "a", name="A", revision=None, geometry=GEOMETRY)
    write_entry(project, "b", name="B", revision="1" * 40, geometry={**GEOMETRY, "layers": 30})
    write_entry(project, "c", name="C", revision="2" * 40, geometry={**GEOMETRY, "kv_heads": 4})
    write_entry(project, "d", name="D", revision="3" * 40, architecture="gpt2")
    verdicts = list(dry_run.run(project, entry.load_all(project), measure))
    assert [(item.slugs, item.architecture, item.analysis, item.problem) for item in verdicts] == [
        (("a", "b"), "llama", "weights", None),
        (("c",), "llama", "weights", None),
        (("d",), "gpt2", "weights", None),
    ]
    assert [shape.kv_heads for shape, _ in seen] == [2, 4, 4]
    assert all(shape.d_head == 8 for shape, _ in seen), "as wide together as the model"
    assert {path.name for path in project.models.glob("*/*")} == {"model.yml"}
    assert dry_run.problems(project, verdicts) == []
    assert (
        dry_run.summary(verdicts) == "dry run: 3 analyses on tiny models of gpt2, llama; 0 failed"
    )


def test_what_a_config_at_hand_says_is_taken_over(project: Project, state: State) -> None:
    seen: list[Any] = []
    state("weights", measuring(seen=seen))
    tiny.make(project.root / "weights", "llama", attention_bias=True, tie_word_embeddings=True)
    write_entry(project, source="./weights", revision=...)
    assert [item.problem for item in dry_run.run(project, entry.load_all(project), measure)] == [
        None
    ]
    [(_, config)] = seen
    assert config["attention_bias"] is True and config["tie_word_embeddings"] is True


def test_what_needs_a_base_gets_one(project: Project, state: State) -> None:
    state("weights", measuring())
    state("drift", measuring(), was="PROTOCOL", now='NEEDS = ("base",)\nPROTOCOL')
    write_entry(project, "a", name="A")
    write_entry(project, "b", name="B", revision="1" * 40, base="a")
    verdicts = list(dry_run.run(project, entry.load_all(project), measure))
    assert {item.analysis: item.problem for item in verdicts} == {"weights": None, "drift": None}


def test_a_failure_names_the_entry_and_makes_the_check_fail(project: Project, state: State) -> None:
    state("weights", measuring(fails="cannot count to three"))
    write_entry(project, "a", name="A")
    result = run(project, "--dry-run")
    assert result.exit_code == 1
    assert "a/model.yml: dry run of weights on a tiny llama: cannot count to three" in result.stderr
    assert "note: dry run: 1 analyses on tiny models of llama; 1 failed" in result.stderr
    told = json.loads(run(project, "--dry-run", "--json").stdout)
    assert "cannot count to three" in told["problems"][0]["problem"]


def test_models_that_are_named_are_the_ones_that_run(project: Project, state: State) -> None:
    state("weights", measuring())
    write_entry(project, "a", name="A")
    write_entry(project, "b", name="B", revision="1" * 40, architecture="gpt2")
    assert "on tiny models of gpt2; 0 failed" in run(project, "b", "--dry-run").stderr
    assert "did you mean 'a'" in run(project, "aa", "--dry-run").output
    assert "dry run" not in run(project).stderr


def test_without_torch_it_says_that_it_was_skipped(
    project: Project, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    state("weights", measuring(fails="must not run"))
    write_entry(project, "a", name="A")
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run(project, "--dry-run")
    assert result.exit_code == 0
    assert "note: dry run skipped: it needs pip install 'model-atlas[profile]'" in result.stderr


def test_an_analysis_that_ships_runs_on_what_is_listed(project: Project) -> None:
    """The real thing, on analyses that take a second."""
    write_entry(project, "a", name="A", architecture="gemma2", analyses=["weights", "functions"])
    verdicts = list(dry_run.run(project, entry.load_all(project), measure))
    assert {item.analysis: item.problem for item in verdicts} == {
        "weights": None,
        "functions": None,
    }
