"""`atlas check`: everything that is wrong, and dry runs on tiny models."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas import words
from atlas.commands import options
from atlas.commands.project import opened, planned, require_known
from atlas.errors import AtlasError

if TYPE_CHECKING:
    from atlas.entries.entry import Entry
    from atlas.paths import Project
    from atlas.profiles.plan import Job


@click.command("check")
@options.models
@click.option(
    "--dry-run",
    is_flag=True,
    help="Also run every analysis on a tiny random model like each MODEL's, or all of them.",
)
@options.project
@options.as_json
def command(models: Sequence[str], dry_run: bool, project: Path | None, as_json: bool) -> None:
    """Check settings, entries and profiles: every problem in one run, without torch.

    Always the whole project; MODELS only choose what a dry run is made for.
    """
    from atlas.commands import console
    from atlas.review import check

    atlas = opened(project)
    require_known(atlas, models)
    found = check.findings(atlas)
    problems = [*found.problems, *found.contradictions]
    notes = found.notes
    if dry_run and not problems:
        failed, told = _dry_run(atlas, models)
        problems, notes = failed, [*notes, *told]
    if as_json:
        console.emit_json({"problems": [item.as_dict() for item in problems], "notes": notes})
    else:
        for note in notes:
            console.say(f"note: {note}")
        for item in problems:
            console.say(f"atlas: {item}")
        if not problems:
            console.say("all is well")
    if problems:
        sys.exit(1)


def _dry_run(project: Project, models: Sequence[str]) -> tuple[list[AtlasError], list[str]]:
    """What fails on tiny models like those named, or like all; and a line about what was run."""
    from importlib.util import find_spec

    work = planned(project, models, ())
    if find_spec("torch") is None or find_spec("transformers") is None:
        return [], ["dry run skipped: it needs pip install 'model-atlas[profile]'"]
    from atlas.commands import console
    from atlas.measure import dry_run, run

    def measure(
        tiny: Project, made: Sequence[Entry], jobs: Sequence[Job]
    ) -> Iterator[tuple[str, str, str | None]]:
        def log(job: Job) -> Path:  # the tiny project is gone when it is told
            return dry_run.log(project, made[0].architecture, job.analysis)

        with console.watching() as watch:
            for outcome in run.outcomes(
                tiny, made, jobs, watch, choices=work.choices, save=False, log=log
            ):
                job = outcome.job
                said = f"dry run of {job.analysis} on a tiny {made[0].architecture}"
                console.say(f"{said}: {outcome.result} ({words.duration(outcome.seconds)})")
                yield job.slug, job.analysis, outcome.reason

    chosen = [item for item in work.entries if not models or item.slug in models]
    verdicts = list(dry_run.run(project, chosen, measure))
    return dry_run.problems(project, verdicts), [dry_run.summary(verdicts)]
