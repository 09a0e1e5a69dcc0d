"""How sure masks are: what other passages of the same topics would have chosen.

A mask is a choice among costs, and has no error that a formula gives. So the passages of a cluster
are drawn anew, as many as there are and with replacement, and the mask is chosen again.
"""

from __future__ import annotations

import numpy as np

from atlas.analyses.masks import choosing
from atlas.analyses.masks.choosing import Floats, Mask
from atlas.analyses.masks.scored_passages import ScoredPassages
from atlas.passes import leaders

DRAWS, SEED = 400, 0
"""How often the passages of a cluster are drawn anew, `PROTOCOL["certainty"]`."""

FEWEST = 10
"""Passages of a cluster below which draws say nothing: they are too much alike."""


def of_masks(bits: Floats, scored: ScoredPassages, mask: Mask, pruned: int) -> Floats:
    """(cluster, block): the share of draws in which a block fares as in the mask, kept or pruned.

    `bits`: (block, passage), lost without each block. NaN for clusters of fewer than `FEWEST`
    passages.
    """
    found = np.full(mask.shape, np.nan)
    for cluster, kept in enumerate(mask):
        among = scored.among(cluster)
        if (count := int(among.sum())) < FEWEST:
            continue
        generator = np.random.default_rng([SEED, cluster])
        times = generator.multinomial(count, np.full(count, 1 / count), size=DRAWS).astype(float)
        costs = (times @ bits[:, among].T) / (times @ scored.sizes[among])[:, None]
        found[cluster] = (choosing.without_smallest(costs, pruned) == kept).mean(0)
    return found


def most_divided(bits: Floats, scored: ScoredPassages) -> list[int]:
    """The block whose cost differs most among clusters, by its standard deviation over them, and
    those that passages do not tell from it, the first one first. `bits`: as above."""
    deltas = scored.rates(bits)
    apart, mean = deltas.std(0), deltas.mean(0)
    # What each passage moves the standard deviation by, to first order: (block, passage).
    moved = np.zeros(bits.shape)
    for cluster, delta in enumerate(deltas):
        among = scored.among(cluster)
        sizes = scored.sizes[among]
        count = len(sizes)
        slope = np.divide(
            delta - mean, len(deltas) * apart, out=np.zeros_like(apart), where=apart > 0
        )
        rates = (bits[:, among] - delta[:, None] * sizes) / sizes.sum()
        moved[:, among] = slope[:, None] * rates * np.sqrt(count / (count - 1))
    errors = np.sqrt(((moved[int(apart.argmax())] - moved) ** 2).sum(-1))
    return leaders.ranked(apart, errors)
