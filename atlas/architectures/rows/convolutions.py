"""Liquid's decoders in which most layers have a short convolution and some have attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from atlas.architectures.layer_rules import All, Either, First, Numbers, Others, Words
from atlas.architectures.row import (
    ATTENTION,
    EXPERT_MODULES,
    LayerKind,
    Mixture,
    Norm,
    Rounded,
    Source,
)
from atlas.architectures.rows.llama_like import LLAMA
from atlas.architectures.rows.mixtures import experts

_CONVOLUTION: Mapping[str, Any] = {
    "modules": {
        **dict.fromkeys(ATTENTION),
        "mixer.in": Source("conv.in_proj", bias="conv_bias"),
        "mixer.conv": Source("conv.conv", bias="conv_bias", called=False),
        "mixer.out": Source("conv.out_proj", bias="conv_bias"),
    },
    "columns": {"joins": ("conv", "feed_forward")},
}

LFM2 = replace(
    LLAMA,
    model_type="lfm2",
    modules={
        "attn.q": Source("self_attn.q_proj"),
        "attn.k": Source("self_attn.k_proj"),
        "attn.v": Source("self_attn.v_proj"),
        "attn.o": Source("self_attn.out_proj"),
        "mlp.up": Source("feed_forward.w3"),
        "mlp.gate": Source("feed_forward.w1"),
        "mlp.down": Source("feed_forward.w2"),
        "norm.attn": Source("operator_norm"),
        "norm.mlp": Source("ffn_norm"),
        "norm.q": Source("self_attn.q_layernorm"),
        "norm.k": Source("self_attn.k_layernorm"),
    },
    outside={**LLAMA.outside, "final_norm": Source("embedding_norm")},
    norm=Norm("rms", eps="norm_eps"),
    joins=("self_attn.out_proj", "feed_forward"),
    older_keys={"block_ff_dim": "intermediate_size", "tie_embedding": "tie_word_embeddings"},
    mlp_rounded=Rounded(
        "block_auto_adjust_ff_dim", "block_ffn_dim_multiplier", "block_multiple_of"
    ),
    defaults={
        "block_auto_adjust_ff_dim": True,
        "block_ffn_dim_multiplier": 1.0,
        "block_multiple_of": 256,
        "conv_bias": False,
        "hidden_act": "silu",
        "norm_eps": 1e-5,
        "num_key_value_heads": 8,
        "tie_word_embeddings": True,
    },
    layer_kinds=(
        LayerKind(
            "convolution",
            where=Either(
                (
                    Words("layer_types", ("conv",), others=("full_attention",)),
                    Others(Numbers("full_attn_idxs")),
                    Others(All()),
                )
            ),
            **_CONVOLUTION,
        ),
    ),
    buffers=(),
)

LFM2_MOE = replace(
    LFM2,
    model_type="lfm2_moe",
    modules={
        **LFM2.modules,
        "router": Source("feed_forward.gate"),
        "router.correction": Source(
            "feed_forward.expert_bias", bare=True, present="use_expert_bias"
        ),
        **experts("feed_forward", up="w3", gate="w1", down="w2"),
    },
    mixture=Mixture(
        "num_experts",
        "num_experts_per_tok",
        renormalised="norm_topk_prob",
        scores="sigmoid",
        scale="routed_scaling_factor",
    ),
    keys={"d_mlp": "moe_intermediate_size"},
    older_keys={"tie_embedding": "tie_word_embeddings"},
    mlp_rounded=None,
    defaults={
        "conv_bias": False,
        "hidden_act": "silu",
        "norm_eps": 1e-5,
        "norm_topk_prob": True,
        "num_dense_layers": 2,
        "num_key_value_heads": 8,
        "routed_scaling_factor": 1.0,
        "tie_word_embeddings": True,
        "use_expert_bias": True,
    },
    buffers=("layers.{i}.feed_forward.expert_bias",),
    layer_kinds=(
        LayerKind(
            "convolution",
            where=Words("layer_types", ("conv",), others=("full_attention",)),
            **_CONVOLUTION,
        ),
        LayerKind(
            "dense MLP",
            where=First("num_dense_layers"),
            modules={
                **dict.fromkeys(("router", "router.correction")),
                **{name: LFM2.modules[name] for name in EXPERT_MODULES},
            },
            columns={"mixture": None, "keys": {"d_mlp": "intermediate_size"}},
        ),
    ),
)
