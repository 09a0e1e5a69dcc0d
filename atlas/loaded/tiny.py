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
from atlas.loaded import loading

SIZES = {"vocab_size": 61, "max_position_embeddings": 128}
WIDE = {"num_hidden_layers": 3, "num_attention_heads": 4, "hidden_size": 32}
NARROW = {**SIZES, **WIDE, "num_key_value_heads": 2, "intermediate_size": 48}
N_NAMES = {"vocab_size": 61, "n_layer": 3, "n_head": 4}
_DELTA = {
    "head_dim": 8,
    "layer_types": ["linear_attention", "full_attention", "linear_attention"],
    "linear_key_head_dim": 6,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_value_head_dim": 12,
}
_STATES = {"vocab_size": 61, "hidden_size": 32, "num_hidden_layers": 3, "state_size": 6}
CONFIGS: dict[str, dict[str, Any]] = {
    "bert": {**SIZES, **WIDE, "intermediate_size": 48},
    "bloom": {**N_NAMES, "hidden_size": 32},
    "cohere": {**NARROW, "logit_scale": 0.25},
    "distilbert": {
        **SIZES,
        **{"n_layers": 3, "n_heads": 4, "dim": 32, "hidden_dim": 48, "pad_token_id": 0},
    },
    "electra": {**SIZES, **WIDE, "intermediate_size": 48, "embedding_size": 32},
    "falcon": {**SIZES, **WIDE, "ffn_hidden_size": 48, "bias": True},
    "falcon_h1": {
        **NARROW,
        "attention_in_multiplier": 1.25,
        "attention_out_multiplier": 0.5,
        "embedding_multiplier": 3.0,
        "key_multiplier": 0.75,
        "lm_head_multiplier": 0.5,
        "mamba_d_head": 10,
        "mamba_d_ssm": 40,
        "mamba_d_state": 6,
        "mamba_n_groups": 2,
        "mamba_n_heads": 4,
        "mlp_multipliers": [0.75, 1.5],
        "ssm_in_multiplier": 1.5,
        "ssm_multipliers": [0.5, 0.75, 1.0, 1.25, 1.5],
        "ssm_out_multiplier": 0.25,
    },
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
    "gpt_bigcode": {**N_NAMES, "n_positions": 128, "n_embd": 32},
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
    "granitemoehybrid": {
        **NARROW,
        "attention_multiplier": 0.25,
        "embedding_multiplier": 3.0,
        "layer_types": ["linear_attention", "full_attention", "linear_attention"],
        "logits_scaling": 5.0,
        "mamba_d_state": 6,
        "mamba_n_groups": 2,
        "mamba_n_heads": 4,
        "num_local_experts": 5,
        "residual_multiplier": 0.5,
        "shared_intermediate_size": 28,
    },
    "hunyuan_v1_dense": {**NARROW, "head_dim": 6},
    "lfm2": {
        **NARROW,
        "block_multiple_of": 20,
        "layer_types": ["conv", "full_attention", "conv"],
    },
    "falcon_mamba": _STATES,
    "jamba": {
        **NARROW,
        "attn_layer_offset": 1,
        "attn_layer_period": 2,
        "expert_layer_offset": 2,
        "expert_layer_period": 3,
        "mamba_d_state": 6,
        "mamba_dt_rank": 5,
        "num_experts": 5,
    },
    "lfm2_moe": {
        **NARROW,
        "layer_types": ["conv", "full_attention", "conv"],
        "moe_intermediate_size": 20,
        "num_dense_layers": 1,
        "num_experts": 5,
        "num_experts_per_tok": 2,
    },
    "llama": {**NARROW, "head_dim": 6},
    "minimax_m2": {
        **NARROW,
        "head_dim": 10,
        "intermediate_size": 20,
        "num_local_experts": 5,
        "num_experts_per_tok": 2,
        "rotary_dim": 6,
    },
    "mistral": NARROW,
    "mixtral": {
        **NARROW,
        "intermediate_size": 20,
        "num_local_experts": 5,
        "num_experts_per_tok": 2,
    },
    "mamba": _STATES,
    "mamba2": {**_STATES, "num_heads": 4, "head_dim": 16, "n_groups": 2},
    "nemotron_h": {
        **{key: value for key, value in NARROW.items() if key != "num_hidden_layers"},
        **{"conv_kernel": 3, "head_dim": 6, "n_groups": 2, "ssm_state_size": 6},
        "layers_block_type": ["linear_attention", "full_attention", "moe"],
        "mamba_head_dim": 10,
        "mamba_num_heads": 4,
        "moe_intermediate_size": 20,
        "moe_shared_expert_intermediate_size": 28,
        "n_routed_experts": 6,
    },
    "olmo": NARROW,
    "olmo2": NARROW,
    "olmo3": NARROW,
    "olmoe": {**NARROW, "intermediate_size": 20, "num_experts": 5, "num_experts_per_tok": 2},
    "opt": {**SIZES, **WIDE, "ffn_dim": 48},
    "phi": NARROW,
    "phi3": NARROW,
    "qwen2": NARROW,
    "qwen2_moe": {
        **NARROW,
        "moe_intermediate_size": 20,
        "num_experts": 5,
        "num_experts_per_tok": 2,
        "shared_expert_intermediate_size": 28,
    },
    "qwen3": {**NARROW, "head_dim": 10},
    "qwen3_moe": {
        **NARROW,
        "head_dim": 10,
        "moe_intermediate_size": 20,
        "num_experts": 5,
        "num_experts_per_tok": 2,
    },
    "qwen3_next": {
        **NARROW,
        **_DELTA,
        "moe_intermediate_size": 20,
        "num_experts": 5,
        "num_experts_per_tok": 2,
        "shared_expert_intermediate_size": 28,
        "mlp_only_layers": [1],
    },
    "qwen3_5_text": {**NARROW, **_DELTA},
    "qwen3_5_moe_text": {
        **NARROW,
        **_DELTA,
        "moe_intermediate_size": 20,
        "num_experts": 5,
        "num_experts_per_tok": 2,
        "shared_expert_intermediate_size": 28,
    },
    "roberta": {**SIZES, **WIDE, "intermediate_size": 48, "pad_token_id": 1},
    "smollm3": {**NARROW, "no_rope_layers": [1, 0, 1]},
    "stablelm": NARROW,
    "starcoder2": NARROW,
}
"""The smallest config in which no two widths that a row tells apart are equal by accident."""

CONFIGS["apertus"] = {
    **NARROW,
    "head_dim": 10,
    "rope_parameters": {"rope_type": "default", "rope_theta": 150000.0},
}
CONFIGS["modernbert"] = {**SIZES, **WIDE, "intermediate_size": 48}
_MIXTURE = {
    **{**NARROW, "head_dim": 12, "moe_intermediate_size": 20, "num_experts": 6},
    "num_experts_per_tok": 2,
}
CONFIGS |= {
    "afmoe": {
        **_MIXTURE,
        "global_attn_every_n_layers": 2,
        "mup_enabled": True,
        "num_shared_experts": 2,
        "route_scale": 2.5,
    },
    "glm4_moe": {
        **{key: value for key, value in _MIXTURE.items() if key != "num_experts"},
        "n_group": 3,
        "n_routed_experts": 6,
        "n_shared_experts": 2,
        "routed_scaling_factor": 2.5,
        "topk_group": 2,
    },
    "laguna": {
        **_MIXTURE,
        "layer_types": ["full_attention", "sliding_attention", "full_attention"],
        "moe_routed_scaling_factor": 2.5,
        "num_attention_heads_per_layer": [4, 6, 2],
        "shared_expert_intermediate_size": 28,
    },
    "mellum": _MIXTURE,
    "step3p7": {
        **{key: value for key, value in _MIXTURE.items() if key != "num_experts"},
        **{"n_routed_experts": 6, "num_sliding_attention_heads": 6, "share_expert_dim": 28},
        "layer_types": ["full_attention", "sliding_attention", "full_attention"],
        "mlp_layer_types": ["dense", "sparse", "sparse"],
        "moe_router_scaling_factor": 2.5,
        "sliding_window": 64,
        "swiglu_limits": [None, 0.0, 0.4],
        "swiglu_limits_shared": [0.6, None, 0.5],
    },
    "minimax_m3_vl": {
        **{**NARROW, "head_dim": 12, "intermediate_size": 20},
        **{"dense_intermediate_size": 48, "shared_intermediate_size": 28},
        **{"num_local_experts": 6, "num_experts_per_tok": 2, "routed_scaling_factor": 2.5},
        **{"index_head_dim": 8, "index_n_heads": 2, "swiglu_limit": 0.7},
        "layer_types": ["full_attention", "minimax_m3_sparse", "minimax_m3_sparse"],
        "mlp_layer_types": ["dense", "sparse", "sparse"],
    },
}
CONFIGS["xlm-roberta"] = CONFIGS["roberta"]
CONFIGS |= {"gemma3": CONFIGS["gemma3_text"], "mistral3": NARROW, "qwen3_vl": CONFIGS["qwen3"]}
CONFIGS |= {name: CONFIGS[f"{name}_text"] for name in ("qwen3_5", "qwen3_5_moe")}

_EYES = {"hidden_size": 16, "intermediate_size": 24, "patch_size": 4, "image_size": 8}
_TOWER = {**_EYES, "num_hidden_layers": 1, "num_attention_heads": 2}
_LOOKING = {**_EYES, "depth": 1, "num_heads": 2, "out_hidden_size": 32}
VISION = {
    "gemma3": _TOWER,
    "mistral3": _TOWER,
    "qwen3_vl": {
        **_LOOKING,
        "deepstack_visual_indexes": [0],
    },
    "qwen3_5": _LOOKING,
    "qwen3_5_moe": _LOOKING,
    "minimax_m3_vl": _TOWER,
    "step3p7": _TOWER,
}
"""The part of a model beside its language, which no analysis measures."""

TRANSPOSED = {"gpt2": ".c_", "gpt_oss": ".experts."}
"""What the names of weights that are (in, out) hold; those of all other models are (out, in)."""


def stated(model_type: str) -> Mapping[str, Any]:
    """What the tiny config of an architecture states; that of a derived row is stored with it."""
    derived = architectures.derived(model_type)
    return CONFIGS[model_type] if derived is None else derived.tiny


def config(model_type: str, **overrides: Any) -> transformers.PretrainedConfig:
    """The tiny config of an architecture, some of its values replaced."""
    tokens = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    settings = {**tokens, **stated(model_type), **overrides}
    part = architectures.row(model_type).part
    if part is not None:
        tied = {key: settings[key] for key in ("tie_word_embeddings",) if key in settings}
        of_part = {"model_type": part.model_types[0], **settings}
        settings = {part.key: of_part, "vision_config": VISION[model_type], **tied}
    return transformers.AutoConfig.for_model(model_type, **settings)


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
    for name, parameter in sorted([*model.named_parameters(), *stored_buffers(model)]):
        values = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim > 1:
            inputs = parameter.shape[-2 if turned in name else -1]
            values *= (2 / inputs) ** 0.5
        else:
            values = 0.3 * values + (0 if name.endswith("bias") else 1)
        parameter.data.copy_(values)
    return model


def stored_buffers(model: torch.nn.Module) -> list[tuple[str, torch.Tensor]]:
    """The buffers that are stored beside a model's parameters, single numbers left out, which are
    constants."""
    stored = model.state_dict()
    return [(name, held) for name, held in model.named_buffers() if name in stored and held.ndim]


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
    return loading.auto_class(architectures.row(model_type))
