"""One list says what `render` makes: all of it stays out of Git, and nothing else does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import own_atlas
import pytest

from atlas.drafting import new_project
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


def test_nothing_is_listed_that_is_not_made(atlas: Project) -> None:
    planned = [Path(path) for path in pages.planned(atlas)]
    for listed in GENERATED:
        pattern = f"{listed}*" if listed.endswith("/") else listed
        deep = [Path(*path.parts[: pattern.count("/") + 1]) for path in planned]
        assert any(path.match(pattern) for path in deep), listed
