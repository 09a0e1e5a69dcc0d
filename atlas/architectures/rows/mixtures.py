"""Mixtures of experts, which transformers stacks when live, gate and up fused."""

from __future__ import annotations

from dataclasses import replace

from atlas.architectures.layer_rules import (
    AnyOf,
    Either,
    Every,
    First,
    Numbers,
    Others,
    Rule,
    These,
    Words,
)
from atlas.architectures.row import Clamp, LayerKind, Mixture, Scale, Source, Variant
from atlas.architectures.rows.llama_like import LLAMA, MISTRAL, OLMO2, QWEN2, QWEN3

LIVE_EXPERTS = {
    "mlp.up": Source("mlp.experts.gate_up_proj", part="up", split="stacked", bare=True),
    "mlp.gate": Source("mlp.experts.gate_up_proj", part="gate", split="stacked", bare=True),
    "mlp.down": Source("mlp.experts.down_proj", bare=True),
}
EXPERTS_ONE_BY_ONE = {
    "router": Source("mlp.gate"),
    **{
        f"mlp.{part}": Source(
            f"mlp.experts.{{experts}}.{part}_proj", live=LIVE_EXPERTS[f"mlp.{part}"]
        )
        for part in ("up", "gate", "down")
    },
}


def experts(place: str, up: str, gate: str, down: str) -> dict[str, Source]:
    """Experts stored one by one, stacked when live, gate and up fused."""
    live = f"{place}.experts.gate_up_proj"
    stacked = {
        "mlp.up": Source(live, part="up", split="stacked", bare=True),
        "mlp.gate": Source(live, part="gate", split="stacked", bare=True),
        "mlp.down": Source(f"{place}.experts.down_proj", bare=True),
    }
    names = {"mlp.up": up, "mlp.gate": gate, "mlp.down": down}
    return {
        module: Source(f"{place}.experts.{{experts}}.{name}", live=stacked[module])
        for module, name in names.items()
    }


DENSE_INSTEAD = {
    **dict.fromkeys(("router", "router.correction")),
    **{f"shared.{part}": None for part in ("router", "up", "gate", "down")},
    **{f"mlp.{part}": Source(f"mlp.{part}_proj") for part in ("up", "gate", "down")},
}
DENSE_WIDTH = {"mixture": None, "keys": {"d_mlp": "intermediate_size"}}


def dense(where: Rule) -> LayerKind:
    """Layers with an MLP of its own width in the place of a mixture."""
    return LayerKind("dense MLP", where, DENSE_INSTEAD, DENSE_WIDTH)


DENSE_BETWEEN = dense(
    AnyOf((Numbers("mlp_only_layers"), Others(Every("decoder_sparse_step", offset=-1))))
)
LISTED_DENSE = Words("mlp_layer_types", ("dense",), others=("sparse",))

MIXTRAL = replace(
    MISTRAL,
    model_type="mixtral",
    modules={
        **MISTRAL.modules,
        "router": Source("block_sparse_moe.gate", live="mlp.gate"),
        **{
            f"mlp.{part}": Source(
                f"block_sparse_moe.experts.{{experts}}.{name}", live=LIVE_EXPERTS[f"mlp.{part}"]
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
    modules={**QWEN3.modules, **EXPERTS_ONE_BY_ONE},
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


def shared(name: str) -> dict[str, Source]:
    """What every token goes through beside its experts."""
    return {f"shared.{part}": Source(f"mlp.{name}.{part}_proj") for part in ("up", "gate", "down")}


QWEN2_MOE = replace(
    QWEN3_MOE,
    model_type="qwen2_moe",
    modules={
        **QWEN2.modules,
        **{f"attn.{part}": Source(f"self_attn.{part}_proj", bias="qkv_bias") for part in "qkv"},
        **EXPERTS_ONE_BY_ONE,
        **shared("shared_expert"),
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

MELLUM = replace(
    QWEN3_MOE,
    model_type="mellum",
    defaults={**LLAMA.defaults, "head_dim": 128, "norm_topk_prob": True, "num_key_value_heads": 4},
    layer_kinds=(dense(Either((LISTED_DENSE, These(())))),),
)

GLM4_MOE = replace(
    LLAMA,
    model_type="glm4_moe",
    modules={
        **LLAMA.modules,
        "attn.o": Source("self_attn.o_proj"),
        **EXPERTS_ONE_BY_ONE,
        "router.correction": Source("mlp.gate.e_score_correction_bias", bare=True),
        **shared("shared_experts"),
        "norm.q": Source("self_attn.q_norm", present="use_qk_norm"),
        "norm.k": Source("self_attn.k_norm", present="use_qk_norm"),
    },
    mixture=Mixture(
        "n_routed_experts",
        "num_experts_per_tok",
        renormalised="norm_topk_prob",
        scores="sigmoid",
        groups=("n_group", "topk_group"),
        scale="routed_scaling_factor",
        shared=("n_shared_experts", "moe_intermediate_size"),
    ),
    keys={"d_mlp": "moe_intermediate_size"},
    defaults={
        **LLAMA.defaults,
        "first_k_dense_replace": 1,
        "n_group": 1,
        "n_shared_experts": 1,
        "norm_topk_prob": True,
        "num_key_value_heads": 8,
        "rms_norm_eps": 1e-5,
        "routed_scaling_factor": 1.0,
        "topk_group": 1,
        "use_qk_norm": False,
    },
    layer_kinds=(dense(First("first_k_dense_replace")),),
    buffers=(*LLAMA.buffers, "layers.{i}.mlp.gate.e_score_correction_bias"),
)

_GATED_QWEN = {
    **QWEN3.modules,
    **EXPERTS_ONE_BY_ONE,
    **shared("shared_experts"),
}

AFMOE = replace(
    QWEN3,
    model_type="afmoe",
    modules={
        **_GATED_QWEN,
        "attn.gate": Source("self_attn.gate_proj"),
        "router": Source("mlp.router.gate"),
        "router.correction": Source("mlp.expert_bias", bare=True),
        "norm.attn_after": Source("post_attention_layernorm"),
        "norm.mlp": Source("pre_mlp_layernorm"),
        "norm.mlp_after": Source("post_mlp_layernorm"),
    },
    gate="sigmoid",
    joins=("post_attention_layernorm", "post_mlp_layernorm"),
    mixture=Mixture(
        "num_experts",
        "num_experts_per_tok",
        renormalised=True,
        scores="sigmoid",
        scale="route_scale",
        shared=("num_shared_experts", "moe_intermediate_size"),
    ),
    keys={"d_mlp": "moe_intermediate_size"},
    defaults={
        **LLAMA.defaults,
        "head_dim": 128,
        "mup_enabled": False,
        "num_dense_layers": 1,
        "num_shared_experts": 2,
        "rms_norm_eps": 1e-5,
        "route_scale": 1.0,
    },
    variants=(
        Variant({"mup_enabled": True}, {"scales": {"embedding": Scale("hidden_size", 0.5)}}),
    ),
    layer_kinds=(dense(First("num_dense_layers")),),
)

_GATE_PER_VALUE = {"shapes": {"attn.gate": ("q", "d_model")}}

LAGUNA = replace(
    QWEN3,
    model_type="laguna",
    modules={
        **_GATED_QWEN,
        "attn.gate": Source("self_attn.g_proj"),
        "router.correction": Source(
            "mlp.experts.e_score_correction_bias",
            live="mlp.gate.e_score_correction_bias",
            bare=True,
        ),
        **{
            name: replace(source, disk=source.disk.replace("experts", "expert"), live=source.disk)
            for name, source in shared("shared_experts").items()
        },
    },
    gate="softplus",
    shapes={"attn.gate": ("heads", "d_model")},
    mixture=Mixture(
        "num_experts",
        "num_experts_per_tok",
        renormalised=True,
        scores="sigmoid",
        scale="moe_routed_scaling_factor",
        shared=("shared_expert_intermediate_size",),
    ),
    keys={"d_mlp": "moe_intermediate_size"},
    defaults={
        **LLAMA.defaults,
        "gating": True,
        "head_dim": 128,
        "moe_routed_scaling_factor": 1.0,
        "num_key_value_heads": 8,
    },
    variants=(
        Variant({"gating": "per-element"}, _GATE_PER_VALUE),
        Variant({"gating": False}, _GATE_PER_VALUE),
    ),
    layer_kinds=(dense(Either((LISTED_DENSE, These((0,))))),),
    heads_by_layer="num_attention_heads_per_layer",
)

OLMOE = replace(
    LLAMA,
    model_type="olmoe",
    modules={
        **LLAMA.modules,
        **EXPERTS_ONE_BY_ONE,
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
