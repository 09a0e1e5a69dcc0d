"""The passages that masks are measured on: clusters, halves and sizes, and means over them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlas.analyses.masks import choosing
from atlas.analyses.masks.choosing import Floats
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.pinned.clusters import Clusters


@dataclass(frozen=True)
class ScoredPassages:
    """The passages that have a token to score, one value a passage each.

    `rows`: their places in the corpus. `clusters`: numbers, whose `labels` are (cluster,).
    `halves`: 0 or 1. `tokens` are the scored ones, `sizes` the UTF-8 bytes that these stand for.
    """

    rows: tuple[int, ...]
    passages: tuple[Passage, ...]
    clusters: NDArray[np.int64]
    labels: tuple[str, ...]
    halves: NDArray[np.int64]
    tokens: Floats
    sizes: Floats

    @property
    def fewest(self) -> int:
        """Passages of the smallest cluster."""
        return int(np.bincount(self.clusters).min())

    def bits(self, nats: Floats) -> Floats:
        """(..., passage) nats per token -> bits per byte."""
        return nats * self.tokens / (self.sizes * math.log(2))

    def means(self, costs: Floats, half: int | None = None) -> Floats:
        """(passage, block) costs -> (cluster, block) means over its passages, or one half of
        them."""
        among = np.ones(len(costs), dtype=bool) if half is None else self.halves == half
        clusters = range(len(self.labels))
        return np.stack([costs[among & (self.clusters == c)].mean(0) for c in clusters])

    def perplexities(self, nats: Floats) -> Floats:
        """(passage,) nats per token -> (cluster,) perplexity per token."""
        clusters = range(len(self.labels))
        return np.array([self.perplexity(nats, self.clusters == c) for c in clusters])

    def perplexity(self, nats: Floats, among: NDArray[np.bool_] | None = None) -> float:
        """exp of the mean loss per token, of all passages or of those among them."""
        weights = self.tokens if among is None else self.tokens * among
        return math.exp(float((nats * weights).sum() / weights.sum()))


def read(model: LiveModel, passages: Sequence[Passage], clusters: Clusters) -> ScoredPassages:
    """The passages that have a token to score.

    `clusters`: of all passages. Raises `AtlasError` where a half of a cluster has none.
    """
    rows = tuple(row for row, passage in enumerate(passages) if passage.scored)
    scored = tuple(passages[row] for row in rows)
    numbers = np.array([clusters.assignments[row] for row in rows], dtype=np.int64)
    counts = np.bincount(numbers, minlength=len(clusters.clusters))
    if counts.min() < 2:
        raise AtlasError(
            f"cluster {clusters.labels[int(counts.argmin())]!r} has {counts.min()} passages with a "
            "token to score, and a mask is chosen by one half and tried on the other",
            remedy="take more texts, or longer ones",
        )
    return ScoredPassages(
        rows=rows,
        passages=scored,
        clusters=numbers,
        labels=clusters.labels,
        halves=choosing.halves(numbers),
        tokens=np.array([passage.scored for passage in scored], dtype=np.float64),
        sizes=np.array([passage.bytes for passage in scored], dtype=np.float64),
    )
