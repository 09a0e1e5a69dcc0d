"""Which quantities rise or fall with depth, more than chance would make of so many.

How steadily a quantity rises is Spearman's rank correlation with depth, the mean over its columns.
Layers are permuted, those of all quantities alike, so that what quantities and columns have in
common stays as it is: the share of permutations under which a correlation is as large is p, and Q
quantities together err in one profile of twenty where each is held to .05 / Q.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEADY = 0.8
"""Rank correlation with depth, averaged over columns, from which on a quantity rises or falls."""

LAYERS = 6
"""Layers from which on a trend can be told: the 24 orders of four say next to nothing."""

ERROR = 0.05
"""Share of profiles of noise in which some trend is told, at most."""

EXACT = 8
"""Layers up to which every permutation is tried."""

DRAWS = 10_000
"""Permutations beyond; the smallest p that they can tell allows for five hundred quantities."""

SLACK = 1e-9
"""By which two correlations differ that are the same to rounding."""


def correlation(values: Floats) -> float:
    """Spearman's rank correlation with depth, (layer, column) -> the mean over the columns that
    exist in every layer, -1 to 1; 0 where there is none."""
    if len(values) < 2:
        return 0.0
    return float(_depth(len(values)) @ _weights(values))


def steady(quantities: Sequence[Floats]) -> list[float]:
    """The correlation of each quantity, (layer, column), and 0 where it is no trend."""
    found = [correlation(values) for values in quantities]
    bound = ERROR / max(1, len(quantities))
    return [
        rho if len(values) >= LAYERS and abs(rho) >= STEADY and chance(values) <= bound else 0.0
        for rho, values in zip(found, quantities, strict=True)
    ]


def chance(values: Floats) -> float:
    """p: the share of permutations of layers, the given order among them, under which the
    correlation is as large in size."""
    orders = _orders(len(values))
    weights = _weights(values)
    least = abs(float(_depth(len(values)) @ weights)) - SLACK
    return float(np.mean(np.abs(orders @ weights) >= least))


def _weights(values: Floats) -> Floats:
    """What each layer adds to the correlation by its depth: ranks in units of their own spread, the
    mean over the columns."""
    whole = values[:, np.isfinite(values).all(axis=0)]
    if not whole.size:
        return np.zeros(len(values))
    ranks = _ranks(whole)
    ranks = ranks - ranks.mean(axis=0)
    spread = ranks.std(axis=0)
    each = np.divide(ranks, spread, out=np.zeros_like(ranks), where=spread > 0)
    found: Floats = each.mean(axis=1) / len(values)
    return found


def _depth(layers: int) -> Floats:
    """Depths of layers with mean 0 and standard deviation 1."""
    found = np.arange(layers) - (layers - 1) / 2
    depth: Floats = found / found.std()
    return depth


@functools.lru_cache(maxsize=8)
def _orders(layers: int) -> Floats:
    """Depths in many orders, (order, layer), the given one first: all there are, or drawn with a
    fixed seed."""
    depth = _depth(layers)
    if layers <= EXACT:
        return np.array(list(itertools.permutations(depth)))
    drawn = np.random.default_rng(0).permuted(np.tile(depth, (DRAWS - 1, 1)), axis=1)
    return np.vstack([depth, drawn])


def _ranks(values: Floats) -> Floats:
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
