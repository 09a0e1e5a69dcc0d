"""Models whose layers differ: which layers a config means, and what is told of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from safetensors.torch import load_file, save_file

from atlas import architectures
from atlas.architectures.architecture import Architecture
from atlas.architectures.layer_rules import (
    All,
    AnyOf,
    Either,
    Every,
    First,
    Numbers,
    Others,
    Rule,
    UnreadableKeyError,
    Words,
)
from atlas.errors import AtlasError
from atlas.loaded.checkpoint import Checkpoint
from atlas.loaded.live import LiveModel
from atlas.profiles import remarks

WORDS = Words("kinds", ("a", "b"), others=("c",))


@pytest.mark.parametrize(
    ("rule", "config", "meant"),
    [
        (WORDS, {"kinds": ["a", "c", "b", "c"]}, {0, 2}),
        (WORDS, {"kinds": "cabc"}, {1, 2}),
        (WORDS, {}, None),
        (First("n"), {"n": 2}, {0, 1}),
        (First("n"), {"n": 0}, set()),
        (First("n"), {"n": 9}, {0, 1, 2, 3}),
        (Numbers("at"), {"at": [3, 1]}, {1, 3}),
        (Numbers("at", start=1), {"at": [1, 4]}, {0, 3}),
        (Every("step", -1), {"step": 2}, {1, 3}),
        (Every("step", "offset"), {"step": 3, "offset": 1}, {1}),
        (Every("step", "offset"), {"step": 3}, None),
        (All(), {}, {0, 1, 2, 3}),
        (Others(First("n")), {"n": 3}, {3}),
        (Others(First("n")), {}, None),
        (Either((WORDS, First("n"))), {"n": 1}, {0}),
        (Either((WORDS, First("n"))), {"n": 1, "kinds": "cccb"}, {3}),
        (AnyOf((Numbers("at"), First("n"))), {"at": [2], "n": 1}, {0, 2}),
        (AnyOf((Numbers("at"), First("n"))), {"at": [2]}, {2}),
        (AnyOf((Numbers("at"), First("n"))), {}, None),
    ],
)
def test_layers_that_a_rule_means(
    rule: Rule, config: dict[str, Any], meant: set[int] | None
) -> None:
    assert rule.layers(config, 4) == meant
    assert set(config) <= set(rule.keys)


@pytest.mark.parametrize(
    ("rule", "config", "problem"),
    [
        (WORDS, {"kinds": "ab"}, "expected a word for each of 4 layers"),
        (WORDS, {"kinds": 4}, "expected a word for each of 4 layers"),
        (WORDS, {"kinds": ["a", "b", "d", "a"]}, "no kind of layer 'd'; known: a, b, c"),
        (WORDS, {"kinds": ["a", "b", ["c"], "a"]}, "no kind of layer"),
        (First("n"), {"n": -1}, "expected a number from 0, found -1"),
        (First("n"), {"n": True}, "expected a number from 0, found True"),
        (Numbers("at"), {"at": [1, "2"]}, "expected a list of layers"),
        (Every("step", 0), {"step": 0}, "expected a number from 1, found 0"),
    ],
)
def test_values_that_say_nothing(rule: Rule, config: dict[str, Any], problem: str) -> None:
    with pytest.raises(UnreadableKeyError) as caught:
        rule.layers(config, 4)
    assert str(caught.value).startswith(problem) and caught.value.key == next(iter(config))


def looked_up(model_type: str, **changes: Any) -> Architecture:
    settings = {**json.loads(tiny.config(model_type).to_json_string()), **changes}
    return architectures.lookup(settings, "m/config.json")


def test_a_layer_is_what_its_kinds_make_of_the_row() -> None:
    """Mixer and MLP are two choices: layer 0 of this model is otherwise in both."""
    whole = looked_up("lfm2_moe")
    first, second, third = map(whole.layer, range(3))
    assert first.kinds == ("convolution", "dense MLP") and second.kinds == ()
    assert third.kinds == ("convolution",)
    assert "attn.q" not in first.modules and "mixer.conv" in first.modules
    assert "router" not in first.modules and first.routing is None
    assert (first.geometry.d_mlp, second.geometry.d_mlp, whole.geometry.d_mlp) == (48, 20, 20)
    assert second.routing == whole.routing and third.routing == whole.routing
    assert set(whole.modules) == {*first.modules, *second.modules}
    assert whole.attending == (1,)
    assert whole.native["mlp.up"] == "feed_forward.w3 or feed_forward.experts.*.w3"
    assert whole.told_kinds == "convolution in 0, 2; dense MLP in 0"
    assert whole.told_mixers == "convolution in 0, 2"


def test_a_model_of_one_kind_of_layer_is_its_own_layer() -> None:
    whole = looked_up("llama")
    assert whole.layer(2) is whole and whole.told_kinds == "" and whole.attending == (0, 1, 2)


def test_a_layer_may_have_one_block() -> None:
    whole = looked_up("nemotron_h")
    assert [whole.layer(layer).blocks for layer in range(3)] == [("attn",), ("attn",), ("mlp",)]


def test_blocks_that_are_the_sum_of_several_modules() -> None:
    joins = looked_up("falcon_h1").layer(0).joins("attn")
    assert joins == {"mamba.out_proj": 0.25, "self_attn.o_proj": 0.5}
    joins = looked_up("granitemoehybrid").layer(0).joins("mlp")
    assert joins == {"block_sparse_moe": 1.0, "shared_mlp": 1.0}


def test_a_config_that_says_nothing_of_its_layers_is_refused() -> None:
    with pytest.raises(AtlasError, match="nothing says which layers have a convolution"):
        looked_up("lfm2_moe", layer_types=None)


def test_profiles_say_which_layers_differ(tmp_path: Path) -> None:
    said = remarks.of_folder(tiny.make(tmp_path / "a", "qwen3_moe", mlp_only_layers=[0]))
    assert said == {"kinds_of_layers": "dense MLP in 0"}
    said = remarks.of_folder(tiny.make(tmp_path / "b", "lfm2"))
    assert said == dict.fromkeys(("kinds_of_layers", "mixers"), "convolution in 0, 2")
    assert remarks.of_folder(tiny.make(tmp_path / "c", "llama")) == {}


def test_what_a_layer_has_not_cannot_be_watched(tmp_path: Path) -> None:
    held = LiveModel.open(tiny.make(tmp_path, "lfm2"), "cpu")
    with pytest.raises(
        AtlasError,
        match=r"no module 'attn\.q'; did you mean 'attn'\? known: layer, attn, mlp, mixer",
    ):
        held.hook(0, "attn.q", print).__enter__()
    assert "attn.q" not in Checkpoint.open(tmp_path).layer(0)


@pytest.mark.parametrize("model_type", ["qwen3_5_moe", "mixtral", "jamba"])
def test_experts_may_be_stored_stacked(tmp_path: Path, model_type: str) -> None:
    """As the live model has them, and as some models are published."""
    folder = tiny.make(tmp_path, model_type)
    before = Checkpoint.open(folder)
    experts = [before.layer(layer) for layer in range(3)]
    live = dict(tiny.live(folder).named_parameters())
    plain = {name: held for name, held in load_file(folder / "model.safetensors").items()}
    single = {
        name
        for slot, _ in before.slots()
        if slot.source.pieces
        for name in (before.names[one] for one in slot.names)
    }
    stacked = {name: held for name, held in live.items() if ".experts." in name}
    assert single and stacked
    kept = {name: held for name, held in plain.items() if name not in single}
    save_file({**kept, **stacked}, folder / "model.safetensors", {"format": "pt"})
    after = Checkpoint.open(folder)
    assert after.geometry == before.geometry and not after.unknown
    for layer, held in enumerate(experts):
        again = after.layer(layer)
        assert again.keys() == held.keys()
        assert all(torch.equal(again[name], held[name]) for name in held)
    assert LiveModel.open(folder, "cpu").has_head
