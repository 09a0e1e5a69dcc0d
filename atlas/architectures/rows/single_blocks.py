"""Decoders whose layers have one block each: a mixer or an MLP."""

from __future__ import annotations

from dataclasses import replace

from atlas.architectures.layer_rules import Words
from atlas.architectures.row import LayerKind, Mixture, Norm, Source
from atlas.architectures.rows.llama_like import LLAMA
from atlas.architectures.rows.state_spaces import NO_ATTENTION, mamba2


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
