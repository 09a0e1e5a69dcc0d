"""Mixtures of experts that are the language part of models that also see."""

from __future__ import annotations

from dataclasses import replace

from atlas.architectures.layer_rules import Either, Flags, Numbers, Others, These, Words
from atlas.architectures.row import Clamp, LayerKind, Mixture, Norm, Part, Scale, Source
from atlas.architectures.rows.language_parts import within
from atlas.architectures.rows.llama_like import QWEN3
from atlas.architectures.rows.mixtures import (
    DENSE_INSTEAD,
    LISTED_DENSE,
    LIVE_EXPERTS,
    MINIMAX_M2,
    dense,
)


def _gated(name: str, disk: str, live: str) -> dict[str, Source]:
    """An MLP whose gate and up are stored apart, and one matrix when live."""
    return {
        **{
            f"{name}.{part}": Source(
                f"{disk}.{part}_proj",
                live=Source(f"{live}.gate_up_proj", part=part, split="stacked"),
            )
            for part in ("gate", "up")
        },
        f"{name}.down": Source(f"{disk}.down_proj", live=f"{live}.down_proj"),
    }


MINIMAX_M3_VL = replace(
    within(MINIMAX_M2, "minimax_m3_vl", "minimax_m3_vl_text"),
    modules={
        **MINIMAX_M2.modules,
        **_gated("shared", "block_sparse_moe.shared_experts", "mlp.shared_experts"),
        "router.correction": Source(
            "block_sparse_moe.e_score_correction_bias",
            live="mlp.gate.e_score_correction_bias",
            bare=True,
        ),
    },
    norm=Norm("rms", eps="rms_norm_eps", offset=1.0),
    shapes={},
    mixture=Mixture(
        "num_local_experts",
        "num_experts_per_tok",
        renormalised=True,
        scores="sigmoid",
        scale="routed_scaling_factor",
        shared=("shared_intermediate_size",),
    ),
    clamp=Clamp(alpha="swiglu_alpha", limit="swiglu_limit"),
    # Its gate is the one with limits, under whichever name.
    meant={"hidden_act": {"swigluoai": "silu"}},
    defaults={
        **MINIMAX_M2.defaults,
        "num_key_value_heads": 4,
        "routed_scaling_factor": 2.0,
        "swiglu_alpha": 1.702,
        "swiglu_limit": 7.0,
    },
    layer_kinds=(
        LayerKind(
            "dense MLP",
            where=Either((LISTED_DENSE, Others(Flags("moe_layer_freq")), These(()))),
            modules={**DENSE_INSTEAD, **_gated("mlp", "mlp", "mlp")},
            columns={"mixture": None, "keys": {"d_mlp": "dense_intermediate_size"}},
        ),
        LayerKind(
            "choice of keys",
            where=Either(
                (
                    Words("layer_types", ("minimax_m3_sparse",), others=("full_attention",)),
                    Flags("sparse_attention_freq", within="sparse_attention_config"),
                    These(()),
                )
            ),
            modules={
                f"{name}{part}": Source(
                    f"self_attn.index_{part}_{kind}", live=f"self_attn.indexer.{part}_{kind}"
                )
                for name, kind in (("index.", "proj"), ("norm.index_", "norm"))
                for part in ("q", "k")
            },
        ),
    ),
)

STEP3P7 = replace(
    QWEN3,
    model_type="step3p7",
    part=Part("text_config", ("step3p5",)),
    prefixes=("model.language_model.", "model."),
    live_prefix="model.language_model.",
    modules={
        **QWEN3.modules,
        **{
            f"mlp.{part}": Source(f"mlp.{part}_proj", bias="mlp_bias")
            for part in ("up", "gate", "down")
        },
        "attn.gate": Source("self_attn.g_proj"),
        "router": Source("moe.gate", live="mlp.gate"),
        "router.correction": Source(
            "moe.router_bias", live="mlp.gate.e_score_correction_bias", bare=True
        ),
        **{
            f"mlp.{part}": Source(f"moe.{part}_proj", live=LIVE_EXPERTS[f"mlp.{part}"])
            for part in ("up", "gate", "down")
        },
        **{
            f"shared.{part}": Source(
                f"share_expert.{part}_proj",
                live=f"mlp.shared_experts.{part}_proj",
                bias="mlp_bias",
            )
            for part in ("up", "gate", "down")
        },
    },
    norm=Norm("rms", eps="rms_norm_eps", offset=1.0),
    gate="sigmoid",
    shapes={"attn.gate": ("heads", "d_model")},
    mixture=Mixture(
        "n_routed_experts",
        "num_experts_per_tok",
        renormalised=True,
        scores="sigmoid",
        scale="moe_router_scaling_factor",
        shared=("share_expert_dim",),
    ),
    keys={"d_mlp": "moe_intermediate_size"},
    older_keys={
        "attention_other_setting.num_attention_heads": "num_sliding_attention_heads",
        "moe_num_experts": "n_routed_experts",
        "moe_top_k": "num_experts_per_tok",
        "num_attention_groups": "num_key_value_heads",
        "num_experts": "n_routed_experts",
        "share_expert_dims": "share_expert_dim",
    },
    scales={"attention": Scale("query_pre_attn_scalar", -0.5)},
    defaults={
        "attention_bias": False,
        "head_dim": 128,
        "hidden_act": "silu",
        "mlp_bias": False,
        "moe_router_scaling_factor": 1.0,
        "num_key_value_heads": 8,
        "rms_norm_eps": 1e-5,
    },
    layer_kinds=(
        dense(Either((LISTED_DENSE, Others(Numbers("moe_layers_enum")), These((0, 1, 2))))),
        LayerKind(
            "window",
            where=Either(
                (
                    Words("layer_types", ("sliding_attention",), others=("full_attention",)),
                    These(()),
                )
            ),
            modules={},
            columns={"keys": {"heads": "num_sliding_attention_heads"}},
        ),
    ),
    limits_by_layer=("swiglu_limits", "swiglu_limits_shared"),
    buffers=("layers.{i}.moe.router_bias",),
)
