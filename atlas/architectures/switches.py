"""Config keys that change what a model computes and that its row does not read.

`transformers.json` holds, for every row, the keys that the modelling code of its class in
transformers reads, each with the class' default, without those that the row reads and those that
are listed here as `HARMLESS`. A config with another value of such a key describes a model that
analyses would misread, so that it is refused by name. Keys that no code reads are nothing to us.

`scripts/take_switches.py` writes the file; a test holds it against the transformers installed.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atlas.architectures.row import Row
from atlas.errors import AtlasError, short, suggest

TAKEN = Path(__file__).with_name("transformers.json")

HARMLESS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("attention_dropout", "attention_probs_dropout_prob", "attn_pdrop", "dropout"),
            *("embd_pdrop", "embedding_dropout", "hidden_dropout", "hidden_dropout_prob"),
            *("resid_pdrop", "residual_dropout", "layerdrop", "initializer_range"),
            *("router_aux_loss_coef", "router_jitter_noise", "sinusoidal_pos_embds"),
            *("initializer_cutoff_factor", "mlp_dropout"),
        ),
        "of training alone",
    ),
    **dict.fromkeys(
        (
            *("classifier_dropout", "problem_type", "summary_activation"),
            *("summary_first_dropout", "summary_proj_to_labels", "summary_type"),
            *("summary_use_proj", "summary_last_dropout", "qa_dropout", "seq_classif_dropout"),
            *("classifier_activation", "classifier_bias", "classifier_pooling", "decoder_bias"),
            *("sparse_prediction", "sparse_pred_ignore_index"),
        ),
        "of heads for other tasks, which nothing here runs",
    ),
    **dict.fromkeys(
        (
            *("output_attentions", "output_hidden_states", "output_router_logits", "return_dict"),
            *("use_cache", "dtype", "pad_token_id", "pretraining_tp", "reorder_and_upcast_attn"),
            *("attention_softmax_in_fp32", "scale_attention_softmax_in_fp32"),
            *(
                "deterministic_flash_attn",
                "num_nextn_predict_layers",
                "per_layer_config",
                "residual_in_fp32",
            ),
        ),
        "how it is run or what it returns, not what it computes",
    ),
    **dict.fromkeys(
        ("conv_L_cache", "type_vocab_size"),
        "a length that the stored tensors say themselves",
    ),
    **dict.fromkeys(
        (
            *("mamba_chunk_size", "mamba_d_head", "mamba_d_ssm", "mamba_n_groups", "mamba_n_heads"),
            *("mamba_norm_before_gate", "ssm_multipliers", "time_step_limit"),
            *("chunk_size", "conv_kernel", "linear_conv_kernel_dim", "linear_key_head_dim"),
            *("linear_num_key_heads", "linear_num_value_heads", "linear_value_head_dim"),
            *("mamba_d_conv", "mamba_d_state", "mamba_dt_rank", "mamba_expand", "mamba_head_dim"),
            *(
                "mamba_hidden_act",
                "mamba_num_heads",
                "mixer_rms_eps",
                "n_groups",
                "num_logits_to_keep",
            ),
            *("rescale_prenorm_residual", "ssm_state_size", "time_step_floor", "time_step_max"),
            *("expand", "state_size", "time_step_init_scheme", "time_step_rank", "time_step_scale"),
            *("time_step_min", "use_associative_scan", "use_mamba_kernels", "use_mambapy"),
        ),
        "inside of mixers other than attention: the live model computes with them, and no analysis "
        "of stored weights does",
    ),
    **dict.fromkeys(
        (
            *("alibi", "max_position_embeddings", "n_positions", "no_rope_layers", "rotary_dim"),
            *("original_max_position_embeddings", "rope_parameters"),
            *("attention_chunk_size", "layer_types", "sliding_window", "use_sliding_window"),
            *("attn_logit_softcapping", "final_logit_softcapping"),
            *("index_block_size", "index_head_dim", "index_local_blocks", "index_n_heads"),
            "index_topk_blocks",
            *("scale_attn_by_inverse_layer_idx", "scale_attn_weights"),
        ),
        "positions, which of the earlier tokens are seen, and scores: the live model computes with "
        "them, and no analysis of stored weights does",
    ),
}
"""Key -> why any value of it is fine: no row has to read it."""


@functools.cache
def taken() -> dict[str, Any]:
    """What was taken from transformers: `switches` by model type, `activations`, `rope_types`, and
    `model_types`, every one that it has."""
    held: dict[str, Any] = json.loads(TAKEN.read_text(encoding="utf-8"))
    return held


@functools.cache
def model_types() -> frozenset[str]:
    """Every model type that transformers has, whatever it is a model of."""
    return frozenset(" ".join(taken()["model_types"]).split())


def require_known(row: Row, config: Mapping[str, Any], where: Path | str) -> None:
    """Raise `AtlasError` for a config with a switch that the row does not describe."""
    for key, usual in taken()["switches"].get(row.model_type, {}).items():
        value = config.get(key, usual)
        if value != usual and (value or usual):
            raise AtlasError(
                f"{key} is {short(value)}, which changes what the model computes; the row "
                f"{row.model_type!r} in atlas/architectures describes {short(usual)}",
                file=where,
                place=key,
                remedy="such a model is not profiled; where the key changes no analysis, list it "
                "in atlas/architectures/switches.py",
            )
    _require_positions(config, where)


def require_activation(name: str, key: str, where: Path | str) -> None:
    """Raise `AtlasError` for an activation that transformers does not have."""
    known = taken()["activations"]
    if name not in known:
        raise AtlasError(
            f"no activation {short(name)}", file=where, place=key, remedy=suggest(name, known)
        )


def _require_positions(config: Mapping[str, Any], where: Path | str) -> None:
    """Raise `AtlasError` for rotary embeddings of a kind that transformers does not have."""
    known = taken()["rope_types"]
    for key in ("rope_scaling", "rope_parameters"):
        held = config.get(key)
        of_each = [held, *held.values()] if isinstance(held, Mapping) else []
        for one in (one for one in of_each if isinstance(one, Mapping)):
            name = one.get("rope_type", one.get("type"))
            if name is not None and name not in known:
                raise AtlasError(
                    f"no rotary embedding {short(name)}",
                    file=where,
                    place=key,
                    remedy=suggest(name, known),
                )
