"""Qwen's decoders in which one layer in four has attention, and the others linear attention by the
gated delta rule (Yang, Kautz & Hatamizadeh 2025, arXiv 2412.06464)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from atlas.architectures.layer_rules import Either, Every, Others, Words
from atlas.architectures.row import ATTENTION, LayerKind, Mixture, Norm, Row, Source
from atlas.architectures.rows.llama_like import QWEN3
from atlas.architectures.rows.mixtures import (
    DENSE_BETWEEN,
    EXPERTS_ONE_BY_ONE,
    QWEN3_MOE,
    shared,
)


def _linear(inputs: dict[str, str]) -> LayerKind:
    """Layers with linear attention; `inputs`: its projections of the stream."""
    words = Words("layer_types", ("linear_attention",), others=("full_attention",))
    return LayerKind(
        "linear attention",
        where=Either((words, Others(Every("full_attention_interval", offset=-1)))),
        modules={
            **dict.fromkeys(ATTENTION),
            **{module: Source(f"linear_attn.{name}") for module, name in inputs.items()},
            "mixer.step_bias": Source("linear_attn.dt_bias", bare=True),
            "mixer.conv": Source("linear_attn.conv1d", called=False),
            "mixer.A": Source("linear_attn.A_log", bare=True),
            "mixer.norm": Source("linear_attn.norm", called=False),
            "mixer.out": Source("linear_attn.out_proj"),
        },
        columns={"joins": ("linear_attn", "mlp")},
    )


_FUSED = _linear({"mixer.in": "in_proj_qkvz", "mixer.rates": "in_proj_ba"})
_APART = _linear(
    {
        "mixer.in": "in_proj_qkv",
        "mixer.gate": "in_proj_z",
        "mixer.write": "in_proj_b",
        "mixer.decay": "in_proj_a",
    }
)
_DEFAULTS = {
    "attention_bias": False,
    "full_attention_interval": 4,
    "head_dim": 256,
    "hidden_act": "silu",
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-6,
}
_MODULES = {
    **QWEN3.modules,
    "attn.q": Source("self_attn.q_proj", bias="attention_bias", part="q", split="paired"),
    "attn.gate": Source("self_attn.q_proj", bias="attention_bias", part="gate", split="paired"),
}
_EXPERTS = {
    **EXPERTS_ONE_BY_ONE,
    **shared("shared_expert"),
    "shared.router": Source("mlp.shared_expert_gate"),
}
_SHARED_WIDTH = ("shared_expert_intermediate_size",)


def _row(model_type: str, **columns: Any) -> Row:
    """A row like that of Qwen3, with a gate between heads and o."""
    norm = Norm("rms", eps="rms_norm_eps", offset=1.0)
    return replace(QWEN3, model_type=model_type, norm=norm, gate="sigmoid", **columns)


QWEN3_NEXT = _row(
    "qwen3_next",
    modules={**_MODULES, **_EXPERTS},
    mixture=Mixture(
        "num_experts", "num_experts_per_tok", renormalised="norm_topk_prob", shared=_SHARED_WIDTH
    ),
    keys=QWEN3_MOE.keys,
    older_keys=QWEN3_MOE.older_keys,
    defaults={
        **_DEFAULTS,
        "decoder_sparse_step": 1,
        "mlp_only_layers": [],
        "norm_topk_prob": True,
    },
    layer_kinds=(_FUSED, DENSE_BETWEEN),
)

QWEN3_5_TEXT = _row(
    "qwen3_5_text",
    modules=_MODULES,
    defaults={**_DEFAULTS, "num_key_value_heads": 4},
    layer_kinds=(_APART,),
)

QWEN3_5_MOE_TEXT = _row(
    "qwen3_5_moe_text",
    modules={**_MODULES, **_EXPERTS},
    mixture=Mixture("num_experts", "num_experts_per_tok", renormalised=True, shared=_SHARED_WIDTH),
    keys=QWEN3_MOE.keys,
    older_keys=QWEN3_MOE.older_keys,
    defaults=_DEFAULTS,
    layer_kinds=(_APART,),
)
