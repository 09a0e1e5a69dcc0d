"""A row of data per architecture: what differs between the reference models, and nothing else.

Tokenizer, text, recipe and evaluation are shared. A row names transformers' own classes, what
their configuration gets beside the common settings, and where the parts of a layer are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atlas.errors import AtlasError, suggest

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel

LAYERS = 4
WIDTH = 128
HEADS = 4
HIDDEN = 384
"""Neurons of a gated MLP."""
WIDE = 512
"""Neurons of an MLP without a gate: four times the width, and about as many parameters."""
POSITIONS = 256
SPREAD = 0.1
"""Standard deviation of fresh embeddings: a right answer's logit is at most proportional to it."""


@dataclass(frozen=True)
class Row:
    """One architecture; `layers`, `attention`, `mlp`, the norm before the MLP and the table of
    learned positions are attribute paths in the live model."""

    config: str
    model: str
    layers: str
    attention: str
    mlp: str
    mlp_norm: str
    positions: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)


_SIZES = {
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "max_position_embeddings": POSITIONS,
}
_GATED = _SIZES | {
    "intermediate_size": HIDDEN,
    "num_key_value_heads": HEADS // 2,
    "head_dim": WIDTH // HEADS,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": True,
}

ROWS: dict[str, Row] = {
    "gpt2": Row(
        config="GPT2Config",
        model="GPT2LMHeadModel",
        layers="transformer.h",
        attention="attn",
        mlp="mlp",
        mlp_norm="ln_2",
        positions="transformer.wpe",
        settings={
            "n_embd": WIDTH,
            "n_layer": LAYERS,
            "n_head": HEADS,
            "n_inner": WIDE,
            "n_positions": POSITIONS,
            "resid_pdrop": 0.0,
            "embd_pdrop": 0.0,
            "attn_pdrop": 0.0,
            "tie_word_embeddings": True,
        },
    ),
    "gpt_neox": Row(
        config="GPTNeoXConfig",
        model="GPTNeoXForCausalLM",
        layers="gpt_neox.layers",
        attention="attention",
        mlp="mlp",
        mlp_norm="post_attention_layernorm",
        settings=_SIZES | {"intermediate_size": WIDE, "tie_word_embeddings": False},
    ),
    "llama": Row(
        config="LlamaConfig",
        model="LlamaForCausalLM",
        layers="model.layers",
        attention="self_attn",
        mlp="mlp",
        mlp_norm="post_attention_layernorm",
        settings=_GATED,
    ),
    "phi": Row(
        config="PhiConfig",
        model="PhiForCausalLM",
        layers="model.layers",
        attention="self_attn",
        mlp="mlp",
        mlp_norm="input_layernorm",
        settings=_SIZES | {"intermediate_size": WIDE, "tie_word_embeddings": False},
    ),
    "qwen3": Row(
        config="Qwen3Config",
        model="Qwen3ForCausalLM",
        layers="model.layers",
        attention="self_attn",
        mlp="mlp",
        mlp_norm="post_attention_layernorm",
        settings=_GATED,
    ),
}


def row(name: str) -> Row:
    """The row of an architecture's name."""
    if name not in ROWS:
        raise AtlasError(f"unknown reference model {name!r}", remedy=suggest(name, sorted(ROWS)))
    return ROWS[name]


def build(name: str, vocabulary: int, seed: int) -> PreTrainedModel:
    """A fresh model of that architecture, float32, its weights drawn from the seed."""
    import torch
    import transformers

    chosen = row(name)
    settings = {"vocab_size": vocabulary, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    config = getattr(transformers, chosen.config)(**settings, **chosen.settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: PreTrainedModel = getattr(transformers, chosen.model)(config)
        torch.nn.init.normal_(model.get_input_embeddings().weight, std=SPREAD)
    if chosen.positions is not None:
        table = model.get_submodule(chosen.positions).weight
        with torch.no_grad():
            table.copy_(SPREAD * _sinusoids(*table.shape))
    return model


def _sinusoids(positions: int, width: int) -> torch.Tensor:
    """Sines and cosines of every position (Vaswani et al. 2017), (position, width), of variance 1.

    Learned positions start here: from noise, the few steps of the recipe do not teach a head to
    look one token back.
    """
    import torch

    turns = 10_000 ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(positions)[:, None] * turns
    return 2**0.5 * torch.cat([angles.sin(), angles.cos()], dim=1)


def sublayers(name: str, model: PreTrainedModel) -> list[tuple[nn.Module, nn.Module]]:
    """(attention, MLP) of every layer, in order."""
    chosen = row(name)
    layers = model.get_submodule(chosen.layers)
    return [
        (layer.get_submodule(chosen.attention), layer.get_submodule(chosen.mlp))
        for layer in layers.children()
    ]


def first_mlp(name: str, model: PreTrainedModel) -> tuple[nn.Module, nn.Module]:
    """(norm, MLP) of the first layer: what later layers' heads read of a token."""
    chosen = row(name)
    layer = model.get_submodule(f"{chosen.layers}.0")
    return layer.get_submodule(chosen.mlp_norm), layer.get_submodule(chosen.mlp)
