"""A measurement that was interrupted goes on from there, and what it kept is gone afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import as_written
import numpy as np
import pytest
import samples
import thin_corpus
import torch
from safetensors.torch import load_file, save_file

from atlas.entries import entry
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch
from atlas.measure import run
from atlas.passes import losses
from atlas.paths import Project, zoo_folder
from atlas.pinned import corpus
from atlas.profiles import plan, profile_file
from atlas.profiles.profile_file import Profile
from atlas.profiles.settings import Settings
from atlas.profiles.statement import Progress

LOSS = losses.per_passage


def measured(
    project: Project,
    analysis: str = "masks",
    *,
    fresh: bool = False,
    progress: Progress = lambda done, total: None,
) -> Profile:
    """The profile of an analysis of the model `a`."""
    entries = entry.load_all(project)
    jobs = plan.jobs(project, entries, Settings((analysis,)))
    if fresh:
        run.begin_anew(project, jobs)
    [outcome] = run.outcomes(
        project, entries, jobs, lambda job: progress if job.analysis == analysis else quiet
    )
    assert outcome.result == "measured", outcome.reason
    return profile_file.load(project.profile("a", analysis))


def quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Losses that may still be computed before Ctrl-C, and how many were."""
    left = [10**9, 0]

    def loss(model: LiveModel, held: Batch) -> torch.Tensor:
        if left[1] == left[0]:
            raise KeyboardInterrupt
        left[1] += 1
        return LOSS(model, held)

    monkeypatch.setattr(losses, "per_passage", loss)
    monkeypatch.setattr(corpus, "chosen", thin_corpus.passages)
    monkeypatch.setattr("atlas.passes.without_blocks.planned", lambda model: 300)
    return left


@pytest.mark.parametrize("fresh", [False, True])
def test_what_was_interrupted_goes_on(project: Project, counted: list[int], fresh: bool) -> None:
    samples.write_entry(project, "a", source="zoo:llama", revision=...)
    whole = measured(project)
    passes, counted[1] = counted[1], 0
    project.profile("a", "masks").unlink()
    counted[0] = passes // 2
    with pytest.raises(KeyboardInterrupt):
        measured(project)
    kept = project.unfinished("a", "masks")
    assert len(list(kept.iterdir())) >= 1
    counted[:] = [10**9, 0]
    again = measured(project, fresh=fresh)
    if fresh:
        assert counted[1] == passes
    else:
        assert counted[1] < passes * 0.6
    assert not kept.exists()
    for one, other in zip(whole.matrices, again.matrices, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
    assert (again.facts, again.protocol) == (whole.facts, whole.protocol)


@pytest.mark.parametrize("analysis", ["weights", "functions"])
def test_layers_that_are_done_are_not_read_again(project: Project, analysis: str) -> None:
    """Ctrl-C after the second of four layers; a damaged layer is computed again."""
    samples.write_entry(project, "a", source="zoo:llama", revision=...)
    steps: list[int] = []

    def stopping(done: int, total: int) -> None:
        steps.append(done)
        if 2 * done > total or (analysis == "functions" and done == 3):
            raise KeyboardInterrupt

    measured(project, analysis, progress=lambda done, total: steps.append(done))
    whole, passes = as_written.files(project, analysis), len(steps)
    for path in project.profile("a", analysis).parent.glob(f"{analysis}*.json"):
        path.unlink()
    with pytest.raises(KeyboardInterrupt):
        measured(project, analysis, progress=stopping)
    kept = sorted(project.unfinished("a", analysis).iterdir())
    assert len(kept) >= 2
    kept[0].write_bytes(kept[0].read_bytes()[:-1])
    steps.clear()
    measured(project, analysis, progress=lambda done, total: steps.append(done))
    assert len(steps) == passes * (4 - len(kept) + 1) / 4
    assert as_written.files(project, analysis) == whole
    assert not project.unfinished("a", analysis).exists()


def test_layers_of_other_weights_are_not_taken(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(zoo_folder("llama"), folder)
    samples.write_entry(project, "a", source=str(folder), revision=...)

    def stopping(done: int, total: int) -> None:
        if 2 * done > total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measured(project, "weights", progress=stopping)
    tensors = load_file(folder / "model.safetensors")
    changed = {name: value * 1.5 for name, value in tensors.items()}
    save_file(changed, folder / "model.safetensors", metadata={"format": "pt"})
    steps: list[int] = []
    measured(project, "weights", progress=lambda done, total: steps.append(total))
    assert len(steps) == steps[0], "every module was measured"
