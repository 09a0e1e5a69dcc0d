"""Decoders in which some layers have another mixer than attention: a convolution, linear attention,
a state space."""

from __future__ import annotations

from dataclasses import replace

from atlas.architectures.layer_rules import All, Either, Numbers, Others, Words
from atlas.architectures.row import ATTENTION, LayerKind, Norm, Rounded, Source
from atlas.architectures.rows.llama_like import LLAMA

NO_ATTENTION = dict.fromkeys(ATTENTION)

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
            modules={
                **NO_ATTENTION,
                "mixer.in": Source("conv.in_proj", bias="conv_bias"),
                "mixer.conv": Source("conv.conv", bias="conv_bias", called=False),
                "mixer.out": Source("conv.out_proj", bias="conv_bias"),
            },
            columns={"joins": ("conv", "feed_forward")},
        ),
    ),
    buffers=(),
)
