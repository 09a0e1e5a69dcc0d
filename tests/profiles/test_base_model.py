"""What is measured against a base is pinned to it as well, and stale once that changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
from samples import write_entry

from atlas.checkpoints import digests
from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.measure import run as measuring
from atlas.paths import Project
from atlas.profiles import base_model, plan, profile_file, statement
from atlas.profiles.account import Outcome
from atlas.profiles.plan import Job
from atlas.profiles.settings import Settings


@pytest.fixture(autouse=True)
def empty_hub(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))


def add(project: Project, slug: str, seed: int = 0, **options: Any) -> Path:
    folder = tiny.make(project.root / "weights" / slug, "llama", seed=seed)
    defaults = {"name": slug, "source": f"./weights/{slug}", "revision": ...}
    write_entry(project, slug, **{**defaults, "analyses": ["drift"], **options})
    return folder


def jobs(project: Project) -> list[Job]:
    return plan.jobs(project, entry.load_all(project), Settings())


def run(project: Project) -> list[Outcome]:
    entries = entry.load_all(project)
    unwatched = lambda job: lambda done, total: None  # noqa: E731
    return list(measuring.outcomes(project, entries, jobs(project), unwatched))


def test_drift_applies_to_what_has_a_base(project: Project) -> None:
    add(project, "grown")
    add(project, "tuned", base="grown")
    assert [(job.slug, job.analysis) for job in jobs(project)] == [("tuned", "drift")]
    assert statement.of("drift").needs == ("base",)
    assert statement.of("weights").needs == ()


def test_how_it_was_made_does_not_make_a_profile_stale(project: Project) -> None:
    add(project, "grown")
    add(project, "tuned", seed=1, base="grown")
    run(project)
    before = project.profile("tuned", "drift").read_bytes()
    for relation in ("quantised", "merged", "adapter", "fine-tune"):
        add(project, "tuned", seed=1, base="grown", relation=relation)
        assert [job.state for job in jobs(project)] == ["fresh"]
    assert project.profile("tuned", "drift").read_bytes() == before


def test_a_profile_is_pinned_to_its_base_too(project: Project) -> None:
    folder = add(project, "grown")
    add(project, "tuned", seed=1, base="grown")
    [outcome] = run(project)
    assert outcome.reason is None
    read = profile_file.load(project.profile("tuned", "drift"))
    assert {key: read.conditions[key] for key in base_model.PINNED} == {
        "base": "grown",
        "base_source": "./weights/grown",
        "base_revision": None,
        "base_digest": digests.of_weights(folder),
    }
    assert read.matrix("changed").values.min() == 1
    assert [job.state for job in jobs(project)] == ["fresh"]


def test_another_base_makes_it_stale(project: Project) -> None:
    add(project, "grown")
    add(project, "other", seed=2)
    add(project, "tuned", seed=1, base="grown")
    run(project)
    tiny.make(project.root / "weights" / "grown", "llama", seed=3)
    assert jobs(project)[0].reasons == ("measured against other weights of its base",)
    write_entry(project, "grown", name="grown", source="./weights/other", revision=..., analyses=[])
    reason, *_ = jobs(project)[0].reasons
    assert reason == (
        "measured against source ./weights/grown of its base, current ./weights/other"
    )
    add(project, "tuned", seed=1, base="other")
    assert jobs(project)[0].reasons == ("measured against base grown, current other",)


def test_a_base_that_is_not_here(project: Project) -> None:
    add(project, "tuned", base="grown")
    write_entry(project, "grown", name="grown", source="a/b", revision="0" * 40, analyses=[])
    [outcome] = run(project)
    assert outcome.profile is None
    assert outcome.reason is not None
    assert (
        "its base 'grown': source 'a/b' is not on this machine; atlas fetch grown" in outcome.reason
    )
    write_entry(project, "grown", name="grown", source="a/b", revision=None, analyses=[])
    [outcome] = run(project)
    assert "its base 'grown': revision is null, still to be pinned;" in str(outcome.reason)


def test_weights_that_are_gone_do_not_make_it_stale(project: Project) -> None:
    folder = add(project, "grown")
    add(project, "tuned", base="grown")
    run(project)
    (folder / "model.safetensors").unlink()
    (folder / "config.json").unlink()
    folder.rmdir() if not [*folder.iterdir()] else (folder / "generation_config.json").unlink()
    assert [job.state for job in jobs(project)] == ["fresh"]


def test_only_what_has_a_base_is_asked(project: Project) -> None:
    add(project, "grown")
    [alone] = entry.load_all(project)
    assert base_model.find(project, alone) is None
    with pytest.raises(AssertionError):
        base_model.require(project, alone)
    with pytest.raises(AtlasError, match=r"model\.yml"):
        entry.load(project.entry("none"))
