"""The corpus that reference models are measured on: of their kind, made again, never read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from atlas import paths
from atlas.pinned import corpus
from atlas.zoo import own_corpus
from atlas.zoo.__main__ import main
from atlas.zoo.texts import facts, text
from atlas.zoo.training import data, tunes
from atlas.zoo.training.data import TrainingData
from atlas.zoo.training.recipe import Recipe


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(paths.zoo_folder("llama") / "tokenizer.json"))


@pytest.fixture(scope="module")
def read(tokenizer: Tokenizer) -> TrainingData:
    """All that models are trained on from fresh weights."""
    recipe = Recipe("llama")
    return data.read(recipe.seed, recipe.passages, tokenizer)


def test_it_is_made_again_to_the_byte(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpus", "--out", str(tmp_path)]) == 0
    assert "448 passages" in capsys.readouterr().out
    committed = {file.name: file.read_bytes() for file in own_corpus.folder().glob("*.txt")}
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == committed


def test_no_model_has_read_a_passage(read: TrainingData, tokenizer: Tokenizer) -> None:
    """Training text as a whole, that of the tunes with it; held-out passages too."""
    told = [one.text for one in (*read.training, *read.held_passages)]
    told += [one.text for tune in tunes.TUNES.values() for one in tune.course(tokenizer).passages]
    whole = "\n===\n".join(told)
    assert not [one.text for one in corpus.load(own_corpus.NAME) if one.text in whole]


def test_its_facts_are_known_and_its_sentences_are_not(read: TrainingData) -> None:
    whole = "\n".join(one.text for one in read.training)
    unread = {one.sentence: one for one in read.held_lessons}
    taught = {one.fact for one in read.taught}
    relations = {one.fact.relation for one in read.held_lessons}
    for passage in corpus.load(own_corpus.NAME):
        if passage.topic in relations:
            inside = [said for said in unread if said in passage.text]
            assert sum(map(len, inside)) >= len(passage.text) - 2 * len(inside)
            assert not [said for said in inside if said in whole]
            assert {unread[said].fact for said in inside} <= taught


def test_every_relation_and_every_kind_of_filler_is_in_it() -> None:
    topics = set(corpus.topics(own_corpus.NAME))
    assert {fact.relation for fact in facts.load()} < topics
    assert {"code", "dialogue", "numbers", "tables"} < topics
    assert Recipe("llama").seed != own_corpus.SEED


def test_filler_of_training_is_what_it_was() -> None:
    """A topic can be asked for, which costs no draw where it is not."""
    made = "\n".join(text.filler(1, index) for index in range(200))
    assert (
        hashlib.sha256(made.encode()).hexdigest()
        == "f4542d95a634a307ae60968d45cc3396881275b2b2f4c8ca0ab088abb9aa4a8a"
    )
