"""Claims: what may be written, and what becomes of it on profiles that are there or not."""

from __future__ import annotations

import functools
import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import atlases
import numpy as np
import pytest
import samples
from click.testing import CliRunner

from atlas.commands import main
from atlas.errors import AtlasError
from atlas.paths import PACKAGE, Project
from atlas.profiles import collection, profile_file
from atlas.review import check, claims, verdicts
from atlas.review.verdicts import Verdict
from atlas.site import pages

VALUES = np.array([[0.5, 2.0, np.nan], [0.1, 0.4, 3.0]])
CELL = {"model": "a", "analysis": "weights", "matrix": "rms", "take": "max"}
HOLDS = [{"left": CELL, "is": "above", "right": 2.5}]
CLAIM = {"sentence": "It is so.", "view": "models/a/?figure=weights&matrix=rms", "holds": HOLDS}
REPOSITORY = Project(PACKAGE.parent)


def take(how: str, **more: Any) -> dict[str, Any]:
    return {**CELL, "take": how, **more}


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    made = atlases.project(tmp_path / "atlas")
    made.claims.mkdir()
    atlases.entry(made, "a", geometry=samples.GEOMETRY)
    atlases.profile(made, "a", matrices=(samples.matrix(values=VALUES),))
    atlases.entry(made, "waiting", geometry=samples.GEOMETRY)
    atlases.entry(
        made,
        "unpinned",
        source="some-org/some-model",
        revision=None,
        geometry=samples.GEOMETRY,
    )
    return made


def write(project: Project, name: str = "one", **changes: Any) -> Path:
    path = project.claims / f"{name}.yml"
    kept = {key: value for key, value in {**CLAIM, **changes}.items() if value is not ...}
    path.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return path


def verdict(project: Project, *statements: dict[str, Any], **changes: Any) -> Verdict:
    """What becomes of one claim with these statements."""
    write(project, **{**({"holds": list(statements)} if statements else {}), **changes})
    [found] = verdicts.judge(claims.load_all(project), collection.load(project))
    return found


@pytest.mark.parametrize(
    ("left", "relation", "right"),
    [
        (take("max"), "above", 2.99),
        (take("max"), "at least", 3),
        (take("min"), "at most", 0.1),
        (take("mean"), "below", 1.21),
        (take("cell", rows=[0], columns=["attn.k"]), "at least", 2.0),
        (take("argmax"), "same as", "layer 1, mlp.gate"),
        (take("argmin"), "same as", "layer 1, attn.q"),
        (take("argmax", rows=["0"]), "same as", "layer 0, attn.k"),
        (take("argmax", columns=["attn.q", "attn.k"]), "same as", take("argmax", rows=[0])),
        (take("rank", rows=[0], columns=["attn.k"]), "at least", 2),
        (take("rank", rows=[0], columns=["attn.k"]), "at most", 2),
        (take("count", above=0.4), "at most", 3),
        (take("max"), "above", take("max", rows=[0], times=1.4)),
        (0.05, "below", take("min")),
    ],
)
def test_what_is_taken_and_how_it_is_compared(
    atlas: Project, left: Any, relation: str, right: Any
) -> None:
    statement = {"left": left, "is": relation, "right": right}
    assert verdict(atlas, statement).state == "holds"
    assert verdict(atlas, {"not": statement}).state == "no longer holds"


@pytest.mark.parametrize(("within", "state"), [(0.2, "holds"), (0.05, "no longer holds")])
def test_near_is_within(atlas: Project, within: float, state: str) -> None:
    near = {"left": CELL, "is": "near", "right": 3.1, "within": within}
    found = verdict(atlas, near)
    assert found.state == state
    assert (
        found.found[0].startswith("max of rms, a = 3, ") and f"within {within:g}" in found.found[0]
    )


def test_combinations(atlas: Project) -> None:
    true, false = HOLDS[0], {"left": CELL, "is": "below", "right": 2.5}
    for statement, state in (
        ({"any": [false, true]}, "holds"),
        ({"all": [true, false]}, "no longer holds"),
        ({"all": [true, {"not": {"any": [false, false]}}]}, "holds"),
    ):
        assert verdict(atlas, statement).state == state
    assert verdict(atlas, true, false).state == "no longer holds"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model": "nowhere"}, "the atlas does not list nowhere"),
        ({"model": "waiting"}, "Model waiting has no profile of weights yet"),
        ({"model": "unpinned"}, "whose revision is not pinned yet, has no profile"),
        ({"matrix": "rmss"}, "weights of Model a has no 'rmss': did you mean 'rms'?"),
        ({"rows": [7]}, "rms of a has no layer '7'"),
        ({"rows": [0], "columns": ["mlp.gate"]}, "does not exist in this model"),
        ({"analysis": "drift"}, "drift is not among the analyses of Model a"),
    ],
)
def test_what_cannot_be_tested_says_why(
    atlas: Project, change: dict[str, Any], reason: str
) -> None:
    found = verdict(atlas, {"left": {**CELL, **change}, "is": "above", "right": 0})
    assert found.state == "cannot be tested yet" and found.found == ()
    assert len(found.reasons) == 1 and reason in found.reasons[0]


def test_a_stale_profile_proves_nothing(atlas: Project) -> None:
    atlases.profile(atlas, "a", matrices=(samples.matrix(values=VALUES),), version=99)
    found = verdict(atlas)
    assert found.state == "cannot be tested yet"
    assert found.reasons[0].startswith("the profile of weights of Model a is stale: measured with")


def test_a_claim_on_text_that_the_model_fails_at_is_marked(atlas: Project) -> None:
    facts = {"bits_per_byte": 5.6, "bits_per_byte_by_frequency": 3.7, "beats_frequencies": False}
    atlases.profile(atlas, "a", matrices=(samples.matrix(values=VALUES),), facts=facts)
    found = verdict(atlas)
    assert found.state == "holds" and found.doubts == (
        "Model a predicts the text worse than token frequencies alone do "
        "(5.6 against 3.7 bits per byte), so its weights says nothing about it",
    )
    pages.render(atlas)
    page = (atlas.docs / "claims" / "index.md").read_text(encoding="utf-8")
    assert page.count(found.doubts[0]) == 1
    atlases.profile(
        atlas,
        "a",
        matrices=(samples.matrix(values=VALUES),),
        facts={**facts, "beats_frequencies": True},
    )
    assert verdict(atlas).doubts == ()


def test_values_that_were_measured_otherwise_are_not_compared(
    atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    atlases.entry(atlas, "b", geometry=samples.GEOMETRY, source="zoo:drawn-otherwise")
    pin = profile_file.Pin("b", "zoo:drawn-otherwise", None, samples.DIGEST, None)
    shown = (samples.matrix(values=VALUES),)
    both = {"left": CELL, "is": "at least", "right": {**CELL, "model": "b"}}
    atlases.profile(atlas, "b", matrices=shown, model=pin)
    assert verdict(atlas, both).state == "holds"
    atlases.profile(
        atlas, "b", matrices=shown, model=pin, conditions={"device": "cpu", "scored_bytes": 7}
    )
    found = verdict(atlas, both)
    assert found.state == "cannot be tested yet"
    assert found.reasons == (
        "weights of Model a and Model b was measured under different conditions: scored bytes",
    )
    each = [{"left": {**CELL, "model": slug}, "is": "above", "right": 2.5} for slug in ("a", "b")]
    assert verdict(atlas, *each).state == "holds", "each on its own scale"


def test_one_side_that_cannot_be_tested_is_enough(atlas: Project) -> None:
    other = {"left": {**CELL, "model": "waiting"}, "is": "above", "right": 0}
    assert verdict(atlas, {"any": [HOLDS[0], other]}).state == "cannot be tested yet"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"extra": 1}, "unknown key 'extra'"),
        ({"sentence": ...}, "key 'sentence' is missing"),
        ({"view": "https://example.org/"}, "does not have the right form"),
        ({"view": "models/../x/"}, "does not have the right form"),
        ({"view": 'models/a/?x="><script>'}, "does not have the right form"),
        ({"view": "models/a/?figure=wights"}, "there is no analysis 'wights'"),
        ({"view": "survey/wights/"}, "there is no analysis 'wights'"),
        ({"holds": []}, "holds"),
        ({"holds": [{"left": CELL, "is": "above"}]}, "do not make a statement"),
        ({"holds": [{"all": HOLDS, "any": HOLDS}]}, "do not make a statement"),
        ({"holds": [{"any": [{"not": {"is": "above"}}]}]}, "do not make a statement"),
        ({"holds": [{"left": 1, "is": "above", "right": 2}]}, "neither side is a quantity"),
        ({"holds": [{"left": CELL, "is": "over", "right": 2}]}, "is not one of the known values"),
        ({"holds": [{"left": CELL, "is": "near", "right": 2}]}, "'near' and 'within'"),
        ({"holds": [{"left": CELL, "is": "same as", "right": 2}]}, "'same as' compares cells"),
        ({"holds": [{"left": CELL, "is": "above", "right": "2"}]}, "a cell cannot be 'above'"),
        ({"holds": [{"left": take("count"), "is": "above", "right": 2}]}, "'count' and 'above'"),
        ({"holds": [{"left": take("cell", rows=[1]), "is": "above", "right": 2}]}, "one cell"),
        ({"holds": [{"left": take("sum"), "is": "above", "right": 2}]}, "known: cell, max"),
        (
            {"holds": [{"left": {**CELL, "analysis": "x"}, "is": "above", "right": 2}]},
            "analysis 'x'",
        ),
        ({"holds": [{"left": {**CELL, "code": "x"}, "is": "above", "right": 2}]}, "unknown key"),
        ({"holds": [{"left": True, "is": "above", "right": CELL}]}, "True is not"),
    ],
)
def test_what_is_malformed_is_told_with_its_line(
    atlas: Project, change: dict[str, Any], wrong: str
) -> None:
    path = write(atlas, **change)
    with pytest.raises(AtlasError, match=re.escape(wrong)):
        claims.load(path)
    told = [str(item) for item in check.problems(atlas)]
    assert any("one.yml" in item and wrong in item for item in told)


def test_what_lies_deep_is_refused_before_it_is_walked(atlas: Project) -> None:
    deep: dict[str, Any] = HOLDS[0]
    for _ in range(40):
        deep = {"not": deep}
    with pytest.raises(AtlasError, match="more than 6 deep"):
        claims.load(write(atlas, holds=[deep]))
    six = functools.reduce(lambda inner, _: {"all": [inner]}, range(6), HOLDS[0])
    claims.load(write(atlas, holds=[six]))


def test_what_is_no_claim_is_a_problem(atlas: Project) -> None:
    (atlas.claims / "page.html").write_text("<script>1</script>")
    write(atlas, "No Name")
    told = " ".join(str(item) for item in check.problems(atlas))
    assert "'page.html' is not a claim" in told and "'No Name' is not a claim's name" in told


def test_a_claim_about_a_model_that_is_not_listed_is_a_note(atlas: Project) -> None:
    write(atlas, holds=[{"left": {**CELL, "model": "b"}, "is": "above", "right": 1}])
    assert not [str(one) for one in check.problems(atlas) if "docs/claims" in str(one.file)]
    assert "1 claim about 'b'" in " ".join(check.findings(atlas).notes)


def problems(project: Project) -> list[str]:
    found = [one for one in check.problems(project) if "docs/claims" in str(one.file)]
    return [str(one).partition("docs/claims/")[2] for one in found]


@pytest.mark.parametrize(
    ("side", "wrong"),
    [
        ({"matrix": "rsm"}, "left: weights of a has no 'rsm'; did you mean 'rms'? known: rms"),
        ({"rows": ["7"]}, "left: rms of a has no layer '7'; known: 0, 1"),
        (
            {"columns": ["attn.q", "mlp.gaet"]},
            "left: rms of a has no module 'mlp.gaet'; did you mean 'mlp.gate'? known: attn.q, ",
        ),
    ],
)
def test_what_a_profile_does_not_have_is_a_problem(
    atlas: Project, side: dict[str, Any], wrong: str
) -> None:
    wanted = {"left": {**CELL, **side}, "is": "above", "right": 1}
    write(atlas, holds=[HOLDS[0], {"any": [{"not": wanted}]}])
    [found] = problems(atlas)
    assert re.match(r"one\.yml: line [1-9]\d: holds\[1\]\.any\[0\]\.not\.left: ", found), found
    assert wrong in found
    atlases.profile(atlas, "a", matrices=(samples.matrix(values=VALUES),), version=99)
    assert problems(atlas) == [], "a stale profile is about to be measured again"
    atlas.profile("a", "weights").unlink()
    assert problems(atlas) == []


def test_a_cell_that_a_matrix_does_not_have_is_a_problem(atlas: Project) -> None:
    same = {"left": take("argmax"), "is": "same as", "right": "layer 1, mlp.gaet"}
    write(atlas, holds=[same])
    [found] = problems(atlas)
    assert "right: rms of a has no cell 'layer 1, mlp.gaet'; did you mean 'layer 1, mlp.g" in found
    write(atlas, holds=[{**same, "right": "layer 0, mlp.gate"}])
    assert problems(atlas) == [], "there, and not the largest"


def test_check_prints_the_verdicts(atlas: Project) -> None:
    for path in (REPOSITORY.entry("ref-llama"), REPOSITORY.profile("ref-llama", "weights")):
        copy = atlas.folder("ref-llama") / path.name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    shutil.rmtree(atlas.folder("a"))
    cell = {**CELL, "model": "ref-llama"}
    write(atlas, "first", holds=[{"left": cell, "is": "above", "right": 0.001}])
    write(atlas, "second", holds=[{"left": cell, "is": "below", "right": 0.001}])
    write(atlas, "third", holds=[{"left": {**cell, "model": "waiting"}, "is": "above", "right": 1}])
    atlases.entry(atlas, "waiting", source="zoo:waiting", geometry=samples.GEOMETRY)
    words = ["check", "--claims", "--project", str(atlas.root)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    rms = profile_file.load(atlas.profile("ref-llama", "weights")).matrix("rms")
    largest = f"max of rms, ref-llama = {np.nanmax(rms.values)}"
    assert done.stdout.splitlines() == [
        "first: holds: It is so.",
        f"  {largest}, above 0.001",
        "second: no longer holds: It is so.",
        f"  {largest}, not below 0.001",
        "third: cannot be tested yet: It is so.",
        "  Model waiting has no profile of weights yet",
        "1 holds, 1 no longer holds, 1 cannot be tested yet",
    ]
    told = json.loads(CliRunner().invoke(main, [*words, "--json"]).stdout)["claims"]
    assert [(one["claim"], one["state"]) for one in told] == [
        ("first", "holds"),
        ("second", "no longer holds"),
        ("third", "cannot be tested yet"),
    ]
    assert told[1]["why"] == [f"{largest}, not below 0.001"]
    plain = json.loads(CliRunner().invoke(main, ["check", *words[2:], "--json"]).stdout)
    assert set(plain) == {"problems", "notes"}


def test_the_page_of_claims(atlas: Project) -> None:
    nasty = "<img src=x onerror=1> {: onclick=1 } [x](javascript:1)"
    write(atlas, "first", sentence=nasty, source='<b onmouseover="1">')
    write(atlas, "second", holds=[{"left": CELL, "is": "below", "right": 1}])
    write(atlas, "third", holds=[{"left": {**CELL, "model": "waiting"}, "is": "above", "right": 1}])
    pages.render(atlas)
    page = (atlas.docs / "claims" / "index.md").read_text(encoding="utf-8")
    for name, state in (("first", "holds"), ("second", "fails"), ("third", "untested")):
        assert f'<article class="atlas-claim" id="{name}" data-state="{state}">' in page
    assert "<img" not in page and "&lt;img src=x" in page and "<b onmouse" not in page
    assert 'href="../models/a/?figure=weights&amp;matrix=rms"' in page
    assert "max of rms, a = 3, not below 1" in page
    model = (atlas.docs / "models" / "a" / "index.md").read_text(encoding="utf-8")
    assert 'claims/#about-a">Claims about it</a>: 1 holds, 1 no longer holds' in model
    assert not [str(one) for one in check.problems(atlas) if "docs/claims" in str(one.file)]


def committed() -> list[Verdict]:
    return verdicts.judge(claims.load_all(REPOSITORY), collection.load(REPOSITORY))


def test_committed_claims_hold_wherever_they_can_be_tested() -> None:
    found = committed()
    assert [item.claim.name for item in found if item.state == "no longer holds"] == []
    about_references = [item for item in found if item.claim.name.startswith("ref-")]
    assert len(about_references) >= 10
    assert {item.state for item in about_references} == {"holds"}


def test_views_of_committed_claims_lead_to_a_matrix_and_cell_that_are_there() -> None:
    listed = {model.entry.slug: model for model in collection.load(REPOSITORY)}
    for item in committed():
        assert item.listed, item.claim.name
        if item.state == "cannot be tested yet":
            continue
        address = urlsplit(item.claim.view)
        query = {key: value[0] for key, value in parse_qs(address.query).items()}
        kind, _, rest = address.path.partition("/")
        slugs = query["models"].split(",") if kind == "compare" else [rest.strip("/")]
        slugs = slugs if kind != "survey" else [item.claim.models[0]]
        name = rest.strip("/") if kind == "survey" else query.get("figure", query.get("analysis"))
        for slug in slugs:
            section = listed[slug].section(str(name))
            assert section and section.profile, item.claim.name
            matrix = section.profile.matrix(query["matrix"])
            assert query.get("row", matrix.rows[0]) in matrix.rows, item.claim.name
            assert query.get("column", matrix.columns[0]) in matrix.columns, item.claim.name
