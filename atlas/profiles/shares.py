"""How far a share of so many observations can be trusted (Wilson 1927).

`static/matrix/chance.js` computes the same.
"""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054
"""Standard deviations of a 95% interval."""

Floats = NDArray[np.float64]
Shares = float | Floats
Counts = int | NDArray[np.int64]


@overload
def wilson(share: float, count: int) -> tuple[float, float]: ...
@overload
def wilson(share: Floats, count: Counts) -> tuple[Floats, Floats]: ...
def wilson(share: Shares, count: Counts) -> tuple[Shares, Shares]:
    """The 95% interval of a share of `count` observations, or of each of some."""
    middle = share + Z * Z / (2 * count)
    half = Z * np.sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2)
    scale = 1 + Z * Z / count
    return np.maximum(0.0, (middle - half) / scale), np.minimum(1.0, (middle + half) / scale)


def spread(shares: Floats, count: int) -> Floats:
    """Half the width of a share's 68% interval, at one standard deviation: a standard error that is
    not 0 where the share is 0 or 1."""
    half = np.sqrt(shares * (1 - shares) / count + 1 / (4 * count**2))
    return np.asarray(half / (1 + 1 / count))
