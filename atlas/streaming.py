"""One pass over all passages, hooks on canonical modules: statistics run along, nothing is kept.

A statistic reduces each micro-batch of a module's values to something small, which counts only
once the whole model has run on that micro-batch: where memory runs out half-way, the reductions
are dropped, the micro-batch is halved, and the pass goes on as if nothing had been.
"""

from __future__ import annotations

import contextlib
import gc
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from atlas import corpus
from atlas.analysis import Measured, Progress
from atlas.batches import LENGTH, Batch, Passage, Sample, batch, encode
from atlas.errors import AtlasError
from atlas.model import Model, Side, free_memory, working_bytes

SHARE = 0.5
"""Share of the free memory that the first micro-batch is planned for."""

MOST_TOKENS = {"cpu": 2048}
"""Tokens of a micro-batch at most, by kind of device: more would no longer be faster."""
MANY_TOKENS = 2**15


class Statistic(Protocol):
    """Something that is computed of a module's values as they stream by."""

    def reduce(self, x: torch.Tensor, batch: Batch) -> Any:
        """What one micro-batch amounts to, without changing anything.

        x: (batch, length, width), or (batch, length, heads, d_head).
        """

    def add(self, reduced: Any) -> None:
        """Count what `reduce` gave."""


@dataclass(frozen=True)
class Tap:
    """A statistic on one side of one module; `module` as in `Model.hook`."""

    layer: int
    module: str
    statistic: Statistic
    side: Side = "output"


class Observer(Protocol):
    """What an analysis sends along on a pass: several observers share one."""

    @property
    def taps(self) -> Sequence[Tap]:
        """What it watches."""

    def measured(self) -> Measured:
        """What it saw, after the pass."""


def read(model: Model, length: int = LENGTH) -> tuple[Passage, ...]:
    """The pinned corpus as the model's tokenizer reads it, cut at `length` tokens.

    Raises `AtlasError` for a model without a tokenizer, or one that cannot read as many tokens.
    """
    if model.positions is not None and model.positions < length:
        raise AtlasError(
            f"reads at most {model.positions} tokens, and passages are cut at {length}",
            file=model.folder / "config.json",
            remedy="what is measured on shorter passages could not be compared",
        )
    texts = [passage.text for passage in corpus.load()]
    return encode(model.tokenizer, texts, model.architecture.kind, length)


def run(
    model: Model,
    passages: Sequence[Passage],
    taps: Sequence[Tap],
    progress: Progress,
    tokens: int | None = None,
) -> None:
    """Run the trunk on every passage, once, and give every tap's statistic what it sees.

    Longest passages first: memory that suffices at the start suffices to the end, and little is
    padded. `tokens`: tokens of the first micro-batch, planned from the free memory if unsaid.
    `progress` counts passages. Raises `AtlasError` where not even one passage fits.
    """
    order = sorted(
        (row for row, passage in enumerate(passages) if passage.scored),
        key=lambda row: (-len(passages[row].ids), row),
    )
    budget = tokens if tokens is not None else planned_tokens(model)
    pass_ = _Pass(model)
    done = 0
    with pass_.hooked(taps):
        while done < len(order):
            length = len(passages[order[done]].ids)
            rows = order[done : done + max(1, budget // length)]
            if pass_.run(batch(passages, rows)):
                done += len(rows)
                progress(done, len(order))
                continue
            if len(rows) == 1:
                raise AtlasError(
                    f"out of memory on {model.device} with a single passage of {length} tokens",
                    file=model.folder,
                    remedy="measure it on a larger device, or on the processor",
                )
            budget = len(rows) // 2 * length
            _free(model.device)


def planned_tokens(model: Model) -> int:
    """Tokens of the first micro-batch: what half of the free memory should take."""
    free = free_memory(None)
    room = SHARE * min(free[device] for device in model.devices)
    most = MOST_TOKENS.get(model.device.type, MANY_TOKENS)
    per_token = working_bytes(model.geometry, model.dtype, length=LENGTH) / LENGTH
    return max(1, min(most, int(room / per_token)))


class _Pass:
    """A pass in progress: the micro-batch that runs, and what it has amounted to so far."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.batch: Batch | None = None
        self.pending: list[tuple[Statistic, Any]] = []

    @contextlib.contextmanager
    def hooked(self, taps: Sequence[Tap]) -> Iterator[None]:
        """Hooks for all taps."""
        with contextlib.ExitStack() as stack:
            for tap in taps:

                def seen(x: torch.Tensor, statistic: Statistic = tap.statistic) -> None:
                    assert self.batch is not None, "the model runs only below"
                    self.pending.append((statistic, statistic.reduce(x, self.batch)))

                stack.enter_context(self.model.hook(tap.layer, tap.module, seen, tap.side))
            yield

    def run(self, batch: Batch) -> bool:
        """Run the model on a micro-batch; False where memory ran out, and nothing is counted."""
        self.batch = batch
        try:
            with torch.inference_mode():
                self.model.trunk(batch)
        except RuntimeError as error:
            self.pending.clear()
            if not is_out_of_memory(error):
                raise
            return False  # with the frame go the exception and the tensors that its frames hold
        with torch.inference_mode():
            for statistic, reduced in self.pending:
                statistic.add(reduced)
        self.pending.clear()
        return True


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says that memory ran out; only CUDA has a class of its own for that."""
    text = str(error)
    return (
        isinstance(error, torch.OutOfMemoryError)
        or "MPS backend out of memory" in text
        or "can't allocate memory" in text
    )


def _free(device: torch.device) -> None:
    """Hand back what the failed attempt had taken."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


class Moments:
    """Sum of squares and largest square of every channel, in float32 or better."""

    def __init__(self) -> None:
        self.count = 0
        self.squares: torch.Tensor | None = None
        self.peaks: torch.Tensor | None = None

    def reduce(self, x: torch.Tensor, batch: Batch) -> tuple[int, torch.Tensor, torch.Tensor]:
        """Vectors seen, and per channel (width,) the sum of squares and the largest square."""
        squares = torch.zeros(x.shape[-1], dtype=_wide(x), device=x.device)
        peaks = torch.zeros(x.shape[-1], dtype=_narrow(x), device=x.device)
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
        sums = torch.zeros(2, dtype=_wide(x), device=x.device)
        for piece in batch.scored(x):
            held = piece.to(_narrow(x))
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


class Drawn:
    """A module's values at the places of a sample."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.values: torch.Tensor | None = None

    def reduce(self, x: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Places in the sample, and the |x| there."""
        places, rows, positions, channels = self.sample.of(batch, x.device)
        values = x.flatten(2)[rows, positions, channels]
        return places, values.to(_narrow(x)).abs()

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


def _narrow(x: torch.Tensor) -> torch.dtype:
    """What single values are computed in: float32, float64 for a model that runs in it."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def _wide(x: torch.Tensor) -> torch.dtype:
    """What sums over many pieces are carried on in: float64, float32 where a device has none."""
    return torch.float32 if x.device.type == "mps" else torch.float64
