"""Tiny random models of every architecture, made on the spot and saved the way the hub stores them.

`make(folder, "llama")` writes config.json and safetensors; `live(folder)` loads them back with
transformers, eager attention, evaluation mode. Every weight is drawn, norm gains and biases too, so
that a term that is left out or doubled shows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers

SIZES = {"vocab_size": 61, "max_position_embeddings": 32}
WIDE = {"num_hidden_layers": 3, "num_attention_heads": 4, "hidden_size": 32}
CONFIGS: dict[str, dict[str, Any]] = {
    "bert": {**SIZES, **WIDE, "intermediate_size": 48},
    "gpt2": {"vocab_size": 61, "n_positions": 32, "n_layer": 3, "n_head": 4, "n_embd": 32},
    "gpt_neox": {**SIZES, **WIDE, "intermediate_size": 48},
    "llama": {
        **SIZES,
        **WIDE,
        "num_key_value_heads": 2,
        "head_dim": 6,
        "intermediate_size": 48,
    },
    "phi": {**SIZES, **WIDE, "num_key_value_heads": 2, "intermediate_size": 48},
    "qwen3": {
        **SIZES,
        **WIDE,
        "num_key_value_heads": 2,
        "head_dim": 10,
        "intermediate_size": 48,
    },
}
"""The smallest config in which no two widths that a row tells apart are equal by accident."""

ROTARY = {"gpt_neox": 2, "llama": 6, "phi": 4, "qwen3": 10}
"""How many of a head's dimensions these tiny models rotate; the others have other positions."""


def config(model_type: str, **overrides: Any) -> transformers.PretrainedConfig:
    """The tiny config of an architecture, some of its values replaced."""
    settings = {**CONFIGS[model_type], "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    return transformers.AutoConfig.for_model(model_type, **{**settings, **overrides})


def build(
    model_type: str, *, seed: int = 0, dtype: torch.dtype = torch.float32, **overrides: Any
) -> Any:
    """A live model with drawn weights: N(0, 2/fan in), gains about 1, biases about 0."""
    settings = config(model_type, **overrides)
    settings._attn_implementation = "eager"
    model = _loader(model_type).from_config(settings)
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        drawn = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim > 1:
            # Conv1D is (in, out); every other weight is (out, in).
            inputs = parameter.shape[0] if ".c_" in name else parameter.shape[1]
            drawn *= (2 / inputs) ** 0.5
        else:
            drawn = 0.3 * drawn + (0 if name.endswith("bias") else 1)
        parameter.data.copy_(drawn)
    return model.to(dtype).eval()


def make(
    folder: Path,
    model_type: str,
    *,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    shard_size: int | None = None,
    **overrides: Any,
) -> Path:
    """Save a tiny model to `folder`, in shards of at most `shard_size` bytes where that is given.

    `overrides` replace values of its config, `num_hidden_layers=1` for one.
    """
    model = build(model_type, seed=seed, dtype=dtype, **overrides)
    folder.mkdir(parents=True, exist_ok=True)
    if shard_size is None:
        model.save_pretrained(folder)
    else:
        model.save_pretrained(folder, max_shard_size=shard_size)
    return folder


def live(folder: Path, dtype: torch.dtype | str = "auto") -> Any:
    """The saved model in transformers, with its language-model head and eager attention."""
    settings = json.loads((folder / "config.json").read_text())
    loader = _loader(settings["model_type"])
    return loader.from_pretrained(folder, attn_implementation="eager", dtype=dtype).eval()


def tokens(batch: int, length: int, *, seed: int = 0) -> torch.Tensor:
    """Random token ids, (batch, length), without the special ones."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(3, SIZES["vocab_size"], (batch, length), generator=generator)


def _loader(model_type: str) -> Any:
    if model_type == "bert":
        return transformers.AutoModelForMaskedLM
    return transformers.AutoModelForCausalLM
