"""One list says what `render` makes: all of it stays out of Git, and nothing else does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import own_atlas
import pytest

from atlas.drafting import new_project
from atlas.files import temporary
from atlas.paths import GENERATED, Project
from atlas.site import pages


def _ignored(root: Path) -> set[str]:
    """What below docs/ Git leaves out, as paths from the root."""
    asked = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "docs"]
    done = subprocess.run(asked, cwd=root, capture_output=True, check=True, text=True)
    return set(done.stdout.splitlines())


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return own_atlas.copied(tmp_path_factory.mktemp("generated") / "atlas")


def test_git_leaves_out_what_is_generated_and_keeps_what_is_not(atlas: Project) -> None:
    (atlas.root / ".gitignore").write_text(new_project.gitignore(), encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=atlas.root, check=True)
    written = {path for path in atlas.docs.rglob("*") if path.is_file()}
    pages.render(atlas)
    made = {path for path in atlas.docs.rglob("*") if path.is_file()} - written
    assert _ignored(atlas.root) == {path.relative_to(atlas.root).as_posix() for path in made}


def test_this_repository_leaves_out_the_same() -> None:
    lines = (own_atlas.OURS.root / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {line for line in lines if line.startswith("/docs/")} == {
        f"/docs/{path}" for path in GENERATED
    }
    assert set(new_project.gitignore().splitlines()) <= {"/.atlas/", *map(_anywhere, lines)}


def _anywhere(line: str) -> str:
    """A comment of ours as it stands in a new project's file."""
    return "# what `atlas build` makes" if line.startswith("# what `atlas render`") else line


def test_a_new_atlas_is_clean_after_a_build(tmp_path: Path) -> None:
    made = Project(tmp_path / "atlas")
    new_project.write(made.root)
    _git(made, "init", "--quiet")
    _git(made, "add", "--all")
    by = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    _git(made, *by, "commit", "--quiet", "--message", "An atlas")
    built = [sys.executable, "-m", "atlas", "build", "--no-profile"]
    subprocess.run(built, cwd=made.root, check=True, capture_output=True)
    handle, _ = temporary.beside(made.profile("ref-llama", "weights"))
    os.close(handle)
    assert (made.site / "index.html").is_file()
    assert _git(made, "status", "--porcelain") == ""


def _git(project: Project, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=project.root, capture_output=True, check=True)
    return done.stdout.decode()


def test_nothing_is_listed_that_is_not_made(atlas: Project) -> None:
    planned = [Path(path) for path in pages.planned(atlas)]
    for listed in GENERATED:
        pattern = f"{listed}*" if listed.endswith("/") else listed
        deep = [Path(*path.parts[: pattern.count("/") + 1]) for path in planned]
        assert any(path.match(pattern) for path in deep), listed
