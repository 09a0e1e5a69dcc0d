"""What comes out where values of several models are subtracted (twin: `static/matrix/contrast.js`).

The baseline is the first model. What may be subtracted, `comparable.py` says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.matrix import Matrix


def has_ratio(matrix: Matrix) -> bool:
    """Whether "twice as much" means something: amounts and counts that cannot be negative."""
    low = matrix.range[0] if matrix.range else None
    bounded = matrix.scale == "log" or matrix.kind == "counts" or (low is not None and low >= 0)
    return matrix.kind in ("sequential", "counts") and bounded


def differences(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What every other model has more than the first, (model - 1, row, column); NaN where either
    has no value. `values`: (model, row, column)."""
    return np.asarray(values[1:] - values[0])


def ratios(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many times the first model's value every other one has, (model - 1, row, column); NaN
    where either has none or is not above 0. `values`: (model, row, column)."""
    fit = (values[1:] > 0) & (values[0] > 0)
    found = np.full(fit.shape, np.nan)
    np.divide(values[1:], values[0], out=found, where=fit)
    return found


def changes(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the class of every other model is another than the first one's: 1, else 0,
    (model - 1, row, column); NaN where either has none. `values`: (model, row, column)."""
    unknown = np.isnan(values[1:]) | np.isnan(values[0])
    return np.where(unknown, np.nan, (values[1:] != values[0]).astype(float))
