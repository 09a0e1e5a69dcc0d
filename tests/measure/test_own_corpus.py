"""A corpus of somebody's own: read strictly, measured on, and stated in protocols."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.pinned import corpus
from atlas.pinned.choices import Choices
from atlas.profiles import settings, statement
from atlas.review import check

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


@pytest.mark.parametrize("key", ["text", "topic"])
def test_half_a_character_is_told_in_one_line(tmp_path: Path, key: str) -> None:
    half = {"text": "some words", "topic": "tests", key: "half an emoji \ud83d here"}
    file = write(tmp_path / "own.jsonl", [*lines(RIGHT), json.dumps(half)])
    with pytest.raises(AtlasError) as caught:
        corpus.read(file)
    [told] = str(caught.value).splitlines()
    assert f"line 65: {key} " in told and "holds half of a surrogate pair" in told
    told.encode("utf-8")


def test_other_keys_beside_the_text_are_read_over(tmp_path: Path) -> None:
    more = {"meta": {"set": "wiki"}, "url": "https://example.org", "id": 3}
    file = write(tmp_path / "own.jsonl", lines([{**item, **more} for item in RIGHT]))
    bare = write(tmp_path / "bare.jsonl", lines(RIGHT))
    assert corpus.read(file) == corpus.read(bare)


def test_a_plain_file_has_a_text_a_line(tmp_path: Path) -> None:
    texts = [item["text"] for item in RIGHT]
    file = tmp_path / "own.TXT"
    file.write_bytes("\r\n\r\n".join([*texts, '{"text": "as it stands"}']).encode())
    found = corpus.read(file)
    assert [passage.text for passage in found] == [*texts, '{"text": "as it stands"}']
    assert {passage.topic for passage in found} == {""}
    write(file, [*texts, texts[7]])
    with pytest.raises(AtlasError, match="line 65: the text of line 8 again"):
        corpus.read(file)


@pytest.mark.parametrize("name", ["own.jsonl", "own.txt"])
def test_a_byte_order_mark_is_no_part_of_the_texts(tmp_path: Path, name: str) -> None:
    plain = name.endswith(".txt")
    written = [item["text"] for item in RIGHT] if plain else lines(RIGHT)
    file = write(tmp_path / name, written)
    bare = corpus.chosen_digest(Choices(corpus=file))
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert corpus.chosen_digest(Choices(corpus=file)) == bare
    file.write_text("\n".join(written), encoding="utf-16")
    with pytest.raises(AtlasError, match=r"byte 0 is not UTF-8; write it in UTF-8"):
        corpus.read(file)


@pytest.mark.parametrize("kind", ["device", "pipe", "folder"])
def test_what_is_no_file_is_told_in_one_line(project: Project, kind: str) -> None:
    file = Path("/dev/zero")
    if kind == "pipe":
        file = project.root / "own.jsonl"
        os.mkfifo(file)
    elif kind == "folder":
        file = project.models
    with pytest.raises(AtlasError) as caught:
        corpus.read(file)
    [told] = str(caught.value).splitlines()
    assert told.endswith("is not a plain file; put a file there")


def test_check_reads_the_corpus_that_settings_name(project: Project) -> None:
    project.mkdocs_yml.write_text("extra: {atlas: {corpus: own.jsonl}}\n")
    file = project.root / "own.jsonl"

    def told() -> list[str]:
        return [str(item).removeprefix(f"{project.root}/") for item in check.problems(project)]

    [line] = told()
    assert line.startswith("own.jsonl: cannot be read: No such file or directory; name a JSON L")
    write(file, [*lines(RIGHT[1:]), json.dumps({"text": "\ud83d"}), "{}"])
    assert [line.partition(": ")[2][:7] for line in told()] == ["line 64", "line 65"]
    write(file, lines(RIGHT))
    assert told() == []
    file.unlink()
    os.mkfifo(file)
    [line] = told()
    assert line.startswith("own.jsonl: is not a plain file")


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


def test_a_shipped_corpus_is_chosen_by_its_name(project: Project) -> None:
    project.mkdocs_yml.write_text("extra: {atlas: {corpus: reference}}\n")
    assert settings.load(project).choices == Choices("reference")
    assert check.problems(project) == []
    project.mkdocs_yml.write_text("extra: {atlas: {corpus: ./reference}}\n")
    assert settings.load(project).choices.corpus == project.root / "reference"
    project.mkdocs_yml.write_text("extra: {atlas: {corpus: refrence}}\n")
    [line] = [str(item) for item in check.problems(project)]
    assert "refrence: cannot be read: No such file" in line
    assert line.endswith("or a corpus that atlas ships: pinned, reference")


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
