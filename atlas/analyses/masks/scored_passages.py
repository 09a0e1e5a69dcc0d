"""The passages that masks are measured on: clusters, halves, sizes, ratios of sums over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlas.analyses.masks import choosing
from atlas.analyses.masks.choosing import Floats
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import estimates, losses
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
        """(..., passage) nats per token -> bits over the scored text of each passage, a sum."""
        return losses.in_bits(nats, self.passages)

    def among(self, cluster: int, half: int | None = None) -> NDArray[np.bool_]:
        """(passage,): those of a cluster, or of one half of it."""
        own: NDArray[np.bool_] = self.clusters == cluster
        return own if half is None else own & (self.halves == half)

    def rates(self, bits: Floats, half: int | None = None) -> Floats:
        """(..., passage) bits -> (cluster, ...) bits per byte of each cluster, or of one half of
        it: ratios of sums."""
        return self._each(estimates.ratio, bits, self.sizes, half)

    def errors(self, bits: Floats) -> Floats:
        """Standard errors of `rates`, (cluster, ...)."""
        return self._each(estimates.ratio_error, bits, self.sizes)

    def largest_shares(self, bits: Floats) -> Floats:
        """The largest share that one passage has in each of `rates`, (cluster, ...)."""
        return self._each(lambda own, _: estimates.largest_share(own), bits, self.sizes)

    def perplexities(self, nats: Floats) -> Floats:
        """(..., passage) nats per token -> (cluster, ...) perplexity per token: exp of a ratio of
        sums."""
        found: Floats = np.exp(self._each(estimates.ratio, nats * self.tokens, self.tokens))
        return found

    def perplexity_errors(self, nats: Floats) -> Floats:
        """Standard errors of `perplexities`: those of the losses, times the slope of exp."""
        errors = self._each(estimates.ratio_error, nats * self.tokens, self.tokens)
        found: Floats = errors * self.perplexities(nats)
        return found

    def perplexity(self, nats: Floats) -> float:
        """(passage,) nats per token -> perplexity per token of all passages."""
        return math.exp(float(estimates.ratio(nats * self.tokens, self.tokens)))

    def bits_per_byte(self, nats: Floats) -> float:
        """(passage,) nats per token -> bits per byte of all passages."""
        return float(estimates.ratio(self.bits(nats), self.sizes))

    def _each(
        self,
        of: Callable[[Floats, Floats], Floats],
        totals: Floats,
        sizes: Floats,
        half: int | None = None,
    ) -> Floats:
        """(cluster, ...): something of each cluster's passages."""
        chosen = [self.among(cluster, half) for cluster in range(len(self.labels))]
        return np.stack([of(totals[..., some], sizes[some]) for some in chosen])


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
