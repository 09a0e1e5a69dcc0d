"""Several entries at once, and the model that they were made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny
from click.testing import CliRunner, Result

from atlas.commands import main
from atlas.entries import entry
from atlas.paths import Project

NOTE = "base: plain has the same shape; if this was made from it, add base: plain to the entry"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model, two of its shape, and one of another, in the working directory."""
    for name in ("plain", "tune", "other-tune"):
        tiny.make(tmp_path / name, "llama")
    tiny.make(tmp_path / "deeper", "llama", num_hidden_layers=5)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(project: Project, *words: str) -> Result:
    words = ("new", *words, "--project", str(project.root))
    return CliRunner().invoke(main, words, catch_exceptions=False)


def bases(project: Project) -> dict[str, str | None]:
    return {one.slug: one.base for one in entry.load_all(project)}


def test_a_base_that_is_not_listed_is_listed_first(project: Project, folders: Path) -> None:
    result = run(project, "./tune", "other-tune", "--base", "./plain")
    assert result.exit_code == 0, result.output
    assert bases(project) == {"plain": None, "tune": "plain", "other-tune": "plain"}
    assert "atlas plan plain tune other-tune" in result.stderr
    assert "same shape" not in result.stderr, "its base is known"
    families = {one.family for one in entry.load_all(project)}
    assert families == {"plain"}


@pytest.mark.parametrize("word", ["plain", "./plain", "plain/", "../plain"])
def test_a_listed_base_is_found_by_slug_and_by_path(
    project: Project, folders: Path, word: str
) -> None:
    assert run(project, "./plain").exit_code == 0
    if word.startswith(".."):
        word = f"{folders}/tune/{word}"
    assert run(project, "./tune", "--base", word).exit_code == 0
    assert bases(project) == {"plain": None, "tune": "plain"}


def test_a_likely_base_is_said_and_not_written(project: Project, folders: Path) -> None:
    assert run(project, "./plain").exit_code == 0
    assert NOTE in run(project, "./tune").stderr
    assert "same shape" not in run(project, "./deeper").stderr
    told = run(project, "./other-tune", "--dry-run").stderr
    assert "base: plain, tune have the same shape" in told
    assert set(bases(project).values()) == {None}


def test_what_cannot_be_listed_does_not_stop_the_rest(project: Project, folders: Path) -> None:
    result = run(project, "./nowhere", "./plain", "./empty", "./deeper", "--json")
    assert result.exit_code == 1 and set(bases(project)) == {"plain", "deeper"}
    wrong = [line for line in result.stderr.splitlines() if line.startswith("atlas: ")]
    assert len(wrong) == 2 and "nowhere" in wrong[0] and "empty" in wrong[1]
    assert [Path(one["path"]).parent.name for one in json.loads(result.stdout)] == [
        "plain",
        "deeper",
    ]


def test_what_is_about_one_model_and_a_base_that_is_misspelt(
    project: Project, folders: Path
) -> None:
    assert run(project, "./plain").exit_code == 0
    result = run(project, "./tune", "./other-tune", "--slug", "x")
    assert result.exit_code == 2 and "--slug is about one model" in result.stderr
    result = run(project, "./tune", "--base", "plian")
    assert result.exit_code == 1 and "did you mean 'plain'?" in result.stderr
    result = run(project, "./tune", "--base", "./nowhere")
    assert result.exit_code == 1 and "nowhere" in result.stderr
    assert set(bases(project)) == {"plain"}
