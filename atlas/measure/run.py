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
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from atlas import __version__
from atlas.checkpoints import digests
from atlas.entries.entry import Entry
from atlas.errors import AtlasError
from atlas.failures import Failed, attempt
from atlas.loaded import memory, unfinished
from atlas.loaded.unfinished import Unfinished
from atlas.measure import obstacles, opening, recording
from atlas.measure.opening import OpenModel
from atlas.paths import Project
from atlas.pinned.choices import DEFAULT, Choices
from atlas.profiles import account, profile_file, side_files, statement, verified
from atlas.profiles.account import Outcome
from atlas.profiles.plan import Job
from atlas.profiles.statement import Measured, Progress
from atlas.profiles.unavailable import Obstacle

Watch = Callable[[Job], Progress]
"""Called with each analysis as it starts; returns the callback for its progress."""

SHARED = ""
"""Stands for all analyses that share a pass, in the place of one's name."""


def outcomes(
    project: Project,
    entries: Sequence[Entry],
    jobs: Iterable[Job],
    watch: Watch,
    *,
    choices: Choices = DEFAULT,
    save: bool = True,
    log: Callable[[Job], Path] | None = None,
) -> Iterator[Outcome]:
    """Measure the given jobs, yielding each outcome once its profile is written.

    Whatever is raised while a model is opened or an analysis runs is an outcome of that model and
    that analysis alone; only Ctrl-C ends the run. `choices`: what the jobs were planned to be
    measured on. `log` gives the file for the traceback of a job.
    """
    by_slug = {entry.slug: entry for entry in entries}
    for (slug, _), group in itertools.groupby(jobs, key=lambda job: (job.slug, job.tier)):
        here, away = obstacles.split(project, entries, group, saving=save)
        yield from (account.away(job, item.obstacle) for item in away for job in item.jobs)
        if here:
            entry = by_slug[slug]
            own = choices.under(entry.protocol)
            work = _ModelWork(project, entry, watch, own, save, log or _log_in(project))
            yield from work.outcomes(here)


def begin_anew(project: Project, jobs: Iterable[Job]) -> None:
    """Forget what interrupted runs of these jobs have computed."""
    for job in jobs:
        unfinished.drop(project.unfinished(job.slug, job.analysis))


def _log_in(project: Project) -> Callable[[Job], Path]:
    return lambda job: project.outcome(job.slug, job.analysis).with_suffix(".log")


@dataclass(frozen=True)
class _ModelWork:
    """All that measuring the analyses of one tier on one model needs."""

    project: Project
    entry: Entry
    watch: Watch
    choices: Choices
    save: bool
    log: Callable[[Job], Path]

    def outcomes(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """What becomes of jobs of one tier; each profile is written before the next begins."""
        with self._noted(jobs, "opened"):
            progress = self.watch(replace(jobs[0], analysis="opening the model"))
            fitting, outcomes = self._preflight(jobs)
            opened = self._opened(fitting, progress) if fitting else None
        yield from map(self._kept, outcomes)
        if isinstance(opened, OpenModel):
            for outcome in self._measured(opened, fitting):
                yield self._kept(outcome)
                if outcome.result == "failed":
                    opening.release(opened.subject)
        elif opened is not None:
            for job in fitting:
                yield self._kept(_refused(job, opened))

    def _noted(self, jobs: Sequence[Job], what: str) -> contextlib.AbstractContextManager[None]:
        if not self.save:
            return contextlib.nullcontext()
        return account.begun(self.project, jobs, what)

    def _kept(self, outcome: Outcome) -> Outcome:
        """An outcome with its profile written, or the reason why that was not possible."""
        if not self.save:
            return outcome
        if outcome.profile is not None:
            path = self.project.profile(self.entry.slug, outcome.job.analysis)
            save = functools.partial(_save, self.project, path, outcome.profile, outcome.parts)
            written = attempt(save, self.log(outcome.job))
            if isinstance(written, Failed):
                outcome = _failed(outcome.job, written, outcome.seconds)
        account.remember(self.project, outcome, digests.state(self.project, self.entry))
        return outcome

    def _preflight(self, jobs: Sequence[Job]) -> tuple[list[Job], list[Outcome]]:
        """The jobs that the model's tokenizer suits, and outcomes of the others, before anything
        large is loaded."""
        found: dict[str, Failed | None] = {}
        outcomes: list[Outcome] = []
        fitting: list[Job] = []
        for job in jobs:
            reads = obstacles.reads(job)
            if reads is not None and reads not in found:
                check = functools.partial(
                    opening.require_tokenizer, self.project, self.entry, reads, self.choices
                )
                found[reads] = attempt(check, self.log(job))
            wrong = found.get(reads or "")
            if wrong is None:
                fitting.append(job)
            else:
                outcomes.append(_refused(job, wrong))
        return fitting, outcomes

    def _opened(self, jobs: Sequence[Job], progress: Progress) -> OpenModel | Failed:
        """The model, opened for the tier of the jobs."""
        step = functools.partial(
            opening.open_model, self.project, self.entry, jobs[0].tier, self.choices, progress
        )
        return attempt(step, self.log(jobs[0]))

    def _measured(self, opened: OpenModel, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """What becomes of jobs on an opened model; those that share a pass come together."""
        shared: dict[str, list[Job]] = {}
        for job in jobs:
            key = SHARED if _observes(job, self.log(job)) else job.analysis
            shared.setdefault(key, []).append(job)
        for several in shared.values():
            with self._noted(several, "measured"):
                if len(several) > 1:
                    yield from self._together(opened, several)
                else:
                    yield self._one(opened, several[0])

    def _together(self, opened: OpenModel, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Run analyses that watch one pass over the corpus."""
        from atlas.loaded.live import LiveModel
        from atlas.passes import shared_pass

        assert isinstance(opened.subject, LiveModel), "only they have `observe`"
        by_name = {job.analysis: job for job in jobs}
        modules = {name: statement.module(name) for name in by_name}

        def watched(names: tuple[str, ...]) -> Progress:
            return self.watch(replace(by_name[names[0]], analysis=", ".join(names)))

        def log(name: str) -> Path:
            return self.log(by_name[name])

        memory.reset_peak()
        for name, found, seconds in shared_pass.measure(opened.subject, modules, watched, log):
            yield self._finished(opened, by_name[name], found, seconds)

    def _one(self, opened: OpenModel, job: Job) -> Outcome:
        """Run one analysis on an opened model."""
        started = time.perf_counter()
        memory.reset_peak()
        run = functools.partial(_measured, self._resumed(opened, job), job, self.watch(job))
        found = attempt(run, self.log(job))
        return self._finished(opened, job, found, time.perf_counter() - started)

    def _resumed(self, opened: OpenModel, job: Job) -> OpenModel:
        """The model with a place for what takes long; what measures again begins anew."""
        from atlas.loaded.checkpoint import Checkpoint
        from atlas.loaded.live import LiveModel

        pin, model, stated = opened.pin, opened.subject, statement.of(job.analysis)
        if not self.save or "base" in stated.needs:
            return opened
        if isinstance(model, LiveModel):
            computed = (str(model.dtype), *model.devices)
        elif isinstance(model, Checkpoint):
            protocol = json.dumps(stated.protocol_under(self.choices), sort_keys=True)
            computed = (protocol, memory.device_of_weights().type)
        else:
            return opened
        made_by = (__version__, importlib.metadata.version("torch"))
        depends = (str(pin.digest), str(pin.tokenizer), str(stated.version), *made_by, *computed)
        kept = Unfinished(self.project.unfinished(job.slug, job.analysis), depends)
        return replace(opened, subject=replace(model, unfinished=kept))

    def _finished(
        self, opened: OpenModel, job: Job, found: Measured | Failed, seconds: float
    ) -> Outcome:
        """The outcome of what was measured; a reason where it cannot be published."""
        if isinstance(found, Failed):
            return _failed(job, found, seconds)
        origins = {**opened.remarks, **statement.origin(job.analysis)}
        found = replace(found, conditions={**found.conditions, **origins})
        make = functools.partial(
            recording.profile, opened.pin, job.analysis, found, seconds, self.choices
        )
        profile = attempt(make, self.log(job))
        if isinstance(profile, Failed):
            return _failed(job, profile, seconds)
        return Outcome(job, "measured", seconds, profile=profile, parts=found.parts)


def _failed(job: Job, failed: Failed, seconds: float) -> Outcome:
    return Outcome(job, "failed", seconds, failed.reason, failed.log)


def _refused(job: Job, failed: Failed) -> Outcome:
    """The outcome of a job whose model could not be opened: no failure where we refused it."""
    if failed.expected:
        return account.away(job, Obstacle("damaged", AtlasError(failed.reason)))
    return _failed(job, failed, 0.0)


def _observes(job: Job, log: Path) -> bool:
    """Whether an analysis can share a pass; one that cannot be loaded fails when it is run."""

    def look() -> bool:
        return hasattr(statement.module(job.analysis), "observe")

    return attempt(look, log) is True


def _measured(opened: OpenModel, job: Job, progress: Progress) -> Measured:
    """What an analysis measures; a base that it was compared with is among its conditions."""
    module = statement.module(job.analysis)
    if "base" not in statement.of(job.analysis).needs:
        alone: Measured = module.run(opened.subject, progress)
        return alone
    ancestor, found = opened.against()
    measured: Measured = module.run(
        opened.subject, opening.subject(found.folder, job.tier, DEFAULT), progress
    )
    return replace(measured, conditions={**measured.conditions, **ancestor.conditions})


def _save(
    project: Project,
    path: Path,
    profile: profile_file.Profile,
    beside: Mapping[str, side_files.Items],
) -> None:
    """Write a profile after its side files, so that a profile on disk always has them; a record of
    verification that was about another profile loses its line."""
    for name, items in beside.items():
        side_files.save(path, profile, name, items)
    profile_file.save(path, profile)
    unfinished.drop(project.unfinished(profile.model.slug, profile.analysis))
    verified.forget(project, path, profile)
