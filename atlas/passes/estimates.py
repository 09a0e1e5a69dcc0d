"""How sure an estimate over passages is.

What is measured passage by passage is published as a ratio of sums, and its standard error is that
of the linearised ratio: with totals T_i, sizes b_i and R = sum T / sum b it is
sqrt(n / (n - 1) sum (T_i - R b_i)^2) / sum b (Cochran 1977). That needs no random draws, and lies
within a few percent of the bootstrap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def ratio(totals: Floats, sizes: Floats) -> Floats:
    """Ratios of sums: (..., passage) totals over (passage,) sizes -> (...)."""
    found: Floats = totals.sum(-1) / sizes.sum()
    return found


def ratio_error(totals: Floats, sizes: Floats) -> Floats:
    """Standard errors of ratios of sums; NaN for a single passage. Shapes as in `ratio`.

    With sizes of 1 it is the standard error of a mean.
    """
    count = totals.shape[-1]
    if count < 2:
        return np.full(totals.shape[:-1], np.nan)
    apart = totals - ratio(totals, sizes)[..., None] * sizes
    found: Floats = np.sqrt(count / (count - 1) * (apart**2).sum(-1)) / sizes.sum()
    return found


def difference_errors(totals: Floats, sizes: Floats, place: int) -> Floats:
    """Standard errors of the differences of ratios of sums from that at `place`, paired over
    passages: what moves both alike is no difference. NaN for a single passage.

    `totals`, `sizes`: (place, passage), sizes that may differ and are not all 0 -> (place,).
    """
    count, sums = totals.shape[-1], sizes.sum(-1, keepdims=True)
    if count < 2:
        return np.full(len(totals), np.nan)
    linear = (totals - totals.sum(-1, keepdims=True) / sums * sizes) / sums
    found: Floats = np.sqrt(count / (count - 1) * ((linear - linear[place]) ** 2).sum(-1))
    return found


def largest_share(totals: Floats) -> Floats:
    """The largest share that one passage has in a sum: (..., passage) -> (...), in [0, 1].

    Of what may be below 0 it is the share in the sum of sizes; NaN where all are 0.
    """
    sizes = np.abs(totals)
    whole = sizes.sum(-1)
    found: Floats = np.divide(
        sizes.max(-1), whole, out=np.full(whole.shape, np.nan), where=whole > 0
    )
    return found


class RatioSums:
    """Sums for ratios of sums and their errors while passages stream by: nothing is kept of a
    passage. Shapes of what is added are (..., passage), of what comes out (...).

    A cell in which no passage has a size has no value; one in which a single passage has one has no
    error.
    """

    def __init__(self) -> None:
        self.totals: Floats = np.zeros(())
        self.sizes: Floats = np.zeros(())
        self.counts: Floats = np.zeros(())
        self._squares: Floats = np.zeros(())
        self._products: Floats = np.zeros(())
        self._size_squares: Floats = np.zeros(())
        self._largest: Floats = np.zeros(())
        self._moduli: Floats = np.zeros(())

    def add(self, totals: Floats, sizes: Floats) -> None:
        """Count passages: their totals and sizes, of shapes that broadcast."""
        totals, sizes = np.broadcast_arrays(totals, sizes)
        moduli = np.abs(totals)
        self.totals = self.totals + totals.sum(-1)
        self.sizes = self.sizes + sizes.sum(-1)
        self.counts = self.counts + (sizes > 0).sum(-1)
        self._squares = self._squares + (totals**2).sum(-1)
        self._products = self._products + (totals * sizes).sum(-1)
        self._size_squares = self._size_squares + (sizes**2).sum(-1)
        self._largest = np.maximum(self._largest, moduli.max(-1, initial=0))
        self._moduli = self._moduli + moduli.sum(-1)

    @property
    def ratio(self) -> Floats:
        """The ratios of sums, NaN where there is none."""
        return _quotient(self.totals, self.sizes)

    @property
    def error(self) -> Floats:
        """Their standard errors, NaN where fewer than two passages count."""
        found, count = self.ratio, self.counts
        apart = self._squares - 2 * found * self._products + found**2 * self._size_squares
        # Rounding may leave a little less than 0 where all passages agree.
        errors = np.sqrt(np.maximum(apart, 0) * _quotient(count, count - 1))
        return _quotient(errors, self.sizes)

    @property
    def largest_share(self) -> Floats:
        """The largest share that one passage has, NaN where all totals are 0."""
        return _quotient(self._largest, self._moduli)


def _quotient(above: Floats, below: Floats) -> Floats:
    """NaN where the divisor is not above 0."""
    shape = np.broadcast_shapes(np.shape(above), np.shape(below))
    found: Floats = np.divide(above, below, out=np.full(shape, np.nan), where=np.asarray(below) > 0)
    return found
