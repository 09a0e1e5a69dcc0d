"""What the matrices of one profile say together, in sentences computed from their values.

A sentence is told where it would hold again: a winner is beyond the spread of the next, a trend is
more than chance makes of as many quantities. What holds by construction is no finding, and
quantities that are functions of one another count once. Where nothing is striking, nothing is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from atlas.profiles import contract
from atlas.profiles.contract import Quantity
from atlas.profiles.matrix import Matrix
from atlas.site.figures import depth_trends, heatmap

LEAST = 4
"""Layers and quantities from which on something can be said about most of them."""

NAMED = 3
"""Quantities that a sentence names; the rest are counted."""


def told(
    matrices: Sequence[Matrix], quantities: Mapping[str, Quantity] | None = None
) -> tuple[str, ...]:
    """Sentences about all matrices whose rows are layers; none where there are too few.

    `quantities`: what the analysis states of them.
    """
    layered = [item for item in _found(matrices, quantities or {}) if _is_layered(item)]
    return (*_peaks(layered), *_trends(layered))


def _found(matrices: Sequence[Matrix], quantities: Mapping[str, Quantity]) -> Iterator[Matrix]:
    """Each quantity once, without what holds by construction."""
    seen: set[str] = set()
    for matrix in matrices:
        stated = contract.find(quantities, matrix.name)
        root = (stated and stated.same_as) or matrix.name
        if root in seen:
            continue
        seen |= {root, matrix.name}
        constructed = stated.constructed if stated else None
        if constructed != "last row" or len(matrix.rows) > 1:  # nothing is left of a single layer
            yield _free(matrix, constructed)


def _free(matrix: Matrix, constructed: str | None) -> Matrix:
    """The matrix without values that no model could have otherwise."""
    if constructed == "last row":
        kept = slice(None, -1)
        spread = None if matrix.spread is None else matrix.spread[kept]
        return replace(
            matrix,
            rows=matrix.rows[kept],
            values=matrix.values[kept],
            spread=spread,
            largest_share=None,
            undefined=(),
        )
    if constructed == "diagonal":
        values = matrix.values.copy()
        np.fill_diagonal(values, np.nan)
        return replace(matrix, values=values)
    return matrix


def _peaks(layered: Sequence[Matrix]) -> Iterator[str]:
    """The layer that surely has the highest value of most quantities."""
    if len(layered) < LEAST:
        return
    by_layer: dict[str, list[str]] = {}
    for item in layered:
        if (row := _leader(item)) is not None:
            by_layer.setdefault(item.rows[row], []).append(item.title)
    layer, titles = max(by_layer.items(), key=lambda pair: len(pair[1]), default=("", []))
    if len(titles) * 2 > len(layered):
        yield (
            f"Layer {layer} has the highest value for {len(titles)} of {len(layered)} quantities:"
            f" {_listed(titles)}."
        )


def _leader(matrix: Matrix) -> int | None:
    """The row of the highest value; None where another row's highest lies within the error of their
    difference. Values that are no estimates have none."""
    known = np.where(np.isnan(matrix.values), -np.inf, matrix.values)
    first, column = np.unravel_index(int(known.argmax()), known.shape)
    others = np.isfinite(known)
    others[first] = False
    errors = np.zeros(known.shape)
    if matrix.spread is not None:
        errors = np.hypot(matrix.spread[first, column], matrix.spread)
    # An error that cannot be told is NaN, above which nothing is.
    surely = known[first, column] - known > heatmap.SURELY * errors
    return int(first) if surely[others].all() else None


def _trends(layered: Sequence[Matrix]) -> Iterator[str]:
    """The quantities that rise or fall with depth in nearly every column."""
    rising: list[str] = []
    falling: list[str] = []
    found = depth_trends.steady([item.values for item in layered])
    for item, correlation in zip(layered, found, strict=True):
        if correlation:
            (rising if correlation > 0 else falling).append(item.title)
    parts = [
        f"{_listed(titles)} {verb if len(titles) > 1 else verb + 's'}"
        for titles, verb in ((rising, "rise"), (falling, "fall"))
        if titles
    ]
    if parts:
        yield (f"With depth, {'; '.join(parts)} (rank correlation {depth_trends.STEADY} or more).")


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


def _listed(titles: Sequence[str]) -> str:
    """`a, b and c`; the first few and how many more. Equal titles are told once."""
    named = [title for title, _ in Counter(titles).most_common()]
    rest = len(named) - NAMED
    if rest > 1:
        return f"{', '.join(named[:NAMED])} and {rest} more"
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
