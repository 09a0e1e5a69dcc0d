"""Who leads, as far as the passages can tell: the highest value and all that are not surely lower.

Values of one model come from the same passages, so that what moves one moves the others, too. What
counts is therefore the error of a difference, not those of the two values.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from atlas.passes import estimates
from atlas.passes.estimates import Floats

WITHIN = 2.0
"""Standard errors of a difference up to which two values are not told apart."""


def of_ratios(totals: Floats, sizes: Floats) -> list[int]:
    """The places of the highest ratio of sums and of those not surely below it, the highest first.

    `totals`: (place, passage), at least one place; `sizes`: (passage,). Of a single passage no
    error is known, and all places are named.
    """
    values = estimates.ratio(totals, sizes)
    each = np.broadcast_to(sizes, totals.shape)
    return ranked(values, estimates.difference_errors(totals, each, int(values.argmax())))


def ranked(values: Floats, errors: Floats) -> list[int]:
    """The places that are not surely below the highest, the highest first; of equal ones the first.

    `errors`: (place,) of the difference between the highest value and each; NaN where unknown.
    """
    below: NDArray[np.bool_] = values.max() - values > WITHIN * errors
    below[int(values.argmax())] = False
    order = np.argsort(-values, kind="stable")
    return [int(place) for place in order if not below[place]]


def listed(names: Sequence[str], most: int) -> str:
    """The first `most` names, and how many there are in all: `a; b; 7 in all`."""
    rest = f"; {len(names)} in all" if len(names) > most else ""
    return "; ".join(names[:most]) + rest
