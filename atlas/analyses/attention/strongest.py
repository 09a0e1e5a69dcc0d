"""Which heads are the strongest of their kind, as far as what was read can tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atlas.passes import estimates, leaders
from atlas.passes.estimates import Floats
from atlas.profiles.profile_file import Scalar

NONE = "none above twice chance"

TIMES_CHANCE = 2.0
"""How many times what even attention gives makes a head one of its kind."""

ALIKE = 2.5e-5
"""Half of what published digits tell apart, near 1: no head leads by less than twice that."""


def facts(
    name: str,
    score: Floats,
    totals: Floats,
    sizes: Floats,
    chance: Floats,
    layers: Sequence[int] | None = None,
) -> dict[str, Scalar]:
    """The highest score and the heads that may have it, "2.3, 2.2", the highest first; or that
    there are none. Nothing where no head has a score.

    A head may have it where its paired difference from the highest is within two standard errors
    and its score above twice chance. `score`: (layer, head), the ratio of sums of `totals` and
    `sizes`, (layer, head, passage); `chance`: (layer,), the score of a head that attends evenly;
    `layers`: the number of each, where those without heads are left out.
    """
    if np.isnan(score).all():
        return {}
    strong = np.argwhere(score > TIMES_CHANCE * chance[:, None])
    if not len(strong):
        return {f"strongest_{name}": NONE}
    at = tuple(strong.T)
    found = score[at]
    errors = estimates.difference_errors(totals[at], sizes[at], int(found.argmax()))
    places = leaders.ranked(found, np.maximum(errors, ALIKE))
    numbers = range(len(score)) if layers is None else layers
    heads = ", ".join(f"{numbers[strong[one][0]]}.{strong[one][1]}" for one in places)
    return {f"strongest_{name}": float(found.max()), f"strongest_{name}_head": heads}
