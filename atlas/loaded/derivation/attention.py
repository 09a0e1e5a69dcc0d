"""Attention of one layer: which projections give queries, keys and values, and what reads the mix.

Rotations leave the first position as it is, so that queries and keys are compared there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from atlas.architectures.row import Source
from atlas.loaded.derivation import norms
from atlas.loaded.derivation.found import NormFound, UnreachedError
from atlas.loaded.derivation.recording import BATCH, LENGTH, Attention, Call, close, ratio

Part = Literal["q", "k", "v"]
Split = Literal["stacked", "grouped"]


@dataclass(frozen=True)
class AttentionFound:
    """The modules of attention, their norms, and the counts that were seen."""

    modules: Mapping[str, Source]
    norms: Mapping[str, NormFound]
    shapes: Mapping[str, tuple[str, ...]]
    heads: int
    kv_heads: int
    d_head: int
    factor: float


@dataclass(frozen=True)
class _Heads:
    """How many there are, to know the parts of a fused projection by their width."""

    heads: int
    kv_heads: int
    d_head: int


def of(calls: Mapping[str, Call], seen: Attention) -> AttentionFound:
    """The attention of a layer by the calls within it. Raises `UnreachedError`."""
    if seen.queries.shape[-1] != seen.values.shape[-1]:
        raise UnreachedError("queries and values of different widths")
    heads, d_head = seen.queries.shape[1], seen.queries.shape[-1]
    kv_heads = _distinct(seen.keys, seen.values)
    shape = _Heads(heads, kv_heads, d_head)
    modules: dict[str, Source] = {}
    found_norms: dict[str, NormFound] = {}
    shapes: dict[str, tuple[str, ...]] = {}
    factor = seen.factor
    wanted: dict[Part, torch.Tensor] = {
        "q": seen.queries,
        "k": seen.keys[:, :: seen.keys.shape[1] // kv_heads],
        "v": seen.values[:, :: seen.values.shape[1] // kv_heads],
    }
    for part, tensor in wanted.items():
        source, times_more, norm = _made(tensor.transpose(1, 2).flatten(2), part, calls, shape)
        modules[f"attn.{part}"] = source
        factor *= times_more
        if part == "v" and times_more != 1:
            raise UnreachedError("values that are multiplied by a number")
        if norm is not None:
            name, found = norm
            modules[f"norm.{part}"] = Source(name)
            found_norms[f"norm.{part}"] = found
            shapes[f"norm.{part}"] = _norm_shape(calls[name], part, shape)
    modules["attn.o"] = _reads(seen.mixed, calls, modules)
    if seen.sinks is not None:
        modules["attn.sinks"] = _sinks(seen.sinks, calls)
    usual = {name: words for name, words in shapes.items() if words != ("d_head",)}
    return AttentionFound(modules, found_norms, usual, heads, kv_heads, d_head, factor)


def _distinct(keys: torch.Tensor, values: torch.Tensor) -> int:
    """How many key/value heads there are before they are repeated."""
    heads = keys.shape[1]
    for times in range(heads, 1, -1):
        if heads % times == 0 and all(
            torch.equal(t, t[:, ::times].repeat_interleave(times, dim=1)) for t in (keys, values)
        ):
            return heads // times
    return heads


def projections(calls: Mapping[str, Call]) -> Iterator[tuple[str, Call]]:
    """Modules with a matrix of their own that give a vector for each position."""
    for name, call in calls.items():
        matrices = [tensor for tensor in call.own.values() if tensor.ndim == 2]
        if matrices and call.gave.ndim == 3 and call.gave.shape[:2] == (BATCH, LENGTH):
            yield name, call


def _made(
    wanted: torch.Tensor, part: Part, calls: Mapping[str, Call], shape: _Heads
) -> tuple[Source, float, tuple[str, NormFound] | None]:
    """The projection that gives queries, keys or values (batch, position, head x d_head), by what
    number they are multiplied after it, and the norm between, where there is one."""
    turned = part != "v"
    target = wanted[:, 0] if turned else wanted
    views = [
        (name, call, split, view)
        for name, call in projections(calls)
        for split, view in _views(call.gave, part, shape)
        if view.shape == wanted.shape
    ]
    for name, call, split, view in views:
        factor = ratio(view[:, 0] if turned else view, target)
        if factor is not None:
            return _source(name, call, part, split), _round(factor), None
    for norm, call in calls.items():
        for read, gave in _flat(call, wanted):
            if turned and close(gave[:, 0], target) and (found := norms.of(call)):
                for name, maker, split, view in views:
                    if close(view[:, 0], read[:, 0]):
                        return _source(name, maker, part, split), 1.0, (norm, found)
    words = {"q": "queries", "k": "keys", "v": "values"}[part]
    raise UnreachedError(f"{words} that no single projection gives")


def _round(factor: float) -> float:
    """1 where it is 1 but for rounding."""
    return 1.0 if abs(factor - 1) < 1e-5 else factor


def _flat(call: Call, wanted: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """What a norm read and gave, its heads beside each other, whichever axis they are on."""
    read, gave = call.read, call.gave
    if read is None or read.shape != gave.shape or gave.numel() != wanted.numel():
        return
    if gave.ndim == 3 and gave.shape == wanted.shape:
        yield read, gave
    elif gave.ndim == 4 and gave.shape[1] == LENGTH:
        yield read.flatten(2), gave.flatten(2)
    elif gave.ndim == 4 and gave.shape[2] == LENGTH:
        yield read.transpose(1, 2).flatten(2), gave.transpose(1, 2).flatten(2)


def _views(
    gave: torch.Tensor, part: Part, shape: _Heads
) -> Iterator[tuple[Split | None, torch.Tensor]]:
    """Everything of a projection's output that can be one part of it."""
    yield None, gave
    per = shape.heads // shape.kv_heads
    q, kv = shape.heads * shape.d_head, shape.kv_heads * shape.d_head
    if gave.shape[-1] != q + 2 * kv:
        return
    start, width = {"q": (0, q), "k": (q, kv), "v": (q + kv, kv)}[part]
    yield "stacked", gave[..., start : start + width]
    groups = gave.reshape(*gave.shape[:-1], shape.kv_heads, per + 2, shape.d_head)
    place = {"q": slice(0, per), "k": slice(per, per + 1), "v": slice(per + 1, per + 2)}[part]
    yield "grouped", groups[..., place, :].flatten(2)


def _source(name: str, call: Call, part: Part, split: Split | None) -> Source:
    return Source(
        name,
        bias="bias" in call.own,
        part=None if split is None else part,
        split=split,
        transposed=transposed(call),
    )


def transposed(call: Call) -> bool:
    """Whether a projection's matrix is (in, out), told by what it computes."""
    matrix = next(tensor for tensor in call.own.values() if tensor.ndim == 2).double()
    read = call.read
    assert read is not None
    bias = call.own.get("bias", torch.zeros(()))
    if read.shape[-1] == matrix.shape[1] and close(read.double() @ matrix.T + bias, call.gave):
        return False
    if read.shape[-1] == matrix.shape[0] and close(read.double() @ matrix + bias, call.gave):
        return True
    raise UnreachedError("a projection that is no product with its matrix")


def _reads(mixed: torch.Tensor, calls: Mapping[str, Call], modules: Mapping[str, Source]) -> Source:
    """The projection that reads what the heads give."""
    taken = {source.disk for source in modules.values()}
    free = [(name, call) for name, call in projections(calls) if name not in taken]
    for name, call in free:
        if call.read is not None and close(call.read, mixed):
            return Source(name, bias="bias" in call.own, transposed=transposed(call))
    for call in calls.values():
        read = call.read
        fits = read is not None and read.numel() == mixed.numel()
        if read is not None and fits and close(read.reshape(mixed.shape), mixed) and norms.of(call):
            raise UnreachedError("a norm between the heads and o")
    read_by = [call.read for _, call in free if call.read is not None]
    shares = [read / mixed for read in read_by if read.shape == mixed.shape]
    if any(bool((share > 0).all()) for share in shares):
        raise UnreachedError("a gate between the heads and o")
    raise UnreachedError("something between the heads and o")


def _norm_shape(call: Call, part: Part, shape: _Heads) -> tuple[str, ...]:
    """The shape of a norm's gain in words."""
    gains = [tuple(tensor.shape) for name, tensor in call.own.items() if name != "bias"]
    if not gains or gains[0] == (shape.d_head,):
        return ("d_head",)
    count, words = (
        (shape.heads, ("q", "heads")) if part == "q" else (shape.kv_heads, ("kv", "kv_heads"))
    )
    if gains[0] == (count * shape.d_head,):
        return (words[0],)
    if gains[0] == (count, shape.d_head):
        return (words[1], "d_head")
    raise UnreachedError(f"a norm of {part} with a gain of shape {list(gains[0])}")


def _sinks(sinks: torch.Tensor, calls: Mapping[str, Call]) -> Source:
    """The parameter that every query can look at instead of a key."""
    for name, call in calls.items():
        for own, tensor in call.own.items():
            if tensor.numel() == sinks.numel() and close(tensor.flatten(), sinks.flatten()):
                return Source(f"{name}.{own}", bare=True)
    raise UnreachedError("a place to look at that no parameter of the layer is")
