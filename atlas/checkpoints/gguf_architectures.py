"""What GGUF calls the parts of an architecture, and what it does to their values: a row each.

Written from llama.cpp's converter of models, whose changes are undone here. Names are held to the
`gguf` package by a test, values to transformers' own reader of GGUF.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class GgufArchitecture:
    """An architecture as GGUF has it.

    `name`: `general.architecture`, which keys of its metadata begin with; `model_type`: as a
    config.json names it. `keys`: metadata -> key of the config. `fixed`: keys of the config that
    the architecture implies. `filled`: what the config's class fills in where the file lacks a
    key, in words by that key.
    `layer` and `outside`: names of tensors there -> native names. `permuted`: whether rows of
    queries and keys lie in pairs that a rotation turns, not in halves. `raised`: what was added to
    the gains of norms. `transposed`: native names in a layer whose weights are (in, out).
    """

    name: str
    model_type: str
    keys: Mapping[str, str]
    layer: Mapping[str, str]
    outside: Mapping[str, str]
    layers: str = "model.layers"
    fixed: Mapping[str, Any] = field(default_factory=dict)
    filled: Mapping[str, str] = field(default_factory=dict)
    permuted: bool = False
    raised: float = 0.0
    transposed: tuple[str, ...] = ()


COMMON = {
    "block_count": "num_hidden_layers",
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "rope.freq_base": "rope_theta",
}

LLAMA = GgufArchitecture(
    name="llama",
    model_type="llama",
    keys=COMMON,
    layer={
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "attn_norm": "input_layernorm",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
        "ffn_norm": "post_attention_layernorm",
    },
    outside={"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"},
    permuted=True,
)
"""Mistral too: it is converted as llama, and computes the same."""

QWEN2 = replace(LLAMA, name="qwen2", model_type="qwen2", permuted=False)

QWEN3 = replace(
    QWEN2,
    name="qwen3",
    model_type="qwen3",
    layer={**LLAMA.layer, "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"},
)

EXPERTS = "mlp.experts.{expert}."
"""Where experts are numbered in a native name: one tensor of the file holds those of a layer."""

QWEN3_MOE = replace(
    QWEN3,
    name="qwen3moe",
    model_type="qwen3_moe",
    keys={
        **COMMON,
        "expert_count": "num_experts",
        "expert_used_count": "num_experts_per_tok",
        "expert_feed_forward_length": "moe_intermediate_size",
    },
    layer={
        **{name: native for name, native in QWEN3.layer.items() if "mlp" not in native},
        "ffn_gate_inp": "mlp.gate",
        "ffn_gate_exps": f"{EXPERTS}gate_proj",
        "ffn_up_exps": f"{EXPERTS}up_proj",
        "ffn_down_exps": f"{EXPERTS}down_proj",
    },
    fixed={"norm_topk_prob": True, "decoder_sparse_step": 1, "mlp_only_layers": []},
)

SLIDING = "attention.sliding_window_pattern"
"""Refused where a file has it, as anything that is not read."""

GEMMA2 = replace(
    LLAMA,
    name="gemma2",
    model_type="gemma2",
    keys={
        **COMMON,
        "attention.sliding_window": "sliding_window",
        "attn_logit_softcapping": "attn_logit_softcapping",
        "final_logit_softcapping": "final_logit_softcapping",
    },
    layer={
        **LLAMA.layer,
        "post_attention_norm": "post_attention_layernorm",
        "ffn_norm": "pre_feedforward_layernorm",
        "post_ffw_norm": "post_feedforward_layernorm",
    },
    outside={name: native for name, native in LLAMA.outside.items() if name != "output"},
    filled={SLIDING: "which layers slide (every other one)"},
    permuted=False,
    raised=1.0,
)

GEMMA3 = replace(
    GEMMA2,
    name="gemma3",
    model_type="gemma3_text",
    keys={**GEMMA2.keys, "rope.freq_base_swa": "rope_local_base_freq"},
    outside=LLAMA.outside,
    layer={**GEMMA2.layer, "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"},
    filled={
        SLIDING: "which layers slide (five of six)",
        "rope.freq_base_swa": "the rotation's base of sliding layers (10,000)",
    },
)

PHI3 = replace(
    LLAMA,
    name="phi3",
    model_type="phi3",
    keys={**COMMON, "attention.sliding_window": "sliding_window"},
    layer={
        "attn_qkv": "self_attn.qkv_proj",
        "attn_output": "self_attn.o_proj",
        "attn_norm": "input_layernorm",
        "ffn_up": "mlp.gate_up_proj",
        "ffn_down": "mlp.down_proj",
        "ffn_norm": "post_attention_layernorm",
    },
    permuted=False,
)

GPT2 = GgufArchitecture(
    name="gpt2",
    model_type="gpt2",
    keys={
        "block_count": "n_layer",
        "context_length": "n_positions",
        "embedding_length": "n_embd",
        "feed_forward_length": "n_inner",
        "attention.head_count": "n_head",
        "attention.layer_norm_epsilon": "layer_norm_epsilon",
    },
    layer={
        "attn_qkv": "attn.c_attn",
        "attn_output": "attn.c_proj",
        "attn_norm": "ln_1",
        "ffn_up": "mlp.c_fc",
        "ffn_down": "mlp.c_proj",
        "ffn_norm": "ln_2",
    },
    outside={
        "token_embd": "transformer.wte",
        "position_embd": "transformer.wpe",
        "output_norm": "transformer.ln_f",
        "output": "lm_head",
    },
    layers="transformer.h",
    transposed=("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"),
)

ROWS = {row.name: row for row in (LLAMA, QWEN2, QWEN3, QWEN3_MOE, GEMMA2, GEMMA3, PHI3, GPT2)}
