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

END = 0
"""The id of `<|endoftext|>`."""
BARE = 0.3
"""The share of rows that have no passage."""
FIRST_COPY = 0.1
"""The loss weight of a segment's first copy."""
LATER_COPY = 1.0
"""The loss weight of its later copies."""
TARGET = 4.0
"""The loss weight of a fact's target, where a recipe has no other."""


@dataclass(frozen=True)
class Shape:
    """How a row is cut: `length` tokens in all, of which text may take `room`.

    `segments` are the least and the largest length of repeated segments (short ones are more
    frequent), `bare` the same in rows that have no passage, `copies` how often a segment comes.
    """

    length: int
    room: int
    segments: tuple[int, int]
    bare: tuple[int, int]
    copies: tuple[int, int]


SHAPES = (
    Shape(length=32, room=20, segments=(2, 5), bare=(2, 6), copies=(2, 4)),
    Shape(length=64, room=50, segments=(2, 9), bare=(3, 16), copies=(2, 4)),
    Shape(length=128, room=100, segments=(2, 24), bare=(8, 60), copies=(2, 4)),
)
"""Rows from the beginning of training to its end. Where a token has been seen before, and what came
after it, is found much sooner among a few tokens than among a hundred. The first segments are so
short that only the very last token tells what comes: with longer ones a model was as content to
look five tokens back."""


@dataclass(frozen=True)
class Batch:
    """`ids` (row, position); `weights` (row, position) of each target, 0 = not scored."""

    ids: Ids
    weights: Weights


@dataclass(frozen=True)
class Tokens:
    """A passage as token ids, which of them are targets of facts, and what those weigh."""

    ids: Sequence[int]
    targets: Sequence[int] = ()
    weight: float = TARGET


class Batches:
    """Batch number n is a pure function of the passages, the vocabulary, the seed and n."""

    def __init__(self, passages: Sequence[Tokens], vocabulary: int, seed: int) -> None:
        self._passages = [_Piece(passage) for passage in passages]
        self._vocabulary = vocabulary
        self._seed = seed
        self._orders: dict[int, Ids] = {}

    def batch(self, number: int, rows: int, shape: Shape = SHAPES[-1]) -> Batch:
        """The batch of that number, with that many rows of a shape."""
        rng = np.random.default_rng([self._seed, number])
        made = [self._row(rng, self._pick(number * rows + row), shape) for row in range(rows)]
        ids, weights = zip(*made, strict=True)
        return Batch(np.stack(ids), np.stack(weights))

    def _pick(self, position: int) -> _Piece:
        """The passage at that position of an endless stream that shuffles anew every epoch."""
        epoch, place = divmod(position, len(self._passages))
        if epoch not in self._orders:
            rng = np.random.default_rng([self._seed, 1, epoch])
            self._orders = {epoch: rng.permutation(len(self._passages))}
        return self._passages[int(self._orders[epoch][place])]

    def _row(self, rng: np.random.Generator, piece: _Piece, shape: Shape) -> tuple[Ids, Weights]:
        bare = rng.random() < BARE
        text = piece.cut(rng, 0 if bare else shape.room)
        space = shape.length - 1 - len(text[0])
        parts = [text, self._repeats(rng, space, shape, shape.bare if bare else shape.segments)]
        if rng.random() < 0.5:
            parts.reverse()
        ids = np.concatenate([[END], *(part[0] for part in parts)])
        return ids, np.concatenate([[np.float32(0)], *(part[1] for part in parts)])

    def _repeats(
        self, rng: np.random.Generator, length: int, shape: Shape, lengths: tuple[int, int]
    ) -> tuple[Ids, Weights]:
        """`length` tokens of repeated segments, and their weights."""
        ids, weights = np.empty(length, np.int64), np.empty(length, np.float32)
        at = 0
        low, high = np.log(lengths[0]), np.log(lengths[1] + 1)
        while at < length:
            size = int(np.exp(rng.uniform(low, high)))
            copies = int(rng.integers(shape.copies[0], shape.copies[1] + 1))
            segment = rng.integers(1, self._vocabulary, size)
            counts = (rng.random(copies * size) < FIRST_COPY).astype(np.float32)
            # Nothing announces a second copy: its first token is as unpredictable as the first.
            counts[size + 1 :] = LATER_COPY
            end = min(at + copies * size, length)
            ids[at:end] = np.tile(segment, copies)[: end - at]
            weights[at:end] = counts[: end - at]
            at = end
        return ids, weights


class _Piece:
    """A passage's ids with their weights, and the places where it may be cut."""

    def __init__(self, passage: Tokens) -> None:
        self._ids = np.array([*passage.ids, END], dtype=np.int64)
        self._weights = np.ones(len(self._ids), np.float32)
        self._weights[list(passage.targets)] = passage.weight
        # A sentence of facts ends with its target and a full stop.
        self._cuts = np.array([0, *(place + 2 for place in passage.targets)])

    def cut(self, rng: np.random.Generator, room: int) -> tuple[Ids, Weights]:
        """At most `room` tokens: the whole passage, or whole sentences of facts, or a stretch."""
        if len(self._ids) <= room:
            return self._ids, self._weights
        if len(self._cuts) == 1:
            start = int(rng.integers(0, len(self._ids) - room + 1))
            end = start + room
        else:
            start = int(rng.choice(self._cuts[:-1]))
            end = int(self._cuts[self._cuts <= start + room].max())
        return self._ids[start:end], self._weights[start:end]
