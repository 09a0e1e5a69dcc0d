"""Tiny random models of every architecture: those of the package, and what tests know of them.

`live(folder)` loads one back with transformers, eager attention, evaluation mode.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from atlas import architectures
from atlas.loaded.tiny import CONFIGS, SIZES, build, config, loader, make

__all__ = ["CONFIGS", "build", "config", "live", "make", "measured", "part", "tokens"]

UNTURNED = ("bert", "bloom", "gpt2", "gpt_bigcode", "opt")
"""No rotary embedding: learned positions, or ALIBI."""

PARTLY = {"glm4": 0.5, "gpt_neox": 0.25, "gptj": 0.5, "phi": 0.5, "stablelm": 0.25}
"""The share of a head's dimensions that a rotary embedding turns, where it is not all of them."""

PAIRED = ("cohere", "glm4", "gptj")
"""Rotary embeddings that turn neighbouring dimensions; the others pair the halves of a head."""

TURNED_FIRST = ("hunyuan_v1_dense",)
"""Queries and keys that are turned before their norm; all others are turned after it."""

ALIBI = ("bloom",)
"""Attention scores lowered in proportion to distance (Press et al. 2022) instead of rotations."""


def part(model_type: str, config: dict[str, Any]) -> dict[str, Any]:
    """Of a whole config, what the row reads: of a model of several parts, one of them."""
    held = architectures.row(model_type).part
    found: dict[str, Any] = config if held is None else config[held.key]
    return found


def measured(model_type: str, model: torch.nn.Module) -> list[torch.nn.Parameter]:
    """The parameters of a live model, those of its other parts left out, shared ones once."""
    row = architectures.row(model_type)
    prefixes = (row.live_prefix, "lm_head.") if row.part else ("",)
    return [held for name, held in model.named_parameters() if name.startswith(prefixes)]


def live(folder: Path, dtype: torch.dtype | str = "auto") -> Any:
    """The saved model in transformers, with its language-model head and eager attention."""
    settings = json.loads((folder / "config.json").read_text())
    auto = loader(settings["model_type"])
    return auto.from_pretrained(folder, attn_implementation="eager", dtype=dtype).eval()


def tokens(batch: int, length: int, *, seed: int = 0) -> torch.Tensor:
    """Random token ids, (batch, length), without the special ones."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(3, SIZES["vocab_size"], (batch, length), generator=generator)
