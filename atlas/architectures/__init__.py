"""The architectures that atlas reads: one row of data per family, keyed by `config.model_type`.

To add one, write a row (a constant of type `Row`) in the file of `rows/` that it is most like, and
a tiny config in `atlas/loaded/tiny.py`; tests then hold the row against transformers' own model.
Rows are found, not listed. `atlas architecture` derives a row and proves it; such rows are files of
`derived/` and of a project's folder `architectures/`, and a row by hand goes before them.
The columns (types in `row.py`):

model_type    `model_type` in config.json, the key
kind          decoder or encoder
prefixes      prefixes of names on disk that the hub adds, dropped: `model.`, `transformer.`
live_prefix   what the live model with its language-model head puts before the same names
part          the part of the config that the row describes, of a model that also sees or hears;
              tensors of its other parts are neither read nor counted
layers        the list of layers, `layers`; live_layers where the live name differs
modules       canonical module -> Source: name within a layer, bias, share of a fused projection
outside       the same outside the layers; a leading `/` means: not below the prefix
norm          kind of norm, config key of its epsilon, bias, offset of its gain
joins         live modules (within a layer) whose outputs, times the residual scale, are added to
              the residual stream: of attention, or of what a layer has instead, and of the MLP;
              several that are added, None where there is none. An output may have batch and
              position in one axis
reads, gives  canonical module -> factor that the config states of what it reads, or gives
residual      sequential: x += attn(norm x), then x += mlp(norm x); parallel: both read the same x;
              post-norm: x = norm(x + attn(x)), then x = norm(x + mlp(x))
attn_input    norm that attention reads through, None without; mlp_input the same for the MLP
keys          geometry -> config key, where it is not the usual one, or a number, 0 where no
              layer of any model has heads, or an MLP; None: no key
older_keys    config key of some configs -> the key that the row speaks of
defaults      config key -> value, where config.json may leave it out
meant         config key -> word in older configs -> the word that it means
activation    config key of the MLP's activation; mlp_unsaid: d_mlp unsaid means 4 d_model;
              mlp_rounded: d_mlp follows from what the config states
clamp         config keys of a gate with limits, which has no activation beside it
mixture       config keys of a mixture of experts
gate          what attn.gate goes through before it multiplies what heads give
scales        factors that the config states: of embedding, attention scores, residual, logits
shapes        canonical module -> shape in words, where it is not the usual one
renamed       ending of a name in older checkpoints -> its ending today
buffers       names stored beside the weights that are not parameters; {i} is the layer
twins         a stored name -> the name that it repeats where the embeddings are tied
beside        prefixes of names that the published classes have beside these: they are parameters
requires      config key -> the only value that this row describes, or the key that has it
variants      columns that are others where the config has some values
heads_by_layer  config key of a list with the heads of every layer, where they differ
limits_by_layer  config keys of lists with a limit for every layer, 0 for none: an expert's gate is
              no larger after its activation, its up within both signs of it; of every other MLP
layer_kinds   modules and columns that are others in some of the layers, and the rule that says in
              which: `layer_rules.py`

Keys that a row does not read and its class in transformers does: see `switches.py`.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from atlas.architectures import kinship, row_file, rows
from atlas.architectures.architecture import Architecture
from atlas.architectures.from_config import resolve
from atlas.architectures.row import Row
from atlas.architectures.row_file import DerivedRow
from atlas.errors import LISTED, AtlasError, Problems, short

_ROWS: Mapping[str, Row] = {
    row.model_type: row
    for module in pkgutil.iter_modules(rows.__path__, f"{rows.__name__}.")
    for row in vars(importlib.import_module(module.name)).values()
    if isinstance(row, Row)
}


_OF_PROJECT: dict[str, DerivedRow] = {}
"""The derived rows of the project at work; see `use`."""

_ON_TRIAL: dict[str, Row] = {}
"""Rows that are still to be proved; see `on_trial`."""


@functools.cache
def _shipped() -> Mapping[str, DerivedRow]:
    """The derived rows of the package."""
    files = sorted((Path(__file__).parent / "derived").glob("*.json"))
    return {path.stem: row_file.read_trusted(path) for path in files}


def use(files: Iterable[Path]) -> list[AtlasError]:
    """Take the derived rows of a project, in place of those of another one, and return what is
    wrong with them: a file that cannot be read keeps no other model from being measured."""
    _OF_PROJECT.clear()
    wrong: list[AtlasError] = []
    for path in files:
        try:
            found = row_file.read(path)
        except AtlasError as error:
            wrong += Problems([error]).problems
            continue
        if found.row.model_type in shipped():
            told = f"{found.row.model_type} has a row in atlas, which goes before this one"
            wrong.append(AtlasError(told, file=path, remedy="delete the file"))
        else:
            _OF_PROJECT[found.row.model_type] = found
    return wrong


@contextlib.contextmanager
def on_trial(row: Row) -> Iterator[None]:
    """Read models of a row's type by this row while it is being proved."""
    _ON_TRIAL[row.model_type] = row
    try:
        yield
    finally:
        del _ON_TRIAL[row.model_type]


def known() -> tuple[str, ...]:
    """The model types that have a row, sorted."""
    return tuple(sorted({*_ROWS, *_shipped(), *_OF_PROJECT}))


def shipped() -> tuple[str, ...]:
    """The model types whose row is part of atlas, sorted."""
    return tuple(sorted({*_ROWS, *_shipped()}))


def by_hand() -> tuple[str, ...]:
    """The model types whose row was written by hand, sorted."""
    return tuple(sorted(_ROWS))


def derived(model_type: str) -> DerivedRow | None:
    """The derived row of a model type and how it came to be; None where there is none, or one that
    was written by hand."""
    return None if model_type in _ROWS else {**_shipped(), **_OF_PROJECT}.get(model_type)


def origin(model_type: str) -> str:
    """Where the row of a model type is from; `KeyError` where there is none."""
    if model_type in _ROWS:
        return "written by hand"
    of_project = "" if model_type in _shipped() else "a row of this project, "
    return of_project + {**_shipped(), **_OF_PROJECT}[model_type].origin


def row(model_type: str) -> Row:
    """The row of a model type; `KeyError` where there is none."""
    if model_type in _ON_TRIAL:
        return _ON_TRIAL[model_type]
    found = derived(model_type)
    return _ROWS[model_type] if found is None else found.row


def kind(model_type: str) -> Literal["decoder", "encoder"]:
    """Whether models of that type are decoders or encoders; `KeyError` where there is no row."""
    return row(model_type).kind


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
    if not isinstance(model_type, str) or model_type not in {*known(), *_ON_TRIAL}:
        kinship.refuse_own_code(config, where)
        raise AtlasError(
            f"no architecture {short(model_type)}",
            file=where,
            place="model_type",
            remedy=f"{advice(model_type, len(known()))}; to add one, derive it: atlas "
            "architecture CONFIG; or write a row in atlas/architectures/rows (its columns stand at "
            "the top of atlas/architectures/__init__.py) and a tiny config in atlas/loaded/tiny.py",
        )
    return resolve(row(model_type), config, where)
