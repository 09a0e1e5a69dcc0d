"""Analyses that watch a model read the corpus, all in one pass over it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from atlas.failures import Failed, attempt
from atlas.loaded import memory
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import observing
from atlas.passes.observing import Observer
from atlas.profiles.statement import Measured, Progress

Result = tuple[str, Measured | Failed, float]
"""Name of an analysis, what it measured or why it could not, and the seconds it took."""


def measure(
    model: LiveModel,
    analyses: Mapping[str, ModuleType],
    watch: Callable[[tuple[str, ...]], Progress],
    log: Callable[[str], Path],
) -> Iterator[Result]:
    """Read the corpus once, then yield the results one by one.

    `analyses`: modules with `observe`, by name. `watch`: called with the names of the analyses that
    the next work is for, returns the callback for its progress. `log`: name -> file for the
    traceback of an analysis that raises. The seconds of the shared pass are split evenly.

    An analysis that fails costs the others nothing but time: where the shared pass fails, each
    analysis gets a pass of its own, which shows whose fault it was.
    """
    started = time.perf_counter()
    passages = attempt(functools.partial(observing.read, model), log(next(iter(analyses))))
    if isinstance(passages, Failed):
        yield from ((name, passages, time.perf_counter() - started) for name in analyses)
        return
    observers: dict[str, Observer] = {}
    for name, module in analyses.items():
        observer = attempt(functools.partial(module.observe, model, passages), log(name))
        if isinstance(observer, Failed):
            yield name, observer, time.perf_counter() - started
        else:
            observers[name] = observer
    if not observers:
        return
    names = tuple(observers)
    read = functools.partial(_read, model, passages, observers, watch(names))
    failed = attempt(read, log(names[0]))
    seconds = time.perf_counter() - started
    if not isinstance(failed, Failed):
        yield from _ended(observers, seconds / len(names), watch, log)
    elif len(names) == 1:
        yield names[0], failed, seconds
    else:
        observers.clear()
        memory.release(model.device)
        for name in names:
            yield from measure(model, {name: analyses[name]}, watch, log)


def _read(
    model: LiveModel,
    passages: Sequence[Passage],
    observers: Mapping[str, Observer],
    progress: Progress,
) -> None:
    """One pass with the taps of all observers."""
    taps = [tap for observer in observers.values() for tap in observer.taps]
    observing.run(model, passages, taps, progress)


def _ended(
    observers: dict[str, Observer],
    share: float,
    watch: Callable[[tuple[str, ...]], Progress],
    log: Callable[[str], Path],
) -> Iterator[Result]:
    """The result of each observer, which is then let go. `share`: its seconds of the pass."""
    for name in tuple(observers):
        started = time.perf_counter()
        ended = functools.partial(_measured, observers.pop(name), watch((name,)))
        result = attempt(ended, log(name))
        del ended  # and with it the observer's state
        yield name, result, share + time.perf_counter() - started


def _measured(observer: Observer, progress: Progress) -> Measured:
    return observer.measured(progress)
