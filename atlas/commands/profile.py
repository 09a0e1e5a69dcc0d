"""`atlas profile`: measure what is stale."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas import words
from atlas.commands import options
from atlas.commands.project import Planned, opened, planned

if TYPE_CHECKING:
    from atlas.profiles.account import Outcome
    from atlas.profiles.plan import Job
    from atlas.profiles.statement import Progress


@click.command("profile")
@options.models
@options.only
@options.fresh
@options.corpus
@options.project
@options.as_json
def command(
    models: Sequence[str],
    only: Sequence[str],
    fresh: bool,
    corpus: str | Path | None,
    project: Path | None,
    as_json: bool,
) -> None:
    """Measure what is stale, for all models or for MODELS, and write the profiles.

    Each analysis is written as soon as it is done; after Ctrl-C, the next run continues from there.
    With --corpus, every analysis that reads text reads that corpus, whatever the entries say. To
    make this permanent, set `extra.atlas.corpus` in mkdocs.yml.
    """
    from atlas.commands import console

    atlas = opened(project)
    outcomes: list[Outcome] = []
    try:
        measure(planned(atlas, models, only, corpus), fresh, outcomes, named=bool(models))
    finally:
        if as_json:
            console.emit_json([outcome.as_dict() for outcome in outcomes])
    if any(one.result == "failed" or (models and one.obstacle) for one in outcomes):
        sys.exit(1)


def measure(work: Planned, fresh: bool, outcomes: list[Outcome], *, named: bool = False) -> None:
    """Measure what is not fresh, or all of it. Outcomes are added to `outcomes` as they are there,
    and the account of them is told, after Ctrl-C too. `named`: whether somebody asked for just
    these models, so that one that cannot be measured here is worth a line even with `-q`."""
    from atlas.commands import console, loudness
    from atlas.measure import run
    from atlas.profiles import account

    todo = [job for job in work.jobs if fresh or job.state != "fresh"]
    if fresh:
        run.begin_anew(work.project, todo)
    else:
        outcomes += account.fresh(work.jobs)
    started = time.monotonic()
    running = "the start"
    try:
        with console.watching() as watch:

            def watched(job: Job) -> Progress:
                nonlocal running
                running = f"{job.slug} {job.analysis}"
                return watch(job)

            for outcome in run.outcomes(
                work.project, work.entries, todo, watched, choices=work.choices
            ):
                outcomes.append(outcome)
                if outcome.result != "unavailable":
                    job, took = outcome.job, words.duration(outcome.seconds)
                    console.say(f"{job.slug} {job.analysis}: {outcome.result} ({took})")
        running = ""
    finally:
        for line in account.lines(outcomes):
            console.say(line)
        if loudness.is_quiet():
            wrong = [one for one in outcomes if one.result == "failed" or (named and one.obstacle)]
            for line in account.lines(wrong):
                console.show(line)
        console.say(account.total(outcomes, time.monotonic() - started))
        if running:
            left = len(work.jobs) - len(outcomes)
            again = "run it again without --fresh" if fresh else "run it again"
            console.say(f"interrupted at {running}; {left} left: {again} to go on")
