"""Encoders."""

from __future__ import annotations

from atlas.architectures.row import Norm, Row, Source

BERT = Row(
    model_type="bert",
    kind="encoder",
    prefixes=("bert.",),
    live_prefix="bert.",
    layers="encoder.layer",
    modules={
        "attn.q": Source("attention.self.query", bias=True),
        "attn.k": Source("attention.self.key", bias=True),
        "attn.v": Source("attention.self.value", bias=True),
        "attn.o": Source("attention.output.dense", bias=True),
        "mlp.up": Source("intermediate.dense", bias=True),
        "mlp.down": Source("output.dense", bias=True),
        "norm.attn": Source("attention.output.LayerNorm"),
        "norm.mlp": Source("output.LayerNorm"),
    },
    outside={
        "embedding": Source("embeddings.word_embeddings"),
        "positions": Source("embeddings.position_embeddings"),
        "token_types": Source("embeddings.token_type_embeddings"),
        "embedding_norm": Source("embeddings.LayerNorm"),
        "unembedding": Source("/cls.predictions.decoder"),
    },
    norm=Norm("layer", eps="layer_norm_eps", bias=True),
    joins=("attention.output.dense", "output.dense"),
    residual="post-norm",
    attn_input=None,
    mlp_input=None,
    defaults={"hidden_act": "gelu", "layer_norm_eps": 1e-12, "tie_word_embeddings": True},
    renamed={
        "LayerNorm.gamma": "LayerNorm.weight",
        "LayerNorm.beta": "LayerNorm.bias",
    },
    buffers=("embeddings.position_ids",),
    beside=("pooler.", "cls."),
    twins={"cls.predictions.decoder.bias": "cls.predictions.bias"},
    # transformers 5 no longer computes relative positions, and would leave them out.
    requires={
        "is_decoder": False,
        "add_cross_attention": False,
        "position_embedding_type": "absolute",
    },
)
