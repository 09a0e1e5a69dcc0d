"""A model drafted with its base: both entries, or neither."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny
from click.testing import CliRunner, Result
from samples import write_entry
from stand_in_hub import StandIn

from atlas.commands import main
from atlas.entries import entry
from atlas.paths import Project
from atlas.review import check


def new(project: Project, *words: object) -> Result:
    return CliRunner().invoke(main, ["new", *map(str, words), "--project", str(project.root)])


@pytest.fixture
def folders(project: Project) -> tuple[Path, Path]:
    """A tune and its base, both in the project's folder."""
    made = project.root / "tune", project.root / "base"
    for folder in made:
        tiny.make(folder, "llama")
    return made


def slugs(project: Project) -> list[str]:
    return [one.slug for one in entry.load_all(project)]


def test_both_folders_become_entries(project: Project, folders: tuple[Path, Path]) -> None:
    tuned, base = folders
    result = new(project, tuned, "--base", base)
    assert result.exit_code == 0, result.output
    made = entry.load(project.entry("tune"))
    assert (made.base, made.relation, made.source) == ("base", "fine-tune", "./tune")
    assert entry.load(project.entry("base")).source == "./base"
    assert made.family == entry.load(project.entry("base")).family
    assert [str(problem) for problem in check.problems(project)] == []
    assert (
        "then atlas build; a fine-tune's page begins with how it differs from its base"
        in result.stderr
    )


def test_a_base_that_is_listed_is_named_by_slug_or_folder(
    project: Project, folders: tuple[Path, Path]
) -> None:
    tuned, base = folders
    assert new(project, base, "--slug", "older", "--family", "some").exit_code == 0
    by_folder = new(project, tuned, "--base", base)
    assert by_folder.exit_code == 0, by_folder.output
    again = tiny.make(project.root / "again", "llama")
    by_slug = new(project, again, "--base", "older")
    assert by_slug.exit_code == 0, by_slug.output
    assert slugs(project) == ["again", "older", "tune"]
    for slug in ("again", "tune"):
        assert entry.load(project.entry(slug)).base == "older"
        assert entry.load(project.entry(slug)).family == "some"


def test_a_base_of_the_hub_is_drafted_too(
    project: Project, folders: tuple[Path, Path], stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.folders["some-org/Older"] = tiny.make(tmp_path / "older", "llama")
    assert new(project, folders[0], "--base", "some-org/Older").exit_code == 0
    assert slugs(project) == ["older", "tune"]
    assert entry.load(project.entry("older")).source == "some-org/Older"


def test_a_dry_run_shows_both_and_writes_neither(
    project: Project, folders: tuple[Path, Path]
) -> None:
    result = new(project, folders[0], "--base", folders[1], "--dry-run", "--json")
    told = json.loads(result.stdout)
    assert told["path"].endswith("tune/model.yml") and "base: base\n" in told["text"]
    assert told["base"]["path"].endswith("base/model.yml")
    assert slugs(project) == []


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("./wider", "cannot be made from ./wider: d_model 32 instead of 64"),
        ("./tune", "'tune' would be the name of both the model and its base"),
        ("olde", "there is no model 'olde' and no such folder, to be the base"),
        ("./nowhere", "is not a folder"),
    ],
)
def test_what_cannot_be_its_base_leaves_nothing_behind(
    project: Project,
    folders: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    base: str,
    said: str,
) -> None:
    monkeypatch.chdir(project.root)
    tiny.make(project.root / "wider", "llama", hidden_size=64)
    result = new(project, "./tune", "--base", base)
    assert result.exit_code == 1 and said in result.stderr, result.output
    assert slugs(project) == []


def test_what_the_card_says_of_the_relation_stands(
    project: Project, folders: tuple[Path, Path]
) -> None:
    card = "---\nbase_model: other/One\nbase_model_relation: merge\n---\n"
    (folders[0] / "README.md").write_text(card, encoding="utf-8")
    write_entry(project, "older", name="Older")
    assert new(project, folders[0], "--base", folders[1]).exit_code == 0
    made = entry.load(project.entry("tune"))
    assert (made.base, made.relation) == ("base", "merged"), "what is typed goes before the card"
