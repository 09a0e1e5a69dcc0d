"""What layers do to the residual stream: statistics of one layer's states and contributions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import torch

from atlas.loaded.live import Side
from atlas.loaded.passages import Batch, Sample
from atlas.passes.estimates import Floats, RatioSums
from atlas.passes.observing import Joint
from atlas.passes.running_statistics import narrow, wide

SUBLAYERS = ("attn", "mlp", "block")
"""Columns as they are published: attention, the MLP, and the whole layer."""

Residual = Literal["sequential", "parallel", "post-norm"]
Part = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""A state, by how much it moves, and what was added to it: (n, width) each."""

QUANTITIES = ("block_influence", "angular", "contribution")
"""In the order of what `Movement` gives."""


class Movement:
    """How far attention, the MLP and the whole layer turn and move the residual stream.

    With a state x, what is added f, and the next state y = x + f (normed where norms come after).
    """

    def __init__(self, residual: Residual, blocks: Sequence[str] = SUBLAYERS[:2]) -> None:
        self.residual = residual
        self.exists = [name in (*blocks, "block") for name in SUBLAYERS]
        """Of each sublayer whether the layer has it: what is not there adds nothing."""
        self.sums = RatioSums()
        """Shapes of `totals` and `sizes`: (quantity, sublayer)."""
        self.blocks: list[tuple[Floats, Floats]] = []
        """Of every micro-batch totals and sizes of the whole layer's influence, passage by passage:
        layers are compared by them."""

    def joint(self, layer: int) -> Joint:
        """The tap for one layer."""
        points: list[tuple[str, Side]] = [("layer", "input")]
        points += [(name, "output") for name in SUBLAYERS[:2] if self._has(name)]
        if self.residual == "post-norm":
            points = [*points[:2], ("norm.attn", "output"), points[2], ("layer", "output")]
        return Joint(layer, tuple(points), self)

    def reduce(self, values: tuple[torch.Tensor, ...], batch: Batch) -> torch.Tensor:
        """Totals and sizes of `QUANTITIES` by passage, (2, quantity, sublayer, batch)."""
        found = []
        for pieces in zip(*(batch.scored(value) for value in values), strict=True):
            found.append(torch.stack([_turned(*part) for part in self._parts(*pieces)], -2))
        sums = batch.by_passage(torch.cat(found, -1))
        return sums.reshape(2, len(QUANTITIES), len(SUBLAYERS), -1)

    def add(self, reduced: torch.Tensor) -> None:
        totals, sizes = reduced.double().cpu().numpy()
        self.sums.add(totals, sizes)
        at = QUANTITIES.index("block_influence"), SUBLAYERS.index("block")
        self.blocks.append((totals[at], sizes[at]))

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.sums.totals).all())

    @property
    def means(self) -> Floats:
        """(sublayer, 3): 1 - E cos(x, y), E arccos cos(x, y) / pi and E |f| / |x|.

        NaN where every state is zero.
        """
        return self.sums.ratio.T

    @property
    def influence(self) -> float:
        """Of the whole layer."""
        return float(self.means[SUBLAYERS.index("block"), 0])

    @property
    def compared(self) -> tuple[Floats, Floats]:
        """Totals and sizes of the whole layer's influence, (passage,) each."""
        totals, sizes = (np.concatenate(some, -1) for some in zip(*self.blocks, strict=True))
        return totals, sizes

    def _has(self, name: str) -> bool:
        return self.exists[SUBLAYERS.index(name)]

    def _parts(self, x: torch.Tensor, *rest: torch.Tensor) -> Iterator[Part]:
        if self.residual == "post-norm":
            attn, middle, mlp, end = rest
            yield x, middle - x, attn
            yield middle, end - middle, mlp
            moved = end - x
            yield x, moved, moved
            return
        held = iter(rest)
        attn, mlp = (
            next(held) if self._has(name) else torch.zeros_like(x) for name in SUBLAYERS[:2]
        )
        yield x, attn, attn
        yield x if self.residual == "parallel" else x + attn, mlp, mlp
        both = attn + mlp
        yield x, both, both


class SampledStates:
    """The values at the positions of a sample, or `before` of them, (position, width), in main
    memory."""

    def __init__(self, sample: Sample, before: int = 0) -> None:
        self.sample = sample
        self.before = before
        self.values: torch.Tensor | None = None

    def reduce(self, x: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Places in the sample, and the vectors there."""
        places, rows, positions, _ = self.sample.of(batch, x.device)
        return places.cpu(), x[rows, positions - self.before].cpu()

    def add(self, reduced: tuple[torch.Tensor, torch.Tensor]) -> None:
        places, values = reduced
        if self.values is None:
            self.values = values.new_zeros(self.sample.size, values.shape[-1])
        self.values[places] = values


def _turned(x: torch.Tensor, moved: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
    """Totals and sizes of `QUANTITIES` for some states, (6, n): x turns by the angle between x and
    x + moved.

    The angle comes from the part of `moved` at right angles to x, so that small ones are exact:
    1 minus a cosine that is almost 1 would be rounding.
    """
    width, wider = narrow(x), wide(x)
    x, held = x.to(width), moved.to(width)
    size = torch.linalg.vecdot(x, x).to(wider)
    along = torch.linalg.vecdot(x, held).to(wider)
    length = torch.linalg.vecdot(held, held).to(wider)
    across = (size * length - along.square()).clamp_min(0).sqrt()
    angle = torch.atan2(across, size + along)
    # NaN counts, so that it shows in the sums.
    exists = ~(size <= 0)
    turns = exists & ~(size + 2 * along + length <= 0)
    influence = 2 * (angle / 2).sin().square()
    if added is not moved:
        length = torch.linalg.vecdot(added.to(width), added.to(width)).to(wider)
    share = (length / size).sqrt()
    found = (
        torch.where(turns, influence, 0),
        torch.where(turns, angle / torch.pi, 0),
        torch.where(exists, share, 0),
        turns,
        turns,
        exists,
    )
    return torch.stack([part.to(wider) for part in found])
