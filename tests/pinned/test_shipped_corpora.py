"""The corpora that atlas ships beside the pinned one: how they are named, chosen and told apart."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from atlas import schemas
from atlas.paths import package_data
from atlas.pinned import clusters, corpus
from atlas.pinned.choices import DEFAULT, PINNED, Choices
from atlas.profiles import statement

REFERENCE = "reference"
DIGEST = "sha256:6282ddd9c072c0d478ed2584fd50eb02f570e86545bbd3d76699204daaaff731"
"""A change of this corpus makes every profile stale that was measured on it."""


def test_every_shipped_corpus_has_a_folder_and_the_schema_knows_it() -> None:
    folders = {path.name for path in (package_data() / "corpora").iterdir()}
    assert {*folders, PINNED} == set(corpus.SHIPPED)
    chosen = schemas.load("entry")["properties"]["protocol"]["properties"]["corpus"]
    assert chosen["enum"] == list(corpus.SHIPPED)


def test_the_reference_corpus_is_pinned_too() -> None:
    assert corpus.digest(REFERENCE) == DIGEST != corpus.digest()


def test_it_has_as_many_passages_of_the_same_length() -> None:
    passages = corpus.load(REFERENCE)
    counts = Counter(passage.topic for passage in passages)
    assert len(passages) == 448 and len(counts) == 32 and min(counts.values()) == 12
    assert all(60 <= len(passage.text.split()) <= 120 for passage in passages)
    assert len({passage.text for passage in passages}) == 448
    assert not {one.text for one in passages} & {one.text for one in corpus.load()}


def test_a_shipped_name_is_that_corpus_and_anything_else_a_file(tmp_path: Path) -> None:
    assert corpus.named("reference", tmp_path) == "reference"
    assert corpus.named("pinned", tmp_path) == "pinned"
    assert corpus.named("./reference", tmp_path) == tmp_path / "reference"
    assert corpus.named("reference.txt", tmp_path) == tmp_path / "reference.txt"
    assert corpus.named("Reference", tmp_path) == tmp_path / "Reference"


def test_what_is_read_is_told_by_name() -> None:
    told = "reference (invented text of the reference models)"
    assert corpus.told(Choices(corpus=REFERENCE)) == told
    assert corpus.told(DEFAULT) == "pinned (passages on sixteen topics)"
    assert corpus.told(Choices(corpus=Path("a/own.jsonl"))) == "texts of this atlas' own"


@pytest.mark.parametrize("name", ["attention", "activations", "residual", "importance", "masks"])
def test_values_on_another_corpus_are_never_subtracted(name: str) -> None:
    stated = statement.of(name)
    other = stated.protocol_under(DEFAULT.under({"corpus": REFERENCE}))
    assert other["corpus"] == corpus.digest(REFERENCE) != stated.protocol["corpus"]
    if "clusters" in other:
        assert other["clusters"] == clusters.digest(Choices(corpus=REFERENCE))
        assert other["clusters"] != stated.protocol["clusters"]


@pytest.mark.parametrize("name", ["weights", "functions", "drift"])
def test_what_reads_no_text_stays_comparable(name: str) -> None:
    stated = statement.of(name)
    assert stated.protocol_under(DEFAULT.under({"corpus": REFERENCE})) == stated.protocol
