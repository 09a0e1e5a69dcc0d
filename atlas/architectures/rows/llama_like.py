"""Decoders with the names of Llama and RMS norms."""

from __future__ import annotations

from dataclasses import replace

from atlas.architectures.row import Norm, Row, Scale, Source

LLAMA = Row(
    model_type="llama",
    prefixes=("model.",),
    live_prefix="model.",
    layers="layers",
    modules={
        "attn.q": Source("self_attn.q_proj", bias="attention_bias"),
        "attn.k": Source("self_attn.k_proj", bias="attention_bias"),
        "attn.v": Source("self_attn.v_proj", bias="attention_bias"),
        "attn.o": Source("self_attn.o_proj", bias="attention_bias"),
        "mlp.up": Source("mlp.up_proj", bias="mlp_bias"),
        "mlp.gate": Source("mlp.gate_proj", bias="mlp_bias"),
        "mlp.down": Source("mlp.down_proj", bias="mlp_bias"),
        "norm.attn": Source("input_layernorm"),
        "norm.mlp": Source("post_attention_layernorm"),
    },
    outside={
        "embedding": Source("embed_tokens"),
        "final_norm": Source("norm"),
        "unembedding": Source("/lm_head"),
    },
    norm=Norm("rms", eps="rms_norm_eps"),
    joins=("self_attn.o_proj", "mlp"),
    defaults={
        "attention_bias": False,
        "mlp_bias": False,
        "rms_norm_eps": 1e-6,
        "hidden_act": "silu",
    },
    buffers=("layers.{i}.self_attn.rotary_emb.inv_freq",),
)

MISTRAL = replace(
    LLAMA,
    model_type="mistral",
    modules={name: replace(source, bias=None) for name, source in LLAMA.modules.items()},
    defaults={**LLAMA.defaults, "num_key_value_heads": 8},
)

QWEN2 = replace(
    MISTRAL,
    model_type="qwen2",
    modules={
        **MISTRAL.modules,
        **{f"attn.{part}": Source(f"self_attn.{part}_proj", bias=True) for part in "qkv"},
    },
    defaults={**LLAMA.defaults, "num_key_value_heads": 32},
)

QWEN3 = replace(
    LLAMA,
    model_type="qwen3",
    modules={
        **LLAMA.modules,
        "mlp.up": Source("mlp.up_proj"),
        "mlp.gate": Source("mlp.gate_proj"),
        "mlp.down": Source("mlp.down_proj"),
        "norm.q": Source("self_attn.q_norm"),
        "norm.k": Source("self_attn.k_norm"),
    },
    defaults={
        "attention_bias": False,
        "rms_norm_eps": 1e-6,
        "hidden_act": "silu",
        "head_dim": 128,
        "num_key_value_heads": 32,
    },
)

APERTUS = replace(
    LLAMA,
    model_type="apertus",
    modules={
        **{name: s for name, s in LLAMA.modules.items() if name.startswith("attn")},
        "mlp.up": Source("mlp.up_proj"),
        "mlp.down": Source("mlp.down_proj"),
        "act.alpha_p": Source("mlp.act_fn.alpha_p", bare=True),
        "act.alpha_n": Source("mlp.act_fn.alpha_n", bare=True),
        "norm.attn": Source("attention_layernorm"),
        "norm.mlp": Source("feedforward_layernorm"),
        "norm.q": Source("self_attn.q_norm"),
        "norm.k": Source("self_attn.k_norm"),
    },
    defaults={"attention_bias": False, "hidden_act": "xielu", "rms_norm_eps": 1e-5},
    requires={"hidden_act": "xielu"},
    buffers=tuple(f"layers.{{i}}.mlp.act_fn.{name}" for name in ("beta", "eps")),
)

PHI3 = replace(
    MISTRAL,
    model_type="phi3",
    modules={
        **MISTRAL.modules,
        "attn.q": Source("self_attn.qkv_proj", part="q", split="stacked"),
        "attn.k": Source("self_attn.qkv_proj", part="k", split="stacked"),
        "attn.v": Source("self_attn.qkv_proj", part="v", split="stacked"),
        "mlp.gate": Source("mlp.gate_up_proj", part="gate", split="stacked"),
        "mlp.up": Source("mlp.gate_up_proj", part="up", split="stacked"),
    },
    defaults={**LLAMA.defaults, "rms_norm_eps": 1e-5},
)

OLMO2 = replace(
    LLAMA,
    model_type="olmo2",
    modules={
        **{name: s for name, s in LLAMA.modules.items() if name.startswith("attn")},
        **{name: s for name, s in MISTRAL.modules.items() if name.startswith("mlp")},
        "norm.attn_after": Source("post_attention_layernorm"),
        "norm.mlp_after": Source("post_feedforward_layernorm"),
        "norm.q": Source("self_attn.q_norm"),
        "norm.k": Source("self_attn.k_norm"),
    },
    attn_input=None,
    mlp_input=None,
    joins=("post_attention_layernorm", "post_feedforward_layernorm"),
    shapes={"norm.q": ("q",), "norm.k": ("kv",)},
    defaults={**LLAMA.defaults, "rms_norm_eps": 1e-5},
)

# Its layers differ in how far they look back, which is nothing that is stored.
OLMO3 = replace(OLMO2, model_type="olmo3")

# Queries and keys are turned by their positions before their norm, not after it.
HUNYUAN_V1_DENSE = replace(
    LLAMA,
    model_type="hunyuan_v1_dense",
    modules={
        **LLAMA.modules,
        **{f"mlp.{part}": Source(f"mlp.{part}_proj") for part in ("up", "gate", "down")},
        "norm.q": Source("self_attn.query_layernorm"),
        "norm.k": Source("self_attn.key_layernorm"),
    },
    defaults={"attention_bias": False, "rms_norm_eps": 1e-5, "hidden_act": "silu"},
)

GRANITE = replace(
    LLAMA,
    model_type="granite",
    scales={
        "embedding": Scale("embedding_multiplier"),
        "attention": Scale("attention_multiplier"),
        "residual": Scale("residual_multiplier"),
        "logits": Scale("logits_scaling", -1),
    },
    defaults={
        **LLAMA.defaults,
        "attention_multiplier": 1.0,
        "embedding_multiplier": 1.0,
        "logits_scaling": 1.0,
        "residual_multiplier": 1.0,
    },
)

# Some of its layers have no positions, which is nothing that is stored.
SMOLLM3 = replace(
    LLAMA,
    model_type="smollm3",
    defaults={**LLAMA.defaults, "num_key_value_heads": 4, "tie_word_embeddings": True},
)

GLM4 = replace(
    PHI3,
    model_type="glm4",
    modules={
        **PHI3.modules,
        "attn.q": Source("self_attn.q_proj", bias="attention_bias"),
        "attn.k": Source("self_attn.k_proj", bias="attention_bias"),
        "attn.v": Source("self_attn.v_proj", bias="attention_bias"),
        "norm.attn_after": Source("post_self_attn_layernorm"),
        "norm.mlp_after": Source("post_mlp_layernorm"),
    },
    joins=("post_self_attn_layernorm", "post_mlp_layernorm"),
    defaults={
        "attention_bias": True,
        "head_dim": 128,
        "hidden_act": "silu",
        "num_key_value_heads": 2,
        "rms_norm_eps": 1.5625e-7,
    },
)

GEMMA = replace(
    LLAMA,
    model_type="gemma",
    modules={
        **MISTRAL.modules,
        **{name: source for name, source in LLAMA.modules.items() if name.startswith("attn")},
    },
    norm=Norm("rms", eps="rms_norm_eps", offset=1.0),
    scales={"embedding": Scale("hidden_size", 0.5)},
    meant={"hidden_act": {"gelu": "gelu_pytorch_tanh"}},
    defaults={
        "attention_bias": False,
        "head_dim": 256,
        "hidden_act": "gelu_pytorch_tanh",
        "num_key_value_heads": 16,
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": True,
    },
)

GEMMA2 = replace(
    GEMMA,
    model_type="gemma2",
    modules={
        **GEMMA.modules,
        "norm.attn_after": Source("post_attention_layernorm"),
        "norm.mlp": Source("pre_feedforward_layernorm"),
        "norm.mlp_after": Source("post_feedforward_layernorm"),
    },
    scales={**GEMMA.scales, "attention": Scale("query_pre_attn_scalar", -0.5)},
    activation="hidden_activation",
    joins=("post_attention_layernorm", "post_feedforward_layernorm"),
    meant={},
    defaults={
        **GEMMA.defaults,
        "hidden_activation": "gelu_pytorch_tanh",
        "num_key_value_heads": 4,
        "query_pre_attn_scalar": 256,
    },
)

GEMMA3_TEXT = replace(
    GEMMA2,
    model_type="gemma3_text",
    modules={
        **GEMMA2.modules,
        "norm.q": Source("self_attn.q_norm"),
        "norm.k": Source("self_attn.k_norm"),
    },
)
