"""The newest changes: what commits did to entries and profiles, and when nothing can be told."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import atlases
import pytest

from atlas.paths import Project
from atlas.site import newest_changes, pages
from atlas.site.newest_changes import Change

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *words: str, day: int = 1) -> None:
    """Run git as somebody, on a day of January 2026."""
    when = f"2026-01-{day:02}T12:00:00+00:00"
    someone = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b.example", "GIT_AUTHOR_DATE": when}
    someone |= {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b.example"}
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment = {**clean, **someone, "GIT_COMMITTER_DATE": when, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *words], cwd=folder, env=environment, check=True, capture_output=True)


def commit(project: Project, day: int) -> None:
    git(project.root, "add", "--all")
    git(project.root, "commit", "--message", f"day {day}", day=day)


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    """Day 1: two models listed. Day 2: one measured. Day 3: again, and the other one removed."""
    made = atlases.project(tmp_path / "atlas")
    git(made.root, "init", "--initial-branch", "main")
    atlases.entry(made, "one")
    atlases.entry(made, "two")
    commit(made, 1)
    atlases.profile(made, "one")
    commit(made, 2)
    atlases.profile(made, "one", facts={"note": "again"})
    made.entry("two").unlink()
    commit(made, 3)
    return made


def test_changes_are_told_newest_first(atlas: Project) -> None:
    assert newest_changes.newest(atlas) == (
        Change("2026-01-03", "measured again", ("one",), ("weights",)),
        Change("2026-01-03", "removed", ("two",), ()),
        Change("2026-01-02", "measured", ("one",), ("weights",)),
        Change("2026-01-01", "listed", ("one", "two"), ()),
    )


def test_what_happened_on_one_day_is_told_once(atlas: Project) -> None:
    for text in ("a", "b"):
        atlases.entry(atlas, "one", summary=text)
        commit(atlas, 4)
    atlases.entry(atlas, "three")
    commit(atlas, 4)
    atlas.entry("three").unlink()
    commit(atlas, 4)
    newest = [change for change in newest_changes.newest(atlas) if change.date == "2026-01-04"]
    assert newest == [Change("2026-01-04", "entry changed", ("one",), ())]


def test_what_was_not_committed_is_no_change(atlas: Project) -> None:
    before = newest_changes.newest(atlas)
    atlases.entry(atlas, "new")
    assert newest_changes.newest(atlas) == before


def test_the_last_commit_of_a_shallow_clone_tells_nothing(atlas: Project, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--depth", "2", atlas.root.as_uri(), str(clone))
    assert {change.date for change in newest_changes.newest(Project(clone))} == {"2026-01-03"}


def test_a_project_may_lie_deeper_in_its_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "--initial-branch", "main")
    made = atlases.project(tmp_path / "deeper" / "atlas")
    atlases.entry(made, "one")
    commit(Project(tmp_path), 1)
    assert newest_changes.newest(made) == (Change("2026-01-01", "listed", ("one",), ()),)


def test_without_a_repository_or_git_there_is_no_history(
    tmp_path: Path, atlas: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = atlases.project(tmp_path / "plain")
    assert newest_changes.newest(made) == ()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert newest_changes.newest(atlas) == ()


def test_a_repository_without_commits_has_no_history(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "new")
    git(made.root, "init")
    assert newest_changes.newest(made) == ()


def test_the_home_page_tells_them(atlas: Project) -> None:
    pages.render(atlas)
    home = (atlas.docs / "index.md").read_text(encoding="utf-8")
    assert "## Latest changes" in home
    assert (
        '<dt>2026-01-02</dt> <dd>Measured: <a href="models/one/">Model one</a>; Weights</dd>'
        in (home)
    )
    assert "Removed: two</dd>" in home
