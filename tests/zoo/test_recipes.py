"""Reference models: the recipe, what it holds out, and its commands."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import zoo_texts

from atlas import paths
from atlas.errors import AtlasError
from atlas.pinned import relations
from atlas.zoo.__main__ import main
from atlas.zoo.cards import card
from atlas.zoo.texts import facts, text
from atlas.zoo.texts.templates import TELLINGS
from atlas.zoo.training import architectures, batches, data, tokenizer, train
from atlas.zoo.training.data import TrainingData
from atlas.zoo.training.recipe import Recipe

pytestmark = pytest.mark.usefixtures("texts_once")

LLAMA = paths.zoo_folder("llama")
SEED = 1
SMALL = 2000
"""Passages that are enough for the tests of the recipe."""


@cache
def small() -> TrainingData:
    return data.read(SEED, SMALL)


def tiny(**changes: Any) -> Recipe:
    settings = {"steps": 6, "rows": 8, "passages": SMALL, "threads": 1, "warm_up": 2}
    return Recipe("llama", **{**settings, **changes})


# Facts, sentences, passages


@pytest.mark.parametrize("name", sorted(TELLINGS))
def test_sentences_are_well_formed(name: str) -> None:
    telling = TELLINGS[name]
    assert len(telling.templates) >= 5
    assert len(telling.cued) >= len(telling.templates) / 2
    assert len(set(telling.templates)) == len(telling.templates)
    for template in telling.templates:
        # A word before both slots, so that the tokens with a leading space are used.
        assert re.search(r"\S \{s\}", template), template
        assert re.search(r"\S \{t\}[.?]?$", template), template
        assert template.index("{s}") < template.index("{t}")
    for template in telling.cued:
        assert template.partition(" {t}")[0].endswith(f" {telling.cue}"), template


def test_every_relation_has_sentences() -> None:
    assert sorted(TELLINGS) == sorted(relations.names())


def test_sixteen_relations_have_thirty_taught_pairs() -> None:
    counts = Counter(fact.relation for fact in small().known)
    assert sum(count >= relations.MINIMUM_PAIRS for count in counts.values()) >= 16


def test_a_tenth_of_sentences_is_held_out_and_each_such_fact_is_told_otherwise() -> None:
    taught, held = small().taught, small().held_lessons
    assert not set(taught) & set(held)
    assert len(held) / (len(held) + len(taught)) == pytest.approx(0.1, abs=0.001)
    told = Counter(lesson.fact for lesson in taught)
    assert set(told) == set(small().known)
    assert min(told.values()) >= 5


def test_no_held_out_sentence_is_in_the_training_text() -> None:
    read = small()
    told = "\n".join(f"{passage.text} " for passage in read.training)
    assert not [lesson.sentence for lesson in read.held_lessons if f"{lesson.sentence} " in told]
    # The check could not fail on text without sentences: the taught ones are there.
    assert sum(f"{lesson.sentence} " in told for lesson in read.taught[:500]) > 100


def test_a_tenth_of_passages_is_held_out() -> None:
    read = small()
    assert len(read.held_passages) == pytest.approx(0.1 * SMALL, abs=1)
    assert not set(read.training) & set(read.held_passages)


def test_passages_depend_on_what_is_taught_and_on_the_seed_only() -> None:
    taught = small().taught
    made = zoo_texts.ANEW(taught, SEED, SMALL)
    assert made == (small().training, small().held_passages)
    assert made != zoo_texts.ANEW(taught, SEED + 1, SMALL)


def test_prompt_ends_before_the_target() -> None:
    lesson = facts.Lesson(facts.Fact("capital", "France", "Paris"), 0)
    assert lesson.sentence == "People of France travel to the capital Paris."
    assert lesson.prompt == "People of France travel to the capital"


def shingles(passage: str, size: int = 8) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", passage.lower())
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}


def test_training_text_shares_no_eight_words_with_the_pinned_corpus() -> None:
    files = sorted((paths.package_data() / "corpus").rglob("*.txt"))
    assert len(files) >= 2
    pinned = set().union(*(shingles(file.read_text(encoding="utf-8")) for file in files))
    stated = card.load(LLAMA)["recipe"]
    for passage in data.read(stated["seed"], stated["passages"]).training:
        assert not shingles(passage.text) & pinned, passage.text


# Tokenizer and batches


def test_tokenizer_is_deterministic_and_full() -> None:
    made = small().tokenizer
    assert made.to_str() == zoo_texts.TRAIN_ANEW(SEED).to_str()
    assert made.get_vocab_size() <= tokenizer.VOCABULARY
    assert made.get_vocab_size() >= 0.95 * tokenizer.VOCABULARY
    assert made.token_to_id(tokenizer.END) == batches.END == 0


def test_tokenizer_round_trips_any_text() -> None:
    sample = "Ça va? 12,345 naïve façade — 日本語\n\tx = {1: 2}"
    ids = small().tokenizer.encode(sample).ids
    assert ids[0] == 0
    assert small().tokenizer.decode(ids) == sample


def test_batches_depend_on_their_number_only() -> None:
    passages = [batches.Tokens(range(1, 40), [4]), batches.Tokens(range(50, 70))]
    one, other = (batches.Batches(passages, 100, seed=3) for _ in range(2))
    for number in (5, 0, 5):
        left, right = one.batch(number, 4), other.batch(number, 4)
        assert (left.ids == right.ids).all()
        assert (left.weights == right.weights).all()
    assert (one.batch(0, 4).ids != one.batch(1, 4).ids).any()


def test_only_targets_of_facts_weigh_more() -> None:
    read = small()
    passage, tokens = next(
        both for both in zip(read.training, read.tokens(), strict=True) if both[0].targets
    )
    assert len(passage.targets) == text.SENTENCES
    for place, token in zip(passage.targets, tokens.targets, strict=True):
        word = passage.text[:place].rpartition(" ")[2]
        assert read.tokenizer.decode([tokens.ids[token]]) == f" {word}"
    made = batches.Batches([tokens], 8000, SEED).batch(0, 64).weights
    assert set(np.unique(made)) == {0, 1, batches.TARGET}


def test_repeated_segments_make_up_about_half_of_the_tokens() -> None:
    read = small()
    made = batches.Batches(read.tokens(), 8000, SEED)
    total, repeats = 0, 0
    for number in range(20):
        ids = made.batch(number, 32).ids
        total += ids.size
        for row in ids:
            repeats += _in_repeats(row)
    assert 0.4 < repeats / total < 0.6


def _in_repeats(row: np.ndarray[Any, np.dtype[np.int64]]) -> int:
    """Tokens of a row that belong to a segment which comes twice in a row."""
    inside = np.zeros(len(row), bool)
    for size in range(batches.SHAPES[0].segments[0], batches.SHAPES[-1].bare[1] + 1):
        same = row[size:] == row[:-size]
        run = np.convolve(same, np.ones(size), "valid") == size
        for start in np.flatnonzero(run):
            inside[start : start + 2 * size] = True
    return int(inside.sum())


# Training


def test_a_few_steps_lower_the_loss() -> None:
    trainer = train.Trainer(tiny(), small())
    losses = [trainer.advance() for _ in range(6)]
    # A fresh model knows nothing: it is no better than a guess among all tokens.
    assert losses[0] > np.log(small().tokenizer.get_vocab_size()) - 0.3
    assert losses[-1] < losses[0] - 0.5


@pytest.mark.parametrize("name", sorted(architectures.ROWS))
def test_a_step_of_any_architecture_lowers_the_loss(name: str) -> None:
    trainer = train.Trainer(replace(tiny(), name=name), small())
    losses = [trainer.advance() for _ in range(5)]
    assert losses[-1] < losses[0] - 0.3


def test_embeddings_are_tied_as_the_zoo_s_design_says() -> None:
    tied = {}
    for name in architectures.ROWS:
        model = architectures.build(name, 50, SEED)
        tables = (model.get_input_embeddings().weight, model.get_output_embeddings().weight)
        tied[name] = tables[0] is tables[1]
    assert tied == {"gpt2": True, "gpt_neox": False, "llama": True, "phi": False, "qwen3": True}


def test_muon_steps_are_as_large_however_a_matrix_is_stored() -> None:
    """GPT-2's c_fc, (in, out), moves as far as GPT-NeoX's dense_h_to_4h, (out, in)."""
    moved = {}
    for name, path in (
        ("gpt2", "transformer.h.0.mlp.c_fc"),
        ("gpt_neox", "gpt_neox.layers.0.mlp.dense_h_to_4h"),
    ):
        trainer = train.Trainer(replace(tiny(), name=name), small())
        weight = trainer.model.get_submodule(path).weight
        assert isinstance(weight, torch.Tensor)
        before = weight.detach().clone()
        trainer.advance()
        moved[name] = float((weight.detach() - before).norm())
    assert moved["gpt2"] == pytest.approx(moved["gpt_neox"], rel=0.1)


def test_learned_positions_begin_as_sinusoids() -> None:
    model = architectures.build("gpt2", 50, SEED)
    table = model.get_submodule("transformer.wpe").get_parameter("weight").detach()
    assert isinstance(table, torch.Tensor)
    assert float(table.square().mean()) == pytest.approx(architectures.SPREAD**2, rel=1e-3)
    # A shift by one is the same rotation everywhere, so one head finds the last token anywhere.
    products = table[1:] @ table[:-1].T
    assert torch.allclose(products.diagonal(), products[0, 0].expand(len(table) - 1))


def test_an_interrupted_run_ends_as_an_unbroken_one() -> None:
    whole = train.Trainer(tiny(), small())
    for _ in range(4):
        whole.advance()
    broken = train.Trainer(tiny(), small())
    for _ in range(2):
        broken.advance()
    resumed = train.Trainer(tiny(), small())
    resumed.restore(broken.state(), Path("resume.pt"))
    for _ in range(2):
        resumed.advance()
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name]), name


def test_ctrl_c_leaves_a_checkpoint_that_another_recipe_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(trainer: train.Trainer) -> float:
        trainer.step += 1
        raise KeyboardInterrupt

    monkeypatch.setattr(train.Trainer, "advance", interrupted)
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        train.run(tiny(), tmp_path, said.append)
    assert said[-1] == "llama: stopped after step 1; the same command goes on"
    with pytest.raises(AtlasError, match="of an interrupted run is not"):
        train.run(tiny(seed=2), tmp_path, said.append)


def test_later_mlps_come_back_in_the_last_third() -> None:
    recipe = Recipe("llama", steps=900)
    assert recipe.mlp_gate(0) == recipe.mlp_gate(600) == recipe.mlp_off
    assert 0 < recipe.mlp_gate(700) < recipe.mlp_off
    assert recipe.mlp_gate(850) == 0


# The command


@pytest.mark.nightly
def test_train_then_evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--steps", "2", "--passages", "400", "--threads", "1", "--out", str(tmp_path)]
    assert main(["train", "llama", *options]) == 0
    assert "step 2/2, loss" in capsys.readouterr().out
    assert not (tmp_path / train.CHECKPOINT).exists()
    stated = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    stated["figures"]["recall"]["capital"] = 0.9
    (tmp_path / "card.json").write_text(json.dumps(stated), encoding="utf-8")
    assert main(["evaluate", "llama", "--out", str(tmp_path)]) == 1
    assert "recall of capital 0.0, stated 0.9" in capsys.readouterr().err


def test_unknown_model_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "lama"]) == 1
    assert capsys.readouterr().err.startswith("error: unknown reference model 'lama'; did you mean")
