"""Tiny random models of every architecture, made on the spot and saved the way the hub stores them.

`make(folder, "llama")` writes config.json and safetensors. Every weight is drawn, norm gains and
biases too, so that a term that is left out or doubled shows. Tests prove architectures and analyses
on them, and `atlas check --dry-run` that the analyses of an entry run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers

from atlas import architectures

SIZES = {"vocab_size": 61, "max_position_embeddings": 128}
WIDE = {"num_hidden_layers": 3, "num_attention_heads": 4, "hidden_size": 32}
NARROW = {**SIZES, **WIDE, "num_key_value_heads": 2, "intermediate_size": 48}
N_NAMES = {"vocab_size": 61, "n_layer": 3, "n_head": 4}
CONFIGS: dict[str, dict[str, Any]] = {
    "bert": {**SIZES, **WIDE, "intermediate_size": 48},
    "bloom": {**N_NAMES, "hidden_size": 32},
    "cohere": {**NARROW, "logit_scale": 0.25},
    "falcon": {**SIZES, **WIDE, "ffn_hidden_size": 48, "bias": True},
    "gemma": {**NARROW, "head_dim": 6},
    "gemma2": {
        **NARROW,
        "head_dim": 6,
        "query_pre_attn_scalar": 5,
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None,
    },
    "gemma3_text": {**NARROW, "head_dim": 6, "query_pre_attn_scalar": 5},
    "glm4": {**NARROW, "head_dim": 12},
    "gptj": {**N_NAMES, "n_positions": 128, "n_embd": 32, "rotary_dim": 4},
    "gpt2": {**N_NAMES, "n_positions": 128, "n_embd": 32},
    "gpt_neox": {**SIZES, **WIDE, "intermediate_size": 48},
    "gpt_oss": {
        **NARROW,
        "head_dim": 6,
        "intermediate_size": 20,
        "num_local_experts": 5,
        "num_experts_per_tok": 2,
        "rope_parameters": {"rope_type": "default", "rope_theta": 150000.0},
    },
    "granite": {
        **NARROW,
        "attention_multiplier": 0.25,
        "embedding_multiplier": 3.0,
        "logits_scaling": 5.0,
        "residual_multiplier": 0.5,
    },
    "llama": {**NARROW, "head_dim": 6},
    "mistral": NARROW,
    "mixtral": {
        **NARROW,
        "intermediate_size": 20,
        "num_local_experts": 5,
        "num_experts_per_tok": 2,
    },
    "olmo2": NARROW,
    "olmoe": {**NARROW, "intermediate_size": 20, "num_experts": 5, "num_experts_per_tok": 2},
    "opt": {**SIZES, **WIDE, "ffn_dim": 48},
    "phi": NARROW,
    "phi3": NARROW,
    "qwen2": NARROW,
    "qwen3": {**NARROW, "head_dim": 10},
    "qwen3_moe": {
        **NARROW,
        "head_dim": 10,
        "moe_intermediate_size": 20,
        "num_experts": 5,
        "num_experts_per_tok": 2,
    },
    "smollm3": {**NARROW, "no_rope_layers": [1, 0, 1]},
    "stablelm": NARROW,
    "starcoder2": NARROW,
}
"""The smallest config in which no two widths that a row tells apart are equal by accident."""

TRANSPOSED = {"gpt2": ".c_", "gpt_oss": ".experts."}
"""What the names of weights that are (in, out) hold; those of all other models are (out, in)."""


def stated(model_type: str) -> Mapping[str, Any]:
    """What the tiny config of an architecture states; that of a derived row is stored with it."""
    derived = architectures.derived(model_type)
    return CONFIGS[model_type] if derived is None else derived.tiny


def config(model_type: str, **overrides: Any) -> transformers.PretrainedConfig:
    """The tiny config of an architecture, some of its values replaced."""
    settings = {**stated(model_type), "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    return transformers.AutoConfig.for_model(model_type, **{**settings, **overrides})


def build(
    model_type: str, *, seed: int = 0, dtype: torch.dtype = torch.float32, **overrides: Any
) -> Any:
    """A live model with drawn weights: N(0, 2/fan in), gains about 1, biases about 0."""
    settings = config(model_type, **overrides)
    settings._attn_implementation = "eager"
    turned = TRANSPOSED.get(model_type, "no name")
    return drawn(loader(model_type).from_config(settings), seed, turned).to(dtype).eval()


def drawn(model: Any, seed: int, turned: str = "no name") -> Any:
    """The same model with drawn weights; weights are (in, out) whose name holds `turned`."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        values = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim > 1:
            inputs = parameter.shape[-2 if turned in name else -1]
            values *= (2 / inputs) ** 0.5
        else:
            values = 0.3 * values + (0 if name.endswith("bias") else 1)
        parameter.data.copy_(values)
    return model


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


def loader(model_type: str) -> Any:
    """The class of transformers that makes and loads a model type with its head."""
    if model_type == "bert":
        return transformers.AutoModelForMaskedLM
    return transformers.AutoModelForCausalLM
