"""What the matrices of one profile say together, in sentences computed from their values.

Each sentence is true of the values as they stand; where nothing is striking, nothing is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.matrix import Matrix

LEAST = 4
"""Layers and quantities from which on something can be said about most of them."""

STEADY = 0.8
"""Rank correlation with depth, averaged over columns, from which on a quantity rises or falls."""

NAMED = 3
"""Quantities that a sentence names; the rest are counted."""


def told(matrices: Sequence[Matrix]) -> tuple[str, ...]:
    """Sentences about all matrices whose rows are layers; none where there are too few."""
    layered = [item for item in matrices if _is_layered(item)]
    return (*_peaks(layered), *_trends(layered))


def trend(matrix: Matrix) -> float:
    """How steadily values rise from layer to layer: Spearman's rank correlation with depth, the
    mean over the columns that exist in every layer, -1 to 1; 0 where there is none.

    Equal values share their rank; a column of equal values has 0.
    """
    values = matrix.values[:, np.isfinite(matrix.values).all(axis=0)]
    if not values.size or len(values) < 2:
        return 0.0
    ranks = _ranks(values)
    spread = ranks.std(axis=0)
    depth = np.arange(len(values)) - (len(values) - 1) / 2
    covariance = depth @ ranks / len(values)
    each = np.divide(covariance, spread * depth.std(), out=np.zeros_like(spread), where=spread > 0)
    return float(each.mean())


def _peaks(layered: Sequence[Matrix]) -> Iterator[str]:
    """The layer that has the highest value of most quantities."""
    if len(layered) < LEAST:
        return
    by_layer: dict[str, list[str]] = {}
    for item in layered:
        row = int(np.nanargmax(item.values)) // len(item.columns)
        by_layer.setdefault(item.rows[row], []).append(item.title)
    layer, titles = max(by_layer.items(), key=lambda pair: len(pair[1]))
    if len(titles) * 2 > len(layered):
        yield (
            f"Layer {layer} has the highest value of {len(titles)} of {len(layered)} quantities:"
            f" {_listed(titles)}."
        )


def _trends(layered: Sequence[Matrix]) -> Iterator[str]:
    """The quantities that rise or fall with depth in nearly every column."""
    rising: list[str] = []
    falling: list[str] = []
    for item in layered:
        found = trend(item)
        if abs(found) >= STEADY:
            (rising if found > 0 else falling).append(item.title)
    parts = [
        f"{_listed(titles)} {verb if len(titles) > 1 else verb + 's'}"
        for titles, verb in ((rising, "rise"), (falling, "fall"))
        if titles
    ]
    if parts:
        yield f"With depth, {'; '.join(parts)} (rank correlation {STEADY} or more)."


def _is_layered(matrix: Matrix) -> bool:
    """Whether rows are layers, enough of them, and values have an order and differ."""
    known = matrix.values[np.isfinite(matrix.values)]
    return bool(
        matrix.axes[0] == "layer"
        and len(matrix.rows) >= LEAST
        and matrix.kind not in ("categorical", "binary")
        and known.size
        and known.min() < known.max()
    )


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 0 within each column, (row, column); equal values share the mean of theirs."""
    order = np.argsort(values, axis=0)
    ascending = np.take_along_axis(values, order, axis=0)
    new = np.ones(values.shape, dtype=bool)
    new[1:] = ascending[1:] != ascending[:-1]
    place = np.arange(len(values))[:, None]
    first = np.maximum.accumulate(np.where(new, place, 0))
    ends = np.vstack([new[1:], np.ones((1, values.shape[1]), dtype=bool)])
    last = np.minimum.accumulate(np.where(ends, place, len(values))[::-1])[::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2, axis=0)
    return ranks


def _listed(titles: Sequence[str]) -> str:
    """`a, b and c`; the first few and how many more. Equal titles are told once."""
    named = [title for title, _ in Counter(titles).most_common()]
    rest = len(named) - NAMED
    if rest > 1:
        return f"{', '.join(named[:NAMED])} and {rest} more"
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
