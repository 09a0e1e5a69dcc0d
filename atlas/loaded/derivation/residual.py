"""How attention and MLP join the residual stream, and through which norms they read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch

from atlas.architectures.row import Source
from atlas.loaded.derivation import norms
from atlas.loaded.derivation.found import NormFound, UnreachedError
from atlas.loaded.derivation.recording import Call, close, ratio


@dataclass(frozen=True)
class ResidualFound:
    """The order of a layer, the modules that give what is added, and the norms of the stream."""

    residual: Literal["sequential", "parallel", "post-norm"]
    joins: tuple[str, str]
    scale: float
    attn_input: str | None
    mlp_input: str | None
    modules: dict[str, Source] = field(default_factory=dict)
    norms: dict[str, NormFound] = field(default_factory=dict)


@dataclass
class Stream:
    """A layer's calls, with what it reads and gives."""

    calls: Mapping[str, Call]
    before: torch.Tensor
    after: torch.Tensor

    def __post_init__(self) -> None:
        found = ((name, norms.of(call)) for name, call in self.calls.items())
        self.norms = {name: norm for name, norm in found if norm is not None}

    def normed(self, x: torch.Tensor, y: torch.Tensor) -> str | None:
        """The norm that reads one tensor and gives the other."""
        for name in self.norms:
            read, gave = self.calls[name].read, self.calls[name].gave
            if read is not None and read.shape == x.shape and close(read, x) and close(gave, y):
                return name
        return None

    def giver(self, value: torch.Tensor) -> str:
        """The outermost module that gives a tensor and nothing beside it, and does not only pass on
        what it reads."""
        for name in sorted(self.calls, key=lambda name: name.count(".")):
            call = self.calls[name]
            passed = call.read is not None and torch.equal(call.read, call.gave)
            fits = call.plain and not passed and call.gave.numel() == value.numel()
            if fits and close(call.gave.reshape(value.shape), value):
                return name
        raise UnreachedError("something joins the stream that no module gives alone")


def of(
    stream: Stream,
    attention: tuple[torch.Tensor, torch.Tensor],
    mlp: tuple[torch.Tensor, torch.Tensor],
) -> ResidualFound:
    """The residual stream of a layer; `attention`, `mlp`: what each reads and gives. Raises
    `UnreachedError`."""
    reads, gave = attention
    mlp_reads, mlp_gave = mlp
    for after_attention, first in _afters(stream, gave):
        for after_mlp, second in _afters(stream, mlp_gave):
            found = _plain(stream, first, second, (reads, mlp_reads))
            if found is None:
                found = _post_norm(stream, first, second, (reads, mlp_reads))
            if found is not None:
                _add(found, stream, "norm.attn_after", after_attention)
                _add(found, stream, "norm.mlp_after", after_mlp)
                return found
    raise UnreachedError("a residual stream that is no sum of attention and MLP")


def _afters(stream: Stream, gave: torch.Tensor) -> Iterator[tuple[str | None, torch.Tensor]]:
    """What a sublayer gives, as it is and after a norm of its own."""
    yield None, gave
    for name in stream.norms:
        read = stream.calls[name].read
        if read is not None and read.shape == gave.shape and close(read, gave):
            yield name, stream.calls[name].gave


def _plain(
    stream: Stream,
    first: torch.Tensor,
    second: torch.Tensor,
    reads: tuple[torch.Tensor, torch.Tensor],
) -> ResidualFound | None:
    """x + s (attention + MLP), the MLP reading what attention read, or what it left."""
    scale = ratio(first + second, stream.after - stream.before)
    if scale is None:
        return None
    scale = 1.0 if abs(scale - 1) < 1e-5 else scale
    middle = stream.before + scale * first
    sources: tuple[tuple[Literal["sequential", "parallel"], torch.Tensor], ...]
    sources = (("sequential", middle), ("parallel", stream.before))
    for residual, source in sources:
        read = _read(stream, source, reads[1])
        if read is not None:
            own = _read(stream, stream.before, reads[0])
            if own is None:
                raise UnreachedError("attention that reads something else than the stream")
            joins = (stream.giver(first), stream.giver(second))
            same = read == own and read != ""
            inputs = (own and "norm.attn", "norm.attn" if same else read and "norm.mlp")
            found = ResidualFound(residual, joins, scale, inputs[0] or None, inputs[1] or None)
            _add(found, stream, "norm.attn", own)
            _add(found, stream, "norm.mlp", None if same else read)
            return found
    raise UnreachedError("an MLP that reads something else than the stream")


def _read(stream: Stream, source: torch.Tensor, read: torch.Tensor) -> str | None:
    """The norm through which the stream is read; empty: it is read as it is; None: it is not."""
    read = read.reshape(source.shape)
    return "" if close(source, read) else stream.normed(source, read)


def _post_norm(
    stream: Stream,
    first: torch.Tensor,
    second: torch.Tensor,
    reads: tuple[torch.Tensor, torch.Tensor],
) -> ResidualFound | None:
    """norm(x + attention), and the norm of that and the MLP."""
    middle = reads[1].reshape(stream.before.shape)
    norm, last = (
        stream.normed(stream.before + first, middle),
        stream.normed(middle + second, stream.after),
    )
    if norm is None or last is None or not close(reads[0], stream.before):
        return None
    joins = (stream.giver(first), stream.giver(second))
    found = ResidualFound("post-norm", joins, 1.0, None, None)
    _add(found, stream, "norm.attn", norm)
    _add(found, stream, "norm.mlp", last)
    return found


def _add(found: ResidualFound, stream: Stream, module: str, name: str | None) -> None:
    if name:
        norm = stream.norms[name]
        found.modules[module] = Source(name, bias=norm.bias)
        found.norms[module] = norm
