"""What a change does to an atlas: found, told, and safe to show."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import atlases
import numpy as np
import pytest
import samples
from click.testing import CliRunner

from atlas.commands import main
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.profiles import statement
from atlas.review import changes, revisions
from atlas.site import change_report

VALUES = np.array([[0.5, 2.0, np.nan], [0.1, 0.4, 3.0]])
CLAIM: dict[str, Any] = {
    "sentence": "The largest is above 2.5.",
    "view": "models/a/?figure=weights&matrix=rms",
    "holds": [
        {
            "left": {"model": "a", "analysis": "weights", "matrix": "rms", "take": "max"},
            "is": "above",
            "right": 2.5,
        }
    ],
}
NASTY = "@somebody #12 ![x](http://x.y/z) <img src=x> | `a` **b** www.example.org\n# h"


def atlas(root: Path, values: Any = VALUES) -> Project:
    made = atlases.project(root)
    for slug in ("a", "b"):
        atlases.entry(made, slug)
    atlases.profile(made, "a", matrices=(samples.matrix(values=np.array(values)),))
    made.claims.mkdir()
    (made.claims / "large.yml").write_text(json.dumps(CLAIM))
    return made


@pytest.fixture
def before(tmp_path: Path) -> Project:
    return atlas(tmp_path / "before")


def changed(row: int, column: int, value: float) -> Any:
    values = VALUES.copy()
    values[row, column] = value
    return values


def test_nothing_changes_nothing(before: Project, tmp_path: Path) -> None:
    found = changes.between(before, atlas(tmp_path / "after"))
    assert found.is_empty
    assert change_report.lines(found) == ["nothing changed"]
    assert "Nothing: models, values" in change_report.markdown(found)


def test_models_and_entries(before: Project, tmp_path: Path) -> None:
    after = atlas(tmp_path / "after")
    atlases.entry(after, "c")
    atlases.entry(after, "a", license="mit", tags=["new"])
    after.entry("b").unlink()
    found = changes.between(before, after)
    assert (found.added, found.removed) == (("c",), ("b",))
    assert [(one.model, one.key, one.before, one.after) for one in found.entries] == [
        ("a", "license", "apache-2.0", "mit"),
        ("a", "tags", "", "new"),
    ]


@pytest.mark.parametrize(
    ("value", "cells"), [(2.0 * (1 + 8e-4), 0), (2.0 * (1 + 3e-3), 1), (-2.0, 1)]
)
def test_cells_count_beyond_the_tolerance_of_verify(
    before: Project, tmp_path: Path, value: float, cells: int
) -> None:
    found = changes.between(before, atlas(tmp_path / "after", changed(0, 1, value)))
    assert [one.cells for one in found.moved] == ([cells] if cells else [])
    for one in found.moved:
        assert (one.model, one.analysis, one.matrix, one.of) == ("a", "weights", "rms", 6)
        assert one.where == "layer 0, attn.k" and one.values is not None
        assert one.values[0] == 2.0


def test_a_cell_that_comes_or_goes_has_moved(before: Project, tmp_path: Path) -> None:
    [one] = changes.between(before, atlas(tmp_path / "after", changed(0, 2, 1.0))).moved
    assert (one.cells, one.largest, one.problem) == (1, None, "exists on one side only")
    json.dumps(change_report.document(changes.between(before, before)), allow_nan=False)
    told = change_report.document(
        changes.between(before, atlas(tmp_path / "x", changed(0, 2, 1.0)))
    )
    assert json.loads(json.dumps(told, allow_nan=False))["moved"][0]["before"] is None


def test_matrices_profiles_and_what_they_were_measured_on(before: Project, tmp_path: Path) -> None:
    after = atlas(tmp_path / "after")
    found = atlases.profile(after, "a", matrices=(samples.matrix(name="other"),))
    atlases.profile(
        after, "a", matrices=found.matrices, model=replace(found.model, digest="sha256:" + "6" * 64)
    )
    atlases.profile(after, "b")
    told = changes.between(before, after)
    assert told.measured == (("b", "weights"),)
    assert ("a", "weights", "measured on another digest") in told.other
    assert [(one.matrix, one.problem) for one in told.moved] == [
        ("rms", "is gone"),
        ("other", "is new"),
    ]
    assert changes.between(after, before).dropped == (("b", "weights"),)


def test_claims_that_flip(before: Project, tmp_path: Path) -> None:
    after = atlas(tmp_path / "after", changed(1, 2, 2.0))
    [one] = changes.between(before, after).claims
    assert (one.before, one.after) == ("holds", "no longer holds")
    assert one.why == ("max of rms, a = 2, not above 2.5",)
    (after.claims / "large.yml").unlink()
    [gone] = changes.between(before, after).claims
    assert (gone.before, gone.after) == ("holds", None)


def test_a_new_claim_that_does_not_hold_is_told_as_such(before: Project, tmp_path: Path) -> None:
    after = atlas(tmp_path / "after")
    holds = [{**CLAIM["holds"][0], "is": "below"}]
    (after.claims / "new.yml").write_text(json.dumps({**CLAIM, "holds": holds}))
    (after.claims / "true.yml").write_text(json.dumps(CLAIM))
    found = changes.between(before, after)
    said = "claim new: new, does not hold: The largest is above 2.5."
    assert change_report.lines(found) == [said, "claim true: new, holds: The largest is above 2.5."]
    text = change_report.markdown(found)
    assert "**new, does not hold** <code>new</code>" in text
    assert "2 claims changed, 0 of them overturned, 1 new and failing." in text
    told = change_report.document(found)["claims"][0]
    assert (told["before"], told["after"]) == (None, "no longer holds")


def test_the_comment_has_pictures_beside_it(before: Project, tmp_path: Path) -> None:
    found = changes.between(before, atlas(tmp_path / "after", changed(1, 2, 2.0)))
    path = change_report.write(tmp_path / "out", found)
    text = path.read_text(encoding="utf-8")
    for address in re.findall(r"!\[\w+\]\(([^)]*)\)", text):
        assert (path.parent / address).read_bytes().startswith(b"\x89PNG")
    assert text.count("![") == 2
    assert "1 cells of 1 matrices moved" in text and "1 of them overturned" in text


def test_contributed_text_stays_text_in_markdown(before: Project, tmp_path: Path) -> None:
    after = atlas(tmp_path / "after")
    atlases.entry(after, "a", license="mit", summary=f"{NASTY} indeed", name=NASTY.split("\n")[0])
    (after.claims / "nasty.yml").write_text(json.dumps({**CLAIM, "sentence": NASTY}))
    text = change_report.markdown(changes.between(before, after))
    inside = re.findall(r"<code>(.*?)</code>", text)
    assert any("&#64;somebody" in one for one in inside)
    for one in inside:
        assert re.fullmatch(r"(?:[^\W_]| |&#[0-9]+;)*", one), one
    rest = re.sub(r"<code>.*?</code>", "", text)
    assert "@" not in rest and "somebody" not in rest and "example" not in rest
    assert html.unescape(change_report.code(NASTY)).startswith("<code>@somebody #12 ![x]")
    assert "\x1b" not in "".join(change_report.lines(changes.between(before, after)))


def test_a_comment_is_never_longer_than_github_takes(before: Project) -> None:
    many = tuple(
        changes.EntryChange(f"model-{number}", "summary", "x" * 300, "é*" * 150)
        for number in range(500)
    )
    found = replace(changes.between(before, before), entries=many)
    text = change_report.markdown(found)
    assert len(text) <= change_report.LONGEST
    assert re.search(r"\d+ more lines are left out", text)
    assert len(change_report.lines(found)) == 500


@pytest.fixture
def repository(before: Project) -> Project:
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments],
            cwd=before.root,
            check=True,
            capture_output=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"},
        )

    git("init", "--quiet", "--initial-branch=main")
    (before.folder("a") / "link").symlink_to("/etc/passwd")
    git("add", "--all")
    git("commit", "--quiet", "--message=one")
    (before.folder("a") / "link").unlink()
    return before


def test_a_revision_is_read_from_git(repository: Project) -> None:
    atlases.profile(repository, "a", matrices=(samples.matrix(values=changed(1, 2, 2.0)),))
    with revisions.opened(repository, "HEAD") as then:
        assert not (then.folder("a") / "link").exists()
        assert not (then.folder("a") / "link").is_symlink()
        found = changes.between(then, repository)
        inside = then.root
    assert not inside.exists()
    assert [one.matrix for one in found.moved] == ["rms"]
    done = CliRunner().invoke(main, ["diff", "main", "--project", str(repository.root), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["claims"][0]["after"] == "no longer holds"
    plain = CliRunner().invoke(main, ["diff", "main", "--project", str(repository.root)])
    assert "claim large: holds -> no longer holds" in plain.stdout


@pytest.mark.parametrize(
    "revision",
    ["--output=/tmp/x", "-h", "a..b", "HEAD:mkdocs.yml", "@{-1}", "", "x y", "HEAD;ls", "nothing"],
)
def test_what_is_no_revision_is_refused(repository: Project, revision: str) -> None:
    with pytest.raises(AtlasError, match=r"revision|no commit here"):  # noqa: SIM117
        with revisions.opened(repository, revision):
            raise AssertionError("opened")


def test_a_folder_that_is_no_atlas_and_no_repository(before: Project, tmp_path: Path) -> None:
    with pytest.raises(AtlasError):  # noqa: SIM117
        with revisions.opened(before, str(tmp_path / "nowhere")):
            raise AssertionError("opened")


def sure(root: Path, spread: Any = None, share: Any = None, **more: Any) -> Project:
    """The atlas whose values come with what tells how sure they are."""
    made = atlas(root)
    estimates = {"spread": spread, "largest_share": share}
    matrix = samples.matrix(values=VALUES, n=100, **estimates)
    atlases.profile(made, "a", matrices=(matrix,), **more)
    return made


def test_a_changed_spread_and_share_are_told(tmp_path: Path) -> None:
    spread, share = np.full((2, 3), 0.1), np.full((2, 3), 0.05)
    old = sure(tmp_path / "old", spread, share)
    more, large = spread.copy(), share.copy()
    more[0, 0], large[1, 2] = 0.2, 0.5
    for number, (changed_to, said) in enumerate(
        (
            ((spread * 1.005, share), []),
            ((more, share), ["a weights: spread of rms changed"]),
            ((more, large), ["a weights: spread of rms, largest share of rms changed"]),
            ((None, share), ["a weights: spread of rms changed"]),
        )
    ):
        found = changes.between(old, sure(tmp_path / f"new{number}", *changed_to))
        assert change_report.lines(found) == (said or ["nothing changed"])


def test_a_condition_that_binds_is_told_as_the_protocol_is(tmp_path: Path) -> None:
    old = sure(tmp_path / "old", conditions={"scored_bytes": 100, "device": "cpu"})
    new = sure(tmp_path / "new", conditions={"scored_bytes": 90, "device": "cuda"})
    found = changes.between(old, new)
    assert change_report.lines(found) == ["a weights: condition scored_bytes changed"]


def test_a_difference_of_losses_moves_only_beyond_what_they_can_tell(tmp_path: Path) -> None:
    """As `atlas verify` has it: 0.0011 of 5 bits is 0.0055."""
    labels = {"columns": ("block",), "native": None, "name": "block_increase", "range": None}

    def measured(root: Path, *values: float) -> Project:
        made = atlas(root)
        matrix = samples.matrix(values=np.array(values)[:, None], scale="linear", **labels)
        facts = {"bits_per_byte": 5.0}
        importance = statement.of("importance")
        atlases.profile(
            made,
            "b",
            analysis="importance",
            version=importance.version,
            protocol=importance.protocol,
            matrices=(matrix,),
            facts=facts,
        )
        return made

    old = measured(tmp_path / "old", 0.02, 0.5)
    assert changes.between(old, measured(tmp_path / "near", 0.025, 0.5)).moved == ()
    [moved] = changes.between(old, measured(tmp_path / "far", 0.026, 0.5)).moved
    assert (moved.matrix, moved.cells, moved.where) == ("block_increase", 1, "layer 0, block")
