"""What counting tokens alone predicts of a text: a model that does worse says nothing there."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from atlas.loaded.passages import Passage

ADDED = 0.1
"""What is added to every count, so that a token that no other passage has can still come."""


def bits(passages: Sequence[Passage], vocabulary: int) -> NDArray[np.float64]:
    """(passage,) bits that the scored tokens of each passage take when every token is predicted by
    how often it is scored in all other passages: (count + 0.1) / (sum + 0.1 vocabulary)."""
    scored = [np.array(one.ids[one.first : one.last], dtype=np.int64) for one in passages]
    counts = np.bincount(np.concatenate(scored), minlength=vocabulary).astype(np.float64)
    found = np.empty(len(scored))
    for at, tokens in enumerate(scored):
        own, times = np.unique(tokens, return_counts=True)
        others = counts[own] - times
        every = counts.sum() - len(tokens) + ADDED * vocabulary
        found[at] = -(times * np.log2((others + ADDED) / every)).sum()
    return found


def facts(
    bits_per_byte: float, passages: Sequence[Passage], vocabulary: int
) -> dict[str, float | bool]:
    """What a profile tells of a model that loses so much on these passages: that, the same text by
    token frequencies alone, both in bits per byte, and whether the model beats them."""
    scored = [passage for passage in passages if passage.scored]
    by_frequency = math.fsum(bits(scored, vocabulary)) / sum(passage.bytes for passage in scored)
    return {
        "bits_per_byte": bits_per_byte,
        "bits_per_byte_by_frequency": by_frequency,
        "beats_frequencies": bits_per_byte < by_frequency,
    }
