"""Decoders in the line of GPT-2: a fused projection, LayerNorm, no gate."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from atlas.architectures.row import Key, Norm, Row, Source, Variant

GPT2 = Row(
    model_type="gpt2",
    prefixes=("transformer.",),
    live_prefix="transformer.",
    layers="h",
    modules={
        "attn.q": Source("attn.c_attn", bias=True, part="q", split="stacked", transposed=True),
        "attn.k": Source("attn.c_attn", bias=True, part="k", split="stacked", transposed=True),
        "attn.v": Source("attn.c_attn", bias=True, part="v", split="stacked", transposed=True),
        "attn.o": Source("attn.c_proj", bias=True, transposed=True),
        "mlp.up": Source("mlp.c_fc", bias=True, transposed=True),
        "mlp.down": Source("mlp.c_proj", bias=True, transposed=True),
        "norm.attn": Source("ln_1"),
        "norm.mlp": Source("ln_2"),
    },
    outside={
        "embedding": Source("wte"),
        "positions": Source("wpe"),
        "final_norm": Source("ln_f"),
        "unembedding": Source("/lm_head"),
    },
    norm=Norm("layer", eps="layer_norm_epsilon", bias=True),
    joins=("attn.c_proj", "mlp"),
    keys={"layers": "n_layer", "heads": "n_head", "d_model": "n_embd", "d_mlp": "n_inner"},
    mlp_unsaid=True,
    activation="activation_function",
    defaults={
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": True,
    },
    buffers=("h.{i}.attn.bias", "h.{i}.attn.masked_bias"),
    requires={"add_cross_attention": False},
)


def _bigcode(split: Literal["stacked", "grouped"]) -> dict[str, Source]:
    """GPT-2's modules as they are stored (out, in), the fused projection laid out otherwise."""
    return {
        name: replace(s, transposed=False, split=split if s.part else None)
        for name, s in GPT2.modules.items()
    }


GPT_BIGCODE = replace(
    GPT2,
    model_type="gpt_bigcode",
    modules=_bigcode("stacked"),
    keys={**GPT2.keys, "kv_heads": 1},
    variants=(
        Variant(
            {"multi_query": False},
            {"modules": _bigcode("grouped"), "keys": {**GPT2.keys, "kv_heads": None}},
        ),
    ),
    defaults={
        **GPT2.defaults,
        "activation_function": "gelu_pytorch_tanh",
        "multi_query": True,
    },
)

GPTJ = replace(
    GPT2,
    model_type="gptj",
    modules={
        "attn.q": Source("attn.q_proj"),
        "attn.k": Source("attn.k_proj"),
        "attn.v": Source("attn.v_proj"),
        "attn.o": Source("attn.out_proj"),
        "mlp.up": Source("mlp.fc_in", bias=True),
        "mlp.down": Source("mlp.fc_out", bias=True),
        "norm.attn": Source("ln_1"),
    },
    outside={
        "embedding": Source("wte"),
        "final_norm": Source("ln_f"),
        "unembedding": Source("/lm_head", bias=True),
    },
    residual="parallel",
    mlp_input="norm.attn",
    joins=("attn.out_proj", "mlp"),
    defaults={**GPT2.defaults, "tie_word_embeddings": False},
    requires={},
)

GPT_NEOX = Row(
    model_type="gpt_neox",
    prefixes=("gpt_neox.",),
    live_prefix="gpt_neox.",
    layers="layers",
    modules={
        "attn.q": Source(
            "attention.query_key_value", bias="attention_bias", part="q", split="grouped"
        ),
        "attn.k": Source(
            "attention.query_key_value", bias="attention_bias", part="k", split="grouped"
        ),
        "attn.v": Source(
            "attention.query_key_value", bias="attention_bias", part="v", split="grouped"
        ),
        "attn.o": Source("attention.dense", bias="attention_bias"),
        "mlp.up": Source("mlp.dense_h_to_4h", bias=True),
        "mlp.down": Source("mlp.dense_4h_to_h", bias=True),
        "norm.attn": Source("input_layernorm"),
        "norm.mlp": Source("post_attention_layernorm"),
    },
    outside={
        "embedding": Source("embed_in"),
        "final_norm": Source("final_layer_norm"),
        "unembedding": Source("/lm_head"),
    },
    norm=Norm("layer", eps="layer_norm_eps", bias=True),
    joins=("attention.dense", "mlp"),
    residual="parallel",
    variants=(Variant({"use_parallel_residual": False}, {"residual": "sequential"}),),
    defaults={
        "attention_bias": True,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-5,
    },
    renamed={"embed_out.weight": "lm_head.weight"},
    buffers=(
        "layers.{i}.attention.bias",
        "layers.{i}.attention.masked_bias",
        "layers.{i}.attention.rotary_emb.inv_freq",
    ),
)

BLOOM = Row(
    model_type="bloom",
    prefixes=("transformer.",),
    live_prefix="transformer.",
    layers="h",
    modules={
        "attn.q": Source("self_attention.query_key_value", bias=True, part="q", split="grouped"),
        "attn.k": Source("self_attention.query_key_value", bias=True, part="k", split="grouped"),
        "attn.v": Source("self_attention.query_key_value", bias=True, part="v", split="grouped"),
        "attn.o": Source("self_attention.dense", bias=True),
        "mlp.up": Source("mlp.dense_h_to_4h", bias=True),
        "mlp.down": Source("mlp.dense_4h_to_h", bias=True),
        "norm.attn": Source("input_layernorm"),
        "norm.mlp": Source("post_attention_layernorm"),
    },
    outside={
        "embedding": Source("word_embeddings"),
        "embedding_norm": Source("word_embeddings_layernorm"),
        "final_norm": Source("ln_f"),
        "unembedding": Source("/lm_head"),
    },
    norm=Norm("layer", eps="layer_norm_epsilon", bias=True),
    joins=("self_attention.dense", "mlp.dense_4h_to_h"),
    keys={"layers": "n_layer", "heads": "n_head", "d_mlp": None},
    older_keys={
        "n_embed": "hidden_size",
        "num_attention_heads": "n_head",
        "num_hidden_layers": "n_layer",
    },
    mlp_unsaid=True,
    activation="activation",
    # Its own activation is the tanh approximation, and no key of its config says so.
    defaults={
        "activation": "gelu_pytorch_tanh",
        "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": True,
    },
    requires={"apply_residual_connection_post_layernorm": False},
)

_FALCON_MODULES = {
    name: source if name.startswith("norm") else replace(source, bias="bias")
    for name, source in BLOOM.modules.items()
}

_FALCON_TWO_NORMS = {
    "modules": {**_FALCON_MODULES, "norm.attn": Source("ln_attn"), "norm.mlp": Source("ln_mlp")},
    "mlp_input": "norm.mlp",
}

FALCON = replace(
    BLOOM,
    model_type="falcon",
    # One norm for both sublayers; the variants below have two, or one after the other.
    modules={name: source for name, source in _FALCON_MODULES.items() if name != "norm.mlp"},
    outside={name: BLOOM.outside[name] for name in ("embedding", "final_norm", "unembedding")},
    joins=("self_attention.dense", "mlp"),
    residual="parallel",
    mlp_input="norm.attn",
    keys={"kv_heads": "num_kv_heads", "d_mlp": "ffn_hidden_size"},
    older_keys={"n_head": "num_attention_heads", "n_layer": "num_hidden_layers"},
    defaults={
        **BLOOM.defaults,
        "activation": "gelu",
        "bias": False,
        "multi_query": True,
        "new_decoder_architecture": False,
        "num_ln_in_parallel_attn": None,
        "parallel_attn": True,
    },
    requires={},
    variants=(
        Variant(
            {"new_decoder_architecture": False, "multi_query": True},
            {"keys": {"kv_heads": 1, "d_mlp": "ffn_hidden_size"}},
        ),
        Variant(
            {"new_decoder_architecture": False, "parallel_attn": False},
            {"modules": _FALCON_MODULES, "residual": "sequential", "mlp_input": "norm.mlp"},
        ),
        Variant(
            {"new_decoder_architecture": True, "num_ln_in_parallel_attn": None}, _FALCON_TWO_NORMS
        ),
        Variant(
            {"new_decoder_architecture": True, "num_ln_in_parallel_attn": 2}, _FALCON_TWO_NORMS
        ),
    ),
)

OPT = Row(
    model_type="opt",
    prefixes=("model.decoder.", "decoder."),
    live_prefix="model.decoder.",
    layers="layers",
    modules={
        "attn.q": Source("self_attn.q_proj", bias="enable_bias"),
        "attn.k": Source("self_attn.k_proj", bias="enable_bias"),
        "attn.v": Source("self_attn.v_proj", bias="enable_bias"),
        "attn.o": Source("self_attn.out_proj", bias="enable_bias"),
        "mlp.up": Source("fc1", bias="enable_bias"),
        "mlp.down": Source("fc2", bias="enable_bias"),
        "norm.attn": Source("self_attn_layer_norm"),
        "norm.mlp": Source("final_layer_norm"),
    },
    outside={
        "embedding": Source("embed_tokens"),
        "positions": Source("embed_positions", skip=2),
        "final_norm": Source("final_layer_norm"),
        "unembedding": Source("/lm_head"),
    },
    norm=Norm("layer", eps=1e-5, bias=True),
    joins=("self_attn.out_proj", "fc2"),
    keys={"d_mlp": "ffn_dim"},
    activation="activation_function",
    defaults={
        "activation_function": "relu",
        "do_layer_norm_before": True,
        "enable_bias": True,
        "tie_word_embeddings": True,
    },
    # Embeddings narrower than the model, of OPT-350m alone, would need their projections.
    requires={
        "word_embed_proj_dim": Key("hidden_size"),
        "layer_norm_elementwise_affine": True,
        "_remove_final_layer_norm": False,
    },
    variants=(
        Variant(
            {"do_layer_norm_before": False},
            {
                "residual": "post-norm",
                "attn_input": None,
                "mlp_input": None,
                "outside": {
                    "embedding": Source("embed_tokens"),
                    "positions": Source("embed_positions", skip=2),
                    "unembedding": Source("/lm_head"),
                },
            },
        ),
    ),
)
