"""Every row held against transformers' own model: names, split rules, residual stream, patterns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import live_cases
import pytest
import tiny

from atlas import architectures
from atlas.checkpoints import headers
from atlas.errors import AtlasError
from atlas.loaded import proofs
from atlas.loaded.proofs import statements
from atlas.loaded.proofs.case import Case, tokens, watch
from atlas.loaded.proofs.positions import Positions


@pytest.fixture(params=live_cases.VARIANTS, scope="module")
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    return live_cases.make(tmp_path_factory.mktemp("model"), request.param)


def test_every_row_has_a_tiny_model() -> None:
    assert tuple(sorted(tiny.CONFIGS)) == architectures.by_hand()


@pytest.mark.parametrize("proof", proofs.ALL)
def test_rows_describe_the_live_models(case: Case, proof: str) -> None:
    proofs.ALL[proof](case)


def test_positions_are_told_apart_as_we_know(case: Case) -> None:
    """What the proof of the patterns finds by trying is no accident."""
    seen, output = watch(case, tokens(2, 9))
    for layer in case.attending:
        x = seen[case.path(layer, "attn.q")][0]
        heads, own = case.checkpoint.heads(layer), statements.patterns(case, output)[layer].double()
        assert statements.told_apart(case, layer, heads, x, own)[0] == known_positions(case, layer)


def known_positions(case: Case, layer: int) -> Positions:
    """What `tiny.py` and the config say of a layer: some of SmolLM3's tell none apart, and Gemma 3
    has a theta for each kind of layer."""
    name, rotated = case.row.model_type, case.setting("no_rope_layers")
    if name in tiny.ALIBI:
        return Positions("alibi")
    kinds = case.setting("layer_types")
    still = name in tiny.TURNED_WHERE_LOCAL and kinds[layer] == "full_attention"
    if name in tiny.UNTURNED or still or (rotated and not rotated[layer]):
        return Positions("none")
    rope = case.setting("rope_parameters") or {"rope_theta": 10000.0}
    if "rope_theta" not in rope:
        rope = rope[kinds[layer]]
    share = rope.get("partial_rotary_factor", tiny.PARTLY.get(name, 1))
    dims = int(case.checkpoint.geometry.d_head * share)
    before_norm = name in tiny.TURNED_FIRST
    return Positions("rotary", dims, name in tiny.PAIRED, float(rope["rope_theta"]), before_norm)


def test_buffers_and_tied_copies_are_no_parameters(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "gpt2")
    row = architectures.lookup(headers.config(folder), folder / "config.json")
    held = {name: tensor.elements for name, tensor in headers.read(folder).items()}
    true = row.parameters(held)
    older = {name.removeprefix("transformer."): count for name, count in held.items()}
    older |= {"h.0.attn.bias": 1024, "h.2.attn.masked_bias": 1, "lm_head.weight": 61 * 32}
    assert row.parameters(older) == true
    assert row.parameters({**older, "score.weight": 64}) == true


def test_names_of_older_versions_are_renamed() -> None:
    row = architectures.lookup(tiny.config("bert").to_dict(), "config.json")
    names = row.plain_names(["bert.embeddings.LayerNorm.gamma", "cls.predictions.bias"])
    assert names == {
        "embeddings.LayerNorm.weight": "bert.embeddings.LayerNorm.gamma",
        "cls.predictions.bias": "cls.predictions.bias",
    }


def test_native_labels() -> None:
    gpt2 = architectures.lookup(tiny.config("gpt2").to_dict(), "config.json")
    assert gpt2.native["attn.q"] == "attn.c_attn[q]"
    assert gpt2.native["mlp.down"] == "mlp.c_proj"
    assert gpt2.modules == (
        *("attn.q", "attn.k", "attn.v", "attn.o", "mlp.up", "mlp.down", "norm.attn", "norm.mlp"),
    )


def test_unknown_architecture_says_how_to_add_it() -> None:
    with pytest.raises(AtlasError) as caught:
        architectures.lookup({"model_type": "lama"}, "m/config.json")
    message = str(caught.value)
    assert message.startswith(
        "m/config.json: model_type: no architecture 'lama'; did you mean 'llama'?"
    )
    for word in (
        *architectures.known(),
        "atlas architecture",
        "atlas/architectures/rows",
        "atlas/loaded/tiny.py",
        "columns",
    ):
        assert word in message


@pytest.mark.parametrize(
    ("model_type", "told"),
    [
        ("gemma3_txt", "did you mean 'gemma3_text'? "),
        ("rwkv", "missing: layers that mix tokens by state spaces, recurrence "),
        ("mpt", ""),
        ("bart", "missing: an encoder and a decoder that attends to it; the atlas reads "),
        ("qwen4", ""),
    ],
)
def test_only_a_related_architecture_is_suggested(model_type: str, told: str) -> None:
    with pytest.raises(AtlasError) as caught:
        architectures.lookup({"model_type": model_type}, "m/config.json")
    said = str(caught.value).partition("no architecture ")[2]
    listed = f"known: {', '.join(architectures.known())}; to add one, "
    assert said.startswith(f"{model_type!r}; {told}") and listed in said
    assert told or said.startswith(f"{model_type!r}; {listed}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_hidden_layers": None}, "num_hidden_layers: expected a count, found None"),
        ({"num_hidden_layers": True}, "num_hidden_layers: expected a count, found True"),
        ({"hidden_size": 0}, "hidden_size: expected a count, found 0"),
        ({"vocab_size": "61"}, "vocab_size: expected a count, found '61'"),
        ({"num_key_value_heads": 3}, "num_key_value_heads: 4 heads cannot share 3"),
        ({"attention_bias": "no"}, "attention_bias: expected true or false, found 'no'"),
        ({"hidden_act": 3}, "hidden_act: expected a word, found 3"),
        ({"rms_norm_eps": -1}, "rms_norm_eps: expected a number above 0, found -1"),
        ({"tie_word_embeddings": 1}, "tie_word_embeddings: expected true or false, found 1"),
    ],
)
def test_config_that_the_row_cannot_read(change: dict[str, Any], message: str) -> None:
    settings = json.loads(tiny.config("llama").to_json_string())
    with pytest.raises(AtlasError) as caught:
        architectures.lookup({**settings, **change}, "m/config.json")
    assert str(caught.value).startswith(f"m/config.json: {message}")
    assert "atlas/architectures" in str(caught.value)


def test_a_variant_that_the_row_does_not_describe_is_refused() -> None:
    settings = {**tiny.config("bert").to_dict(), "is_decoder": True}
    with pytest.raises(AtlasError, match="is_decoder is True, the row reads False"):
        architectures.lookup(settings, "config.json")


@pytest.mark.parametrize(
    ("model_type", "change", "message"),
    [
        ("opt", {"word_embed_proj_dim": 16}, "word_embed_proj_dim is 16, the row reads 32"),
        ("qwen3_moe", {"mlp_only_layers": 1}, "expected a list of layers"),
        ("qwen3_moe", {"decoder_sparse_step": 0}, "expected a number from 1, found 0"),
        ("lfm2", {"layer_types": ["conv"]}, "expected a word for each of 3 layers"),
        ("lfm2", {"layer_types": ["conv", "rnn", "conv"]}, "no kind of layer 'rnn'; known: conv, "),
        ("olmoe", {"clip_qkv": 8.0}, r"clip_qkv is 8\.0, the row reads None"),
        ("mixtral", {"num_experts_per_tok": 6}, "6 active experts of 5"),
        ("mixtral", {"num_local_experts": None}, "expected a count, found None"),
        ("olmoe", {"norm_topk_prob": 1}, "expected true or false, found 1"),
        ("granite", {"residual_multiplier": 0}, "expected a number above 0, found 0"),
        ("gpt_oss", {"swiglu_limit": "7"}, "expected a number above 0, found '7'"),
    ],
)
def test_what_a_row_does_not_describe(
    model_type: str, change: dict[str, Any], message: str
) -> None:
    settings = {**json.loads(tiny.config(model_type).to_json_string()), **change}
    with pytest.raises(AtlasError, match=message) as caught:
        architectures.lookup(settings, "m/config.json")
    assert str(caught.value).startswith(f"m/config.json: {next(iter(change))}: ")


def test_other_spellings_of_configs() -> None:
    """As the first BLOOM, Falcon and Gemma models were published."""
    bloom = {"model_type": "bloom", "n_embed": 32, "num_attention_heads": 4, "n_layer": 2}
    row = architectures.lookup({**bloom, "vocab_size": 61, "n_inner": None}, "config.json")
    assert (row.geometry.d_model, row.geometry.heads, row.geometry.d_mlp) == (32, 4, 128)
    falcon = {"model_type": "falcon", "hidden_size": 32, "n_head": 4, "n_layer": 2}
    row = architectures.lookup({**falcon, "vocab_size": 61}, "config.json")
    assert (row.geometry.layers, row.geometry.heads, row.geometry.kv_heads) == (2, 4, 1)
    assert row.activation == "gelu"
    gemma = {**json.loads(tiny.config("gemma").to_json_string()), "hidden_act": "gelu"}
    assert architectures.lookup(gemma, "config.json").activation == "gelu_pytorch_tanh"


def test_labels_and_live_names_of_experts() -> None:
    row = architectures.lookup(tiny.config("mixtral").to_dict(), "config.json")
    assert row.native["mlp.up"] == "block_sparse_moe.experts.*.w3"
    assert row.live("mlp.up") == "mlp.experts" and not row.own_module("mlp.up")
    assert row.live_parameters("mlp.up") == ("mlp.experts.gate_up_proj",)
    assert row.live("router") == "mlp.gate" and row.own_module("router")
    row = architectures.lookup(tiny.config("gpt_oss").to_dict(), "config.json")
    assert row.native["mlp.gate"] == "mlp.experts.gate_up_proj[gate]"
    assert row.live_parameters("mlp.gate", "bias") == ("mlp.experts.gate_up_proj_bias",)
    assert row.live("attn.sinks") == "self_attn"
    row = architectures.lookup(tiny.config("stablelm", qk_layernorm=True).to_dict(), "config.json")
    assert row.live("norm.k") == "self_attn.k_layernorm"
    assert row.live_parameters("norm.k")[1] == "self_attn.k_layernorm.norms.1.weight"


def test_what_a_config_leaves_out() -> None:
    settings = {
        "model_type": "llama",
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "hidden_size": 32,
        "intermediate_size": 48,
        "vocab_size": 61,
    }
    row = architectures.lookup(settings, "config.json")
    assert (row.geometry.kv_heads, row.geometry.d_head, row.tied) == (4, 8, False)
    assert (row.activation, row.norm_eps, row.residual) == ("silu", 1e-6, "sequential")
