"""The architectures that atlas reads: one row of data per family, keyed by `config.model_type`.

To add one, write a row (a constant of type `Row`) in the file of `rows/` that it is most like, and
a tiny config in `atlas/loaded/tiny.py`; tests then hold the row against transformers' own model.
Rows are found, not listed. The columns (types in `row.py`):

model_type    `model_type` in config.json, the key
kind          decoder or encoder
prefixes      prefixes of names on disk that the hub adds, dropped: `model.`, `transformer.`
live_prefix   what the live model with its language-model head puts before the same names
layers        the list of layers, `layers`; live_layers where the live name differs
modules       canonical module -> Source: name within a layer, bias, share of a fused projection
outside       the same outside the layers; a leading `/` means: not below the prefix
norm          kind of norm, config key of its epsilon, bias, offset of its gain
joins         live modules (within a layer) whose outputs, times the residual scale, are added to
              the residual stream: of attention, of the MLP. An output may have batch and position
              in one axis
residual      sequential: x += attn(norm x), then x += mlp(norm x); parallel: both read the same x;
              post-norm: x = norm(x + attn(x)), then x = norm(x + mlp(x))
attn_input    norm that attention reads through, None without; mlp_input the same for the MLP
keys          geometry -> config key, where it is not the usual one, or a number; None: no key
older_keys    config key of some configs -> the key that the row speaks of
defaults      config key -> value, where config.json may leave it out
meant         config key -> word in older configs -> the word that it means
activation    config key of the MLP's activation; mlp_unsaid: d_mlp unsaid means 4 d_model
clamp         config keys of a gate with limits, which has no activation beside it
mixture       config keys of a mixture of experts
scales        factors that the config states: of embedding, attention scores, residual, logits
shapes        canonical module -> shape in words, where it is not the usual one
renamed       ending of a name in older checkpoints -> its ending today
buffers       names stored beside the weights that are not parameters; {i} is the layer
twins         a stored name -> the name that it repeats where the embeddings are tied
beside        prefixes of names that the published classes have beside these: they are parameters
requires      config key -> the only value that this row describes, or the key that has it
variants      columns that are others where the config has some values

Keys that a row does not read and its class in transformers does: see `switches.py`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from atlas.architectures import kinship, rows
from atlas.architectures.architecture import Architecture
from atlas.architectures.from_config import resolve
from atlas.architectures.row import Row
from atlas.errors import LISTED, AtlasError, short

_ROWS: Mapping[str, Row] = {
    row.model_type: row
    for module in pkgutil.iter_modules(rows.__path__, f"{rows.__name__}.")
    for row in vars(importlib.import_module(module.name)).values()
    if isinstance(row, Row)
}


def known() -> tuple[str, ...]:
    """The model types that have a row, sorted."""
    return tuple(sorted(_ROWS))


def row(model_type: str) -> Row:
    """The row of a model type; `KeyError` where there is none."""
    return _ROWS[model_type]


def kind(model_type: str) -> Literal["decoder", "encoder"]:
    """Whether models of that type are decoders or encoders; `KeyError` where there is no row."""
    return _ROWS[model_type].kind


def advice(model_type: object, most: int = LISTED) -> str:
    """What to tell of a model type without a row: its relative or what is missing, and the known
    ones, at most so many."""
    return kinship.advice(model_type, known(), most)


def lookup(config: Mapping[str, Any], where: Path | str) -> Architecture:
    """The row for a model's config, resolved with it. `where` is the config's file, for errors.

    Raises `AtlasError` for a model type without a row, with how to add one, for a model whose own
    code would have to run, and for a config that lacks what the row needs.
    """
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or model_type not in _ROWS:
        kinship.refuse_own_code(config, where)
        raise AtlasError(
            f"no architecture {short(model_type)}",
            file=where,
            place="model_type",
            remedy=f"{advice(model_type, len(_ROWS))}; to add one, write a row in "
            "atlas/architectures/rows (its columns stand at the top of atlas/architectures/"
            "__init__.py) and a tiny config in atlas/loaded/tiny.py",
        )
    return resolve(_ROWS[model_type], config, where)
