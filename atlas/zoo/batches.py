"""Passages and repeated random segments as batches of token ids.

A row is `<|endoftext|>`, one passage and, in the space that is left, random segments that come
twice or more: they are what induction heads are learned from. The first copy cannot be predicted,
so a tenth of its positions count in the loss: a tenth of the weight, at a tenth of the cost. The
targets of facts, a few among many easy words, weigh more than the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Weights = NDArray[np.float32]

LENGTH = 128
"""Tokens in a row, the first one included."""
END = 0
"""The id of `<|endoftext|>`."""
SHORT = (4, 24)
"""Lengths of most repeated segments; short ones are more frequent."""
COPIES = (2, 4)
"""How often a segment comes."""
LONG = (25, 60)
"""Lengths of the segments in rows that have no passage."""
BARE = 0.1
"""The share of rows that have no passage."""
FIRST_COPY = 0.1
"""The loss weight of a segment's first copy."""
TARGET = 4.0
"""The loss weight of a fact's target."""


@dataclass(frozen=True)
class Batch:
    """`ids` (row, position); `weights` (row, position) of each target, 0 = not scored."""

    ids: Ids
    weights: Weights


@dataclass(frozen=True)
class Tokens:
    """A passage as token ids, and which of them are targets of facts."""

    ids: Sequence[int]
    targets: Sequence[int] = ()


class Batches:
    """Batch number n is a pure function of the passages, the vocabulary, the seed and n."""

    def __init__(self, passages: Sequence[Tokens], vocabulary: int, seed: int) -> None:
        self._passages = [_weighed(passage) for passage in passages]
        self._vocabulary = vocabulary
        self._seed = seed
        self._orders: dict[int, Ids] = {}

    def batch(self, number: int, rows: int) -> Batch:
        """The batch of that number, with that many rows."""
        rng = np.random.default_rng([self._seed, number])
        made = [self._row(rng, self._pick(number * rows + row)) for row in range(rows)]
        ids, weights = zip(*made, strict=True)
        return Batch(np.stack(ids), np.stack(weights))

    def _pick(self, position: int) -> tuple[Ids, Weights]:
        """The passage at that position of an endless stream that shuffles anew every epoch."""
        epoch, place = divmod(position, len(self._passages))
        if epoch not in self._orders:
            rng = np.random.default_rng([self._seed, 1, epoch])
            self._orders = {epoch: rng.permutation(len(self._passages))}
        return self._passages[int(self._orders[epoch][place])]

    def _row(self, rng: np.random.Generator, passage: tuple[Ids, Weights]) -> tuple[Ids, Weights]:
        bare = rng.random() < BARE
        text = (passage[0][:0], passage[1][:0]) if bare else passage
        parts = [text, self._repeats(rng, LENGTH - 1 - len(text[0]), LONG if bare else SHORT)]
        if rng.random() < 0.5:
            parts.reverse()
        ids = np.concatenate([[END], *(part[0] for part in parts)])
        return ids, np.concatenate([[np.float32(0)], *(part[1] for part in parts)])

    def _repeats(
        self, rng: np.random.Generator, length: int, lengths: tuple[int, int]
    ) -> tuple[Ids, Weights]:
        """`length` tokens of repeated segments, and their weights."""
        ids, weights = np.empty(length, np.int64), np.empty(length, np.float32)
        at = 0
        low, high = np.log(lengths[0]), np.log(lengths[1] + 1)
        while at < length:
            size = int(np.exp(rng.uniform(low, high)))
            copies = int(rng.integers(COPIES[0], COPIES[1] + 1))
            segment = rng.integers(1, self._vocabulary, size)
            counts = rng.random(copies * size) < FIRST_COPY
            # Nothing announces a second copy: its first token is as unpredictable as the first.
            counts[size + 1 :] = True
            end = min(at + copies * size, length)
            ids[at:end] = np.tile(segment, copies)[: end - at]
            weights[at:end] = counts[: end - at]
            at = end
        return ids, weights


def _weighed(passage: Tokens) -> tuple[Ids, Weights]:
    """A passage's ids, cut to a row, with the end of text behind them, and their weights."""
    ids = np.array([*passage.ids[: LENGTH - 2], END], dtype=np.int64)
    weights = np.ones(len(ids), np.float32)
    weights[[place for place in passage.targets if place < LENGTH - 2]] = TARGET
    return ids, weights
