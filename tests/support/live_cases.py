"""Tiny models of every row and its variants, live beside their checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tiny
import torch

from atlas.loaded.proofs.case import Case

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in tiny.CONFIGS},
    "bert, one layer": ("bert", {"num_hidden_layers": 1}),
    "bert, untied": ("bert", {"tie_word_embeddings": False}),
    "bloom, untied": ("bloom", {"tie_word_embeddings": False}),
    "cohere, biases": ("cohere", {"attention_bias": True}),
    "cohere, query and key norms": ("cohere", {"use_qk_norm": True}),
    "falcon, a key per head": ("falcon", {"multi_query": False}),
    "falcon, grouped, one norm": (
        "falcon",
        {"new_decoder_architecture": True, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1},
    ),
    "falcon, grouped, two norms": (
        "falcon",
        {"new_decoder_architecture": True, "num_kv_heads": 2},
    ),
    "falcon, no bias": ("falcon", {"bias": False}),
    "falcon, sequential": ("falcon", {"multi_query": False, "parallel_attn": False}),
    "gemma, bfloat16": ("gemma", {"dtype": torch.bfloat16}),
    "gemma, biases": ("gemma", {"attention_bias": True}),
    "gemma2, soft caps": (
        "gemma2",
        {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0},
    ),
    "gemma3_text, two thetas": (
        "gemma3_text",
        {"layer_types": ["full_attention", "sliding_attention", "full_attention"]},
    ),
    "afmoe, no dense layer": ("afmoe", {"num_dense_layers": 0, "mup_enabled": False}),
    "glm4_moe, biases and norms": (
        "glm4_moe",
        {"attention_bias": True, "use_qk_norm": True, "norm_topk_prob": False},
    ),
    "glm4, no bias": ("glm4", {"attention_bias": False}),
    "gpt2, bfloat16": ("gpt2", {"dtype": torch.bfloat16}),
    "gpt2, n_inner": ("gpt2", {"n_inner": 40}),
    "gpt2, untied": ("gpt2", {"tie_word_embeddings": False}),
    "gpt_bigcode, a key per head": ("gpt_bigcode", {"multi_query": False}),
    "gpt_neox, float16": ("gpt_neox", {"dtype": torch.float16}),
    "gpt_neox, no attention bias": ("gpt_neox", {"attention_bias": False}),
    "gpt_neox, sequential": ("gpt_neox", {"use_parallel_residual": False}),
    "gpt_neox, tied": ("gpt_neox", {"tie_word_embeddings": True}),
    "gpt_oss, bfloat16": ("gpt_oss", {"dtype": torch.bfloat16}),
    "gpt_oss, gates at their limit": ("gpt_oss", {"swiglu_limit": 0.3}),
    "gpt_oss, no attention bias": ("gpt_oss", {"attention_bias": False}),
    "granite, biases": ("granite", {"attention_bias": True, "mlp_bias": True}),
    "falcon_h1, biases": (
        "falcon_h1",
        {"attention_bias": True, "mlp_bias": True, "projectors_bias": True},
    ),
    "falcon_h1, a norm in the mixer": ("falcon_h1", {"mamba_rms_norm": True}),
    "granitemoehybrid, biases": (
        "granitemoehybrid",
        {"attention_bias": True, "mamba_conv_bias": False, "mamba_proj_bias": True},
    ),
    "granitemoehybrid, no attention": ("granitemoehybrid", {"layer_types": None}),
    "granitemoehybrid, no experts": ("granitemoehybrid", {"num_local_experts": 0}),
    "hunyuan_v1_dense, biases": ("hunyuan_v1_dense", {"attention_bias": True}),
    "lfm2, biases": ("lfm2", {"conv_bias": True}),
    "lfm2, width as stated": ("lfm2", {"block_auto_adjust_ff_dim": False}),
    "laguna, a gate per value": ("laguna", {"gating": "per-element"}),
    "laguna, heads alike": ("laguna", {"num_attention_heads_per_layer": [4, 4, 4]}),
    "llama, as many key/value heads": ("llama", {"num_key_value_heads": 4}),
    "llama, bfloat16": ("llama", {"dtype": torch.bfloat16}),
    "llama, biases": ("llama", {"attention_bias": True, "mlp_bias": True}),
    "llama, one key/value head": ("llama", {"num_key_value_heads": 1}),
    "llama, one layer": ("llama", {"num_hidden_layers": 1}),
    "llama, tied": ("llama", {"tie_word_embeddings": True}),
    "mistral, wide heads": ("mistral", {"head_dim": 12}),
    "mixtral, bfloat16": ("mixtral", {"dtype": torch.bfloat16}),
    "mixtral, every expert": ("mixtral", {"num_experts_per_tok": 5}),
    "modernbert, biases": (
        "modernbert",
        {"attention_bias": True, "mlp_bias": True, "norm_bias": True},
    ),
    "olmo2, biases": ("olmo2", {"attention_bias": True}),
    "olmoe, renormalised": ("olmoe", {"norm_topk_prob": True}),
    "opt, no bias": ("opt", {"enable_bias": False}),
    "opt, post-norm": ("opt", {"do_layer_norm_before": False}),
    "phi, query and key norms": ("phi", {"qk_layernorm": True}),
    "phi3, as many key/value heads": ("phi3", {"num_key_value_heads": 4}),
    "qwen3, biases": ("qwen3", {"attention_bias": True}),
    "qwen3, tied": ("qwen3", {"tie_word_embeddings": True}),
    "jamba, biases": ("jamba", {"mamba_proj_bias": True, "mamba_conv_bias": False}),
    "lfm2_moe, biases": ("lfm2_moe", {"conv_bias": True, "norm_topk_prob": False}),
    "lfm2_moe, no correction": ("lfm2_moe", {"use_expert_bias": False}),
    "nemotron_h, biases": (
        "nemotron_h",
        {"mlp_bias": True, "use_bias": True, "use_conv_bias": False},
    ),
    "nemotron_h, dense": (
        "nemotron_h",
        {"layers_block_type": ["mlp", "full_attention", "linear_attention", "moe"]},
    ),
    "nemotron_h, groups": ("nemotron_h", {"n_group": 2, "routed_scaling_factor": 2.5}),
    "qwen3_next, biases": ("qwen3_next", {"attention_bias": True}),
    "qwen3_next, every fourth layer": ("qwen3_next", {"layer_types": None, "num_hidden_layers": 4}),
    "qwen3_moe, dense first": ("qwen3_moe", {"mlp_only_layers": [0]}),
    "qwen3_moe, dense between": ("qwen3_moe", {"decoder_sparse_step": 2}),
    "qwen3_moe, renormalised": ("qwen3_moe", {"norm_topk_prob": True}),
    "smollm3, biases": ("smollm3", {"attention_bias": True, "mlp_bias": True}),
    "stablelm, parallel": ("stablelm", {"use_parallel_residual": True}),
    "stablelm, query and key norms": ("stablelm", {"qk_layernorm": True, "use_qkv_bias": True}),
    "starcoder2, no bias": ("starcoder2", {"use_bias": False}),
}


def make(folder: Path, variant: str) -> Case:
    """One of `VARIANTS`, made in a folder."""
    name, overrides = VARIANTS[variant]
    return Case.of(tiny.make(folder, name, **overrides))
