"""What changed between two tensors of one shape, one of them made from the other.

Everything is taken from the values as they are stored; sums run in float64, chunk by chunk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from atlas.loaded import linalg


@dataclass(frozen=True)
class Difference:
    """Sums over one pair of tensors, or over several: they can be added.

    `square`: of the elements of new - base; `base_square`: of those of base; `differing`: how
    many of the `elements` are not equal once both are rounded to the coarser of the two types;
    `expected`: the sum of squares that rounding alone should give, 0 where that is not known.
    """

    square: float = 0.0
    base_square: float = 0.0
    differing: int = 0
    elements: int = 0
    expected: float = 0.0

    def __add__(self, other: Difference) -> Difference:
        return Difference(
            self.square + other.square,
            self.base_square + other.base_square,
            self.differing + other.differing,
            self.elements + other.elements,
            self.expected + other.expected,
        )

    @property
    def relative_change(self) -> float:
        """||new - base|| / ||base||, 0 where nothing changed, NaN where only the base is zero."""
        if self.square == 0.0:
            return 0.0
        return math.sqrt(self.square / self.base_square) if self.base_square else math.nan

    @property
    def changed(self) -> float:
        """Share of the elements that differ, in [0, 1]; NaN where there are none."""
        return self.differing / self.elements if self.elements else math.nan


def difference(new: torch.Tensor, base: torch.Tensor, offset: float = 0.0) -> Difference:
    """What changed between two tensors of one shape, any dtypes; values in blocks come dequantised,
    in float32, so that they are rounded to the other's type.

    `offset`: what is added to a stored gain before it multiplies, so that the change is relative
    to the gain that is in effect. The sums are not finite where a value is not.
    """
    coarse = coarser(new.dtype, base.dtype)
    square = base_square = 0.0
    differing = 0
    for one, other in zip(_chunks(new), _chunks(base), strict=True):
        wide = other.double()
        base_square += _square(wide + offset if offset else wide)
        if torch.equal(one, other):  # NaN equals nothing
            continue
        square += _square(one.double() - wide)
        differing += int(torch.count_nonzero(one.to(coarse) != other.to(coarse)))
    return Difference(square, base_square, differing, new.numel())


def rank_of_change(new: torch.Tensor, base: torch.Tensor, found: Difference) -> float:
    """Effective rank of new - base as a share of full rank (`linalg.effective_rank`).

    new, base: (out, in). 0 where no element differs at the precision of the coarser type: what
    is left then is the rounding of the finer one.
    """
    if not found.differing:
        return 0.0
    # Float32 holds the difference of two 16-bit numbers, and that of close float32 ones, exactly.
    return linalg.effective_rank(linalg.gram_eigenvalues(new.float() - base.float()))


def coarser(one: torch.dtype, other: torch.dtype) -> torch.dtype:
    """The dtype with fewer digits."""
    return max(one, other, key=lambda dtype: torch.finfo(dtype).eps)


def _chunks(tensor: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return torch.split(tensor.reshape(-1), linalg.CHUNK)


def _square(values: torch.Tensor) -> float:
    return float(torch.dot(values, values))
