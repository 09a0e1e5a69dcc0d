"""Names on disk, found by value: a tiny model is saved, and what a live parameter holds is looked
for among the tensors that were written. transformers renames, splits and stacks as it saves."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file

from atlas.architectures.row import EXPERT_MODULES, Row, Source
from atlas.entries.geometry import Geometry
from atlas.loaded import fused
from atlas.loaded.derivation import worlds
from atlas.loaded.derivation.found import Found, UnreachedError
from atlas.loaded.derivation.worlds import World

Tensors = Mapping[str, torch.Tensor]


def given(row: Row, seen: Sequence[tuple[World, Found]]) -> Row:
    """The row with names on disk, its own names being live ones. A module that only some of the
    worlds have is looked for there."""
    inside: dict[str, Source] = {}
    outside: dict[str, Source] = {}
    prefix = row.live_prefix
    for world, found in seen:
        model = worlds.made(world)
        held = {name: tensor.detach() for name, tensor in model.named_parameters()}
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            files = sorted(Path(folder).glob("*.safetensors"))
            disk = {name: tensor for file in files for name, tensor in load_file(file).items()}
        if not any(name.startswith(prefix) for name in disk):
            prefix = ""
        shape = _geometry(found)
        place = f"{row.live_prefix}{row.layers}.0."
        for name, source in row.modules.items():
            if name in found.layer.modules and name not in inside:
                experts = row.mixture is not None and name in EXPERT_MODULES
                inside[name] = _found(
                    source, place, f"{prefix}{row.layers}.0.", held, disk, shape, experts
                )
        for name, source in row.outside.items():
            live = source.disk.removeprefix("/")
            before = "" if source.disk.startswith("/") else row.live_prefix
            if f"{before}{live}.weight" in held and name not in outside:
                plain = replace(source, disk=live)
                stored = _found(plain, before, before and prefix, held, disk, shape, False)
                slash = "/" if source.disk.startswith("/") else ""
                outside[name] = replace(
                    stored,
                    disk=f"{slash}{stored.disk}",
                    live=f"{slash}{stored.live}" if isinstance(stored.live, str) else stored.live,
                )
            outside.setdefault(name, source)
    return replace(row, modules=inside, outside=outside, prefixes=(prefix,) if prefix else ())


def _geometry(found: Found) -> Geometry:
    numbers = found.numbers
    return Geometry(
        layers=numbers["layers"],
        heads=numbers["heads"],
        kv_heads=numbers["kv_heads"],
        d_model=numbers["d_model"],
        d_head=numbers["d_head"],
        d_mlp=numbers["d_mlp"],
        vocabulary=numbers["vocabulary"],
    )


def _found(
    source: Source,
    before: str,
    on_disk: str,
    held: Tensors,
    disk: Tensors,
    shape: Geometry,
    experts: bool,
) -> Source:
    """Where a module's weight is stored: as it is, under another name, in parts, or in pieces."""
    name = before + source.tensor("weight")
    if name not in held:  # a norm without a gain
        return source
    live = held[name]
    if same := _names(live, disk):
        if name in same and before == on_disk:
            return source
        return replace(source, disk=_relative(same[0], on_disk, source), live=source.disk)
    whole = live.transpose(-2, -1) if source.transposed else live
    part = fused.part(whole, source, shape, dim=-2)
    if same := _names(part, disk):
        return Source(_relative(same[0], on_disk, source), bias=source.bias, live=source)
    if experts:
        each = [_names(one, disk)[:1] for one in part]
        patterns = {_numbered(names[0], at) for at, names in enumerate(each) if names}
        if all(each) and len(patterns) == 1:
            pieces = _relative(patterns.pop(), on_disk, replace(source, bare=False))
            return Source(pieces, bias=source.bias, live=source)
    raise UnreachedError(f"what {name} holds is stored in no way that a row can say")


def _names(wanted: torch.Tensor, disk: Tensors) -> list[str]:
    """The stored tensors that hold just that."""
    return [
        name
        for name, tensor in disk.items()
        if tensor.shape == wanted.shape and torch.equal(tensor, wanted.to(tensor.dtype))
    ]


def _relative(name: str, before: str, source: Source) -> str:
    """A module's name on disk within its layer."""
    if not name.startswith(before):
        raise UnreachedError(f"{name} is stored outside its layer")
    return (
        name.removeprefix(before)
        if source.bare
        else name.removeprefix(before).removesuffix(".weight")
    )


def _numbered(name: str, at: int) -> str:
    """The name of one piece, its number left open: the last in it, for layers come first."""
    before, number, after = name.rpartition(f".{at}.")
    return f"{before}.{{experts}}.{after}" if number else name
