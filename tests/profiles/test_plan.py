"""What is stale, why, and what it would cost; without torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
from samples import GEOMETRY, profile, write_entry

from atlas.checkpoints import digests, headers
from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.profiles import plan, profile_file
from atlas.profiles.plan import Job
from atlas.profiles.settings import Settings


@pytest.fixture(autouse=True)
def empty_hub(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))


def planned(project: Project, settings: Settings | None = None) -> list[Job]:
    return plan.jobs(project, entry.load_all(project), settings or Settings())


def test_never_measured(project: Project, state: Callable[..., Path]) -> None:
    state("weights", bytes=2e9)
    write_entry(project, geometry=GEOMETRY)
    [job] = planned(project)
    assert (job.slug, job.analysis, job.tier) == ("some-model", "weights", "weights")
    assert (job.state, job.reasons) == ("missing", ("never measured",))
    assert job.bytes == 2e9 and job.seconds is not None and 0 < job.seconds < 1


def test_cost_is_unknown_without_a_shape(project: Project, state: Callable[..., Path]) -> None:
    state("weights")
    write_entry(project)
    [job] = planned(project)
    assert job.seconds is None and job.bytes is None


def test_a_shape_is_read_from_the_model_where_it_is_at_hand(
    project: Project, state: Callable[..., Path]
) -> None:
    state("weights")
    tiny.make(project.root / "weights", "llama")
    write_entry(project, source="./weights", revision=...)
    [job] = planned(project)
    assert job.bytes == 1e6


def test_fresh_then_stale(project: Project, state: Callable[..., Path]) -> None:
    protocol = dict(profile().protocol)
    state("weights", protocol=protocol)
    write_entry(project)
    profile_file.save(project.profile("some-model", "weights"), profile())
    assert [job.state for job in planned(project)] == ["fresh"]
    assert [job.reasons for job in planned(project)] == [()]
    state("weights", protocol={**protocol, "tau": 0.2}, version=2)
    [job] = planned(project)
    assert job.state == "stale"
    assert job.reasons == (
        "measured with version 1, current 2",
        "protocol tau: measured with 0.1, current 0.2",
    )


def test_local_weights_are_pinned_by_their_digest(
    project: Project, state: Callable[..., Path]
) -> None:
    state("weights", protocol=dict(profile().protocol))
    folder = tiny.make(project.root / "weights", "llama")
    write_entry(project, source="./weights", revision=...)
    pin = profile_file.Pin("some-model", "./weights", None, digests.of_weights(folder), None)
    profile_file.save(project.profile("some-model", "weights"), profile(model=pin))
    assert [job.state for job in planned(project)] == ["fresh"]
    tiny.make(folder, "llama", seed=1)
    assert [job.reasons for job in planned(project)] == [("measured on other weights",)]


def test_order_is_that_of_entries_tiers_and_names(
    project: Project, state: Callable[..., Path]
) -> None:
    state("zeta")
    state("masks", tier="backward")
    state("attention", tier="forward")
    for slug in ("b", "a"):
        write_entry(project, slug, name=slug.upper())
    assert [(job.slug, job.analysis) for job in planned(project)] == [
        (slug, name) for slug in ("a", "b") for name in ("zeta", "attention", "masks")
    ]


def test_settings_and_entries_choose(project: Project, state: Callable[..., Path]) -> None:
    for name in ("weights", "drift"):
        state(name)
    write_entry(project, "a", name="A")
    write_entry(project, "b", name="B", analyses=["weights"])
    write_entry(project, "c", name="C", analyses=[])
    jobs = planned(project, Settings(("drift",)))
    assert [(job.slug, job.analysis) for job in jobs] == [("a", "drift"), ("b", "weights")]


def test_a_broken_profile_is_told(project: Project, state: Callable[..., Path]) -> None:
    state("weights")
    write_entry(project)
    project.profile("some-model", "weights").write_text("{}")
    with pytest.raises(AtlasError, match=r"weights.json: key 'format' is missing"):
        planned(project)


def test_an_unknown_architecture_is_told(project: Project, state: Callable[..., Path]) -> None:
    state("weights")
    write_entry(project, architecture="lama")
    with pytest.raises(AtlasError, match=r"architecture: architecture 'lama' .* mean 'llama'\?"):
        planned(project)


def test_corrupt_weights_of_one_model_do_not_keep_the_others_from_their_plan(
    project: Project, state: Callable[..., Path]
) -> None:
    state("weights")
    folder = tiny.make(project.root / "weights", "llama")
    (folder / headers.SINGLE).write_bytes(b"")
    write_entry(project, "a", name="A", source="./weights", revision=..., geometry=GEOMETRY)
    write_entry(project, "b", name="B")
    with pytest.raises(AtlasError):
        digests.find(project, entry.load(project.entry("a")))
    assert [(job.slug, job.state) for job in planned(project)] == [
        ("a", "missing"),
        ("b", "missing"),
    ]
    assert planned(project)[0].bytes == 1e6


def test_a_job_is_data(project: Project, state: Callable[..., Path]) -> None:
    state("weights")
    write_entry(project)
    [job] = planned(project)
    assert replace(job) == job
