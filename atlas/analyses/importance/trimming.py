"""A mean over passages that a few of them cannot rule, for gradients in 16 bits.

Rounding in bfloat16 can make the gradients of a single passage several times too large. Where
nothing more exact fits into memory, the largest and the smallest tenth of the passages are left
out, for every value its own: another estimator than the mean, and not compared with it.
"""

from __future__ import annotations

import numpy as np

from atlas.passes.estimates import Floats

TENTH = 0.1
"""Share of the passages that is left out at either end, rounded down."""


def named(dtype: str) -> str:
    """What profiles call the estimator, in that dtype: the condition `estimator`."""
    return f"trimmed mean of {TENTH:.0%}, in {dtype}"


def pseudo_values(values: Floats) -> Floats:
    """(..., passage) values -> (..., passage) pseudo-values: their mean is the trimmed mean, and
    the standard error of that mean the one of the trimmed mean.

    That is its influence function (Tukey & McLaughlin 1963): values beyond the ends count as the
    last ones that are kept, and all differences as much as so few passages make them.
    """
    count, cut = values.shape[-1], int(TENTH * values.shape[-1])
    kept = _kept(values)
    clipped = np.clip(values, kept[..., :1], kept[..., -1:])
    apart = clipped - clipped.mean(-1, keepdims=True)
    found: Floats = kept.mean(-1, keepdims=True) + apart * count / (count - 2 * cut)
    return found


def largest_share(values: Floats) -> Floats:
    """(..., passage) values, none below 0 -> (...), the largest share that one of the passages
    has that are kept; NaN where all are 0."""
    kept = _kept(values)
    whole = kept.sum(-1)
    found: Floats = np.divide(
        kept[..., -1], whole, out=np.full(whole.shape, np.nan), where=whole > 0
    )
    return found


def _kept(values: Floats) -> Floats:
    """Without the tenths at the ends, in order."""
    count, cut = values.shape[-1], int(TENTH * values.shape[-1])
    found: Floats = np.sort(values, axis=-1)[..., cut : count - cut]
    return found
