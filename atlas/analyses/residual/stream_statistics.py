"""What layers do to the residual stream: statistics of one layer's states and contributions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from atlas.loaded.live import Side
from atlas.loaded.passages import Batch, Sample
from atlas.passes.observing import Joint
from atlas.passes.running_statistics import narrow, wide

SUBLAYERS = ("attn", "mlp", "block")
"""Columns as they are published: attention, the MLP, and the whole layer."""

Residual = Literal["sequential", "parallel", "post-norm"]
Part = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""A state, by how much it moves, and what was added to it: (n, width) each."""

SUMS = ("influence", "angle", "angles", "contribution", "states")


class Movement:
    """How far attention, the MLP and the whole layer turn and move the residual stream.

    With a state x, what is added f, and the next state y = x + f (normed where norms come after).
    """

    def __init__(self, residual: Residual) -> None:
        self.residual = residual
        self.sums: torch.Tensor | None = None

    def joint(self, layer: int) -> Joint:
        """The tap for one layer."""
        points: list[tuple[str, Side]] = [("layer", "input"), ("attn", "output"), ("mlp", "output")]
        if self.residual == "post-norm":
            points = [*points[:2], ("norm.attn", "output"), points[2], ("layer", "output")]
        return Joint(layer, tuple(points), self)

    def reduce(self, values: tuple[torch.Tensor, ...], batch: Batch) -> torch.Tensor:
        """Sums over scored positions, (sublayer, 5), in the order of `SUMS`."""
        x = values[0]
        sums = torch.zeros(len(SUBLAYERS), len(SUMS), dtype=wide(x), device=x.device)
        for pieces in zip(*(batch.scored(value) for value in values), strict=True):
            sums += torch.stack([_turned(*part) for part in self._parts(*pieces)])
        return sums

    def add(self, reduced: torch.Tensor) -> None:
        self.sums = reduced if self.sums is None else self.sums + reduced

    @property
    def means(self) -> NDArray[np.float64]:
        """(sublayer, 3): 1 - E cos(x, y), E arccos cos(x, y) / pi and E |f| / |x|.

        NaN where every state is zero.
        """
        assert self.sums is not None, "a pass has come before"
        influence, angle, angles, contribution, states = self.sums.double().cpu().numpy().T
        totals = np.stack([influence, angle, contribution], -1)
        counts = np.stack([angles, angles, states], -1)
        found: NDArray[np.float64] = np.full_like(totals, np.nan)
        np.divide(totals, counts, out=found, where=counts > 0)
        return found

    def _parts(self, x: torch.Tensor, *rest: torch.Tensor) -> Iterator[Part]:
        if self.residual == "post-norm":
            attn, middle, mlp, end = rest
            yield x, middle - x, attn
            yield middle, end - middle, mlp
            moved = end - x
            yield x, moved, moved
            return
        attn, mlp = rest
        yield x, attn, attn
        yield x if self.residual == "parallel" else x + attn, mlp, mlp
        both = attn + mlp
        yield x, both, both


class SampledStates:
    """The values at the positions of a sample: (position, width), in main memory."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.values: torch.Tensor | None = None

    def reduce(self, x: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Places in the sample, and the vectors there."""
        places, rows, positions, _ = self.sample.of(batch, x.device)
        return places.cpu(), x[rows, positions].cpu()

    def add(self, reduced: tuple[torch.Tensor, torch.Tensor]) -> None:
        places, values = reduced
        if self.values is None:
            self.values = values.new_zeros(self.sample.size, values.shape[-1])
        self.values[places] = values


def _turned(x: torch.Tensor, moved: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
    """The row of `SUMS` for some states: x turns by the angle between x and x + moved.

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
    sums = (
        torch.where(turns, influence, 0),
        torch.where(turns, angle / torch.pi, 0),
        turns,
        torch.where(exists, share, 0),
        exists,
    )
    return torch.stack([part.to(wider).sum() for part in sums])
