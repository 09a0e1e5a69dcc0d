"""What heads attend to: scores of one layer's patterns (`attention_patterns.Pattern`), per head.

Patterns are renormalised over real keys: where a learned sink takes part of a query's attention,
the rest counts as all of it. Sums run in float32 or better whatever the model's dtype.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from atlas.loaded.attention_patterns import Pattern
from atlas.loaded.passages import Batch
from atlas.passes.running_statistics import narrow, wide

PerHead = NDArray[np.float64]

SUMS = ("entropy", "entropies", "sink", "distance", "previous", "queries", "learned", "all")
"""Rows of what `PatternScores.reduce` gives: sums over queries, and numbers of queries."""


class PatternScores:
    """Entropy, sinks, distance and previous token of every head, averaged over scored queries."""

    def __init__(self, kind: Literal["decoder", "encoder"]) -> None:
        self.kind = kind
        self.sums: torch.Tensor | None = None

    def reduce(self, pattern: Pattern, batch: Batch) -> torch.Tensor:
        """The rows of `SUMS`, (8, head)."""
        device, heads = pattern.weights.device, pattern.weights.shape[1]
        scored = scored_positions(batch).to(device)
        lengths = batch.mask.sum(-1).to(device)
        sums = torch.zeros(len(SUMS), heads, dtype=wide(pattern.weights), device=device)
        for rows in _pieces(pattern.weights):
            sums += self._of(
                pattern.weights[rows], pattern.visible[rows], scored[rows], lengths[rows]
            )
        return sums

    def add(self, reduced: torch.Tensor) -> None:
        self.sums = reduced if self.sums is None else self.sums + reduced

    def mean(self, name: str) -> PerHead:
        """`entropy`, `sink`, `distance`, `previous` or `learned` of each head, in [0, 1].

        NaN for a head whose queries give it no value: none sees two keys, or a learned sink takes
        everything.
        """
        assert self.sums is not None, "a pass has come before"
        counts = {"entropy": "entropies", "learned": "all"}
        sums = dict(zip(SUMS, self.sums.double().cpu().numpy(), strict=True))
        total, count = sums[name], sums[counts.get(name, "queries")]
        return _shares(total, count)

    def _of(
        self,
        weights: torch.Tensor,
        visible: torch.Tensor,
        scored: torch.Tensor,
        lengths: torch.Tensor,
    ) -> torch.Tensor:
        held = weights.to(narrow(weights))
        total = held.sum(-1)  # (batch, head, query), as everything below
        counts = scored[:, None] & ~(total <= 0)  # NaN shows in the sums
        share = torch.where(counts, 1 / total, 0)
        # x log x, and 0 where x is 0: its logarithm need only be finite
        logs = held.clamp_min(torch.finfo(held.dtype).tiny).log_().mul_(held).sum(-1)
        spread = counts & (visible > 1)[:, None]
        most = visible.clamp_min(2).to(held.dtype).log()[:, None]
        entropy = torch.where(spread, (total.log() - logs * share) / most, 0)
        distance = self._distance(held, total) * share / lengths[:, None, None]
        previous = held.diagonal(-1, -2, -1) * share[..., 1:]
        learned = torch.where(scored[:, None], 1 - total, 0)
        everything = scored[:, None].expand_as(total)
        sums = (entropy, spread, held[..., 0] * share, distance, previous, counts)
        wider = wide(weights)
        return torch.stack([x.to(wider).sum((0, -1)) for x in (*sums, learned, everything)])

    def _distance(self, held: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
        """Weighted sum of how far keys are from their query."""
        position = torch.arange(held.shape[-1], dtype=held.dtype, device=held.device)
        if self.kind == "decoder":
            return position * total - held @ position
        away = (position[:, None] - position).abs()
        return torch.einsum("bhqk,qk->bhq", held, away)


class RepetitionScores:
    """Attention of a second copy to the first: `[BOS] s s`, s of n tokens, begins at `start`."""

    def __init__(self, start: int, n: int) -> None:
        self.start, self.n = start, n
        self.sums: torch.Tensor | None = None

    def reduce(self, pattern: Pattern, batch: Batch) -> torch.Tensor:
        """Sums of duplicate-token and induction weights, and of queries, (3, head)."""
        ids = batch.ids.to(pattern.weights.device)
        second = torch.arange(self.start + self.n, self.start + 2 * self.n, device=ids.device)
        held = pattern.weights[:, :, second].to(narrow(pattern.weights))
        earlier = torch.arange(ids.shape[1], device=ids.device) < second[:, None]
        same = (ids[:, second, None] == ids[:, None, :]) & earlier
        total = held.sum(-1)
        counts = ~(total <= 0)
        share = torch.where(counts, 1 / total, 0)
        duplicate = (held * same[:, None]).sum(-1) * share
        followed = held[:, :, second - second[0], second - self.n + 1] * share
        wider = wide(held)
        return torch.stack([x.to(wider).sum((0, -1)) for x in (duplicate, followed, counts)])

    def add(self, reduced: torch.Tensor) -> None:
        self.sums = reduced if self.sums is None else self.sums + reduced

    def mean(self, name: Literal["duplicate", "induction"]) -> PerHead:
        """Of each head, in [0, 1]."""
        assert self.sums is not None, "a pass has come before"
        duplicate, followed, counts = self.sums.double().cpu().numpy()
        total = duplicate if name == "duplicate" else followed
        return _shares(total, counts)


def scored_positions(batch: Batch) -> torch.Tensor:
    """Where a batch is scored, (batch, length)."""
    first, last = torch.tensor(batch.spans)[:, :, None].unbind(1)
    position = torch.arange(batch.ids.shape[1])
    return (position >= first) & (position < last)


def _shares(total: PerHead, count: PerHead) -> PerHead:
    """Their quotient within [0, 1], NaN where nothing was counted."""
    found: PerHead = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return found.clip(0, 1)


def _pieces(weights: torch.Tensor) -> Iterator[slice]:
    """Rows at a time: on a processor one passage, which stays in its cache."""
    if weights.device.type != "cpu":
        yield slice(None)
        return
    yield from (slice(row, row + 1) for row in range(len(weights)))
