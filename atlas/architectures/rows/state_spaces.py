"""Decoders in which some layers, or all, have a state space (Gu & Dao 2023, Dao & Gu 2024)."""

from __future__ import annotations

from dataclasses import replace

from atlas.architectures.layer_rules import All, Either, Every, Others, Words
from atlas.architectures.row import ATTENTION, LayerKind, Mixture, Norm, Scale, Source, Variant
from atlas.architectures.rows.llama_like import GRANITE, LLAMA
from atlas.architectures.rows.mixtures import experts

NO_ATTENTION = dict.fromkeys(ATTENTION)


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


# A layer has one block, a state space: neither heads nor an MLP.
MAMBA = replace(
    LLAMA,
    model_type="mamba",
    prefixes=("backbone.", "model."),
    live_prefix="backbone.",
    modules={"norm.attn": Source("norm")},
    outside={
        "embedding": Source("embeddings"),
        "final_norm": Source("norm_f"),
        "unembedding": Source("/lm_head"),
    },
    norm=Norm("rms", eps="layer_norm_epsilon"),
    joins=("mixer", None),
    mlp_input=None,
    keys={"heads": 0, "kv_heads": 0, "d_head": 0, "d_mlp": 0},
    shapes={"mixer.A": ("any", "any")},
    defaults={
        "hidden_act": "silu",
        "intermediate_size": None,  # of the state space: `expand` says it, and there is no MLP
        "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": True,
        "use_bias": False,
        "use_conv_bias": True,
    },
    layer_kinds=(
        LayerKind("state space", where=All(), modules=mamba("mixer", "use_bias", "use_conv_bias")),
    ),
)

# The same but for norms within the mixer, which have no gain, so that nothing is stored of them.
FALCON_MAMBA = replace(MAMBA, model_type="falcon_mamba")

MAMBA2 = replace(
    MAMBA,
    model_type="mamba2",
    shapes={},
    # The heads are those of states, which attend to nothing.
    defaults={**MAMBA.defaults, "head_dim": 64, "num_heads": 128, "tie_word_embeddings": False},
    layer_kinds=(
        LayerKind("state space", where=All(), modules=mamba2("mixer", "use_bias", "use_conv_bias")),
    ),
)

JAMBA = replace(
    LLAMA,
    model_type="jamba",
    modules={
        **{f"attn.{part}": Source(f"self_attn.{part}_proj") for part in "qkvo"},
        "router": Source("feed_forward.router"),
        **experts("feed_forward", up="up_proj", gate="gate_proj", down="down_proj"),
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


def _fused(place: str, module: str, live: str | None = None) -> dict[str, Source]:
    """An MLP, or many, with gate and up in one matrix."""
    held = {
        part: Source(live, part=part, split="stacked", bare=True) if live else None
        for part in ("gate", "up")
    }
    return {
        f"{module}.{part}": Source(
            f"{place}.input_linear", live=held[part], part=part, split="stacked"
        )
        for part in ("gate", "up")
    }


_GRANITE = {
    **{name: one for name, one in GRANITE.modules.items() if not name.startswith("mlp")},
    "norm.mlp": Source("post_attention_layernorm"),
}

GRANITEMOEHYBRID = replace(
    GRANITE,
    model_type="granitemoehybrid",
    modules={
        **_GRANITE,
        "router": Source("block_sparse_moe.router.layer", live="block_sparse_moe.router"),
        **_fused("block_sparse_moe", "mlp", live="block_sparse_moe.experts.gate_up_proj"),
        "mlp.down": Source(
            "block_sparse_moe.output_linear",
            live=Source("block_sparse_moe.experts.down_proj", bare=True),
        ),
        **_fused("shared_mlp", "shared"),
        "shared.down": Source("shared_mlp.output_linear"),
    },
    joins=("self_attn.o_proj", ("block_sparse_moe", "shared_mlp")),
    mixture=Mixture(
        "num_local_experts",
        "num_experts_per_tok",
        renormalised=True,
        shared=("shared_intermediate_size",),
    ),
    defaults={
        **{key: value for key, value in GRANITE.defaults.items() if key != "mlp_bias"},
        "mamba_conv_bias": True,
        "mamba_proj_bias": False,
        "num_experts_per_tok": 2,
        "num_local_experts": 8,
        "position_embedding_type": None,
        "shared_intermediate_size": 1024,
    },
    variants=(
        Variant(
            when={"num_local_experts": 0},
            columns={
                "modules": {
                    **_GRANITE,
                    **_fused("shared_mlp", "mlp"),
                    "mlp.down": Source("shared_mlp.output_linear"),
                },
                "joins": ("self_attn.o_proj", "shared_mlp"),
                "keys": {"d_mlp": "shared_intermediate_size"},
                "mixture": None,
            },
        ),
    ),
    layer_kinds=(
        LayerKind(
            "state space",
            where=Either(
                (
                    *(
                        Words(key, ("linear_attention", "mamba"), ("full_attention", "attention"))
                        for key in ("layer_types", "layers_block_type")
                    ),
                    All(),
                )
            ),
            modules=mamba2("mamba", "mamba_proj_bias", "mamba_conv_bias"),
            columns={"joins": ("mamba", ...)},
        ),
    ),
)

_BESIDE = {
    name: one
    for name, one in mamba2("mamba", "mamba_proj_bias", "mamba_conv_bias").items()
    if one is not None
}

FALCON_H1 = replace(
    LLAMA,
    model_type="falcon_h1",
    modules={
        **{name: one for name, one in LLAMA.modules.items() if name.startswith("attn")},
        **{
            f"mlp.{part}": Source(f"feed_forward.{part}_proj", bias="mlp_bias")
            for part in ("up", "gate", "down")
        },
        "norm.attn": Source("input_layernorm"),
        "norm.mlp": Source("pre_ff_layernorm"),
    },
    outside={**LLAMA.outside, "final_norm": Source("final_layernorm")},
    joins=("self_attn.o_proj", "feed_forward"),
    scales={"embedding": Scale("embedding_multiplier"), "logits": Scale("lm_head_multiplier")},
    reads={"attn.q": Scale("attention_in_multiplier"), "mixer.in": Scale("ssm_in_multiplier")},
    gives={
        "attn.k": Scale("key_multiplier"),
        "attn.o": Scale("attention_out_multiplier"),
        "mixer.out": Scale("ssm_out_multiplier"),
        "mlp.gate": Scale("mlp_multipliers", at=0),
        "mlp.down": Scale("mlp_multipliers", at=1),
    },
    defaults={
        "attention_bias": False,
        "attention_in_multiplier": 1.0,
        "attention_out_multiplier": 1.0,
        "embedding_multiplier": 1.0,
        "hidden_act": "silu",
        "key_multiplier": 1.0,
        "lm_head_multiplier": 1.0,
        "mamba_conv_bias": True,
        "mamba_proj_bias": False,
        "mamba_rms_norm": False,
        "mlp_bias": False,
        "mlp_multipliers": [1.0, 1.0],
        "num_key_value_heads": 8,
        "projectors_bias": False,
        "rms_norm_eps": 1e-5,
        "ssm_in_multiplier": 1.0,
        "ssm_out_multiplier": 1.0,
    },
    layer_kinds=(
        LayerKind(
            "attention and a state space side by side",
            where=All(),
            modules={
                **_BESIDE,
                "mixer.norm": Source("mamba.norm", called=False, present="mamba_rms_norm"),
                "mixer.out": Source("mamba.out_proj", bias="projectors_bias"),
            },
            columns={"joins": (("mamba.out_proj", "self_attn.o_proj"), ...)},
        ),
    ),
)
