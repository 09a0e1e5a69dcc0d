"""Tiny random models of every architecture: those of the package, and what tests know of them."""

from __future__ import annotations

from typing import Any

from atlas import architectures
from atlas.loaded.proofs.case import live, tokens
from atlas.loaded.tiny import CONFIGS, build, config, make

__all__ = ["CONFIGS", "build", "config", "live", "make", "part", "tokens"]

UNTURNED = (
    "bert",
    "bloom",
    "distilbert",
    "electra",
    "gpt2",
    "gpt_bigcode",
    "granitemoehybrid",
    "jamba",
    "nemotron_h",
    "opt",
    "roberta",
    "xlm-roberta",
)
"""No rotary embedding: learned positions, ALiBi, or none at all."""

PARTLY = {
    **dict.fromkeys(("glm4", "glm4_moe", "gptj", "laguna", "phi"), 0.5),
    **dict.fromkeys(("qwen3_5", "qwen3_5_text", "qwen3_5_moe", "qwen3_5_moe_text"), 0.25),
    **{
        "gpt_neox": 0.25,
        "minimax_m2": 0.6,
        "qwen3_next": 0.25,
        "stablelm": 0.25,
    },
}
"""The share of a head's dimensions that a rotary embedding turns, where it is not all of them."""

PAIRED = ("cohere", "glm4", "gptj")
"""Rotary embeddings that turn neighbouring dimensions; the others pair the halves of a head."""

TURNED_FIRST = ("hunyuan_v1_dense",)
"""Queries and keys that are turned before their norm; all others are turned after it."""

TURNED_WHERE_LOCAL = ("afmoe",)
"""Rotary embeddings in layers that see a window alone; the others tell no positions apart."""

ALIBI = ("bloom",)
"""Attention scores lowered in proportion to distance (Press et al. 2022) instead of rotations."""


def part(model_type: str, config: dict[str, Any]) -> dict[str, Any]:
    """Of a whole config, what the row reads: of a model of several parts, one of them."""
    held = architectures.row(model_type).part
    found: dict[str, Any] = config if held is None else config[held.key]
    return found
