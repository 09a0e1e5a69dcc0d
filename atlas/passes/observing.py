"""One pass over all passages, hooks on canonical modules: statistics run along, nothing is kept.

A statistic reduces each micro-batch of a module's values to something small, which counts only
once the whole model has run on that micro-batch: where memory runs out half-way, the reductions
are dropped, the micro-batch is halved, and the pass goes on.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from atlas.errors import DAMAGED, AtlasError
from atlas.loaded import attention_patterns
from atlas.loaded.live import LiveModel, Side
from atlas.loaded.memory import LENGTH, free_memory, working_bytes
from atlas.loaded.passages import Batch, Passage, encode
from atlas.passes import micro_batches
from atlas.pinned import corpus
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

SHARE = 0.5
"""Share of the free memory that work is planned for."""

MOST_TOKENS = {"cpu": 2048}
"""Tokens of a micro-batch at most, by kind of device: more would no longer be faster."""
MANY_TOKENS = 2**15


class Statistic(Protocol):
    """A statistic of a module's values, computed as they stream by."""

    def reduce(self, x: Any, batch: Batch) -> Any:
        """The statistic of one micro-batch; nothing is counted yet.

        x: (batch, length, width), or (batch, length, heads, d_head). What a `Joint` watches is a
        tuple of them, in the order of its points; what a `PatternTap` watches a `Pattern`.
        """

    def add(self, reduced: Any) -> None:
        """Count what `reduce` gave."""


class Finite(Protocol):
    """A statistic that can tell whether its sums are numbers."""

    @property
    def is_finite(self) -> bool:
        """Whether none is infinite or NaN."""


@dataclass(frozen=True)
class Tap:
    """A statistic on one side of one module; `module` as in `LiveModel.hook`."""

    layer: int
    module: str
    statistic: Statistic
    side: Side = "output"


@dataclass(frozen=True)
class Joint:
    """A statistic of several values of one layer at once.

    `points`: modules and sides as in `Tap`, in the order in which a layer computes them. Values
    are held only until the last of them is computed.
    """

    layer: int
    points: tuple[tuple[str, Side], ...]
    statistic: Statistic


@dataclass(frozen=True)
class PatternTap:
    """A statistic of a layer's attention pattern."""

    layer: int
    statistic: Statistic


AnyTap = Tap | Joint | PatternTap


class Observer(Protocol):
    """What an analysis contributes to a pass over the corpus; several observers share one."""

    @property
    def taps(self) -> Sequence[AnyTap]:
        """What it watches."""

    def measured(self, progress: Progress, /) -> Measured:
        """The result, after the pass. An analysis that needs further passes runs them here, and
        reports to `progress`."""


def read(model: LiveModel) -> tuple[Passage, ...]:
    """The texts to measure on as the model's tokenizer reads them.

    Raises `AtlasError` for a model without a tokenizer, and where nothing is left to score.
    """
    texts = [one.text for one in corpus.chosen(model.choices)]
    return encode(model.tokenizer, texts, model.architecture.kind, model.positions)


def conditions(model: LiveModel, passages: Sequence[Passage]) -> dict[str, Scalar]:
    """What a profile records of what was read: passages with a scored token, these tokens and the
    bytes that they stand for, and how many passages end where the model can read no further; of
    what corpus; and how the model ran."""
    scored = [passage for passage in passages if passage.scored]
    found: dict[str, Scalar] = {
        "corpus": corpus.told(model.choices),
        "passages": len(scored),
        "tokens": sum(passage.scored for passage in scored),
        "scored_bytes": sum(passage.bytes for passage in scored),
    }
    if shortened := sum(passage.shortened for passage in passages):
        found["shortened"] = f"{shortened} passages end at the {model.positions} tokens it can read"
    return found | dict(model.conditions)


def run(
    model: LiveModel,
    passages: Sequence[Passage],
    taps: Sequence[AnyTap],
    progress: Progress,
    tokens: int | None = None,
) -> None:
    """Run the trunk on every passage, once, and give every tap's statistic its values.

    Longest passages first: memory that suffices at the start suffices to the end, and little is
    padded. `tokens`: tokens of the first micro-batch, planned from the free memory if unsaid.
    `progress` counts passages. Raises `AtlasError` where not even one passage fits.
    """
    scored = [row for row, passage in enumerate(passages) if passage.scored]
    budget = tokens if tokens is not None else planned_tokens(model)
    pass_ = _Pass(model)
    with pass_.hooked(taps):
        micro_batches.through(
            model, passages, scored, lambda _, held: pass_.run(held), budget, progress
        )


def alone(
    model: LiveModel,
    observe: Callable[[LiveModel, Sequence[Passage]], Observer],
    progress: Progress,
) -> Measured:
    """What one observer measures in a pass of its own over the corpus; `shared_pass` does the same
    for several at a time."""
    passages = read(model)
    observer = observe(model, passages)
    run(model, passages, observer.taps, progress)
    return observer.measured(progress)


def require_finite(model: LiveModel, layers: Sequence[Finite], problem: str) -> None:
    """Raise `AtlasError`, with the layer, where the sums of a layer are infinite or NaN.

    `problem`: what that is, before the type that the model runs in.
    """
    for layer, held in enumerate(layers):
        if not held.is_finite:
            raise AtlasError(
                f"{problem} in {model.dtype}",
                file=model.folder,
                place=f"layer {layer}",
                remedy=DAMAGED,
            )


def planned_tokens(model: LiveModel) -> int:
    """Tokens of the first micro-batch: as many as half of the free memory should hold."""
    most = MOST_TOKENS.get(model.device.type, MANY_TOKENS)
    per_token = working_bytes(model.geometry, model.dtype.itemsize, length=LENGTH) / LENGTH
    return max(1, min(most, int(room(model) / per_token)))


def room(model: LiveModel) -> float:
    """Bytes that work on a model is planned for: half of what its fullest device has free."""
    free = free_memory(None)
    return SHARE * min(free[device] for device in model.devices)


class _Pass:
    """A pass in progress: the micro-batch that runs, and its reduced values, not yet counted."""

    def __init__(self, model: LiveModel) -> None:
        self.model = model
        self.batch: Batch | None = None
        self.pending: list[tuple[Statistic, Any]] = []
        self.held: dict[Joint, list[torch.Tensor]] = {}

    @contextlib.contextmanager
    def hooked(self, taps: Sequence[AnyTap]) -> Iterator[None]:
        """Hooks for all taps."""
        heads: dict[int, list[Statistic]] = {}
        with contextlib.ExitStack() as stack:
            for tap in taps:
                if isinstance(tap, PatternTap):
                    heads.setdefault(tap.layer, []).append(tap.statistic)
                elif isinstance(tap, Joint):
                    hold = functools.partial(self._hold, tap)
                    for module, side in tap.points:
                        stack.enter_context(self.model.hook(tap.layer, module, hold, side))
                else:
                    see = self._seer(tap.statistic)
                    stack.enter_context(self.model.hook(tap.layer, tap.module, see, tap.side))
            callbacks = {layer: self._seer(*several) for layer, several in heads.items()}
            stack.enter_context(attention_patterns.watched(self.model, callbacks))
            yield

    def _seer(self, *statistics: Statistic) -> Callable[[Any], None]:
        """A callback that reduces a value for these statistics."""

        def see(x: Any) -> None:
            assert self.batch is not None, "the model runs only below"
            self.pending += [(each, each.reduce(x, self.batch)) for each in statistics]

        return see

    def _hold(self, joint: Joint, x: torch.Tensor) -> None:
        """Keep one of the values of a joint, and reduce them with the last."""
        held = self.held.setdefault(joint, [])
        held.append(x)
        if len(held) == len(joint.points):
            self._seer(joint.statistic)(tuple(self.held.pop(joint)))

    def run(self, batch: Batch) -> bool:
        """Run the model on a micro-batch; False where memory ran out, and nothing is counted."""
        self.batch = batch
        self.pending.clear()
        self.held.clear()
        with torch.inference_mode():
            if micro_batches.unless_out_of_memory(lambda: self.model.trunk(batch)) is None:
                self.pending.clear()  # memory is released after this
                self.held.clear()
                return False
            for statistic, reduced in self.pending:
                statistic.add(reduced)
        self.pending.clear()
        return True
