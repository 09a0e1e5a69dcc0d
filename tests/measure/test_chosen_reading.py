"""What heads are taken to read, and whether gains are folded: chosen by entry or atlas, stated
in the protocol, and measured so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples import write_entry

from atlas import paths
from atlas.analyses.functions import run as functions
from atlas.entries import entry
from atlas.loaded.checkpoint import Checkpoint
from atlas.measure import run as measuring
from atlas.paths import Project
from atlas.pinned import relations
from atlas.pinned.choices import DEFAULT, Choices
from atlas.profiles import plan, profile_file
from atlas.profiles.plan import Job
from atlas.profiles.settings import Settings
from atlas.profiles.statement import Progress

BOTH = Choices(fold=True, later="embedding")


def nothing(job: Job) -> Progress:
    return lambda done, total: None


def jobs(project: Project, choices: Choices) -> list[Job]:
    return plan.jobs(project, entry.load_all(project), Settings(choices=choices))


def state(project: Project, choices: Choices = DEFAULT) -> str:
    [job] = [one for one in jobs(project, choices) if one.analysis == "functions"]
    return job.state


@pytest.mark.parametrize("by", ["entry", "atlas"])
def test_chosen_by_an_entry_or_an_atlas_it_is_stated_and_measured_so(
    by: str, project: Project
) -> None:
    own: dict[str, Any] = {"protocol": {"fold": True, "later": "embedding"}}
    choices = BOTH if by == "atlas" else DEFAULT
    write_entry(project, "a", name="a", source="zoo:llama", revision=...)
    if by == "entry":
        write_entry(project, "a", name="a", source="zoo:llama", revision=..., **own)
    todo = [one for one in jobs(project, choices) if one.analysis == "functions"]
    entries = entry.load_all(project)
    [outcome] = measuring.outcomes(project, entries, todo, nothing, choices=choices)
    assert outcome.result == "measured", outcome
    read = profile_file.load(project.profile("a", "functions"))
    assert (read.protocol["fold"], read.protocol["later"]) == (True, "embedding")
    checkpoint = Checkpoint.open(paths.zoo_folder("llama"))
    known = relations.load_all()
    wanted = functions.measure(checkpoint, known, BOTH, lambda done, total: None)
    plain = functions.measure(checkpoint, known, DEFAULT, lambda done, total: None)
    for one, other in zip(wanted.matrices, plain.matrices, strict=True):
        values = read.matrix(one.name).values
        np.testing.assert_allclose(values, one.values, rtol=1e-3, atol=1e-12)
        if one.name == "score:capital@10":
            assert not np.allclose(values, other.values)
    assert state(project, choices) == "fresh"
    write_entry(project, "a", name="a", source="zoo:llama", revision=..., protocol={"fold": True})
    assert state(project) == "stale"
