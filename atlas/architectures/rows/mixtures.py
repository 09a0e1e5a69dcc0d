"""Mixtures of experts, which transformers stacks when live, gate and up fused."""

from __future__ import annotations

from dataclasses import replace

from atlas.architectures.layer_rules import AnyOf, Every, Numbers, Others
from atlas.architectures.row import Clamp, LayerKind, Mixture, Source
from atlas.architectures.rows.llama_like import LLAMA, MISTRAL, OLMO2, QWEN2, QWEN3

_LIVE_EXPERTS = {
    "mlp.up": Source("mlp.experts.gate_up_proj", part="up", split="stacked", bare=True),
    "mlp.gate": Source("mlp.experts.gate_up_proj", part="gate", split="stacked", bare=True),
    "mlp.down": Source("mlp.experts.down_proj", bare=True),
}
_EXPERTS_ONE_BY_ONE = {
    "router": Source("mlp.gate"),
    **{
        f"mlp.{part}": Source(
            f"mlp.experts.{{experts}}.{part}_proj", live=_LIVE_EXPERTS[f"mlp.{part}"]
        )
        for part in ("up", "gate", "down")
    },
}

DENSE_INSTEAD = {
    **dict.fromkeys(("router", "router.correction")),
    **{f"shared.{part}": None for part in ("router", "up", "gate", "down")},
    **{f"mlp.{part}": Source(f"mlp.{part}_proj") for part in ("up", "gate", "down")},
}
DENSE_WIDTH = {"mixture": None, "keys": {"d_mlp": "intermediate_size"}}

DENSE_BETWEEN = LayerKind(
    "dense MLP",
    where=AnyOf((Numbers("mlp_only_layers"), Others(Every("decoder_sparse_step", offset=-1)))),
    modules=DENSE_INSTEAD,
    columns=DENSE_WIDTH,
)

MIXTRAL = replace(
    MISTRAL,
    model_type="mixtral",
    modules={
        **MISTRAL.modules,
        "router": Source("block_sparse_moe.gate", live="mlp.gate"),
        **{
            f"mlp.{part}": Source(
                f"block_sparse_moe.experts.{{experts}}.{name}", live=_LIVE_EXPERTS[f"mlp.{part}"]
            )
            for part, name in (("up", "w3"), ("gate", "w1"), ("down", "w2"))
        },
    },
    joins=("self_attn.o_proj", "mlp"),
    mixture=Mixture("num_local_experts", "num_experts_per_tok", renormalised=True),
    older_keys={"num_experts": "num_local_experts"},
    defaults={**MISTRAL.defaults, "rms_norm_eps": 1e-5},
)

QWEN3_MOE = replace(
    QWEN3,
    model_type="qwen3_moe",
    modules={**QWEN3.modules, **_EXPERTS_ONE_BY_ONE},
    mixture=Mixture("num_experts", "num_experts_per_tok", renormalised="norm_topk_prob"),
    keys={"d_mlp": "moe_intermediate_size"},
    older_keys={"num_local_experts": "num_experts"},
    defaults={
        **LLAMA.defaults,
        "decoder_sparse_step": 1,
        "mlp_only_layers": [],
        "norm_topk_prob": False,
        "num_key_value_heads": 4,
    },
    layer_kinds=(DENSE_BETWEEN,),
)


def _shared(name: str) -> dict[str, Source]:
    """What every token goes through beside its experts."""
    return {f"shared.{part}": Source(f"mlp.{name}.{part}_proj") for part in ("up", "gate", "down")}


QWEN2_MOE = replace(
    QWEN3_MOE,
    model_type="qwen2_moe",
    modules={
        **QWEN2.modules,
        **{f"attn.{part}": Source(f"self_attn.{part}_proj", bias="qkv_bias") for part in "qkv"},
        **_EXPERTS_ONE_BY_ONE,
        **_shared("shared_expert"),
        "shared.router": Source("mlp.shared_expert_gate"),
    },
    mixture=Mixture(
        "num_experts",
        "num_experts_per_tok",
        renormalised="norm_topk_prob",
        shared=("shared_expert_intermediate_size",),
    ),
    defaults={**QWEN3_MOE.defaults, "num_key_value_heads": 16, "qkv_bias": True},
)

MINIMAX_M2 = replace(
    MIXTRAL,
    model_type="minimax_m2",
    modules={
        **MIXTRAL.modules,
        "router.correction": Source(
            "block_sparse_moe.e_score_correction_bias",
            live="mlp.e_score_correction_bias",
            bare=True,
        ),
        "norm.q": Source("self_attn.q_norm"),
        "norm.k": Source("self_attn.k_norm"),
    },
    shapes=OLMO2.shapes,
    mixture=Mixture(
        "num_local_experts", "num_experts_per_tok", renormalised=True, scores="sigmoid"
    ),
    defaults={
        "hidden_act": "silu",
        "head_dim": 128,
        "num_key_value_heads": 8,
        "rms_norm_eps": 1e-6,
    },
    buffers=("layers.{i}.block_sparse_moe.e_score_correction_bias",),
)

OLMOE = replace(
    LLAMA,
    model_type="olmoe",
    modules={
        **LLAMA.modules,
        **_EXPERTS_ONE_BY_ONE,
        "norm.q": Source("self_attn.q_norm"),
        "norm.k": Source("self_attn.k_norm"),
    },
    shapes=OLMO2.shapes,
    mixture=Mixture("num_experts", "num_experts_per_tok", renormalised="norm_topk_prob"),
    older_keys={"num_local_experts": "num_experts"},
    defaults={**LLAMA.defaults, "norm_topk_prob": False, "rms_norm_eps": 1e-5},
    # Values that are clipped are not a linear map of the input.
    requires={"clip_qkv": None},
)

GPT_OSS = replace(
    LLAMA,
    model_type="gpt_oss",
    modules={
        **LLAMA.modules,
        "attn.sinks": Source("self_attn.sinks", bare=True),
        "router": Source("mlp.router", bias=True),
        **{
            f"mlp.{part}": Source(
                "mlp.experts.gate_up_proj",
                bias=True,
                part=part,
                split="interleaved",
                transposed=True,
                bare=True,
            )
            for part in ("gate", "up")
        },
        "mlp.down": Source("mlp.experts.down_proj", bias=True, transposed=True, bare=True),
    },
    # Its `mlp` gives the router's scores beside its output.
    joins=("self_attn.o_proj", "mlp.experts"),
    mixture=Mixture("num_local_experts", "num_experts_per_tok", renormalised=True),
    clamp=Clamp(alpha="swiglu_alpha", limit="swiglu_limit"),
    older_keys={"num_experts": "num_local_experts"},
    defaults={
        **LLAMA.defaults,
        "attention_bias": True,
        "head_dim": 64,
        "num_key_value_heads": 8,
        "rms_norm_eps": 1e-5,
        "swiglu_alpha": 1.702,
        "swiglu_limit": 7.0,
    },
)
