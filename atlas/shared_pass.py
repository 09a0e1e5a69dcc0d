"""Analyses that watch a model read the corpus, all in one pass over it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType

from atlas import streaming
from atlas.analysis import Measured, Progress
from atlas.errors import AtlasError
from atlas.model import Model
from atlas.streaming import Observer

Result = tuple[str, Measured | AtlasError, float]
"""Name of an analysis, what it measured or why it could not, and the seconds it took."""


def measure(
    model: Model,
    analyses: Mapping[str, ModuleType],
    length: int,
    watch: Callable[[tuple[str, ...]], Progress],
) -> Iterator[Result]:
    """Read the corpus once, cut at `length` tokens, then give each result as it is there.

    `analyses`: modules with `observe`, by name. `watch` is told the names that a stretch of work is
    for, and gives what is called with its progress. The seconds of the shared pass are split
    evenly. What fails for one analysis costs the others nothing.
    """
    started = time.perf_counter()
    observers: dict[str, Observer] = {}
    left = list(analyses)
    try:
        passages = streaming.read(model, length)
        for name in analyses:
            try:
                observers[name] = analyses[name].observe(model, passages)
            except AtlasError as error:
                left.remove(name)
                yield name, error, time.perf_counter() - started
        taps = [tap for observer in observers.values() for tap in observer.taps]
        if left:
            streaming.run(model, passages, taps, watch(tuple(left)))
    except AtlasError as error:
        yield from ((name, error, time.perf_counter() - started) for name in left)
        return
    share = (time.perf_counter() - started) / max(1, len(left))
    for name in left:
        started = time.perf_counter()
        observer = observers.pop(name)  # its state goes with it
        result: Measured | AtlasError
        try:
            result = observer.measured(watch((name,)))
        except AtlasError as error:
            result = error
        yield name, result, share + time.perf_counter() - started
