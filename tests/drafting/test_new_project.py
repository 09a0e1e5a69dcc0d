"""What `atlas init` adds to a repository that holds something already."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from atlas import commands
from atlas.drafting import new_project
from atlas.paths import Project
from atlas.review import check


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with a README and a .gitignore of its own, in which one stands."""
    folder = tmp_path / "ours"
    (folder / ".git").mkdir(parents=True)
    (folder / "README.md").write_text("# Ours\n")
    (folder / ".gitignore").write_text("*.pyc\n/site/")
    monkeypatch.chdir(folder)
    return folder


def init(*words: str) -> str:
    told = CliRunner().invoke(commands.main, ["init", *words], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return told.output


def test_a_repository_gets_what_it_lacks_and_keeps_what_it_has(repository: Path) -> None:
    told = init(".")
    assert (repository / "README.md").read_text() == "# Ours\n"
    assert "left alone: README.md" in told and "wrote mkdocs.yml" in told
    ignored = (repository / ".gitignore").read_text().splitlines()
    assert ignored[:2] == ["*.pyc", "/site/"] and ignored.count("/site/") == 1
    assert {line for line in new_project.gitignore().splitlines() if line[:1] in "/*"} <= {*ignored}
    assert not check.problems(Project(repository))
    assert "git init" not in told and "cd " not in told


def test_a_second_time_changes_nothing(repository: Path) -> None:
    init(".")
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    told = init(".")
    assert {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()} == before
    assert "wrote" not in told and "left alone: mkdocs.yml" in told
    assert "atlas init ../new" not in told


def test_a_model_that_was_removed_stays_away(repository: Path) -> None:
    init(".")
    shutil.rmtree(repository / "docs/models/ref-llama")
    init(".", "--workflow", "github")
    assert (repository / ".github/workflows/publish.yml").is_file()
    assert not (repository / "docs/models/ref-llama").exists()


def test_another_site_and_its_home_page_are_left_alone_and_told(repository: Path) -> None:
    (repository / "mkdocs.yml").write_text("site_name: Ours\n")
    (repository / "docs").mkdir()
    (repository / "docs/index.md").write_text("# Home\n")
    (repository / "docs/guide.md").write_text("# Guide\n")
    told = init(".")
    assert (repository / "mkdocs.yml").read_text() == "site_name: Ours\n"
    assert "atlas init ../new" in told
    assert [line for line in told.splitlines() if line.startswith("to be moved")] == [
        "to be moved: docs/index.md: the site has a page of its own there"
    ]


def test_models_of_ones_own_stand_alone(repository: Path) -> None:
    entry = repository / "docs/models/mine/model.yml"
    entry.parent.mkdir(parents=True)
    entry.write_text("name: Mine\n")
    init(".")
    assert [path.name for path in (repository / "docs/models").iterdir()] == ["mine"]


def test_a_new_folder_says_what_to_do_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    told = init(str(folder))
    steps = [line.split("  ")[1] for line in told.partition("next:\n")[2].splitlines()]
    assert steps == [
        f"cd {folder}",
        "atlas build",
        "atlas serve",
        "atlas new ORG/NAME",
        "git init",
        "git add --all",
    ]
    assert (folder / "README.md").read_text().startswith("# new\n")
