"""Decoders in which some layers have another mixer than attention: a convolution, a state space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from atlas.architectures.layer_rules import All, Either, Every, First, Numbers, Others, Words
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

NO_ATTENTION = dict.fromkeys(ATTENTION)


def _experts(place: str, up: str, gate: str, down: str) -> dict[str, Source]:
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


def mamba2(place: str, bias: str, conv_bias: str) -> dict[str, Source | None]:
    """The modules of a layer with a state space as in Mamba 2 (Dao & Gu 2024), no attention."""
    return {
        **NO_ATTENTION,
        "mixer.in": Source(f"{place}.in_proj", bias=bias),
        "mixer.step_bias": Source(f"{place}.dt_bias", bare=True),
        "mixer.conv": Source(f"{place}.conv1d", bias=conv_bias, called=False),
        "mixer.A": Source(f"{place}.A_log", bare=True),
        "mixer.D": Source(f"{place}.D", bare=True),
        "mixer.norm": Source(f"{place}.norm", called=False),
        "mixer.out": Source(f"{place}.out_proj", bias=bias),
    }


def mamba(place: str, bias: str, conv_bias: str) -> dict[str, Source | None]:
    """The same as in Mamba (Gu & Dao 2023)."""
    return {
        **NO_ATTENTION,
        "mixer.in": Source(f"{place}.in_proj", bias=bias),
        "mixer.rates": Source(f"{place}.x_proj"),
        "mixer.step": Source(f"{place}.dt_proj", bias=True, called=False),
        "mixer.conv": Source(f"{place}.conv1d", bias=conv_bias, called=False),
        "mixer.A": Source(f"{place}.A_log", bare=True),
        "mixer.D": Source(f"{place}.D", bare=True),
        "mixer.out": Source(f"{place}.out_proj", bias=bias),
    }


_CONVOLUTION: Mapping[str, Any] = {
    "modules": {
        **NO_ATTENTION,
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
        **_experts("feed_forward", up="w3", gate="w1", down="w2"),
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
            columns={"mixture": None, "keys": {}},
        ),
    ),
)

JAMBA = replace(
    LLAMA,
    model_type="jamba",
    modules={
        **{f"attn.{part}": Source(f"self_attn.{part}_proj") for part in "qkvo"},
        "router": Source("feed_forward.router"),
        **_experts("feed_forward", up="up_proj", gate="gate_proj", down="down_proj"),
        "norm.attn": Source("input_layernorm"),
        "norm.mlp": Source("pre_ff_layernorm"),
    },
    outside={**LLAMA.outside, "final_norm": Source("final_layernorm")},
    shapes={"mixer.A": ("any", "any")},
    joins=("self_attn.o_proj", "feed_forward"),
    mixture=Mixture("num_experts", "num_experts_per_tok", renormalised=False),
    older_keys={"num_local_experts": "num_experts"},
    defaults={
        "attn_layer_offset": 4,
        "attn_layer_period": 8,
        "expert_layer_offset": 1,
        "expert_layer_period": 2,
        "hidden_act": "silu",
        "mamba_conv_bias": True,
        "mamba_proj_bias": False,
        "num_key_value_heads": 8,
        "rms_norm_eps": 1e-6,
    },
    layer_kinds=(
        LayerKind(
            "state space",
            where=Others(Every("attn_layer_period", "attn_layer_offset")),
            modules={
                **mamba("mamba", "mamba_proj_bias", "mamba_conv_bias"),
                "mixer.norm_step": Source("mamba.dt_layernorm", called=False),
                "mixer.norm_B": Source("mamba.b_layernorm", called=False),
                "mixer.norm_C": Source("mamba.c_layernorm", called=False),
            },
            columns={"joins": ("mamba", "feed_forward")},
        ),
        LayerKind(
            "dense MLP",
            where=Others(Every("expert_layer_period", "expert_layer_offset")),
            modules={
                "router": None,
                **{
                    f"mlp.{part}": Source(f"feed_forward.{part}_proj")
                    for part in ("up", "gate", "down")
                },
            },
            columns={"mixture": None},
        ),
    ),
)


def _kind(*chosen: str) -> Words:
    """Layers that a letter or a word of Nemotron-H's list says."""
    words = ("M", "*", "-", "E", "mamba", "attention", "mlp", "moe")
    every = (*words, "linear_attention", "full_attention")
    return Words("layers_block_type", chosen, tuple(word for word in every if word not in chosen))


_STATE_SPACE = mamba2("mixer", "use_bias", "use_conv_bias")
_MLP_ONLY = {**NO_ATTENTION, "norm.attn": None, "norm.mlp": Source("norm")}

# A layer has one block: a state space, attention or an MLP.
NEMOTRON_H = replace(
    LLAMA,
    model_type="nemotron_h",
    prefixes=("backbone.", "model."),
    modules={
        **{f"attn.{part}": Source(f"mixer.{part}_proj") for part in "qkvo"},
        "norm.attn": Source("norm"),
    },
    outside={
        "embedding": Source("embeddings"),
        "final_norm": Source("norm_f"),
        "unembedding": Source("/lm_head"),
    },
    norm=Norm("rms", eps="layer_norm_epsilon"),
    joins=("mixer.o_proj", None),
    mlp_input=None,
    activation="mlp_hidden_act",
    keys={"layers": "layers_block_type"},
    older_keys={"layer_types": "layers_block_type", "hybrid_override_pattern": "layers_block_type"},
    defaults={
        "head_dim": 128,
        "layer_norm_epsilon": 1e-5,
        "mlp_bias": False,
        "mlp_hidden_act": "relu2",
        "n_group": 1,
        "norm_topk_prob": True,
        "num_key_value_heads": 8,
        "routed_scaling_factor": 1.0,
        "topk_group": 1,
        "use_bias": False,
        "use_conv_bias": True,
    },
    requires={"moe_latent_size": None},
    buffers=("layers.{i}.mixer.gate.e_score_correction_bias",),
    layer_kinds=(
        LayerKind(
            "state space",
            where=_kind("M", "linear_attention", "mamba"),
            modules=_STATE_SPACE,
            columns={"joins": ("mixer", None)},
        ),
        LayerKind(
            "MLP alone",
            where=_kind("-", "mlp"),
            modules={
                **_MLP_ONLY,
                "mlp.up": Source("mixer.up_proj", bias="mlp_bias"),
                "mlp.down": Source("mixer.down_proj", bias="mlp_bias"),
            },
            columns={"joins": (None, "mixer"), "mlp_input": "norm.mlp"},
        ),
        LayerKind(
            "mixture of experts alone",
            where=_kind("E", "moe"),
            modules={
                **_MLP_ONLY,
                "router": Source("mixer.gate"),
                "router.correction": Source("mixer.gate.e_score_correction_bias", bare=True),
                **{
                    f"mlp.{part}": Source(
                        f"mixer.experts.{{experts}}.{part}_proj",
                        live=Source(f"mixer.experts.{part}_proj", bare=True),
                    )
                    for part in ("up", "down")
                },
                **{
                    f"shared.{part}": Source(f"mixer.shared_experts.{part}_proj", bias="mlp_bias")
                    for part in ("up", "down")
                },
            },
            columns={
                "joins": (None, "mixer"),
                "keys": {"layers": "layers_block_type", "d_mlp": "moe_intermediate_size"},
                "mixture": Mixture(
                    "n_routed_experts",
                    "num_experts_per_tok",
                    renormalised="norm_topk_prob",
                    scores="sigmoid",
                    groups=("n_group", "topk_group"),
                    scale="routed_scaling_factor",
                    shared=("moe_shared_expert_intermediate_size",),
                ),
                "mlp_input": "norm.mlp",
            },
        ),
    ),
)
