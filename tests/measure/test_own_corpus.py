"""A corpus of somebody's own: read strictly, measured on, and stated in protocols."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.pinned import corpus
from atlas.pinned.choices import Choices
from atlas.profiles import settings, statement

RIGHT = [{"text": f"This is text number {number}.", "topic": "tests"} for number in range(64)]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def lines(items: list[Any]) -> list[str]:
    return [json.dumps(item) for item in items]


def test_passages_are_read_in_order(tmp_path: Path) -> None:
    file = write(tmp_path / "own.jsonl", [*lines(RIGHT), "", json.dumps({"text": "No topic."})])
    passages = corpus.read(file)
    assert len(passages) == 65
    assert passages[3] == corpus.Text("tests", "This is text number 3.")
    assert passages[-1] == corpus.Text("", "No topic.")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "line 65: is not valid JSON"),
        ("[]", 'line 65: [] is not an object; write {"text": "..."}'),
        ('{"txt": "a"}', "line 65: unknown key 'txt'; did you mean 'text'"),
        ('{"topic": "a"}', "line 65: text is missing"),
        ('{"text": " "}', "line 65: text is empty"),
        ('{"text": 3}', "line 65: text 3 is not text"),
        ('{"text": "a", "topic": null}', "line 65: topic None is not text"),
        ('{"text": "a", "text": "b"}', "line 65: is not valid JSON: key 'text' is repeated"),
        (json.dumps({"text": "x" * 20_001}), "line 65: text of 20001 characters; at most 20000"),
        (json.dumps(RIGHT[4]), "line 65: the text of line 5 again; leave one of them out"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, line: str, problem: str) -> None:
    file = write(tmp_path / "own.jsonl", [*lines(RIGHT), line])
    with pytest.raises(AtlasError) as caught:
        corpus.read(file)
    assert f"{file}: {problem}" in str(caught.value)


def test_every_wrong_line_in_one_run(tmp_path: Path) -> None:
    with pytest.raises(AtlasError) as caught:
        corpus.read(write(tmp_path / "own.jsonl", ["[]"] * 50))
    assert len(str(caught.value).splitlines()) == corpus.MOST_PROBLEMS


def test_files_of_the_wrong_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = write(tmp_path / "few.jsonl", lines(RIGHT[:63]))
    with pytest.raises(AtlasError, match=r"63 texts; a corpus has 64 to 10000 of them"):
        corpus.read(few)
    monkeypatch.setattr(corpus, "LARGEST", 100)
    with pytest.raises(AtlasError, match=r"bytes, more than 100; take fewer texts"):
        corpus.read(few)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=r"cannot be read: No such file.*; name a JSON Lines file"):
        corpus.read(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"text": "\xe9"}\n')
    with pytest.raises(AtlasError, match=r"byte 10 is not UTF-8; write it in UTF-8"):
        corpus.read(tmp_path / "latin.jsonl")


def test_protocols_state_what_is_chosen(tmp_path: Path) -> None:
    file = write(tmp_path / "own.jsonl", lines(RIGHT))
    before = {name: dict(statement.of(name).protocol) for name in statement.names()}
    choices = Choices(corpus=file, sparsity=0.5, learned=True)
    chosen = statement.of("masks").protocol_under(choices)
    assert chosen["corpus"] == corpus.chosen_digest(choices) != corpus.digest()
    assert (chosen["sparsity"], chosen["learned"]) == (0.5, True)
    attention = statement.of("attention").protocol_under(choices)
    assert attention["corpus"] == corpus.chosen_digest(choices)
    assert dict(statement.of("weights").protocol_under(choices)) == before["weights"]
    assert {name: dict(statement.of(name).protocol) for name in before} == before


def test_choices_stand_in_mkdocs_yml(project: Project) -> None:
    project.mkdocs_yml.write_text(
        "extra: {atlas: {corpus: texts/own.jsonl, sparsity: 0.5, learned: true}}\n"
    )
    held = settings.load(project).choices
    assert held == Choices(project.root / "texts/own.jsonl", 0.5, True)


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        ("corpus: 3", "extra.atlas.corpus: 3 is not a path"),
        ("sparsity: '0.5'", "extra.atlas.sparsity: '0.5' is not a share below 1"),
        ("sparsity: 1", "extra.atlas.sparsity: 1 is not a share below 1"),
        ("sparsity: -0.1", "extra.atlas.sparsity: -0.1 is not a share below 1"),
        ("sparsity: .nan", "extra.atlas.sparsity: nan is not a share below 1"),
        ("sparsity: true", "extra.atlas.sparsity: True is not a share below 1"),
        ("learned: 1", "extra.atlas.learned: 1 is not true or false; write one of them"),
        ("sparsty: 1", "extra.atlas.sparsty: unknown key 'sparsty'; did you mean 'sparsity'"),
    ],
)
def test_choices_that_are_wrong_are_told(project: Project, stated: str, problem: str) -> None:
    project.mkdocs_yml.write_text(f"extra: {{atlas: {{{stated}}}}}\n")
    with pytest.raises(AtlasError) as caught:
        settings.load(project)
    assert problem in str(caught.value)
