"""Which parameters of a live layer hold which canonical module, and sums over a module's part.

A fused parameter is summed once, per output feature, and its sums are split: nothing of the size
of a weight is ever copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from atlas.architectures.row import CHOOSING, Source
from atlas.entries.geometry import Geometry
from atlas.loaded import fused
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import LARGE_PIECE, PIECE


@dataclass(frozen=True)
class OwnedParameter:
    """One live parameter of a layer: its path there, and the modules that it belongs to.

    `axis`: where its output features lie if it is fused, None where it is one module's alone.
    """

    layer: int
    path: str
    parameter: torch.nn.Parameter
    axis: int | None
    modules: tuple[tuple[str, Source], ...]

    def split(self, sums: torch.Tensor, geometry: Geometry) -> Iterator[tuple[str, torch.Tensor]]:
        """A module, and its part of `sums` over this parameter: (features,), or one number."""
        for module, source in self.modules:
            yield (
                module,
                fused.part(sums, source, geometry).sum() if self.axis is not None else sums,
            )

    def elements(self, geometry: Geometry) -> Iterator[tuple[str, int]]:
        """A module, and how many of the parameter's elements are its own."""
        if self.axis is None:
            yield self.modules[0][0], self.parameter.numel()
            return
        features = self.parameter.shape[self.axis]
        for module, source in self.modules:
            own = len(fused.part(torch.empty(features), source, geometry))
            yield module, self.parameter.numel() // features * own


def of_layer(model: LiveModel, layer: int) -> list[OwnedParameter]:
    """Every parameter of a layer that is a canonical module's weight or bias, of those that a
    gradient reaches."""
    architecture = model.architecture.layer(layer)
    held = dict(model.layer(layer).named_parameters())
    owners: dict[str, list[tuple[str, Source]]] = {}
    axes: dict[str, int | None] = {}
    for module in (name for name in architecture.modules if name not in CHOOSING):
        source = architecture.live_source(module)
        for kind in ("weight", "bias"):
            for path in architecture.live_parameters(module, kind):
                if path in held:
                    owners.setdefault(path, []).append((module, source))
                    last = kind == "bias" or source.transposed
                    axes[path] = None if source.part is None else -1 if last else -2
    return [
        OwnedParameter(layer, path, held[path], axes[path], tuple(modules))
        for path, modules in owners.items()
    ]


Elementwise = Callable[..., torch.Tensor]


def summed(function: Elementwise, axis: int | None, *tensors: torch.Tensor) -> torch.Tensor:
    """The sum of an elementwise function of tensors of one shape, or its sums per feature of axis.

    Chunk by chunk, in float32 within a chunk and float64 between them where the device has it; a
    float64 tensor makes it float64 throughout. Returns () or (features,).
    """
    first = tensors[0]
    narrow = torch.float64 if first.dtype == torch.float64 else torch.float32
    wide = torch.float32 if first.device.type == "mps" else torch.float64
    if axis is None:
        tensors = tuple(tensor.reshape(-1) for tensor in tensors)
        dims, total = [0], torch.zeros((), dtype=wide, device=first.device)
    else:
        axis %= first.ndim
        dims = [dim for dim in range(first.ndim) if dim != axis]
        total = torch.zeros(first.shape[axis], dtype=wide, device=first.device)
    limit = PIECE.get(first.device.type, LARGE_PIECE)
    rows = max(1, limit // max(1, tensors[0][:1].numel()))
    for start in range(0, len(tensors[0]), rows):
        values = function(*(tensor[start : start + rows].to(narrow) for tensor in tensors))
        place = total[start : start + rows] if axis == 0 else total
        place += values.sum(dims) if dims else values
    return total
