"""Analyses that no model of an architecture can have: told with the reason, and never planned."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import atlases
import pytest
import tiny
from click.testing import CliRunner

from atlas import architectures
from atlas.commands.plan import command
from atlas.entries import entry
from atlas.loaded.checkpoint import Checkpoint
from atlas.paths import Project
from atlas.profiles import plan, settings, statement
from atlas.review import check
from atlas.site import pages

GATED = ("afmoe", "laguna", "qwen3_5_text", "qwen3_next", "step3p7")
HEADLESS = ("falcon_mamba", "mamba", "mamba2")
NO_HEADS = "no layer of this model has attention, and so it has no heads"
WHY = "a gate that depends on the token lies between the heads and W_O"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = atlases.project(tmp_path)
    shape = asdict(Checkpoint.open(tiny.make(tmp_path / "weights", "afmoe")).geometry)
    atlases.entry(made, "gated", architecture="afmoe", source="./weights", geometry=shape)
    atlases.entry(made, "plain")
    return made


def test_what_heads_write_cannot_be_read_where_a_gate_lies_between() -> None:
    for name in architectures.known():
        gated = "attn.gate" in architectures.row(name).modules
        assert gated == (name in GATED or name in {"qwen3_5", "qwen3_5_moe", "qwen3_5_moe_text"})
        found = statement.not_offered(name)
        if name in HEADLESS:
            assert found == dict.fromkeys(("attention", "functions"), NO_HEADS)
            continue
        assert set(found) == ({"functions"} if gated else set())
        assert all(why.startswith(WHY) for why in found.values())
    assert statement.not_offered("nothing-known") == {}


def test_it_is_not_planned(project: Project) -> None:
    jobs = plan.jobs(project, entry.load_all(project), settings.load(project))
    gated, plain = (
        {job.analysis for job in jobs if job.slug == slug} for slug in ("gated", "plain")
    )
    assert plain - gated == {"functions"} and gated < plain


def test_check_and_plan_say_why(project: Project) -> None:
    notes = [note for note in check.findings(project).notes if "not offered" in note]
    assert [note.partition(WHY)[0] for note in notes] == ["gated: functions is not offered: "]
    told = CliRunner().invoke(command, ["--project", str(project.root), "gated"]).output
    assert f"note: gated: functions is not offered: {WHY}" in told


def test_the_page_says_why(project: Project) -> None:
    pages.render(project)
    gated, plain = ((project.folder(slug) / "index.md").read_text() for slug in ("gated", "plain"))
    assert f"<dt>Not measured</dt><dd>Functions of heads: {WHY}" in gated
    assert "--analysis functions" not in gated and "--analysis functions" in plain
    assert "Not measured</dt>" not in plain


def test_of_an_analysis_that_the_atlas_does_not_have_nothing_is_said(project: Project) -> None:
    text = project.mkdocs_yml.read_text(encoding="utf-8")
    chosen = text.replace("  atlas: {}", "  atlas: {analyses: [weights]}")
    project.mkdocs_yml.write_text(chosen, encoding="utf-8")
    pages.render(project)
    assert "Not measured</dt>" not in (project.folder("gated") / "index.md").read_text()


def test_a_profile_of_it_does_not_fit(project: Project) -> None:
    for slug in ("gated", "plain"):
        atlases.profile(project, slug, analysis="functions")
    wrong = [str(one) for one in check.findings(project).problems if "does not fit" in str(one)]
    assert len(wrong) == 1
    assert f"gated/functions.json: 'functions' does not fit afmoe: {WHY}" in wrong[0]


@pytest.mark.parametrize(
    ("architecture", "kept"),
    [("mamba", {}), ("granitemoehybrid", {"d_mlp": 128}), ("jamba", {"d_mlp": 128})],
)
def test_nothing_of_heads_is_planned_or_failed_without_attention(
    project: Project, architecture: str, kept: dict[str, int]
) -> None:
    shape = {"layers": 3, "d_model": 32, "vocabulary": 61, **kept}
    atlases.entry(project, "m", architecture=architecture, source="./weights", geometry=shape)
    jobs = plan.jobs(project, entry.load_all(project), settings.load(project))
    planned = {job.analysis for job in jobs if job.slug == "m"}
    assert planned == {"weights", "activations", "importance", "masks", "residual"}
    notes = check.findings(project).notes
    for name in ("attention", "functions"):
        assert f"m: {name} is not offered: {NO_HEADS}" in notes
    pages.render(project)
    page, plain = ((project.folder(slug) / "index.md").read_text() for slug in ("m", "plain"))
    facts = ("<dt>Heads</dt>", "<dt>Head width</dt>")
    assert not any(one in page for one in facts) and all(one in plain for one in facts)
    assert ("<dt>MLP width</dt>" in page) == bool(kept)
    assert f"<dt>Not measured</dt><dd>Attention: {NO_HEADS}" in page
