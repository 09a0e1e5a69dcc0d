"""Decoders with the names of Llama, but LayerNorm."""

from __future__ import annotations

from dataclasses import replace

from atlas.architectures.row import Norm, Row, Scale, Source, Variant
from atlas.architectures.rows.llama_like import LLAMA, MISTRAL

PHI = Row(
    model_type="phi",
    prefixes=("model.",),
    live_prefix="model.",
    layers="layers",
    modules={
        "attn.q": Source("self_attn.q_proj", bias=True),
        "attn.k": Source("self_attn.k_proj", bias=True),
        "attn.v": Source("self_attn.v_proj", bias=True),
        "attn.o": Source("self_attn.dense", bias=True),
        "mlp.up": Source("mlp.fc1", bias=True),
        "mlp.down": Source("mlp.fc2", bias=True),
        "norm.attn": Source("input_layernorm"),
        "norm.q": Source("self_attn.q_layernorm", present="qk_layernorm"),
        "norm.k": Source("self_attn.k_layernorm", present="qk_layernorm"),
    },
    outside={
        "embedding": Source("embed_tokens"),
        "final_norm": Source("final_layernorm"),
        "unembedding": Source("/lm_head", bias=True),
    },
    norm=Norm("layer", eps="layer_norm_eps", bias=True),
    joins=("self_attn.dense", "mlp"),
    residual="parallel",
    mlp_input="norm.attn",
    defaults={"hidden_act": "gelu_new", "layer_norm_eps": 1e-5, "qk_layernorm": False},
    buffers=("layers.{i}.self_attn.rotary_emb.inv_freq",),
)

_STABLELM_ATTENTION = {
    "attn.q": Source("self_attn.q_proj", bias="use_qkv_bias"),
    "attn.k": Source("self_attn.k_proj", bias="use_qkv_bias"),
    "attn.v": Source("self_attn.v_proj", bias="use_qkv_bias"),
    # A norm of its own for every head, which the live model keeps in a list.
    "norm.q": Source("self_attn.q_layernorm.norms.{heads}", bias=False, present="qk_layernorm"),
    "norm.k": Source("self_attn.k_layernorm.norms.{kv_heads}", bias=False, present="qk_layernorm"),
}
STABLELM = replace(
    MISTRAL,
    model_type="stablelm",
    modules={**MISTRAL.modules, **_STABLELM_ATTENTION},
    norm=Norm("layer", eps="layer_norm_eps", bias=True),
    shapes={"norm.q": ("heads", "d_head"), "norm.k": ("kv_heads", "d_head")},
    defaults={
        "hidden_act": "silu",
        "layer_norm_eps": 1e-5,
        "num_key_value_heads": 32,
        "qk_layernorm": False,
        "use_parallel_residual": False,
        "use_qkv_bias": False,
    },
    variants=(
        Variant(
            {"use_parallel_residual": True},
            {
                "modules": {
                    **{name: s for name, s in MISTRAL.modules.items() if name != "norm.mlp"},
                    **_STABLELM_ATTENTION,
                },
                "residual": "parallel",
                "mlp_input": "norm.attn",
            },
        ),
    ),
)

COHERE = replace(
    LLAMA,
    model_type="cohere",
    modules={
        **{name: s for name, s in MISTRAL.modules.items() if name != "norm.mlp"},
        **{name: s for name, s in LLAMA.modules.items() if name.startswith("attn")},
        "norm.q": Source("self_attn.q_norm", present="use_qk_norm"),
        "norm.k": Source("self_attn.k_norm", present="use_qk_norm"),
    },
    norm=Norm("layer", eps="layer_norm_eps"),
    shapes={"norm.q": ("heads", "d_head"), "norm.k": ("kv_heads", "d_head")},
    residual="parallel",
    mlp_input="norm.attn",
    scales={"logits": Scale("logit_scale")},
    defaults={
        "attention_bias": False,
        "hidden_act": "silu",
        "layer_norm_eps": 1e-5,
        "logit_scale": 0.0625,
        "tie_word_embeddings": True,
        "use_qk_norm": False,
    },
)

# Its norms have neither gain nor bias.
OLMO = replace(
    LLAMA,
    model_type="olmo",
    modules={
        **MISTRAL.modules,
        **{name: s for name, s in LLAMA.modules.items() if name.startswith("attn")},
    },
    norm=Norm("layer", eps=1e-5, gain=False),
    defaults={"attention_bias": False, "hidden_act": "silu"},
    # Values that are clipped are not a linear map of the input.
    requires={"clip_qkv": None},
)

STARCODER2 = replace(
    LLAMA,
    model_type="starcoder2",
    modules={
        "attn.q": Source("self_attn.q_proj", bias="use_bias"),
        "attn.k": Source("self_attn.k_proj", bias="use_bias"),
        "attn.v": Source("self_attn.v_proj", bias="use_bias"),
        "attn.o": Source("self_attn.o_proj", bias="use_bias"),
        "mlp.up": Source("mlp.c_fc", bias="use_bias"),
        "mlp.down": Source("mlp.c_proj", bias="use_bias"),
        "norm.attn": Source("input_layernorm"),
        "norm.mlp": Source("post_attention_layernorm"),
    },
    norm=Norm("layer", eps="norm_epsilon", bias=True),
    defaults={
        "hidden_act": "gelu_pytorch_tanh",
        "norm_epsilon": 1e-5,
        "num_key_value_heads": 2,
        "tie_word_embeddings": True,
        "use_bias": True,
    },
)
