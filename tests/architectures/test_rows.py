"""Every row held against transformers' own model: names, split rules, residual stream, patterns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
import tiny
import torch
from attention_reference import bias, pattern
from live_cases import VARIANTS, Case, assert_close, normed, watch

from atlas import architectures
from atlas.checkpoints import headers
from atlas.errors import AtlasError
from atlas.loaded import fused, stored_mlp
from atlas.loaded.attention_heads import Heads


@pytest.fixture(params=VARIANTS, scope="module")
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case.make(tmp_path_factory.mktemp("model"), request.param)


def written(heads: Heads, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """What attention with these patterns gives, (batch, position, d_model)."""
    values = torch.einsum("hed,bpd->bhpe", heads.W_V.double(), x) + bias(heads.B_V)
    added = torch.einsum("hde,bhqk,bhke->bqd", heads.W_O.double(), weights, values)
    return added + (0 if heads.B_O is None else heads.B_O.double())


def test_every_row_has_a_tiny_model() -> None:
    assert tuple(sorted(tiny.CONFIGS)) == architectures.known()


@pytest.mark.parametrize("batch", [1, 3])
def test_one_token_attention_is_the_sum_of_heads(case: Case, batch: int) -> None:
    seen, output = watch(case, tiny.tokens(batch, 1))
    for layer in case.layers:
        x = seen[case.path(layer, "attn.q")][0]
        weights = torch.ones(batch, case.checkpoint.geometry.heads, 1, 1, dtype=torch.double)
        if case.row.has("attn.sinks"):
            # A learned sink takes its share even where there is nothing else to look at.
            weights = output.attentions[layer].double()
        added = written(case.checkpoint.heads(layer), weights, x)
        assert_close(added, seen[case.path(layer, "attn.o")][1])


@pytest.mark.parametrize("batch", [1, 2])
def test_patterns_are_the_models_own(case: Case, batch: int) -> None:
    seen, output = watch(case, tiny.tokens(batch, 9))
    for layer in case.layers:
        x = seen[case.path(layer, "attn.q")][0]
        heads = case.checkpoint.heads(layer)
        weights = pattern(case, layer, heads, x)
        assert_close(weights, output.attentions[layer].double(), 2e-5)
        assert_close(written(heads, weights, x), seen[case.path(layer, "attn.o")][1], 2e-5)


def test_outputs_join_the_residual_as_the_row_says(case: Case) -> None:
    seen, _ = watch(case, tiny.tokens(2, 7))
    row = case.row
    for layer in case.layers:
        before, after = seen[f"{row.live_layers}.{layer}"]
        attention, mlp_gave = (seen[join][1] * row.residual_scale for join in case.joins(layer))
        tensors = case.layer(layer)
        middle = before + attention
        if row.residual == "post-norm":
            middle = normed(row, middle, tensors, "norm.attn")
            expected = normed(row, middle + mlp_gave, tensors, "norm.mlp")
        else:
            expected = middle + mlp_gave
        assert_close(expected, after)
        mlp_reads = before if row.residual == "parallel" else middle
        for module, x, norm in (
            ("attn.q", before, row.row.attn_input),
            ("router" if row.routing else "mlp.up", mlp_reads, row.row.mlp_input),
        ):
            read = seen[case.path(layer, module)][0]
            assert_close(normed(row, x, tensors, norm) if norm else x, read)


def test_mlps_from_stored_weights_give_what_joins(case: Case) -> None:
    """Activation, gate, routing among experts: the whole MLP, on what it really read."""
    seen, _ = watch(case, tiny.tokens(2, 7))
    for layer in case.layers:
        x = seen[case.path(layer, "router" if case.row.routing else "mlp.up")][0]
        found = stored_mlp.output(case.checkpoint, layer, x.flatten(0, 1)).reshape(x.shape)
        if case.row.has("norm.mlp_after"):
            found = normed(case.row, found, case.layer(layer), "norm.mlp_after")
        assert_close(found, seen[case.joins(layer)[1]][1])


def test_every_live_module_computes_with_our_weights(case: Case) -> None:
    seen, _ = watch(case, tiny.tokens(2, 5))
    row, shape = case.row, case.checkpoint.geometry
    for layer in case.layers:
        tensors = case.layer(layer)
        for module in filter(row.own_module, row.modules):
            x, y = seen[case.path(layer, module)]
            if module.startswith("norm"):
                if row.row.modules[module].pieces:
                    x, y = x.transpose(1, 2), y.transpose(1, 2)
                expected = normed(row, x, tensors, module)
            else:
                expected = x @ tensors[f"{module}.weight"].T + tensors.get(f"{module}.bias", 0)
            assert_close(fused.part(y, row.live_source(module), shape, dim=-1), expected)


def test_live_parameters_are_our_weights(case: Case) -> None:
    held = dict(case.model.named_parameters())
    row, shape = case.row, case.checkpoint.geometry
    for layer in case.layers:
        for name, tensor in case.checkpoint.layer(layer).items():
            module, _, kind = name.rpartition(".")
            found = live_parameter(
                case, held, layer, module, "bias" if kind == "bias" else "weight"
            )
            axis = -1 if kind == "bias" else -2
            assert torch.equal(
                fused.part(found, row.live_source(module), shape, axis), tensor.float()
            )


def live_parameter(
    case: Case,
    held: dict[str, torch.Tensor],
    layer: int,
    module: str,
    kind: Literal["weight", "bias"],
) -> torch.Tensor:
    """The whole live parameter that holds a module's weight (..., out, in) or bias."""
    source = case.row.live_source(module)
    pieces = [
        held[f"{case.row.live_layers}.{layer}.{name}"]
        for name in case.row.live_parameters(module, kind)
    ]
    whole = torch.stack(pieces) if source.pieces else pieces[0]
    return whole.transpose(-2, -1) if source.transposed and kind == "weight" else whole


def test_experts_one_at_a_time_are_the_block(case: Case) -> None:
    """Of a mixture the stacked experts, one by one; of a dense model its MLP."""
    modules = [module for module in case.row.modules if module.startswith("mlp")]
    for layer in case.layers:
        tensors = case.checkpoint.layer(layer, modules)
        experts = list(case.checkpoint.experts(layer))
        assert len(experts) == (case.row.routing.experts if case.row.routing else 1)
        for number, expert in enumerate(experts):
            assert expert.keys() == tensors.keys()
            for name, tensor in expert.items():
                wanted = tensors[name][number] if case.row.routing else tensors[name]
                assert torch.equal(tensor, wanted)


def test_outside_the_blocks(case: Case) -> None:
    row, checkpoint = case.row, case.checkpoint
    held = dict(case.model.named_parameters(remove_duplicate=False))
    for module, source in row.row.outside.items():
        for kind, tensor in checkpoint.outside(module).items() if module != "unembedding" else ():
            assert torch.equal(tensor.float(), held[f"{row.live(module)}.{kind}"][source.skip :])
    assert torch.equal(checkpoint.unembedding().float(), held[f"{row.live('unembedding')}.weight"])
    assert torch.equal(checkpoint.embedding().float(), held[f"{row.live('embedding')}.weight"])


def test_the_first_block_reads_the_scaled_embedding(case: Case) -> None:
    ids = tiny.tokens(2, 5)
    seen, _ = watch(case, ids)
    x = case.checkpoint.embedding().double()[ids] * case.row.embedding_scale
    if case.row.has("positions"):
        x = x + case.checkpoint.positions()["weight"].double()[:5]
    if case.row.has("token_types"):
        x = x + case.checkpoint.outside("token_types")["weight"].double()[0]
    if case.row.has("embedding_norm"):
        norm = case.checkpoint.outside("embedding_norm")
        named = {f"embedding_norm.{kind}": tensor.double() for kind, tensor in norm.items()}
        x = normed(case.row, x, named, "embedding_norm")
    assert_close(x, seen[f"{case.row.live_layers}.0"][0])


def test_logits_are_the_scaled_unembedding(case: Case) -> None:
    if case.row.kind == "encoder":
        assert case.row.logits_scale == 1 and not case.checkpoint.final_norm()
        return
    seen, output = watch(case, tiny.tokens(2, 5))
    x = seen[f"{case.row.live_layers}.{case.layers[-1]}"][1]
    if case.row.has("final_norm"):
        norm = case.checkpoint.final_norm()
        named = {f"final_norm.{kind}": tensor.double() for kind, tensor in norm.items()}
        x = normed(case.row, x, named, "final_norm")
    logits = x @ case.checkpoint.unembedding().double().T
    logits = logits + case.checkpoint.outside("unembedding").get("bias", 0)
    logits = logits * case.row.logits_scale
    cap = case.setting("final_logit_softcapping")
    assert_close(cap * (logits / cap).tanh() if cap else logits, output.logits.double())


def test_parameters_are_the_true_count(case: Case) -> None:
    true = sum(parameter.numel() for parameter in case.model.parameters())
    assert case.checkpoint.geometry.parameters == true


def test_every_parameter_of_a_block_is_read(case: Case) -> None:
    """No row forgets a module: a layer's tensors add up to the live layer's parameters."""
    live = case.model.get_submodule(f"{case.row.live_layers}.0")
    true = sum(parameter.numel() for parameter in live.parameters())
    assert sum(tensor.numel() for tensor in case.checkpoint.layer(0).values()) == true


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
        "atlas/architectures/rows",
        "atlas/loaded/tiny.py",
        "columns",
    ):
        assert word in message


@pytest.mark.parametrize(
    ("model_type", "told"),
    [
        ("gemma3", "its nearest relative with a row is 'gemma3_text'; "),
        ("rwkv", "missing: layers that mix tokens by state spaces, "),
        ("mpt", ""),
        ("bart", "missing: an encoder and a decoder that attends to it; the atlas reads "),
        ("qwen4", ""),
    ],
)
def test_only_a_related_architecture_is_suggested(model_type: str, told: str) -> None:
    with pytest.raises(AtlasError) as caught:
        architectures.lookup({"model_type": model_type}, "m/config.json")
    said = str(caught.value).partition("no architecture ")[2]
    assert said.startswith(f"{model_type!r}; {told}") and "known: bert, " in said
    assert told or said.startswith(f"{model_type!r}; known: bert, ")


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
        ("qwen3_moe", {"mlp_only_layers": [1]}, r"mlp_only_layers is \[1\], the row reads \[\]"),
        ("qwen3_moe", {"decoder_sparse_step": 2}, "decoder_sparse_step is 2, the row reads 1"),
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
