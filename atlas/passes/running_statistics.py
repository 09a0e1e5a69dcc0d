"""Statistics of a module's values that run along while they stream by (`observing.Statistic`).

Passages are what an error is told by: each gives its sums, and none of them is kept.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from atlas.loaded.passages import Batch, Sample
from atlas.passes import estimates
from atlas.passes.estimates import Floats, RatioSums
from atlas.passes.observing import Statistic

PILOT = 32
"""Passages whose channels say in which direction kurtosis moves."""


class Moments:
    """Sum of squares and largest square of every channel, in float32 or better; how sure RMS and
    kurtosis are, by passage.

    The error of kurtosis is that of its linear part. With s the sums of squares of channels and
    s_i those of passage i, kurtosis moves with the ratio of sum s s_i to sum of s_i, twice as far
    as that in relation to its size. As s is known only at the end, the first `PILOT` passages stand
    in for it as a direction. Near 1, where no channel stands out, the linear part vanishes, and the
    error is told to within a half only.
    """

    def __init__(self) -> None:
        self.count = 0
        self.squares: torch.Tensor | None = None
        self.peaks: torch.Tensor | None = None
        self.sums = RatioSums()
        self._pilot: list[torch.Tensor] = []
        self._waiting: list[Floats] = []
        self._towards: torch.Tensor | None = None

    def reduce(self, x: torch.Tensor, batch: Batch) -> tuple[Floats, torch.Tensor, torch.Tensor]:
        """Vectors of each passage (batch,), sums of squares of its channels (batch, width), and the
        largest square of every channel (width,)."""
        width, vectors = x.shape[-1], math.prod(x.shape[2:-1])
        squares = torch.zeros(len(x), width, dtype=wide(x), device=x.device)
        peaks = torch.zeros(width, dtype=narrow(x), device=x.device)
        for rows, piece in batch.by_row(x):
            held = piece.to(peaks.dtype)
            squared = held * held
            squares[rows] += squared.sum(1)
            torch.maximum(peaks, squared.amax((0, 1)), out=peaks)
        counts = vectors * np.array([last - first for first, last in batch.spans], dtype=np.float64)
        return counts, squares, peaks

    def add(self, reduced: tuple[Floats, torch.Tensor, torch.Tensor]) -> None:
        counts, squares, peaks = reduced
        self.count += int(counts.sum())
        whole = squares.sum(0)
        self.squares = whole if self.squares is None else self.squares + whole
        self.peaks = peaks if self.peaks is None else torch.maximum(self.peaks, peaks)
        if self._towards is not None:
            self._sum(counts, squares)
            return
        self._pilot.append(squares)
        self._waiting.append(counts)
        if sum(map(len, self._pilot)) >= PILOT:
            self._turn()

    @property
    def rms(self) -> float:
        return math.sqrt(float(self._mean_squares().mean()))

    @property
    def kurtosis(self) -> float:
        """Over channels, in [1, width]; NaN where all are zero."""
        squares = self._mean_squares()
        mean = float(squares.mean())
        return float((squares / mean).square().mean()) if mean else math.nan

    @property
    def largest(self) -> float:
        """The largest |x|."""
        assert self.peaks is not None, "a pass has come before"
        return math.sqrt(float(self.peaks.max()))

    @property
    def errors(self) -> tuple[float, float]:
        """Standard errors of RMS and kurtosis; NaN for a single passage, or where all are zero."""
        sums = self._settled()
        if not self.rms:
            return math.nan, math.nan
        relative = sums.error / sums.ratio
        return float(self.rms * relative[0] / 2), float(2 * self.kurtosis * relative[1])

    @property
    def largest_shares(self) -> tuple[float, float]:
        """The largest share that one passage has in RMS and kurtosis; NaN where all are zero."""
        shares = self._settled().largest_share
        return float(shares[0]), float(shares[1])

    def _settled(self) -> RatioSums:
        """The sums by passage, those of a corpus that is smaller than the pilot too."""
        if self._towards is None:
            self._turn()
        return self.sums

    def _turn(self) -> None:
        """Choose the direction, and count the passages that waited for it."""
        squares, counts = torch.cat(self._pilot), np.concatenate(self._waiting)
        self._towards = squares[:PILOT].sum(0)
        self._pilot.clear()
        self._waiting.clear()
        self._sum(counts, squares)

    def _sum(self, counts: Floats, squares: torch.Tensor) -> None:
        assert self._towards is not None, "it is chosen before"
        along = torch.stack([squares.sum(-1), squares @ self._towards]).double().cpu().numpy()
        self.sums.add(along, np.stack([counts, along[0]]))

    def _mean_squares(self) -> torch.Tensor:
        assert self.squares is not None, "a pass has come before"
        return self.squares.cpu().double() / self.count


class Sparsity:
    """Hoyer sparsity of every scored vector, averaged."""

    def __init__(self) -> None:
        self.sums = RatioSums()

    def reduce(self, x: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Of each passage the sum of the sparsities, and how many vectors have one: (2, batch)."""
        root = math.sqrt(x.shape[-1])
        found = []
        for piece in batch.scored(x):
            held = piece.to(narrow(x))
            length = torch.linalg.vector_norm(held, dim=-1)
            active = length > 0
            ratio = held.abs().sum(-1) / length  # no number where idle, and not chosen below
            sparsity = torch.where(active, (root - ratio) / (root - 1), 0)
            found.append(torch.stack([sparsity, active.to(sparsity.dtype)]).to(wide(x)))
        return batch.by_passage(torch.cat(found, -1))

    def add(self, reduced: torch.Tensor) -> None:
        totals, counts = reduced.double().cpu().numpy()
        self.sums.add(totals, counts)

    @property
    def mean(self) -> float:
        """In [0, 1]; NaN where no vector was active."""
        return float(self.sums.ratio.clip(0, 1))


class SampledValues:
    """A module's values at the places of a sample."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.values: torch.Tensor | None = None

    def reduce(self, x: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Places in the sample, and the |x| there."""
        places, rows, positions, channels = self.sample.of(batch, x.device)
        values = x.flatten(2)[rows, positions, channels]
        return places, values.to(narrow(x)).abs()

    def add(self, reduced: tuple[torch.Tensor, torch.Tensor]) -> None:
        places, values = reduced
        if self.values is None:
            self.values = values.new_zeros(self.sample.size)
        self.values[places] = values

    @property
    def median(self) -> float:
        """Of |x|; of an even number of values, the mean of the middle two."""
        return float(np.median(self._held()))

    @property
    def median_error(self) -> float:
        """The standard error of the median, after Woodruff (1952); NaN for a single passage.

        That of the share of values below the median, a ratio over passages, read off the values:
        half the distance between the quantiles that lie one error below and above the middle.
        """
        values, middle = self._held(), self.median
        below = (values < middle) + 0.5 * (values == middle)
        totals, sizes = by_passage(below, self.sample)
        error = float(estimates.ratio_error(totals, sizes))
        if math.isnan(error):
            return error
        low, high = np.quantile(values, [max(0.0, 0.5 - error), min(1.0, 0.5 + error)])
        return float(high - low) / 2

    def _held(self) -> Floats:
        assert self.values is not None, "a pass has come before"
        held: Floats = self.values.double().cpu().numpy()
        return held


class AtStart:
    """A statistic of the first position of every passage alone."""

    def __init__(self, statistic: Statistic) -> None:
        self.statistic = statistic

    def reduce(self, x: torch.Tensor, batch: Batch) -> Any:
        return self.statistic.reduce(x[:, :1], batch.starts)

    def add(self, reduced: Any) -> None:
        self.statistic.add(reduced)


def by_passage(values: Floats, sample: Sample) -> tuple[Floats, Floats]:
    """Sums of sampled values by passage and how many each has, of those that have any.

    `values`: (..., value) in the order of the sample -> (..., passage), (passage,).
    """
    starts = np.flatnonzero(np.diff(sample.owners, prepend=-1))
    sizes = np.diff(starts, append=len(sample.owners)).astype(np.float64)
    totals: Floats = np.add.reduceat(values, starts, axis=-1)
    return totals, sizes


def narrow(x: torch.Tensor) -> torch.dtype:
    """What single values are computed in: float32, float64 for a model that runs in it."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def wide(x: torch.Tensor) -> torch.dtype:
    """What sums over many pieces are carried on in: float64, float32 where a device has none."""
    return torch.float32 if x.device.type == "mps" else torch.float64
