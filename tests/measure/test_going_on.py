"""A measurement that was interrupted goes on from there, and what it kept is gone afterwards."""

from __future__ import annotations

import numpy as np
import pytest
import samples
import thin_corpus
import torch

from atlas.entries import entry
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch
from atlas.measure import run
from atlas.passes import losses
from atlas.paths import Project
from atlas.pinned import corpus
from atlas.profiles import plan, profile_file
from atlas.profiles.profile_file import Profile
from atlas.profiles.settings import Settings

LOSS = losses.per_passage


def measured(project: Project, *, fresh: bool = False) -> Profile:
    """The profile of masks of the model `a`."""
    entries = entry.load_all(project)
    jobs = plan.jobs(project, entries, Settings(("masks",)))
    if fresh:
        run.begin_anew(project, jobs)
    [outcome] = run.outcomes(project, entries, jobs, lambda job: lambda done, total: None)
    assert outcome.result == "measured", outcome.reason
    return profile_file.load(project.profile("a", "masks"))


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
