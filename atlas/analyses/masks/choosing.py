"""Masks over the blocks of a model: which are pruned, by what they cost, and masks at random.

`static/matrix/block-masks.js` chooses the same masks for the sparsity that a reader asks for.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.matrix import rounded

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
"""True where a block is kept."""


def pruned_count(sparsity: float, blocks: int) -> int:
    """How many of so many blocks a mask prunes: the nearest whole number, halves upwards."""
    return math.floor(sparsity * blocks + 0.5)


def cheapest(costs: Floats, count: int) -> Mask:
    """(..., block) costs -> masks that prune the `count` cheapest blocks of each row.

    Costs are compared as they are published, with 4 digits, and of equal ones the first goes first,
    so that whoever has the published costs finds the same masks. A block that its layer has not has
    no cost, NaN, and is never pruned.
    """
    published = np.array([rounded(float(cost)) for cost in costs.flat], dtype=np.float64)
    return without_smallest(published.reshape(costs.shape), count)


def without_smallest(costs: Floats, count: int) -> Mask:
    """Masks as of `cheapest`, with costs compared as they are."""
    order = np.argsort(costs, axis=-1, kind="stable")
    mask = np.ones(costs.shape, dtype=np.bool_)
    np.put_along_axis(mask, order[..., :count], False, axis=-1)
    return mask


def at_random(draws: int, blocks: int, count: int, seed: int) -> Mask:
    """(draw, block): masks that prune `count` blocks each, every choice as likely as any other."""
    generator = np.random.default_rng(seed)
    mask = np.ones((draws, blocks), dtype=np.bool_)
    for row in mask:
        row[generator.permutation(blocks)[:count]] = False
    return mask


def halves(clusters: NDArray[np.int64]) -> NDArray[np.int64]:
    """The half, 0 or 1, that each passage belongs to: those of a cluster in turn."""
    half = np.zeros(len(clusters), dtype=np.int64)
    for number in np.unique(clusters):
        rows = np.flatnonzero(clusters == number)
        half[rows] = np.arange(len(rows)) % 2
    return half


def agreement(one: Mask, other: Mask) -> float:
    """The share of the blocks pruned in one that the other prunes as well; 1 where none is."""
    pruned = int((~one).sum())
    return int((~one & ~other).sum()) / pruned if pruned else 1.0
