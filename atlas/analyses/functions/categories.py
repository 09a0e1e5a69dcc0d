"""The category of a head, from its relations of each category; without torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from atlas.pinned.relations import CATEGORIES


def codes(counts: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The code of every head, an index into `CODES`, from its relations of each category."""
    has = np.stack([counts[name] > 0 for name in CATEGORIES])
    many = has.sum(0)
    return np.where(
        many > 1, len(CATEGORIES) + many - 1, np.where(many == 1, has.argmax(0) + 1, 0.0)
    )
