"""The committed reference models: made by the recipe as it is, and as good as their cards say."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import Any

import pytest

from atlas.paths import zoo_folder
from atlas.zoo.cards import card, heads
from atlas.zoo.texts import facts
from atlas.zoo.training import architectures, tokenizer
from atlas.zoo.training.recipe import Recipe

pytestmark = pytest.mark.usefixtures("texts_once")

NAMES = sorted(architectures.ROWS)

every = pytest.mark.parametrize("name", NAMES)


@cache
def measured(name: str) -> dict[str, Any]:
    """The figures of the committed weights, measured again."""
    return card.measure(zoo_folder(name))


@every
def test_a_folder_is_small_and_complete(name: str) -> None:
    names = {path.name for path in zoo_folder(name).iterdir()}
    expected = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert expected | {"card.json", "README.md"} <= names
    assert sum(path.stat().st_size for path in zoo_folder(name).iterdir()) < 12_000_000


@every
def test_it_was_trained_on_the_relations_as_they_are(name: str) -> None:
    assert card.load(zoo_folder(name))["facts"] == facts.digest()


@every
def test_it_was_trained_by_the_one_recipe_as_it_is(name: str) -> None:
    recipe = json.loads(json.dumps(asdict(Recipe(name))))
    assert card.load(zoo_folder(name))["recipe"] == recipe


@every
def test_all_read_with_the_recipe_s_tokenizer(name: str) -> None:
    made = tokenizer.train(Recipe(name).seed)
    saved = json.loads((zoo_folder(name) / "tokenizer.json").read_text(encoding="utf-8"))
    assert saved["model"] == json.loads(made.to_str())["model"]


@every
def test_the_weights_reach_the_stated_figures(name: str) -> None:
    stated = card.load(zoo_folder(name))
    assert not card.differences(stated["figures"], measured(name))
    readme = (zoo_folder(name) / "README.md").read_text(encoding="utf-8")
    assert readme == card.readme(stated)


@every
def test_the_weights_know_their_facts(name: str) -> None:
    shares = measured(name)["recall"].values()
    assert sum(share >= card.LEARNED for share in shares) >= 12
    copies = measured(name)["induction"]
    assert copies["second_copy"] <= copies["first_copy"] / 2


def test_most_of_them_have_relation_heads_and_an_induction_head() -> None:
    relations = [measured(name)["relations_with_a_head"] >= 8 for name in NAMES]
    inducing = [measured(name)["induction_head"]["score"] >= heads.INDUCES for name in NAMES]
    assert len(NAMES) == 5
    assert sum(map(all, zip(relations, inducing, strict=True))) >= 3


def test_transformers_loads_the_committed_tokenizer() -> None:
    from transformers import AutoTokenizer

    loaded = AutoTokenizer.from_pretrained(zoo_folder("llama"))
    assert loaded.bos_token == loaded.eos_token == tokenizer.END
    assert loaded("the capital Paris")["input_ids"][0] == loaded.bos_token_id
