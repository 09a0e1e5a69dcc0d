"""Mixtures of experts that are the language part of models that also see."""

from __future__ import annotations

from dataclasses import replace

from atlas.architectures.layer_rules import Either, Flags, Others, These, Words
from atlas.architectures.row import Clamp, LayerKind, Mixture, Norm, Source
from atlas.architectures.rows.language_parts import within
from atlas.architectures.rows.mixtures import DENSE_INSTEAD, LISTED_DENSE, MINIMAX_M2


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
