"""Which pairs a tokenizer can express, and chances at both k: enough to count again at either."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import counted_relations
import numpy as np
import planted
import pytest
import samples
import tokenizers

from atlas import paths
from atlas.analyses.functions import relation_scores, sound
from atlas.analyses.functions import run as functions
from atlas.analyses.functions.relation_scores import Pairs
from atlas.loaded.checkpoint import Checkpoint
from atlas.pinned import relations
from atlas.profiles import common_relations, matrix, shares, side_files, statement
from atlas.profiles.profile_file import Profile
from atlas.profiles.statement import Measured


def nothing(done: int, total: int) -> None:
    """Progress that nobody watches."""


def as_read(measured: Measured) -> tuple[Profile, list[dict[str, Any]]]:
    """What a reader finds in the files of the profile and of its pairs."""
    profile = samples.profile(
        analysis="functions",
        version=statement.of("functions").version,
        protocol=dict(statement.of("functions").protocol),
        conditions=measured.conditions,
        facts=measured.facts,
        matrices=tuple(matrix.from_json(json.loads(one.json_text())) for one in measured.matrices),
    )
    text = side_files.text(profile, "pairs", measured.parts["pairs"])
    items: list[dict[str, Any]] = json.loads(text)["pairs"]
    return profile, items


@pytest.fixture(scope="module")
def llama() -> Measured:
    return functions.run(Checkpoint.open(paths.zoo_folder("llama")), nothing)


def test_ids_are_places_in_the_pinned_relation(llama: Measured) -> None:
    folder = paths.zoo_folder("llama")
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    _, items = as_read(llama)
    assert [item["relation"] for item in items] == list(relations.names())
    for item in items:
        relation = relations.load(item["relation"])
        words = [relation.pairs[place] for place in item["ids"]]
        able = relations.measurable(relation, tokenizer)
        assert words == [(pair.source, pair.target) for pair in able]
        assert item["category"] == relation.category


def test_words_of_another_tokenizer_are_other_ids() -> None:
    pairs = [(f"w{place}", f"w{place + 500}") for place in range(2, 60)]
    known = [planted.relation("capital", "knowledge", pairs)]
    words = {"a": 0, "[UNK]": 1, **{word: 2 + at for at, word in enumerate(sum(pairs[20:], ()))}}
    own = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    own.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    assert Pairs.of(known, own, 1000).ids == {"capital": tuple(range(20, 58))}


def test_counted_at_the_other_k_a_model_is_as_if_it_had_been_judged_there(
    llama: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Score, chance and interval as they are published, against a measurement at k = 25."""
    monkeypatch.setattr(relation_scores, "LARGE", 10)
    larger = functions.run(Checkpoint.open(paths.zoo_folder("llama")), nothing)
    (first, ours), (second, theirs) = as_read(llama), as_read(larger)
    assert (first.conditions["k"], second.conditions["k"]) == (10, 25)
    shared = common_relations.common([first, second])
    assert (shared.k, shared.needed, shared.left) == (10, True, ())
    for name in counted_relations.COUNTS:
        published = first.matrix(name).values
        for profile, items in ((first, ours), (second, theirs)):
            again = common_relations.recounted(profile, items, name, shared)
            np.testing.assert_array_equal(again, published)
        at_25 = common_relations.recounted(first, ours, name, replace(shared, k=25, copying=3))
        np.testing.assert_array_equal(at_25, second.matrix(name).values)
    assert (first.matrix("relations").values != second.matrix("relations").values).any()


def test_a_part_that_does_not_fit_its_profile_is_found(llama: Measured) -> None:
    profile, items = as_read(llama)
    assert list(sound.part_problems(profile, "pairs", items)) == []
    assert list(sound.problems(profile)) == []
    spoiling: list[tuple[Callable[[dict[str, Any]], object], str]] = [
        (lambda one: one["ids"].pop(), "ids of"),
        (lambda one: one["chance"].popitem(), "chances, and"),
        (lambda one: one.update(category="linguistic"), "and not linguistic"),
        (lambda one: one["chance"].update({"score:french@10": []}), "no map of it"),
    ]
    for change, told in spoiling:
        spoilt = json.loads(json.dumps(items))
        change(next(one for one in spoilt if one["relation"] == "capital"))
        assert any(told in line for line in sound.part_problems(profile, "pairs", spoilt)), told
    assert list(sound.part_problems(profile, "pairs", items[1:]))


def test_the_spread_of_a_score_is_half_of_its_interval_at_one_standard_deviation(
    llama: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "Z", 1.0)
    scores = [one for one in llama.matrices if one.unit == "share of pairs"]
    assert len(scores) == 120
    for one in scores:
        assert one.spread is not None and one.n is not None
        low, high = shares.wilson(one.values, one.n)
        np.testing.assert_allclose(one.spread, (high - low) / 2, atol=1e-12)
        again = matrix.from_json(json.loads(one.json_text()))
        assert again.spread is not None
        np.testing.assert_allclose(again.spread, one.spread, rtol=2e-3)
        assert '"estimate": "wilson"' in one.json_text()
    assert all(one.spread is None for one in llama.matrices if one not in scores)
