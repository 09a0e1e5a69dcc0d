"""Measuring: the only loop over analyses, and the only writer of profiles.

Work is (model, tier): a model is opened once for all its analyses of a tier, and those that watch
it read the corpus share one pass over it. Every analysis is written as soon as it is done, so that
Ctrl-C or a crash loses at most what was running.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import itertools
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from atlas import __version__, absent, analysis, ancestry, headers, parts, pins, plan, store
from atlas.analysis import Measured, Progress, Statement, Tier
from atlas.ancestry import Ancestor
from atlas.entry import Entry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.plan import Job

Watch = Callable[[Job], Progress]
"""Told of each analysis as it starts, gives what is called with its progress."""


@dataclass(frozen=True)
class Outcome:
    """What became of one planned analysis: its profile, or why there is none."""

    job: Job
    profile: store.Profile | None
    seconds: float = 0.0
    reason: str | None = None
    parts: Mapping[str, parts.Items] = field(default_factory=dict, repr=False)


def run(
    project: Project,
    entries: Sequence[Entry],
    jobs: Iterable[Job],
    watch: Watch,
    *,
    save: bool = True,
) -> Iterator[Outcome]:
    """Measure the given jobs, yielding each outcome as it is there and its profile is written.

    A model that cannot be measured here (not on this machine, still to be pinned, too large,
    corrupt) yields outcomes with a reason instead, and the next model is taken.
    """
    by_slug = {entry.slug: entry for entry in entries}
    for (slug, _), group in itertools.groupby(jobs, key=lambda job: (job.slug, job.tier)):
        tier_jobs = list(group)
        try:
            opened = _open(project, by_slug[slug], tier_jobs)
        except AtlasError as error:
            yield from (Outcome(job, None, reason=_line(error)) for job in tier_jobs)
            continue
        for outcome in _outcomes(opened, tier_jobs, watch):
            job = outcome.job
            if outcome.profile is not None and save:
                _save(project.profile(slug, job.analysis), outcome.profile, outcome.parts)
            yield outcome


@dataclass(frozen=True)
class _Opened:
    """A model opened for one tier, what pins it, and what gives the model it was tuned from."""

    pin: store.Pin
    subject: object
    against: Callable[[], tuple[Ancestor, pins.Found]]


def _open(project: Project, entry: Entry, jobs: Sequence[Job]) -> _Opened:
    """The model of an entry, opened for the tier of the jobs."""
    absent.require(project, entry)
    found = pins.find(project, entry)
    assert found is not None, "required above"
    _require_architecture(entry, found.folder)
    pin = store.Pin(entry.slug, entry.source, entry.revision, found.digest, found.tokenizer)
    if jobs[0].tier == "weights":
        _require_memory(project, entry, jobs)
    against = functools.partial(ancestry.require, project, entry)
    return _Opened(pin, _subject(found.folder, jobs[0].tier), against)


def _subject(folder: Path, tier: Tier) -> object:
    """What analyses of a tier read: streamed weights, or the live model, which knows the memory of
    every device and says itself what it needs."""
    try:
        if tier == "weights":
            from atlas.checkpoint import Checkpoint

            return Checkpoint.open(folder)
        from atlas.model import Model

        return Model.open(folder)
    except ModuleNotFoundError as error:
        raise AtlasError(
            f"measuring needs {error.name}, which is not installed",
            remedy="pip install 'model-atlas[profile]'",
        ) from error


def _require_memory(project: Project, entry: Entry, jobs: Sequence[Job]) -> None:
    """Raise `AtlasError` where the weights tier would not fit into main memory."""
    needed = max((job.bytes or 0 for job in jobs), default=0)
    available = plan.available_memory()
    if needed > available:
        raise AtlasError(
            f"needs about {needed / 1e9:.1f} GB of memory, and {available / 1e9:.1f} GB are free",
            file=project.entry(entry.slug),
            remedy="measure it on a larger machine",
        )


def _require_architecture(entry: Entry, folder: Path) -> None:
    """Raise `AtlasError` for a model that is of another architecture than its entry says."""
    stated = headers.config(folder).get("model_type")
    if stated != entry.architecture:
        raise AtlasError(
            f"the model's config says {stated!r}, the entry {entry.architecture!r}",
            file=folder / "config.json",
            place="model_type",
            remedy=f"write architecture: {stated} in the entry",
        )


def _outcomes(opened: _Opened, jobs: Sequence[Job], watch: Watch) -> Iterator[Outcome]:
    """What becomes of jobs on an opened model; those that share a pass come one after the other."""
    shared: dict[object, list[Job]] = {}
    for job in jobs:
        length = analysis.statement(job.analysis).protocol.get("length")
        shared.setdefault(length if _observes(job) else job.analysis, []).append(job)
    for several in shared.values():
        if len(several) > 1:
            yield from _together(opened, several, watch)
        else:
            yield _one(opened, several[0], watch(several[0]))


def _observes(job: Job) -> bool:
    """Whether an analysis can share a pass; one that cannot be loaded says why when it is run."""
    with contextlib.suppress(AtlasError):
        stated = analysis.statement(job.analysis).protocol
        return "length" in stated and hasattr(analysis.load(job.analysis), "observe")
    return False


def _together(opened: _Opened, jobs: Sequence[Job], watch: Watch) -> Iterator[Outcome]:
    """Run analyses that watch one pass over the corpus."""
    from atlas import shared_pass
    from atlas.model import Model

    assert isinstance(opened.subject, Model), "only they have `observe`"
    by_name = {job.analysis: job for job in jobs}
    modules = {name: analysis.load(name) for name in by_name}
    length = int(str(analysis.statement(jobs[0].analysis).protocol["length"]))

    def watched(names: tuple[str, ...]) -> Progress:
        return watch(replace(by_name[names[0]], analysis=", ".join(names)))

    _reset_peak()
    for name, result, seconds in shared_pass.measure(opened.subject, modules, length, watched):
        if isinstance(result, AtlasError):
            yield Outcome(by_name[name], None, seconds, _line(result))
        else:
            yield _finished(opened, by_name[name], result, seconds)


def _one(opened: _Opened, job: Job, progress: Progress) -> Outcome:
    """Run one analysis on an opened model."""
    started = time.perf_counter()
    _reset_peak()
    try:
        measured = _measured(opened, job, progress)
    except AtlasError as error:
        return Outcome(job, None, time.perf_counter() - started, _line(error))
    return _finished(opened, job, measured, time.perf_counter() - started)


def _measured(opened: _Opened, job: Job, progress: Progress) -> Measured:
    """What an analysis measures; the base that it was held against stands among its conditions."""
    module = analysis.load(job.analysis)
    if "base" not in analysis.statement(job.analysis).needs:
        alone: Measured = module.run(opened.subject, progress)
        return alone
    ancestor, found = opened.against()
    measured: Measured = module.run(opened.subject, _subject(found.folder, job.tier), progress)
    return replace(measured, conditions={**measured.conditions, **ancestor.conditions})


def _finished(opened: _Opened, job: Job, measured: Measured, seconds: float) -> Outcome:
    """The outcome of what was measured; a reason where it cannot be published."""
    try:
        profile = _profile(opened.pin, analysis.statement(job.analysis), measured, seconds)
    except AtlasError as error:
        return Outcome(job, None, seconds, _line(error))
    return Outcome(job, profile, seconds, parts=measured.parts)


def _save(path: Path, profile: store.Profile, beside: Mapping[str, parts.Items]) -> None:
    """Write a profile, after its parts: one that is there has them."""
    for name, items in beside.items():
        parts.save(path, profile, name, items)
    store.save(path, profile)


def _line(error: AtlasError) -> str:
    """A reason in one line, several problems too."""
    return " | ".join(str(error).splitlines())


def _profile(
    pin: store.Pin, stated: Statement, measured: Measured, seconds: float
) -> store.Profile:
    return store.Profile(
        analysis=stated.name,
        version=stated.version,
        model=pin,
        protocol=dict(stated.protocol),
        conditions=dict(measured.conditions),
        facts=dict(measured.facts),
        matrices=measured.matrices,
        made_by={
            "atlas": __version__,
            "torch": importlib.metadata.version("torch"),
            "python": platform.python_version(),
            "machine": platform.machine(),
            "device": _device(str(measured.conditions.get("device", "cpu"))),
            "seconds": round(seconds, 2),
            "peak_bytes": _peak(),
        },
    )


def _device(device: str) -> str:
    """A GPU by its own name, "NVIDIA H200": what a reader of a record wants to know."""
    if device != "cuda":
        return device
    import torch  # whoever measured on a GPU has it loaded

    name: str = torch.cuda.get_device_name(0)
    return name


def _reset_peak() -> None:
    """Begin a new high-water mark of resident memory, where the system has one (Linux)."""
    clear = Path("/proc/self/clear_refs")
    with contextlib.suppress(OSError):  # a sandbox may forbid it: then it is the process' own peak
        clear.write_text("5")


def _peak() -> int:
    """The process' peak resident memory in bytes, since the last reset where there is one."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
