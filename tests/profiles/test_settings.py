"""Settings of a whole atlas, from mkdocs.yml."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from atlas.errors import AtlasError, Problems
from atlas.paths import Project
from atlas.profiles import settings
from atlas.profiles.settings import Settings


@pytest.fixture(autouse=True)
def two_analyses(state: Callable[..., Path]) -> None:
    state("weights")
    state("drift")


def load(project: Project, text: str) -> Settings:
    project.mkdocs_yml.write_text(f"site_name: Test\n{text}", encoding="utf-8")
    return settings.load(project)


@pytest.mark.parametrize(
    "text", ["", "extra:\n", "extra: {}\n", "extra: {other: 1}\n", "extra:\n  atlas:\n"]
)
def test_nothing_stated_is_everything_default(project: Project, text: str) -> None:
    assert load(project, text) == Settings()


def test_analyses_are_chosen(project: Project) -> None:
    assert load(project, "extra: {atlas: {analyses: [drift]}}\n").analyses == ("drift",)
    assert load(project, "extra: {atlas: {analyses: []}}\n").analyses == ()


def test_tags_of_mkdocs_are_passed_over(project: Project) -> None:
    text = "a: !ENV [X, y]\nb: !!python/name:os.system\nextra: {atlas: {analyses: [drift]}}\n"
    assert load(project, text).analyses == ("drift",)


@pytest.mark.parametrize(
    ("atlas", "line"),
    [
        (
            "{analysis: [a]}",
            "extra.atlas.analysis: unknown key 'analysis'; did you mean 'analyses'",
        ),
        ("[a]", "extra.atlas: ['a'] is not a mapping; write keys"),
        (
            "{analyses: drift}",
            "'drift' is not a list; write a list of names; known: drift, weights",
        ),
        ("{analyses: [dirft]}", "there is no analysis 'dirft'; did you mean 'drift'? known: drift"),
        ("{analyses: [1]}", "there is no analysis 1; known: drift, weights"),
        ("{analyses: [[drift]]}", "there is no analysis ['drift']; did you mean 'drift'?"),
        ("{1: 2}", "extra.atlas.1: unknown key 1; known: analyses"),
    ],
)
def test_what_is_wrong_is_told(project: Project, atlas: str, line: str) -> None:
    with pytest.raises(AtlasError) as caught:
        load(project, f"extra: {{atlas: {atlas}}}\n")
    assert str(caught.value).startswith(f"{project.mkdocs_yml}: extra.atlas")
    assert line in str(caught.value)


def test_every_problem_in_one_run(project: Project) -> None:
    with pytest.raises(Problems) as caught:
        load(project, "extra: {atlas: {a: 1, b: 2, analyses: [c, d]}}\n")
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize("text", ["a: [\n", "a: 2020-13-45\n", "a: \x1b\n", "? [a]\n: b\n"])
def test_files_that_are_no_settings(project: Project, text: str) -> None:
    with pytest.raises(AtlasError, match=r"mkdocs.yml: cannot be read: .*; mend the file"):
        load(project, text)


def test_a_file_that_is_no_mapping_or_is_gone(project: Project) -> None:
    project.mkdocs_yml.write_text("- a\n")
    with pytest.raises(AtlasError, match=r"mkdocs.yml: is not a mapping; write `site_name: ...`"):
        settings.load(project)
    project.mkdocs_yml.unlink()
    with pytest.raises(AtlasError, match=r"cannot be read: .*No such file"):
        settings.load(project)
