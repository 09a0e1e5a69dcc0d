"""The architectures that atlas reads: one row of data per family, keyed by `config.model_type`.

To add one, write a row below and a tiny config in `tests/tiny.py`; the tests then hold the row
against transformers' own model. The columns (types in `rows.py`):

model_type    `model_type` in config.json, the key
kind          decoder or encoder
prefixes      prefixes of names on disk that the hub adds, dropped: `model.`, `transformer.`
live_prefix   what the live model with its language-model head puts before the same names
blocks        the list of blocks, `layers`; live_blocks where the live name differs
modules       canonical module -> Source: name within a block, bias, share of a fused projection
outside       the same outside the blocks; a leading `/` means: not below the prefix
norm          kind of norm, config key of its epsilon, bias, offset of its gain
joins         live modules (within a block) whose outputs are added to the residual stream:
              of attention, of the MLP
residual      sequential: x += attn(norm x), then x += mlp(norm x); parallel: both read the same x;
              post-norm: x = norm(x + attn(x)), then x = norm(x + mlp(x))
attn_input    norm that attention reads through, None without; mlp_input the same for the MLP
keys          geometry -> config key, where it is not the usual one, or a number
defaults      config key -> value, where config.json may leave it out
activation    config key of the MLP's activation; mlp_unsaid: d_mlp unsaid means 4 d_model
shapes        canonical module -> shape in words, where it is not the usual one
renamed       ending of a name in older checkpoints -> its ending today
buffers       names stored beside the weights that are no parameters; {i} is the layer
twins         a stored name -> the name that it repeats where the embeddings are tied
requires      config key -> the only value that this row describes
variants      columns that are others where the config has some values
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from atlas.errors import AtlasError, short, suggest
from atlas.layout import Architecture, resolve
from atlas.rows import Norm, Row, Source, Variant

_LLAMA = Row(
    model_type="llama",
    prefixes=("model.",),
    live_prefix="model.",
    blocks="layers",
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

_QWEN3 = replace(
    _LLAMA,
    model_type="qwen3",
    modules={
        **_LLAMA.modules,
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
    },
)

_GPT2 = Row(
    model_type="gpt2",
    prefixes=("transformer.",),
    live_prefix="transformer.",
    blocks="h",
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

_GPT_NEOX = Row(
    model_type="gpt_neox",
    prefixes=("gpt_neox.",),
    live_prefix="gpt_neox.",
    blocks="layers",
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

_PHI = Row(
    model_type="phi",
    prefixes=("model.",),
    live_prefix="model.",
    blocks="layers",
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

_BERT = Row(
    model_type="bert",
    kind="encoder",
    prefixes=("bert.",),
    live_prefix="bert.",
    blocks="encoder.layer",
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
    twins={"cls.predictions.decoder.bias": "cls.predictions.bias"},
    requires={"is_decoder": False, "add_cross_attention": False},
)

_ROWS: Mapping[str, Row] = {
    row.model_type: row for row in (_BERT, _GPT2, _GPT_NEOX, _LLAMA, _PHI, _QWEN3)
}


def known() -> tuple[str, ...]:
    """The model types that have a row, sorted."""
    return tuple(sorted(_ROWS))


def kind(model_type: str) -> Literal["decoder", "encoder"]:
    """Whether models of that type are decoders or encoders; `KeyError` where there is no row."""
    return _ROWS[model_type].kind


def lookup(config: Mapping[str, Any], where: Path | str) -> Architecture:
    """The row for a model's config, resolved with it. `where` is the config's file, for errors.

    Raises `AtlasError` for a model type without a row, with how to add one, and for a config that
    lacks what the row needs.
    """
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or model_type not in _ROWS:
        raise AtlasError(
            f"no architecture {short(model_type)}",
            file=where,
            place="model_type",
            remedy=f"{suggest(model_type, known())}; to add one, write a row in "
            "atlas/architectures.py (its columns stand at the top of that file) and a tiny config "
            "in tests/tiny.py",
        )
    return resolve(_ROWS[model_type], config, where)
