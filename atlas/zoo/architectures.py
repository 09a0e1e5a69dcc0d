"""A row of data per architecture: what differs between the reference models, and nothing else.

Tokenizer, text, recipe and evaluation are shared. A row names transformers' own classes, what
their configuration gets beside the common settings, and where the parts of a block are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atlas.errors import AtlasError, suggest

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

LAYERS = 4
WIDTH = 128
HEADS = 4
HIDDEN = 384
POSITIONS = 256
SPREAD = 0.1
"""Standard deviation of fresh embeddings: a right answer's logit is at most proportional to it."""


@dataclass(frozen=True)
class Row:
    """One architecture; `blocks`, `attention`, `mlp` and the norm before the MLP are attribute
    paths in the live model."""

    config: str
    model: str
    blocks: str
    attention: str
    mlp: str
    mlp_norm: str
    settings: dict[str, Any] = field(default_factory=dict)


ROWS: dict[str, Row] = {
    "llama": Row(
        config="LlamaConfig",
        model="LlamaForCausalLM",
        blocks="model.layers",
        attention="self_attn",
        mlp="mlp",
        mlp_norm="post_attention_layernorm",
        settings={
            "hidden_size": WIDTH,
            "intermediate_size": HIDDEN,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "num_key_value_heads": HEADS // 2,
            "head_dim": WIDTH // HEADS,
            "max_position_embeddings": POSITIONS,
            "rms_norm_eps": 1e-5,
            "tie_word_embeddings": True,
        },
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
    return model


def sublayers(name: str, model: PreTrainedModel) -> list[tuple[nn.Module, nn.Module]]:
    """(attention, MLP) of every block, in order."""
    chosen = row(name)
    blocks = model.get_submodule(chosen.blocks)
    return [
        (block.get_submodule(chosen.attention), block.get_submodule(chosen.mlp))
        for block in blocks.children()
    ]


def first_mlp(name: str, model: PreTrainedModel) -> tuple[nn.Module, nn.Module]:
    """(norm, MLP) of the first block: what later layers' heads read of a token."""
    chosen = row(name)
    block = model.get_submodule(f"{chosen.blocks}.0")
    return block.get_submodule(chosen.mlp_norm), block.get_submodule(chosen.mlp)
