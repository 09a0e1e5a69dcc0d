"""Encoders."""

from __future__ import annotations

from dataclasses import replace

from atlas.architectures.layer_rules import These
from atlas.architectures.row import Key, LayerKind, Norm, Row, Source

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

# Its positions are counted from the row after that of the padding, whose id is 1.
ROBERTA = replace(
    BERT,
    model_type="roberta",
    prefixes=("roberta.",),
    live_prefix="roberta.",
    outside={
        **BERT.outside,
        "positions": Source("embeddings.position_embeddings", skip=2),
        "unembedding": Source("/lm_head.decoder"),
    },
    renamed={},
    beside=("pooler.", "lm_head."),
    twins={"lm_head.decoder.bias": "lm_head.bias"},
    requires={**BERT.requires, "pad_token_id": 1},
)

XLM_ROBERTA = replace(ROBERTA, model_type="xlm-roberta")

ELECTRA = replace(
    BERT,
    model_type="electra",
    prefixes=("electra.",),
    live_prefix="electra.",
    outside={**BERT.outside, "unembedding": Source("/generator_lm_head")},
    renamed={},
    beside=("generator_",),
    twins={},
    defaults={**BERT.defaults, "embedding_size": 128},
    # Embeddings narrower than the model, of the small ones, would need their projection.
    requires={**BERT.requires, "embedding_size": Key("hidden_size")},
)

DISTILBERT = replace(
    BERT,
    model_type="distilbert",
    prefixes=("distilbert.",),
    live_prefix="distilbert.",
    layers="transformer.layer",
    modules={
        "attn.q": Source("attention.q_lin", bias=True),
        "attn.k": Source("attention.k_lin", bias=True),
        "attn.v": Source("attention.v_lin", bias=True),
        "attn.o": Source("attention.out_lin", bias=True),
        "mlp.up": Source("ffn.lin1", bias=True),
        "mlp.down": Source("ffn.lin2", bias=True),
        "norm.attn": Source("sa_layer_norm"),
        "norm.mlp": Source("output_layer_norm"),
    },
    outside={
        **{name: s for name, s in BERT.outside.items() if name != "token_types"},
        "unembedding": Source("/vocab_projector"),
    },
    norm=Norm("layer", eps=1e-12, bias=True),
    joins=("attention.out_lin", "ffn"),
    keys={"layers": "n_layers", "heads": "n_heads", "d_model": "dim", "d_mlp": "hidden_dim"},
    activation="activation",
    defaults={"activation": "gelu", "tie_word_embeddings": True},
    renamed={},
    beside=("vocab_",),
    twins={},
    requires={},
)

# Its layers differ in how far they look, which is nothing that is stored.
MODERNBERT = Row(
    model_type="modernbert",
    kind="encoder",
    prefixes=("model.",),
    live_prefix="model.",
    layers="layers",
    modules={
        **{
            f"attn.{part}": Source("attn.Wqkv", bias="attention_bias", part=part, split="stacked")
            for part in ("q", "k", "v")
        },
        "attn.o": Source("attn.Wo", bias="attention_bias"),
        **{
            f"mlp.{part}": Source("mlp.Wi", bias="mlp_bias", part=part, split="stacked")
            for part in ("gate", "up")
        },
        "mlp.down": Source("mlp.Wo", bias="mlp_bias"),
        "norm.attn": Source("attn_norm"),
        "norm.mlp": Source("mlp_norm"),
    },
    outside={
        "embedding": Source("embeddings.tok_embeddings"),
        "embedding_norm": Source("embeddings.norm"),
        "final_norm": Source("final_norm"),
        "unembedding": Source("/decoder"),
    },
    norm=Norm("layer", eps="norm_eps", bias="norm_bias"),
    joins=("attn.Wo", "mlp"),
    activation="hidden_activation",
    defaults={
        "attention_bias": False,
        "hidden_activation": "gelu",
        "mlp_bias": False,
        "norm_bias": False,
        "norm_eps": 1e-5,
        "tie_word_embeddings": True,
    },
    beside=("head.", "decoder."),
    layer_kinds=(
        # What comes out of the embedding has just gone through a norm.
        LayerKind(
            "no norm before attention",
            where=These((0,)),
            modules={"norm.attn": None},
            columns={"attn_input": None},
        ),
    ),
)
