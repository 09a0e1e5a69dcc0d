"""What is said of a model's files though it can be measured: in `check`, `plan` and profiles."""

from __future__ import annotations

import json
from pathlib import Path

import atlases
import pytest
import tiny
import torch
from click.testing import CliRunner
from safetensors.torch import load_file, save_file

from atlas.commands.plan import command
from atlas.entries import entry
from atlas.loaded.checkpoint import Checkpoint
from atlas.measure import run
from atlas.paths import Project
from atlas.profiles import plan, remarks, settings
from atlas.profiles.plan import Job
from atlas.profiles.statement import Progress
from atlas.review import check


def rewrite(folder: Path, tensors: dict[str, torch.Tensor]) -> Path:
    """The same model with more tensors."""
    held = load_file(folder / "model.safetensors")
    save_file({**held, **tensors}, folder / "model.safetensors", {"format": "pt"})
    return folder


def extended(folder: Path) -> Path:
    """A tiny model with a head for another task, and code of its own."""
    rewrite(tiny.make(folder, "llama"), {"score.weight": torch.zeros(2, 32)})
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModelForCausalLM": "modeling.Own"}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


UNREAD = "1: score.weight"
CODE = "that of transformers; the model brings its own (auto_map), which is not run"


def test_of_a_usual_model_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert remarks.of_folder(tiny.make(tmp_path, "gpt2")) == {}


def test_tensors_that_nothing_reads_and_code_that_is_not_run(tmp_path: Path) -> None:
    assert remarks.of_folder(extended(tmp_path)) == {"unread": UNREAD, "code": CODE}


def test_many_are_counted(tmp_path: Path) -> None:
    """Layers beyond those of the config, for one."""
    folder = tiny.make(tmp_path, "llama")
    rewrite(folder, {f"model.layers.3.more{number}": torch.zeros(1) for number in range(5)})
    names = ", ".join(f"model.layers.3.more{number}" for number in range(3))
    assert remarks.of_folder(folder) == {"unread": f"5: {names} and 2 more"}


def test_what_is_not_read_counts_for_no_parameter(tmp_path: Path) -> None:
    usual = Checkpoint.open(tiny.make(tmp_path / "usual", "llama")).geometry.parameters
    assert Checkpoint.open(extended(tmp_path / "more")).geometry.parameters == usual


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = atlases.project(tmp_path)
    folder = extended(made.root / "weights")
    shape = Checkpoint.open(folder).geometry
    atlases.entry(made, "own", source="./weights", geometry=vars(shape))
    return made


def test_check_tells_them(project: Project) -> None:
    notes = check.findings(project).notes
    assert f"own: tensors that nothing reads: {UNREAD}" in notes
    assert f"own: code that runs: {CODE}" in notes


def test_plan_tells_them(project: Project) -> None:
    told = CliRunner().invoke(command, ["--project", str(project.root), "own"]).output
    assert f"note: own: tensors that nothing reads: {UNREAD}" in told
    assert f"note: own: code that runs: {CODE}" in told


def test_profiles_state_them(project: Project) -> None:
    entries = entry.load_all(project)
    jobs = [
        job
        for job in plan.jobs(project, entries, settings.load(project))
        if job.analysis == "weights"
    ]

    def watch(job: Job) -> Progress:
        return lambda done, total: None

    (outcome,) = run.outcomes(project, entries, jobs, watch, save=False)
    assert outcome.profile is not None, outcome.reason
    stated = outcome.profile.conditions
    assert (stated["unread"], stated["code"]) == (UNREAD, CODE)
