"""Findings: what may be written, what check says of it, and what becomes of the committed ones."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import atlases
import pytest
import samples

from atlas.errors import AtlasError
from atlas.paths import PACKAGE, Project
from atlas.profiles import collection
from atlas.review import check, claims, findings, verdicts
from atlas.review.claims import Quantity
from atlas.site import finding_page

REPOSITORY = Project(PACKAGE.parent)
FIGURE = "models/a/?figure=weights&matrix=rms&row=0&column=attn.q"
STEP = {"title": "A step", "claim": "one", "figure": FIGURE, "text": ["It is so."]}
FINDING = {"title": "Something found", "lead": "It was found.", "steps": [STEP]}


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    made = atlases.project(tmp_path / "atlas")
    made.claims.mkdir()
    made.findings.mkdir()
    atlases.entry(made, "a", geometry=samples.GEOMETRY)
    atlases.profile(made, "a", matrices=(samples.matrix(),))
    cell = {"model": "a", "analysis": "weights", "matrix": "rms", "take": "max"}
    holds = [{"left": cell, "is": "above", "right": -1}]
    claim = {"sentence": "It is so.", "view": "models/a/", "holds": holds}
    (made.claims / "one.yml").write_text(json.dumps(claim), encoding="utf-8")
    return made


def write(project: Project, name: str = "found", **changes: Any) -> Path:
    path = project.findings / f"{name}.yml"
    kept = {key: value for key, value in {**FINDING, **changes}.items() if value is not ...}
    path.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return path


def step(**changes: Any) -> dict[str, Any]:
    return {"steps": [{key: one for key, one in {**STEP, **changes}.items() if one is not ...}]}


def problems(project: Project) -> list[str]:
    found = [one for one in check.problems(project) if "docs/findings" in str(one.file)]
    return [str(one).partition("docs/findings/")[2] for one in found]


def test_a_finding_is_read(atlas: Project) -> None:
    found = findings.load(write(atlas, lead="Two\nlines.", **step(text=["One\nline.", "Two."])))
    assert (found.name, found.title, found.lead) == ("found", "Something found", "Two lines.")
    [only] = found.steps
    assert only.text == ("One line.", "Two.")
    assert only.shown == Quantity("a", "weights", "rms", "cell", ("0",), ("attn.q",))
    assert problems(atlas) == []


def test_a_figure_may_mark_no_cell(atlas: Project) -> None:
    address = "models/a/?figure=weights&matrix=score%3Acapital%4010"
    [only] = findings.load(write(atlas, **step(figure=address))).steps
    assert only.shown == Quantity("a", "weights", "score:capital@10", "cell")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"extra": 1}, "unknown key 'extra'"),
        ({"lead": ...}, "key 'lead' is missing"),
        ({"title": "A\ntitle"}, "title"),
        ({"steps": []}, "steps"),
        (step(text=...), "key 'text' is missing"),
        (step(text="It is so."), "text"),
        (step(text=["A\u202eb"]), "text"),
        (step(code="x"), "unknown key 'code'"),
        (step(claim="../x"), "claim"),
        (step(figure="https://example.org/"), "figure"),
        (step(figure="survey/weights/?matrix=rms"), "figure"),
        (step(figure='models/a/?figure="><script>'), "figure"),
        (step(figure="models/a/?figure=weights"), "the address names no matrix"),
        (step(figure="models/a/?matrix=rms"), "the address names no figure"),
        (step(figure=FIGURE + "&scale=log"), "the address has the key 'scale'"),
        (step(figure=FIGURE + "&row=1"), "the address has the key 'row' more than once"),
        (
            step(figure="models/a/?figure=weights&matrix=rms&row=0"),
            "row and column mark a cell together",
        ),
        (step(figure="models/a/?figure=weights&matrix=rms&row=&column="), "names no row"),
        (step(figure="models/a/?figure=weights&matrix=rms&row=0&column="), "names no column"),
        ({"steps": [1]}, "1 is not a mapping; write a mapping with title, claim"),
        (step(text=[{"a": 1}]), "is not text; write a paragraph of plain text"),
        (
            step(figure="models/a/?figure=wights&matrix=rms"),
            "there is no analysis 'wights'; did you mean 'weights'?",
        ),
    ],
)
def test_what_is_malformed_is_told_with_its_line(
    atlas: Project, change: dict[str, Any], wrong: str
) -> None:
    path = write(atlas, **change)
    with pytest.raises(AtlasError, match=re.escape(wrong)):
        findings.load(path)
    assert any(line.startswith("found.yml: ") and wrong in line for line in problems(atlas))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("No Name", "'No Name' is not a finding's name"), ("index", "has that name")],
)
def test_a_name_that_cannot_be_an_address_is_refused(atlas: Project, name: str, wrong: str) -> None:
    write(atlas, name)
    assert any(wrong in line for line in problems(atlas))


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"claim": "on"}, "claim: there is no claim 'on' in docs/claims; did you mean 'one'?"),
        (
            {"figure": "models/a/?figure=weights&matrix=rsm"},
            "figure: weights of a has no 'rsm'; did you mean 'rms'?",
        ),
        (
            {"figure": "models/a/?figure=weights&matrix=rms&row=7&column=attn.q"},
            "figure: rms of a has no layer '7'; known: 0",
        ),
    ],
)
def test_what_is_not_there_is_a_problem_with_its_line(
    atlas: Project, change: dict[str, Any], wrong: str
) -> None:
    write(atlas, **step(**change))
    [found] = problems(atlas)
    assert re.match(r"found\.yml: line \d+: steps\[0\]\.", found), found
    assert wrong in found


def test_a_stale_profile_is_about_to_be_measured_again(atlas: Project) -> None:
    write(atlas, **step(figure="models/a/?figure=weights&matrix=rsm"))
    atlases.profile(atlas, "a", matrices=(samples.matrix(),), version=99)
    assert problems(atlas) == []


def test_a_figure_of_a_model_that_is_not_listed_is_a_note(atlas: Project) -> None:
    write(atlas, **step(figure="models/b/?figure=weights&matrix=rms"))
    assert problems(atlas) == []
    [note] = [one for one in check.findings(atlas).notes if "docs/findings" in one]
    assert note.startswith(
        "docs/findings/found.yml: a figure of 'b', which the atlas does not list; "
    )


def test_a_model_whose_entry_is_broken_is_not_said_to_be_missing(atlas: Project) -> None:
    write(atlas)
    atlas.entry("a").write_text("name: 3\n", encoding="utf-8")
    found = check.findings(atlas)
    assert any("docs/models/a/model.yml" in str(one) for one in found.problems)
    assert [one for one in found.notes if "does not list" in one] == []


def test_a_claim_that_is_not_there_ends_a_build_with_the_same_words(atlas: Project) -> None:
    write(atlas, **step(claim="on"))
    with pytest.raises(AtlasError, match="there is no claim 'on' in docs/claims; did you mean"):
        findings.load_all(atlas)


def committed() -> list[finding_page.Shown]:
    models = collection.load(REPOSITORY)
    judged = verdicts.judge(claims.load_all(REPOSITORY), models)
    return list(finding_page.shown(findings.load_all(REPOSITORY), judged, models))


def test_committed_findings_hold_wherever_they_can_be_tested() -> None:
    found = committed()
    assert len(found) >= 2
    for one in found:
        assert one.state != "no longer holds", one.finding.name
        for each in one.steps:
            if each.verdict.state == "holds":
                assert each.section and each.section.figure, (one.finding.name, each.absent)


def test_a_committed_step_shows_what_its_claim_is_about() -> None:
    for one in committed():
        for each in one.steps:
            shown = each.stated.shown
            about = {
                (item.model, item.analysis, item.matrix) for item in each.verdict.claim.quantities
            }
            assert (shown.model, shown.analysis, shown.matrix) in about, each.stated.title
