"""A derived row, from a config to its proofs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from atlas import architectures
from atlas.architectures.row import Row
from atlas.architectures.row_file import DerivedRow
from atlas.architectures.switches import HARMLESS
from atlas.loaded import loading, proofs
from atlas.loaded.derivation import columns, keys_read, names_on_disk, shrinking, whole, worlds
from atlas.loaded.derivation.columns import Seen, Turned
from atlas.loaded.derivation.found import UnreachedError
from atlas.loaded.derivation.worlds import Config, World
from atlas.loaded.proofs.case import Case, UnprovedError

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Derivation:
    """A derived row, and the tiny worlds that it describes."""

    derived: DerivedRow
    worlds: tuple[World, ...]


def derive(config: Mapping[str, Any], tell: Tell = lambda told: None) -> Derivation:
    """The row of a config's model type, proved. `tell` is given a line for each step.

    Raises `UnreachedError` for what the derivation does not understand, `UnprovedError` where a
    proof fails, `AtlasError` where transformers makes no model of the config.
    """
    import transformers

    with loading.quiet():
        tell("a tiny model of its kind")
        first, other = shrinking.of(config)
        seen = [(world, whole.of(world)) for world in (first, other)]
        tell("its switches, one by one")
        turned = [one for one in _turned(first) if _matters(one, seen[0])]
        row = _row(seen, turned)
        tell("proofs by behaviour")
        stored = worlds.as_stored(worlds.read_by(first, row.config_reads), config)
        varied = [one for one in turned if one.key not in row.requires]
        others = (other, *(one.world for one in varied if one.world))
        described = (stored, *(worlds.read_by(one, row.config_reads) for one in others))
        prove(row, described)
    derived = DerivedRow(
        row=row,
        transformers=transformers.__version__,
        proved=tuple(proofs.ALL),
        varied=("sizes", *sorted(one.key for one in varied)),
        tiny=stored.stated,
    )
    return Derivation(derived, described)


def _row(seen: list[Seen], turned: list[Turned]) -> Row:
    """The row with names on disk, defaults and all that it does not describe."""
    (first, found), other = seen
    model = worlds.made(first)
    prefix = f"{model.base_model_prefix}."
    prefix = prefix if found.layers.startswith(prefix) else ""
    row = columns.row((first, found), other, turned, prefix)
    known = [(first, found)]
    known += [(one.world, one.found) for one in turned if one.world and one.found]
    row = names_on_disk.given(row, known)
    usual = worlds.usual_of(first.model_type)
    row = replace(row, defaults=columns.usual(row, usual, _unsaid(row, usual)))
    row = replace(
        row,
        mlp_unsaid=row.config_keys["d_mlp"] in usual and usual[row.config_keys["d_mlp"]] is None,
    )
    unread = _unread(row, first, other[0], Path(worlds.code_of(model)))
    return replace(row, requires={**unread, **row.requires})


def _unsaid(row: Row, usual: Config) -> Config:
    """What a config of that type says where it states twice as many heads and nothing else."""
    heads = row.config_keys["heads"]
    return worlds.usual_of(row.model_type, {heads: 2 * usual[heads]})


def _turned(first: World) -> Iterator[Turned]:
    for world in worlds.flipped(first):
        if isinstance(world, str):
            yield Turned(world, None, None)
            continue
        try:
            yield Turned(world.name, world, whole.of(world))
        except UnreachedError:
            yield Turned(world.name, world, None)


def _matters(one: Turned, seen: Seen) -> bool:
    """Whether a switch changes the model at all."""
    if one.world is None or one.found is None or one.found != seen[1]:
        return True
    return not worlds.alike(one.world, seen[0])


def _unread(row: Row, first: World, other: World, code: Path) -> dict[str, object]:
    """Keys that the class reads, the row does not, and that were the same in both worlds: the row
    describes the value that they had."""
    read = keys_read.of([*keys_read.shared(), code])
    known = {*row.config_reads, *HARMLESS}
    found: dict[str, object] = {}
    for key, unsaid in sorted(read.items()):
        key = worlds.named(first.model_type, key)
        value = first.whole.get(key, unsaid)
        same = value == other.whole.get(key, unsaid)
        plain = value is None or isinstance(value, str | int | float | bool | list)
        if key not in known and key[0] != "_" and value is not ... and same and plain:
            found[key] = value
    return found


def prove(row: Row, described: Sequence[World]) -> None:
    """Run every proof on a model of every world. Raises `UnprovedError`."""
    with architectures.on_trial(row):
        for world in described:
            with tempfile.TemporaryDirectory() as folder:
                worlds.made(world).float().save_pretrained(folder)
                _prove(row, world.name, Path(folder))


def _prove(row: Row, world: str, folder: Path) -> None:
    told = "its weights are there"
    try:
        case = Case.of(folder)
        for told, proof in proofs.ALL.items():  # noqa: B007 - told where it fails
            proof(case)
    except Exception as error:  # a wrong row breaks a proof in any way
        why = f"{row.model_type}, {world}: not so: {told}: {loading.first_line(error)}"
        raise UnprovedError(why) from error
