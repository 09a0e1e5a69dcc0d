"""Tiny random models of every architecture: those of the package, and what tests know of them."""

from __future__ import annotations

from atlas.loaded.proofs.case import live, tokens
from atlas.loaded.tiny import CONFIGS, build, config, make

__all__ = ["CONFIGS", "build", "config", "live", "make", "tokens"]

UNTURNED = ("bert", "bloom", "gpt2", "opt")
"""No rotary embedding: learned positions, or ALIBI."""

PARTLY = {"glm4": 0.5, "gpt_neox": 0.25, "gptj": 0.5, "phi": 0.5, "stablelm": 0.25}
"""The share of a head's dimensions that a rotary embedding turns, where it is not all of them."""

PAIRED = ("cohere", "glm4", "gptj")
"""Rotary embeddings that turn neighbouring dimensions; the others pair the halves of a head."""

ALIBI = ("bloom",)
"""Attention scores lowered in proportion to distance (Press et al. 2022) instead of rotations."""
