"""What one tiny model shows of its architecture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from atlas.architectures.row import Source
from atlas.errors import AtlasError


class UnreachedError(AtlasError):
    """Something that the derivation does not understand, or that no column of a row can say."""


@dataclass(frozen=True)
class NormFound:
    """How norms compute. `eps` is as measured, `own` the numbers that a norm keeps itself."""

    kind: Literal["layer", "rms"]
    offset: float
    gain: bool
    bias: bool
    eps: float
    own: frozenset[float] = frozenset()

    def alike(self, other: NormFound) -> bool:
        """Whether one description holds for both, biases aside."""
        same = (self.kind, self.offset, self.gain) == (other.kind, other.offset, other.gain)
        return same and abs(self.eps - other.eps) < 1e-3


@dataclass(frozen=True)
class LayerFound:
    """One layer. Names are live and relative to it; biases are true or false."""

    modules: Mapping[str, Source]
    joins: tuple[str, str]
    residual: Literal["sequential", "parallel", "post-norm"]
    attn_input: str | None
    mlp_input: str | None
    norm: NormFound
    shapes: Mapping[str, tuple[str, ...]]
    renormalised: bool | None
    activations: frozenset[str]
    numbers: Mapping[str, int]
    scales: Mapping[str, float]


@dataclass(frozen=True)
class Found:
    """A whole model: its layers, which are alike, and what is outside them."""

    layers: str
    layer: LayerFound
    outside: Mapping[str, Source]
    numbers: Mapping[str, int]
    scales: Mapping[str, float]
