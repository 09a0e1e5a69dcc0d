"""Records of verification: held against the files beside them, and refused in a pull request."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import atlases
import pytest
import samples
from click.testing import CliRunner

from atlas.commands import main
from atlas.errors import AtlasError
from atlas.paths import PACKAGE, Project
from atlas.profiles import side_files, verified
from atlas.profiles.agreement import Difference
from atlas.review import check, records

TODAY = datetime.date(2026, 11, 21)
SAME = (Difference("weights", "rms", 2e-5, 1.1e-3, ""),)
MADE_BY = {"atlas": "0.1.0", "torch": "2.13.0", "python": "3.11.9", "machine": "x86_64"}


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    made = atlases.project(tmp_path / "atlas")
    for slug in ("a", "b"):
        atlases.entry(made, slug, geometry={**samples.GEOMETRY, "layers": 12, "heads": 32})
    record(made, "a")
    return made


def record(made: Project, slug: str, **changes: Any) -> None:
    found = atlases.profile(made, slug, **changes)
    again = replace(found, made_by={**MADE_BY, "device": "cpu"})
    verified.update(made, again, SAME, TODAY)


def spoil(path: Path, **changes: Any) -> None:
    document = json.loads(path.read_text())
    document["analyses"]["weights"].update(changes)
    path.write_text(json.dumps(document))


def told(project: Project) -> str:
    """What `check` says of records, in lines."""
    found = [item for item in check.problems(project) if "verified.json" in str(item.file)]
    return "\n".join(map(str, found))


def test_a_record_about_the_files_beside_it_is_sound(atlas: Project) -> None:
    assert told(atlas) == ""
    assert list(records.against_files(atlas.verified("a"), TODAY)) == []


def test_all_committed_records_are_sound() -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    paths = sorted(Project(PACKAGE.parent).models.glob("*/verified.json"))
    assert len(paths) >= 5
    assert [one for path in paths for one in records.against_files(path, today)] == []


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"date": "2999-01-01"}, "analyses.weights.date: 2999-01-01 is still to come, today is 2"),
        ({"date": "2026-02-31"}, "analyses.weights.date: '2026-02-31' is no day"),
        ({"weights": "sha256:" + "0" * 64}, "is about other weights than weights.json"),
        ({"measured": "sha256:" + "0" * 64}, "is about another weights.json than the one beside"),
        ({"parts": {"heads": "sha256:" + "0" * 64}}, "other parts of weights.json"),
        ({"largest": 0.5}, "a difference of 0.5 is beyond the tolerance 0.0011"),
    ],
)
def test_a_record_that_cannot_be_true_is_a_problem(
    atlas: Project, changes: dict[str, Any], wrong: str
) -> None:
    spoil(atlas.verified("a"), **changes)
    assert wrong in told(atlas)


def test_the_day_of_the_check_is_not_to_come(atlas: Project) -> None:
    path = atlas.verified("a")
    assert list(records.against_files(path, TODAY - datetime.timedelta(days=1))) != []


def test_a_record_copied_to_another_model_or_left_behind(atlas: Project) -> None:
    copied = json.loads(atlas.verified("a").read_text()) | {"slug": "b"}
    atlases.profile(atlas, "b", matrices=atlases.matrices(seed=1))
    atlas.verified("b").write_text(json.dumps(copied))
    assert "b/verified.json: analyses.weights: is about another weights.json" in told(atlas)
    atlas.profile("a", "weights").unlink()
    assert "a/verified.json: analyses.weights: there is no weights.json beside it" in told(atlas)


def test_measuring_anew_takes_the_line_out_of_the_record(atlas: Project) -> None:
    same = atlases.profile(atlas, "a", made_by={"seconds": 1})
    verified.forget(atlas, atlas.profile("a", "weights"), same)
    assert list(verified.load(atlas.verified("a"))) == ["weights"]
    other = atlases.profile(atlas, "a", matrices=atlases.matrices(seed=1))
    assert told(atlas) != ""
    verified.forget(atlas, atlas.profile("a", "weights"), other)
    assert not atlas.verified("a").exists() and told(atlas) == ""
    atlas.verified("a").write_text("{")
    verified.forget(atlas, atlas.profile("a", "weights"), other)
    assert "verified.json" in told(atlas), "what cannot be read is told, and left"


@pytest.fixture
def git(atlas: Project) -> Callable[..., None]:
    """The atlas in a repository, its branch `main` one commit with a record of `a`."""

    def run(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments],
            cwd=atlas.root,
            check=True,
            capture_output=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"},
        )

    run("init", "--quiet", "--initial-branch=main")
    run("add", "--all")
    run("commit", "--quiet", "--message=one")
    run("checkout", "--quiet", "-b", "contribution")
    return run


def test_a_pull_request_may_not_write_records(atlas: Project, git: Callable[..., None]) -> None:
    assert list(records.against_base(atlas, "main")) == []
    record(atlas, "b")
    spoil(atlas.verified("a"), date="2026-11-20")
    git("add", "--all")
    git("commit", "--quiet", "--message=two")
    assert told(atlas) == "", "both are about the files beside them"
    found = [str(one) for one in records.against_base(atlas, "main")]
    assert [line.partition("docs/models/")[2].partition(": ")[0] for line in found] == [
        "a/verified.json",
        "b/verified.json",
    ]
    assert all("analyses.weights: a pull request may not write records" in line for line in found)
    assert "less the lines of what was measured anew" in found[0] and "remove the file" in found[1]
    words = ["check", "--base", "main", "--project", str(atlas.root)]
    refused = CliRunner().invoke(main, words)
    assert refused.exit_code == 1 and refused.stderr.count("a pull request may not write") == 2
    assert "may not write" not in CliRunner().invoke(main, [*words[:1], *words[3:]]).stderr


def test_what_a_pull_request_changes_that_runs_is_named(
    atlas: Project, git: Callable[..., None]
) -> None:
    before = check.findings(atlas, "main")
    assert not [note for note in before.notes if "reviewed as code" in note]
    atlas.mkdocs_yml.write_text(
        f"{atlas.mkdocs_yml.read_text()}\nhooks: [more/hook.py, /etc/x.py]\n"
        "extra: {atlas: {introduction: more/home.md}}\n"
    )
    for path in ("templates/parts/badge.j2", "more/hook.py", "more/notes.py", "more/home.md"):
        (atlas.root / path).parent.mkdir(parents=True, exist_ok=True)
        (atlas.root / path).write_text("x\n")
    git("add", "templates", "more")  # what is not yet in a commit is named as well
    found = check.findings(atlas, "main")
    lines = [note for note in found.notes if "reviewed as code" in note]
    assert [line.partition(":")[0] for line in lines] == [
        "mkdocs.yml",
        "more/hook.py",
        "templates/parts/badge.j2",
        "more/home.md",
    ]
    assert len(found.problems) == len(before.problems), "it is for a person to judge"


def test_a_pull_request_may_lose_lines_and_add_models(
    atlas: Project, git: Callable[..., None]
) -> None:
    atlas.verified("a").unlink()
    atlases.profile(atlas, "b")
    assert list(records.against_base(atlas, "main")) == []


def test_what_the_base_got_meanwhile_is_not_the_contributions(
    atlas: Project, git: Callable[..., None]
) -> None:
    git("checkout", "--quiet", "main")
    record(atlas, "b")
    git("add", "--all")
    git("commit", "--quiet", "--message=verified")
    git("checkout", "--quiet", "contribution")
    assert not atlas.verified("b").exists()
    assert list(records.against_base(atlas, "main")) == []
    git("merge", "--quiet", "--ff-only", "main")
    assert list(records.against_base(atlas, "main")) == []


def test_a_base_that_git_does_not_know_is_refused(atlas: Project, git: Callable[..., None]) -> None:
    with pytest.raises(AtlasError, match="'nowhere' is not a commit here"):
        list(records.against_base(atlas, "nowhere"))
    refused = CliRunner().invoke(main, ["check", "--base=-x", "--project", str(atlas.root)])
    assert refused.exit_code == 1 and "neither the folder of an atlas nor a git" in refused.stderr


def test_parts_that_changed_are_named(atlas: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_files, "exists", lambda analysis, part: True)
    part = side_files.path(atlas.profile("a", "weights"), "heads")
    part.write_text("{}")
    [problem] = records.against_files(atlas.verified("a"), TODAY)
    assert "other parts of weights.json than those beside it: heads" in problem.problem
