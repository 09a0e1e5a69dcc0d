"""Every row held against transformers' own model: names, split rules, residual stream, patterns."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch

from atlas import architectures, headers
from atlas.checkpoint import Checkpoint, Heads, share
from atlas.errors import AtlasError
from atlas.layout import Architecture

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in tiny.CONFIGS},
    "bert, one layer": ("bert", {"num_hidden_layers": 1}),
    "bert, untied": ("bert", {"tie_word_embeddings": False}),
    "gpt2, bfloat16": ("gpt2", {"dtype": torch.bfloat16}),
    "gpt2, n_inner": ("gpt2", {"n_inner": 40}),
    "gpt2, untied": ("gpt2", {"tie_word_embeddings": False}),
    "gpt_neox, float16": ("gpt_neox", {"dtype": torch.float16}),
    "gpt_neox, no attention bias": ("gpt_neox", {"attention_bias": False}),
    "gpt_neox, sequential": ("gpt_neox", {"use_parallel_residual": False}),
    "gpt_neox, tied": ("gpt_neox", {"tie_word_embeddings": True}),
    "llama, as many key/value heads": ("llama", {"num_key_value_heads": 4}),
    "llama, bfloat16": ("llama", {"dtype": torch.bfloat16}),
    "llama, biases": ("llama", {"attention_bias": True, "mlp_bias": True}),
    "llama, one key/value head": ("llama", {"num_key_value_heads": 1}),
    "llama, one layer": ("llama", {"num_hidden_layers": 1}),
    "llama, tied": ("llama", {"tie_word_embeddings": True}),
    "phi, query and key norms": ("phi", {"qk_layernorm": True}),
    "qwen3, biases": ("qwen3", {"attention_bias": True}),
    "qwen3, tied": ("qwen3", {"tie_word_embeddings": True}),
}


@dataclass(frozen=True)
class Case:
    """A saved model, opened as a checkpoint, and the same model live in float32."""

    checkpoint: Checkpoint
    model: Any

    @property
    def row(self) -> Architecture:
        return self.checkpoint.architecture

    def block(self, layer: int) -> dict[str, torch.Tensor]:
        return {name: tensor.double() for name, tensor in self.checkpoint.block(layer).items()}


@pytest.fixture(params=VARIANTS, scope="module")
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    name, overrides = VARIANTS[request.param]
    folder = tiny.make(tmp_path_factory.mktemp("model"), name, **overrides)
    return Case(Checkpoint.open(folder), tiny.live(folder, torch.float32))


Seen = dict[str, tuple[torch.Tensor, torch.Tensor]]


def watch(case: Case, ids: torch.Tensor) -> tuple[Seen, Any]:
    """What every live module read and gave, by its path, and the model's own output."""
    seen: Seen = {}

    def hook(path: str) -> Callable[..., None]:
        def keep(_: Any, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
            read = inputs[0] if inputs else named.get("hidden_states")
            gave = output[0] if isinstance(output, tuple) else output
            if isinstance(read, torch.Tensor) and isinstance(gave, torch.Tensor):
                seen[path] = (read.double(), gave.double())

        return keep

    handles = [
        module.register_forward_hook(hook(path), with_kwargs=True)
        for path, module in case.model.named_modules()
    ]
    with torch.no_grad():
        output = case.model(ids, output_attentions=True)
    for handle in handles:
        handle.remove()
    return seen, output


def assert_close(found: torch.Tensor, wanted: torch.Tensor, relative: float = 1e-5) -> None:
    """The largest difference, relative to the largest value."""
    assert found.shape == wanted.shape
    error = (found - wanted).abs().max() / wanted.abs().max()
    assert error <= relative, f"relative error {error:.1e}"


def normed(
    row: Architecture, x: torch.Tensor, block: Mapping[str, torch.Tensor], name: str
) -> torch.Tensor:
    """A norm computed from stored weights as the row describes it."""
    if row.row.norm.kind == "layer":
        x = x - x.mean(-1, keepdim=True)
    x = x / (x.pow(2).mean(-1, keepdim=True) + row.norm_eps).sqrt()
    gain = row.row.norm.offset + block[f"{name}.weight"]
    return x * gain + block.get(f"{name}.bias", torch.zeros(()))


def rotated(x: torch.Tensor, dims: int, theta: float = 10000.0) -> torch.Tensor:
    """Rotary position embedding (Su et al. 2021) of (..., position, d_head), halves paired."""
    half = dims // 2
    angle = torch.outer(
        torch.arange(x.shape[-2]).double(), theta ** (-torch.arange(half).double() / half)
    )
    first, second, rest = x[..., :half], x[..., half:dims], x[..., dims:]
    turned = (
        first * angle.cos() - second * angle.sin(),
        second * angle.cos() + first * angle.sin(),
    )
    return torch.cat((*turned, rest), dim=-1)


def pattern(case: Case, layer: int, heads: Heads, x: torch.Tensor) -> torch.Tensor:
    """Attention of one block on its input x (batch, position, d_model), from stored weights."""
    queries = torch.einsum("hed,bpd->bhpe", heads.W_Q.double(), x) + bias(heads.B_Q)
    keys = torch.einsum("hed,bpd->bhpe", heads.W_K.double(), x) + bias(heads.B_K)
    if case.row.has("norm.q"):
        block = case.block(layer)
        queries = normed(case.row, queries, block, "norm.q")
        keys = normed(case.row, keys, block, "norm.k")
    dims = tiny.ROTARY.get(case.row.model_type, 0)
    queries, keys = rotated(queries, dims), rotated(keys, dims)
    scores = queries @ keys.transpose(-2, -1) / math.sqrt(case.checkpoint.geometry.d_head)
    if case.row.kind == "decoder":
        ahead = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(ahead, -torch.inf)
    return scores.softmax(-1)


def bias(stored: torch.Tensor | None) -> torch.Tensor:
    """A bias per head, (head, 1, d_head), or zero."""
    return torch.zeros(()) if stored is None else stored.double()[:, None, :]


def own_path(case: Case, layer: int, module: str) -> str:
    return f"{case.row.live_blocks}.{layer}.{case.row.live(module)}"


def test_every_row_has_a_tiny_model() -> None:
    assert tuple(sorted(tiny.CONFIGS)) == architectures.known()


@pytest.mark.parametrize("batch", [1, 3])
def test_one_token_attention_is_the_sum_of_heads(case: Case, batch: int) -> None:
    seen, _ = watch(case, tiny.tokens(batch, 1))
    for layer in range(case.checkpoint.geometry.layers):
        x = seen[own_path(case, layer, "attn.q")][0]
        heads = case.checkpoint.heads(layer)
        values = torch.einsum("hed,bpd->bhpe", heads.W_V.double(), x) + bias(heads.B_V)
        added = torch.einsum("hde,bhpe->bpd", heads.W_O.double(), values)
        added = added + (0 if heads.B_O is None else heads.B_O.double())
        join = f"{case.row.live_blocks}.{layer}.{case.row.row.joins[0]}"
        assert_close(added, seen[join][1])


@pytest.mark.parametrize("batch", [1, 2])
def test_patterns_are_the_models_own(case: Case, batch: int) -> None:
    seen, output = watch(case, tiny.tokens(batch, 9))
    for layer in range(case.checkpoint.geometry.layers):
        x = seen[own_path(case, layer, "attn.q")][0]
        heads = case.checkpoint.heads(layer)
        weights = pattern(case, layer, heads, x)
        assert_close(weights, output.attentions[layer].double(), 2e-5)
        values = torch.einsum("hed,bpd->bhpe", heads.W_V.double(), x) + bias(heads.B_V)
        added = torch.einsum("hde,bhqk,bhke->bqd", heads.W_O.double(), weights, values)
        added = added + (0 if heads.B_O is None else heads.B_O.double())
        join = f"{case.row.live_blocks}.{layer}.{case.row.row.joins[0]}"
        assert_close(added, seen[join][1], 2e-5)


def test_outputs_join_the_residual_as_the_row_says(case: Case) -> None:
    seen, _ = watch(case, tiny.tokens(2, 7))
    row = case.row
    for layer in range(case.checkpoint.geometry.layers):
        path = f"{row.live_blocks}.{layer}"
        before, after = seen[path]
        attention, mlp = (seen[f"{path}.{join}"][1] for join in row.row.joins)
        block = case.block(layer)
        middle = before + attention
        if row.residual == "post-norm":
            middle = normed(row, middle, block, "norm.attn")
            expected = normed(row, middle + mlp, block, "norm.mlp")
        else:
            expected = middle + mlp
        assert_close(expected, after)
        mlp_reads = before if row.residual == "parallel" else middle
        for module, x, norm in (
            ("attn.q", before, row.row.attn_input),
            ("mlp.up", mlp_reads, row.row.mlp_input),
        ):
            read = seen[own_path(case, layer, module)][0]
            assert_close(normed(row, x, block, norm) if norm else x, read)


def test_every_live_module_computes_with_our_weights(case: Case) -> None:
    seen, _ = watch(case, tiny.tokens(2, 5))
    row, shape = case.row, case.checkpoint.geometry
    for layer in range(shape.layers):
        block = case.block(layer)
        for module in row.modules:
            x, y = seen[own_path(case, layer, module)]
            if module.startswith("norm"):
                expected = normed(row, x, block, module)
            else:
                expected = x @ block[f"{module}.weight"].T + block.get(f"{module}.bias", 0)
            assert_close(share(y, row.row.modules[module], shape, dim=-1), expected)


def test_outside_the_blocks(case: Case) -> None:
    row, checkpoint = case.row, case.checkpoint
    held = dict(case.model.named_parameters(remove_duplicate=False))
    for module in row.row.outside:
        for kind, tensor in checkpoint.outside(module).items() if module != "unembedding" else ():
            assert torch.equal(tensor.float(), held[f"{row.live(module)}.{kind}"])
    assert torch.equal(checkpoint.unembedding().float(), held[f"{row.live('unembedding')}.weight"])
    assert torch.equal(checkpoint.embedding().float(), held[f"{row.live('embedding')}.weight"])


def test_parameters_are_the_true_count(case: Case) -> None:
    true = sum(parameter.numel() for parameter in case.model.parameters())
    assert case.checkpoint.geometry.parameters == true


def test_every_parameter_of_a_block_is_read(case: Case) -> None:
    """No row forgets a module: a block's tensors add up to the live block's parameters."""
    block = case.model.get_submodule(f"{case.row.live_blocks}.0")
    true = sum(parameter.numel() for parameter in block.parameters())
    assert sum(tensor.numel() for tensor in case.checkpoint.block(0).values()) == true


def test_buffers_and_tied_copies_are_no_parameters(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "gpt2")
    row = architectures.lookup(headers.config(folder), folder / "config.json")
    held = {name: tensor.elements for name, tensor in headers.read(folder).items()}
    true = row.parameters(held)
    older = {name.removeprefix("transformer."): count for name, count in held.items()}
    older |= {"h.0.attn.bias": 1024, "h.2.attn.masked_bias": 1, "lm_head.weight": 61 * 32}
    assert row.parameters(older) == true
    assert row.parameters({**older, "score.weight": 64}) == true + 64


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
    for word in (*architectures.known(), "atlas/architectures.py", "tests/tiny.py", "columns"):
        assert word in message


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
    assert "atlas/architectures.py" in str(caught.value)


def test_a_variant_that_the_row_does_not_describe_is_refused() -> None:
    settings = {**tiny.config("bert").to_dict(), "is_decoder": True}
    with pytest.raises(AtlasError, match="is_decoder is True, the row reads False"):
        architectures.lookup(settings, "config.json")


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
    assert (row.geometry.kv_heads, row.geometry.d_head, row.tied) == (4, 8, None)
    assert (row.activation, row.norm_eps, row.residual) == ("silu", 1e-6, "sequential")
