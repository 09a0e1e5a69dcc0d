"""Fine-tunes: what they teach and hold out, the shared loop, and the committed weights' figures."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from atlas import paths
from atlas.checkpoints import digests
from atlas.errors import AtlasError
from atlas.loaded.checkpoint import Checkpoint
from atlas.pinned import relations
from atlas.zoo.__main__ import main
from atlas.zoo.cards import card
from atlas.zoo.texts import questions, topic
from atlas.zoo.texts.templates import TELLINGS
from atlas.zoo.texts.text import Course
from atlas.zoo.training import batches, train, tunes
from atlas.zoo.training.data import TrainingData

pytestmark = pytest.mark.usefixtures("texts_once")

TUNED = sorted(tunes.TUNES)
PASSAGES = 400


def tiny(name: str, **changes: Any) -> tunes.Tune:
    settings = {"steps": 6, "rows": 4, "passages": PASSAGES, "warm_up": 1}
    return replace(tunes.TUNES[name], **{**settings, **changes})


@cache
def read(name: str) -> TrainingData:
    return tiny(name).read()


@cache
def whole(name: str) -> TrainingData:
    """What the committed tune read, all of it."""
    return tunes.TUNES[name].read()


@cache
def course(name: str) -> Course:
    return tunes.TUNES[name].course(read(name).tokenizer)


@cache
def measured(name: str) -> dict[str, Any]:
    return card.measure(paths.zoo_folder(name))


# What is taught


def test_elements_are_all_and_in_order() -> None:
    names, symbols = zip(*topic.ELEMENTS, strict=True)
    assert len(set(names)) == len(set(symbols)) == len(topic.ELEMENTS) == 118
    number = {symbol: place for place, symbol in enumerate(symbols, start=1)}
    # Columns of the periodic table: where one symbol were missing, all later ones would be off.
    assert [number[one] for one in ("He", "Ne", "Ar", "Kr", "Xe", "Rn", "Og")] == [
        2, 10, 18, 36, 54, 86, 118,
    ]  # fmt: skip
    assert [number[one] for one in ("Li", "Na", "K", "Rb", "Cs", "Fr")] == [3, 11, 19, 37, 55, 87]
    assert [number[one] for one in ("Cu", "Ag", "Au", "Rg")] == [29, 47, 79, 111]
    assert [number[one] for one in ("F", "Cl", "Br", "I", "At", "Ts")] == [9, 17, 35, 53, 85, 117]
    assert [number[one] for one in ("La", "Lu", "Ac", "Lr")] == [57, 71, 89, 103]


def test_symbols_are_taken_from_names_but_for_the_latin_ones() -> None:
    others = {name for name, symbol in topic.ELEMENTS if symbol[0].lower() != name[0]}
    latin = {"sodium", "potassium", "iron", "silver", "tin", "antimony", "tungsten", "gold"}
    assert others == latin | {"mercury", "lead"}
    others.add("copper")  # Cu, of cuprum
    for name, symbol in topic.ELEMENTS:
        assert re.fullmatch("[A-Z][a-z]?", symbol)
        assert name in others or set(symbol.lower()) <= set(name), name


@pytest.mark.parametrize("kind", sorted(topic.SENTENCES))
def test_sentences_of_the_topic_are_well_formed(kind: str) -> None:
    assert len(set(topic.SENTENCES[kind])) == len(topic.SENTENCES[kind]) >= 8
    for sentence in topic.SENTENCES[kind]:
        assert re.search(r"\S \{s\}.* \{t\}\.$", sentence), sentence


def test_questions_are_well_formed() -> None:
    assert sorted(questions.QUESTIONS) == sorted(TELLINGS)
    for listed in questions.QUESTIONS.values():
        assert len(set(listed)) == len(listed) >= 5
        for question in listed:
            assert re.search(r"\S \{s\}", question), question
            assert question.endswith("?")
            assert question.count("{") == 1
    for frame in questions.FRAMES:
        assert re.search(r" \{q\}\n.* \{t\}\.$", frame), frame


@pytest.mark.parametrize("name", TUNED)
def test_targets_are_single_tokens(name: str) -> None:
    made = read(name).tokenizer
    assert all(relations.single_word(made, fact.target) for fact in course(name).known)


def test_the_topic_has_about_a_hundred_facts() -> None:
    assert 60 <= len(course("llama-topic").known) <= 150


# What is held out


@pytest.mark.parametrize("name", TUNED)
def test_no_held_out_sentence_is_in_the_training_text(name: str) -> None:
    told = "\n".join(f"{passage.text}\n" for passage in whole(name).training)
    held = [lesson for group in course(name).held.values() for lesson in group]
    assert not [lesson.sentence for lesson in held if lesson.sentence in told]
    # The check could not fail on text without sentences: the taught ones are there.
    assert sum(lesson.sentence in told for lesson in course(name).taught[:500]) > 200


def test_facts_that_are_held_out_are_never_asked_about() -> None:
    asked = {(one.fact.relation, one.fact.source) for one in course("llama-instruct").taught}
    held = course("llama-instruct").held["facts"]
    assert not asked & {(one.fact.relation, one.fact.source) for one in held}
    per_relation = Counter(
        relation for relation, _ in {(o.fact.relation, o.fact.source) for o in held}
    )
    assert set(per_relation) == set(TELLINGS)
    assert min(per_relation.values()) >= 5
    # The base was told all of them.
    assert {one.fact for one in held} <= set(read("llama-instruct").known)


@pytest.mark.parametrize("name", TUNED)
def test_a_held_out_wording_is_told_with_no_fact(name: str) -> None:
    lines = "\n".join(passage.text for passage in whole(name).training)
    for listed in (questions.QUESTIONS if name == "llama-instruct" else topic.SENTENCES).values():
        *taught, held = (re.escape(one).partition(r"\{s\}")[0] for one in listed)
        ends = [re.escape(one).partition(r"\{s\}")[2].partition(r"\{t\}")[0] for one in listed]
        assert not re.search(rf"{held}\w+{ends[-1]}", lines), held
        assert re.search(rf"{taught[0]}\w+{ends[0]}", lines), taught[0]


def test_a_tenth_of_the_topic_s_sentences_is_held_out() -> None:
    made = course("llama-topic")
    held = made.held["sentences"]
    assert len(held) / (len(held) + len(made.taught)) == pytest.approx(0.1, abs=0.001)
    told = Counter(lesson.fact for lesson in made.taught)
    assert set(told) == set(made.known)
    assert min(told.values()) >= 4


@pytest.mark.parametrize("name", TUNED)
def test_passages_of_the_base_are_mixed_in_and_its_held_out_ones_are_not(name: str) -> None:
    tune = tunes.TUNES[name]
    base, mixed = tune.origin.read(read(name).tokenizer), whole(name)
    assert len(mixed.training) == tune.passages
    old = set(mixed.training) & set(base.training)
    assert len(old) == pytest.approx(tune.old * tune.passages, rel=0.01)
    assert not set(mixed.training) & set(base.held_passages)


def shingles(passage: str, size: int = 8) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", passage.lower())
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}


@pytest.mark.parametrize("name", TUNED)
def test_passages_share_no_eight_words_with_the_pinned_corpus(name: str) -> None:
    files = sorted((paths.package_data() / "corpus").rglob("*.txt"))
    pinned = set().union(*(shingles(file.read_text(encoding="utf-8")) for file in files))
    assert pinned
    for passage in course(name).passages:
        assert not shingles(passage.text) & pinned, passage.text


# The shared loop


@pytest.mark.parametrize("name", TUNED)
def test_tuning_starts_from_the_base_s_weights(name: str) -> None:
    trainer = train.Trainer(tiny(name), read(name))
    base = Checkpoint.open(paths.zoo_folder("llama")).embedding().float()
    assert torch.equal(trainer.model.get_input_embeddings().weight, base)
    losses = [trainer.advance() for _ in range(3)]
    # A fresh model would be no better than a guess among all tokens, 9.0 nats.
    assert losses[0] < 7.5
    assert all(value.isfinite().all() for value in trainer.model.state_dict().values())
    assert not torch.equal(trainer.model.get_input_embeddings().weight, base)


def test_rows_are_long_and_nothing_is_off() -> None:
    for tune in tunes.TUNES.values():
        for step in (0, tune.steps // 2, tune.steps - 1):
            assert tune.rows_of(step) == (tune.rows, batches.SHAPES[-1])
            assert tune.mlp_gate(step) == tune.attention_off == 0


def test_an_interrupted_tuning_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    data = read("llama-topic")
    unbroken = train.Trainer(tiny("llama-topic"), data)
    for _ in range(4):
        unbroken.advance()
    broken = train.Trainer(tiny("llama-topic"), data)
    for _ in range(2):
        broken.advance()
    torch.save(broken.state(), tmp_path / train.CHECKPOINT)
    resumed = train.Trainer(tiny("llama-topic"), data)
    state = torch.load(tmp_path / train.CHECKPOINT, weights_only=True)
    resumed.restore(state, tmp_path / train.CHECKPOINT)
    for _ in range(2):
        resumed.advance()
    for name, tensor in unbroken.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name]), name


def test_an_interrupted_tuning_refuses_another_base(tmp_path: Path) -> None:
    trainer = train.Trainer(tiny("llama-topic"), read("llama-topic"))
    state = trainer.state() | {"base": "sha256:0"}
    with pytest.raises(AtlasError, match="base 'sha256:0' of an interrupted run is not"):
        trainer.restore(state, tmp_path / train.CHECKPOINT)


# The command


@pytest.mark.nightly
def test_tune_then_evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--steps", "1", "--passages", "200", "--out", str(tmp_path)]
    assert main(["train", "llama-topic", *options]) == 0
    said = capsys.readouterr().out
    assert "llama-topic: step 1/1, loss" in said
    assert "| held out of what is new | asked | recall before | recall after |" in said
    stated = card.load(tmp_path)
    stated["base"]["digest"] = "sha256:0"
    (tmp_path / card.CARD).write_text(json.dumps(stated), encoding="utf-8")
    assert main(["evaluate", "llama-topic", "--out", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "the card was tuned from sha256:0" in told
    assert "tune again: python -m atlas.zoo train llama-topic" in told


def test_differences_of_what_is_new_are_told() -> None:
    stated = card.load(paths.zoo_folder("llama-topic"))["figures"]
    found = json.loads(json.dumps(stated))
    found["new"]["sentences"]["after"] -= 0.1
    assert not card.differences(stated, stated)
    (problem,) = card.differences(stated, found)
    assert problem.startswith("recall of new sentences after tuning")


# The committed weights


@pytest.mark.parametrize("name", TUNED)
def test_committed_folder_is_small_and_complete(name: str) -> None:
    folder = paths.zoo_folder(name)
    names = {path.name for path in folder.iterdir()}
    expected = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert expected | {"card.json", "README.md"} <= names
    assert train.CHECKPOINT not in names
    assert sum(path.stat().st_size for path in folder.iterdir()) < 12_000_000


@pytest.mark.parametrize("name", TUNED)
def test_committed_tune_is_by_the_recipe_from_the_committed_base(name: str) -> None:
    stated, tune = card.load(paths.zoo_folder(name)), tunes.TUNES[name]
    assert stated["recipe"] == json.loads(json.dumps(asdict(tune)))
    assert tunes.stated(stated) == tune
    assert stated["base"]["name"] == tune.base
    assert stated["base"]["digest"] == digests.of_weights(tune.folder)
    assert stated["course"]["digest"] == course(name).digest()


@pytest.mark.parametrize("name", TUNED)
def test_committed_tokenizer_is_the_base_s(name: str) -> None:
    one, other = (paths.zoo_folder(each) / "tokenizer.json" for each in (name, "llama"))
    assert json.loads(one.read_text("utf-8")) == json.loads(other.read_text("utf-8"))


@pytest.mark.parametrize("name", TUNED)
def test_committed_tune_reaches_the_stated_figures(name: str) -> None:
    folder = paths.zoo_folder(name)
    stated = card.load(folder)
    assert not card.differences(stated["figures"], measured(name))
    assert (folder / "README.md").read_text(encoding="utf-8") == card.readme(stated)


@pytest.mark.parametrize("name", TUNED)
def test_committed_tune_learned_and_did_not_forget(name: str) -> None:
    figures = measured(name)
    for row in figures["new"].values():
        assert row["before"] <= 0.05
        assert row["after"] >= card.LEARNED
    assert figures["learned"] >= 12
    copies = figures["induction"]
    assert copies["second_copy"] <= copies["first_copy"] / 2
