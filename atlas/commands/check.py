"""`atlas check`: everything that is wrong, and dry runs on tiny models."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas import words
from atlas.commands import options
from atlas.commands.project import named, opened, planned
from atlas.errors import AtlasError

if TYPE_CHECKING:
    from atlas.entries.entry import Entry
    from atlas.paths import Project
    from atlas.profiles.plan import Job
    from atlas.review.verdicts import Verdict


@click.command("check")
@options.models
@click.option(
    "--dry-run",
    is_flag=True,
    help="Also run every analysis on tiny random models like MODELS, or like all of them.",
)
@click.option("--claims", "judged", is_flag=True, help="Also print the result of each claim.")
@click.option(
    "--base",
    metavar="REVISION",
    help="Check a pull request against this git revision: it must not write verified.json, and "
    "what it changes of templates and mkdocs.yml, which run, is named.",
)
@options.project
@options.as_json
def command(
    models: Sequence[str],
    dry_run: bool,
    judged: bool,
    base: str | None,
    project: Path | None,
    as_json: bool,
) -> None:
    """Check settings, entries and profiles: every problem in one run, without torch.

    The whole project is always checked; MODELS only select the models of a dry run. A claim that
    does not hold is not a problem: the page of claims says so.
    """
    from atlas.commands import console
    from atlas.review import check

    atlas = opened(project)
    slugs = named(atlas, models)
    found = check.findings(atlas, base)
    problems = [*found.problems, *found.contradictions]
    notes = found.notes
    if dry_run and not problems:
        failed, said = _dry_run(atlas, slugs)
        problems, notes = failed, [*notes, *said]
    verdicts = _verdicts(atlas) if judged and not found.problems else []
    if as_json:
        told: dict[str, object] = {"problems": [item.as_dict() for item in problems]}
        claims = {"claims": [_as_dict(one) for one in verdicts]} if judged else {}
        console.emit_json({**told, "notes": notes, **claims})
    else:
        for line in _lines(verdicts):
            console.write(f"{line}\n")
        for note in notes:
            console.say(f"note: {note}")
        for item in problems:
            console.warn(f"atlas: {item}")
        if not problems:
            console.say("all is well")
    if problems:
        sys.exit(1)


def _verdicts(project: Project) -> list[Verdict]:
    from atlas.profiles import collection
    from atlas.review import claims, verdicts

    return verdicts.judge(claims.load_all(project), collection.load(project))


def _as_dict(verdict: Verdict) -> dict[str, object]:
    why = [*verdict.reasons, *verdict.found]
    claim = verdict.claim
    return {"claim": claim.name, "sentence": claim.sentence, "state": verdict.state, "why": why}


def _lines(found: Sequence[Verdict]) -> Iterator[str]:
    """Each claim with what became of it and why, and the sum."""
    from atlas.review import verdicts

    for one in found:
        yield f"{one.claim.name}: {one.state}: {one.claim.sentence}"
        yield from (f"  {why}" for why in (*one.reasons, *one.found))
    if found:
        yield verdicts.told(found)


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
