"""The steps that commands are made of, told on the console as they go.

Heavy modules are imported by the step that needs them, so that `atlas --help` is instant.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas import words
from atlas.errors import AtlasError
from atlas.paths import Project, find_project

if TYPE_CHECKING:
    from atlas.account import Outcome
    from atlas.analysis import Progress
    from atlas.entry import Entry
    from atlas.plan import Job
    from atlas.prospects import Prospect


def here(project: Path | None) -> Project:
    """The project that was named, which must be one itself, or the nearest one upwards."""
    here = find_project(project or Path.cwd())
    if project is not None and here.root != project.resolve():
        raise AtlasError(
            "holds no mkdocs.yml", file=project, remedy="name a project's own folder with --project"
        )
    return here


def dry_run(project: Project, models: Sequence[str]) -> tuple[list[AtlasError], list[str]]:
    """What fails on tiny models like those named, or like all; and a line about what was run."""
    from importlib.util import find_spec

    entries, _ = planned(project, models, ())
    if find_spec("torch") is None or find_spec("transformers") is None:
        return [], ["dry run skipped: it needs pip install 'model-atlas[profile]'"]
    from atlas import console, dry_run
    from atlas import profile as profiling

    def measure(
        tiny: Project, made: Sequence[Entry], jobs: Sequence[Job]
    ) -> Iterator[tuple[str, str, str | None]]:
        def log(job: Job) -> Path:  # the tiny project is gone when it is told
            return dry_run.log(project, made[0].architecture, job.analysis)

        with console.watching() as watch:
            for outcome in profiling.run(tiny, made, jobs, watch, save=False, log=log):
                yield outcome.job.slug, outcome.job.analysis, outcome.reason

    chosen = [item for item in entries if not models or item.slug in models]
    verdicts = list(dry_run.run(project, chosen, measure))
    return dry_run.problems(project, verdicts), [dry_run.summary(verdicts)]


def require_checked(project: Project) -> None:
    from atlas import check as checking
    from atlas.errors import raise_all

    raise_all(checking.problems(project))


def planned(
    project: Project, models: Sequence[str], only: Sequence[str], corpus: Path | None = None
) -> tuple[list[Entry], list[Job]]:
    """The entries of a project and the plan for those named, or for all.

    What the project chose to measure on holds from here to the command's end.
    """
    from dataclasses import replace

    from atlas import analysis, choices, entry, settings
    from atlas import corpus as texts
    from atlas import plan as planning
    from atlas.errors import suggest

    entries = entry.load_all(project)
    slugs = [item.slug for item in entries]
    for slug in models:
        if slug not in slugs:
            raise AtlasError(f"there is no model {slug!r}", remedy=suggest(slug, slugs))
    for name in only:
        analysis.statement(name)
    chosen = [item for item in entries if not models or item.slug in models]
    stated = settings.load(project)
    if corpus is not None:
        texts.read(corpus)  # whoever names a file is told what is wrong with it
    made = replace(stated.choices, corpus=corpus) if corpus else stated.choices
    click.get_current_context().with_resource(choices.made(made))
    jobs = planning.jobs(project, chosen, stated)
    return entries, [job for job in jobs if not only or job.analysis in only]


def prospects(project: Project, entries: Sequence[Entry], jobs: Sequence[Job]) -> list[Prospect]:
    from atlas import prospects

    return prospects.of(project, entries, jobs)


def tell_prospects(
    project: Project, entries: Sequence[Entry], found: Sequence[Prospect], everything: bool
) -> None:
    """What can be measured here as a table, then what cannot and why, and the sums."""
    from atlas import console, prospects, unavailable

    shown = [one for one in found if one.is_possible or (everything and one.job.state == "fresh")]
    console.table(
        ("model", "analysis", "state", "why", "memory", "time"),
        [
            (
                one.job.slug,
                one.job.analysis,
                one.job.state,
                one.why,
                words.size(one.job.bytes),
                words.duration(one.job.seconds),
            )
            for one in shown
        ],
    )
    partly = {one.job.slug for one in found if one.obstacle is None}
    for line in unavailable.lines(prospects.away(found), partly):
        console.say(line)
    console.say(prospects.total(project, entries, found))


def measure(project: Project, entries: list[Entry], jobs: list[Job], fresh: bool) -> list[Outcome]:
    """Measure what is not fresh; the outcome of every job, and the account of them told.

    After Ctrl-C the account is told of what is done, and the interruption goes on up.
    """
    from atlas import account, console
    from atlas import profile as profiling

    todo = [job for job in jobs if fresh or job.state != "fresh"]
    outcomes = [] if fresh else account.fresh(jobs)
    started = time.monotonic()
    running = ""

    def told() -> None:
        for line in account.lines(outcomes):
            console.say(line)
        console.say(account.total(outcomes, time.monotonic() - started))

    try:
        with console.watching() as watch:

            def watched(job: Job) -> Progress:
                nonlocal running
                running = f"{job.slug} {job.analysis}"
                return watch(job)

            for outcome in profiling.run(project, entries, todo, watched):
                outcomes.append(outcome)
                if outcome.result != "unavailable":
                    result, took = outcome.reason or "measured", words.duration(outcome.seconds)
                    console.say(f"{outcome.job.slug} {outcome.job.analysis}: {result} ({took})")
    except KeyboardInterrupt:
        told()
        left = len(jobs) - len(outcomes)
        console.say(f"interrupted at {running or 'the start'}; {left} left: run it again to go on")
        raise
    told()
    return outcomes


def verify(
    project: Project, entries: list[Entry], jobs: list[Job], recording: bool
) -> list[dict[str, Any]]:
    """Measure again what is fresh, and say how far it is from the committed values; what comes out
    the same is noted where `recording`."""
    import datetime
    from dataclasses import asdict

    from atlas import console, store, verified
    from atlas import profile as profiling
    from atlas import verify as verifying

    verdicts: list[dict[str, Any]] = [
        {**told(job, f"stale: {'; '.join(job.reasons)}"), "agrees": False}
        for job in jobs
        if job.state == "stale"
    ]
    fresh = [job for job in jobs if job.state == "fresh"]
    today = datetime.datetime.now(datetime.UTC).date()
    with console.watching() as watch:
        for outcome in profiling.run(project, entries, fresh, watch, save=False):
            job = outcome.job
            if outcome.profile is None:
                kind = outcome.obstacle.kind if outcome.obstacle else None
                reason = told(job, outcome.reason or "")
                verdicts.append({**reason, "kind": kind, "agrees": False})
                continue
            path = project.profile(job.slug, job.analysis)
            try:
                found = verifying.compare(store.load(path), outcome.profile)
                found += verifying.compare_parts(path, outcome.profile, outcome.parts)
            except AtlasError as error:  # a file that is damaged, or a type without a tolerance
                verdicts.append({**told(job, str(error)), "agrees": False})
                continue
            verdicts += [
                {"model": job.slug, **asdict(verdict), "agrees": verdict.agrees}
                for verdict in found
            ]
            if recording:
                try:
                    verified.update(project, outcome.profile, found, today)
                except AtlasError as error:  # what was found out is told all the same
                    verdicts.append({**told(job, f"not noted: {error}"), "agrees": False})
    return verdicts


def render(project: Project) -> dict[str, int]:
    from atlas import console, pages

    done = pages.render(project)
    count = {key: len(getattr(done, key)) for key in ("written", "kept", "removed")}
    console.say("rendered: " + ", ".join(f"{number} {key}" for key, number in count.items()))
    for path in done.left:
        console.say(f"left alone: {path}: no longer planned, but changed by hand since")
    return count


def told(job: Job, reason: str) -> dict[str, str]:
    return {"model": job.slug, "analysis": job.analysis, "reason": reason}


def tell_verdicts(verdicts: list[dict[str, Any]]) -> None:
    from atlas import console

    for verdict in verdicts:
        if "reason" in verdict:
            console.say(f"{verdict['model']} {verdict['analysis']}: {verdict['reason']}")
        elif not verdict["agrees"]:
            why = verdict["problem"] or (
                f"differs by {verdict['largest']:.2g}, tolerance {verdict['tolerance']:.2g}"
            )
            where = f" at {verdict['where']}" if verdict["where"] else ""
            console.say(
                f"{verdict['model']} {verdict['analysis']} {verdict['matrix']}: {why}{where}"
            )
    agree = [verdict["largest"] for verdict in verdicts if verdict["agrees"]]
    console.say(
        f"{len(agree)} of {len(verdicts)} agree; "
        f"largest difference among them {max(agree, default=0.0):.2g}"
    )
