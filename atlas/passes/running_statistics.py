"""Statistics of a module's values that run along while they stream by (`observing.Statistic`)."""

from __future__ import annotations

import math

import numpy as np
import torch

from atlas.loaded.passages import Batch, Sample


class Moments:
    """Sum of squares and largest square of every channel, in float32 or better."""

    def __init__(self) -> None:
        self.count = 0
        self.squares: torch.Tensor | None = None
        self.peaks: torch.Tensor | None = None

    def reduce(self, x: torch.Tensor, batch: Batch) -> tuple[int, torch.Tensor, torch.Tensor]:
        """Vectors seen, and per channel (width,) the sum of squares and the largest square."""
        squares = torch.zeros(x.shape[-1], dtype=wide(x), device=x.device)
        peaks = torch.zeros(x.shape[-1], dtype=narrow(x), device=x.device)
        count = 0
        for piece in batch.scored(x):
            held = piece.to(peaks.dtype)
            squared = held * held
            squares += squared.sum(0)
            torch.maximum(peaks, squared.amax(0), out=peaks)
            count += len(piece)
        return count, squares, peaks

    def add(self, reduced: tuple[int, torch.Tensor, torch.Tensor]) -> None:
        count, squares, peaks = reduced
        self.count += count
        self.squares = squares if self.squares is None else self.squares + squares
        self.peaks = peaks if self.peaks is None else torch.maximum(self.peaks, peaks)

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

    def _mean_squares(self) -> torch.Tensor:
        assert self.squares is not None, "a pass has come before"
        return self.squares.cpu().double() / self.count


class Sparsity:
    """Hoyer sparsity of every scored vector, averaged."""

    def __init__(self) -> None:
        self.sum: torch.Tensor | None = None

    def reduce(self, x: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Sum of the sparsities, and how many vectors have one: (2,)."""
        root = math.sqrt(x.shape[-1])
        sums = torch.zeros(2, dtype=wide(x), device=x.device)
        for piece in batch.scored(x):
            held = piece.to(narrow(x))
            length = torch.linalg.vector_norm(held, dim=-1)
            active = length > 0
            ratio = held.abs().sum(-1) / length  # no number where idle, and not chosen below
            sparsity = torch.where(active, (root - ratio) / (root - 1), 0)
            sums += torch.stack([sparsity.sum(), active.sum().to(sparsity.dtype)])
        return sums

    def add(self, reduced: torch.Tensor) -> None:
        self.sum = reduced if self.sum is None else self.sum + reduced

    @property
    def mean(self) -> float:
        """In [0, 1]; NaN where no vector was active."""
        assert self.sum is not None, "a pass has come before"
        total, count = self.sum.tolist()
        return min(max(total / count, 0.0), 1.0) if count else math.nan


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
        assert self.values is not None, "a pass has come before"
        return float(np.median(self.values.double().cpu().numpy()))


def narrow(x: torch.Tensor) -> torch.dtype:
    """What single values are computed in: float32, float64 for a model that runs in it."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def wide(x: torch.Tensor) -> torch.dtype:
    """What sums over many pieces are carried on in: float64, float32 where a device has none."""
    return torch.float32 if x.device.type == "mps" else torch.float64
