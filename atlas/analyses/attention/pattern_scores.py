"""What heads attend to: scores of one layer's patterns (`attention_patterns.Pattern`), per head.

Patterns are renormalised over real keys: where a learned sink takes part of a query's attention,
the rest counts as all of it. Sums run in float32 or better whatever the model's dtype. A score is a
ratio over passages, its total over what counts, and so is what a head that attends evenly to all
that it can see would have: its chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from atlas.loaded.attention_patterns import Pattern
from atlas.loaded.passages import Batch
from atlas.passes.estimates import RatioSums
from atlas.passes.running_statistics import narrow, wide

PerHead = NDArray[np.float64]

Compared = tuple[PerHead, PerHead, float]
"""Totals and counts of heads on passages, (head, passage), and the score of even attention."""


class HeadScores:
    """Scores of one layer's heads by name: ratios of sums over passages."""

    NAMES: tuple[str, ...]

    def __init__(self) -> None:
        self.sums = RatioSums()
        """Shapes of `totals` and `sizes`: (name, head)."""
        self.kept: list[tuple[PerHead, PerHead]] = []
        """Of every micro-batch totals and counts of what heads are compared by, passage by passage:
        a difference is surer than what it is the difference of."""
        self.chance = RatioSums()

    def mean(self, name: str) -> PerHead:
        """Of each head, in [0, 1]; NaN for one that nothing gives a value."""
        found: PerHead = self.sums.ratio[self.NAMES.index(name)].clip(0, 1)
        return found

    def error(self, name: str) -> PerHead:
        """Standard errors of these; NaN where fewer than two passages count."""
        found: PerHead = self.sums.error[self.NAMES.index(name)]
        return found

    def largest_share(self, name: str) -> PerHead:
        """The largest share that one passage has in these; NaN where all are 0."""
        found: PerHead = self.sums.largest_share[self.NAMES.index(name)]
        return found

    def compared(self, name: str) -> Compared:
        """What heads are compared by in a score."""
        raise NotImplementedError

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.sums.totals).all())


class PatternScores(HeadScores):
    """Entropy, sinks, distance and previous token of every head, averaged over scored queries.

    A head has no entropy where none of its queries sees two keys, and no value where a learned sink
    takes everything.
    """

    NAMES = ("entropy", "sink", "distance", "previous", "learned_sink")

    def __init__(self, kind: Literal["decoder", "encoder"]) -> None:
        super().__init__()
        self.kind = kind

    def reduce(self, pattern: Pattern, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Totals and counts of `NAMES`, (2, 5, head, batch), and of the chance of `previous`,
        (2, batch)."""
        device, (rows, heads) = pattern.weights.device, pattern.weights.shape[:2]
        scored = batch.is_scored.to(device)
        lengths = batch.mask.sum(-1).to(device)
        shape = (2, len(self.NAMES), heads, rows)
        sums = torch.empty(shape, dtype=wide(pattern.weights), device=device)
        for some in _pieces(pattern.weights):
            sums[..., some] = self._of(
                pattern.weights[some], pattern.visible[some], scored[some], lengths[some]
            )
        follow = scored & _follows(scored)
        even = torch.where(follow, 1 / pattern.visible.clamp_min(1), 0)
        chance = torch.stack([even.to(sums.dtype).sum(-1), follow.to(sums.dtype).sum(-1)])
        return sums, chance

    def add(self, reduced: tuple[torch.Tensor, torch.Tensor]) -> None:
        sums, chance = (each.double().cpu().numpy() for each in reduced)
        self.sums.add(*sums)
        self.chance.add(*chance)
        totals, counts = sums[:, self.NAMES.index("previous")]
        self.kept.append((totals, counts))

    def compared(self, name: str) -> Compared:
        """What heads are compared by; of the scores here that is `previous` alone."""
        assert name == "previous", name
        totals, counts = (np.concatenate(some, -1) for some in zip(*self.kept, strict=True))
        return totals, counts, float(self.chance.ratio)

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
        follow = counts & _follows(scored)[:, None]
        previous = torch.zeros_like(total)
        previous[..., 1:] = held.diagonal(-1, -2, -1)
        previous = torch.where(follow, previous * share, 0)
        learned = torch.where(scored[:, None], 1 - total, 0)
        everything = scored[:, None].expand_as(total)
        wider = wide(weights)
        totals = (entropy, held[..., 0] * share, distance, previous, learned)
        divisors = (spread, counts, counts, follow, everything)
        sums = torch.stack([x.to(wider).sum(-1) for x in (*totals, *divisors)])
        return sums.reshape(2, len(self.NAMES), *sums.shape[1:]).transpose(-1, -2)

    def _distance(self, held: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
        """Weighted sum of how far keys are from their query."""
        position = torch.arange(held.shape[-1], dtype=held.dtype, device=held.device)
        if self.kind == "decoder":
            return position * total - held @ position
        away = (position[:, None] - position).abs()
        return torch.einsum("bhqk,qk->bhq", held, away)


class RepetitionScores(HeadScores):
    """Attention of a second copy to the first: `[BOS] s s`, s of n tokens, begins at `start`.

    A query counts where it can see what is asked for: the copy n positions back for duplicates, the
    position after it for induction. A window that ends before has no score.
    """

    NAMES = ("duplicate", "induction")

    def __init__(self, start: int, n: int) -> None:
        super().__init__()
        self.start, self.n = start, n

    def reduce(self, pattern: Pattern, batch: Batch) -> torch.Tensor:
        """Sums over queries of the weights, of queries that count, and of what even attention would
        give, for duplicates and for induction: (3, 2, head, batch)."""
        ids = batch.ids.to(pattern.weights.device)
        second = torch.arange(self.start + self.n, self.start + 2 * self.n, device=ids.device)
        held = pattern.weights[:, :, second].to(narrow(pattern.weights))
        visible = pattern.visible[:, second]  # the nearest ones: (batch, query)
        position = torch.arange(ids.shape[1], device=ids.device)
        earlier = position < second[:, None]
        same = (ids[:, second, None] == ids[:, None, :]) & earlier
        total = held.sum(-1)
        real = ~(total <= 0)
        share = torch.where(real, 1 / total, 0)
        duplicate = (held * same[:, None]).sum(-1) * share
        followed = held[:, :, second - second[0], second - self.n + 1] * share
        seen = same & (position > second[:, None] - visible[..., None])
        copies = (seen.sum(-1) / visible.clamp_min(1), 1 / visible.clamp_min(1))
        wider, found = wide(held), []
        reach = (visible > self.n, visible > self.n - 1)
        for weight, even, known in zip((duplicate, followed), copies, reach, strict=True):
            counts = real & known[:, None]
            parts = (torch.where(counts, weight, 0), counts, torch.where(counts, even[:, None], 0))
            found.append(torch.stack([part.to(wider).sum(-1) for part in parts]))
        return torch.stack(found, 1).transpose(-1, -2)

    def add(self, reduced: torch.Tensor) -> None:
        totals, counts, chance = reduced.double().cpu().numpy()
        self.sums.add(totals, counts)
        self.chance.add(chance.sum(1), counts.sum(1))
        self.kept.append((totals, counts))

    def compared(self, name: str) -> Compared:
        """What heads are compared by."""
        at = self.NAMES.index(name)
        totals, counts = (np.concatenate(some, -1)[at] for some in zip(*self.kept, strict=True))
        return totals, counts, float(self.chance.ratio[at])


def _follows(scored: torch.Tensor) -> torch.Tensor:
    """Positions whose previous token is not the first, (1, length): the first is the sink's."""
    return (torch.arange(scored.shape[1], device=scored.device) > 1)[None]


def _pieces(weights: torch.Tensor) -> Iterator[slice]:
    """Rows at a time: on a processor one passage, which stays in its cache."""
    if weights.device.type != "cpu":
        yield slice(None)
        return
    yield from (slice(row, row + 1) for row in range(len(weights)))
