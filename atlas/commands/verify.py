"""`atlas verify`: measured again and compared."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas.commands import options
from atlas.commands.project import Planned, opened, planned
from atlas.errors import AtlasError

if TYPE_CHECKING:
    from atlas.profiles.account import Outcome
    from atlas.profiles.agreement import Difference
    from atlas.profiles.plan import Job


@dataclass(frozen=True)
class Verdict:
    """How far one matrix is from its committed values, or why an analysis could not be compared.

    `kind`: in a word, where that is the state of this machine.
    """

    job: Job
    difference: Difference | None = None
    reason: str | None = None
    kind: str | None = None

    @property
    def agrees(self) -> bool:
        return self.difference is not None and self.difference.agrees

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        model = {"model": self.job.slug}
        if self.difference is not None:
            return {**model, **asdict(self.difference), "agrees": self.agrees}
        told = {"analysis": self.job.analysis, "reason": self.reason, "kind": self.kind}
        return {**model, **told, "agrees": False}

    def __str__(self) -> str:
        about = f"{self.job.slug} {self.job.analysis}"
        found = self.difference
        if found is None:
            return f"{about}: {self.reason}"
        why = found.problem or (f"differs by {found.largest:.2g}, tolerance {found.tolerance:.2g}")
        where = f" at {found.where}" if found.where else ""
        return f"{about} {found.matrix}: {why}{where}"


@click.command("verify")
@options.models
@options.only
@click.option(
    "--record/--no-record", "recording", default=True, help="Record the result in verified.json."
)
@options.project
@options.as_json
def command(
    models: Sequence[str],
    only: Sequence[str],
    recording: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Measure again and compare with the committed values, allowing for rounding.

    Values that come out the same are recorded in the model's verified.json, and its page says
    "reproduced". The exit status is 1 if a value differs or a committed profile is stale.
    """
    from atlas.commands import console

    work = planned(opened(project), models, only)
    verdicts: list[Verdict] = []
    try:
        verdicts.extend(_verdicts(work, bool(models), recording))
    finally:  # after Ctrl-C, what was reached
        if as_json:
            console.emit_json([verdict.as_dict() for verdict in verdicts])
        else:
            _tell(verdicts)
    # What is not possible on this machine is a problem only of a model that was named.
    if any(not one.agrees and (models or one.kind is None) for one in verdicts):
        sys.exit(1)


def _verdicts(work: Planned, named: bool, recording: bool) -> Iterator[Verdict]:
    """Measure again what is fresh, and say how far it is from the committed values; what comes out
    the same is noted where `recording`. Of models that were `named` a missing profile is told."""
    from atlas.commands import console
    from atlas.measure import run

    for job in work.jobs:
        if job.state == "stale":
            yield Verdict(job, reason=f"stale: {'; '.join(job.reasons)}")
        elif job.state == "missing" and named:
            remedy = f"atlas profile {job.slug} measures it"
            yield Verdict(job, reason=f"there is no profile to compare with; {remedy}")
    fresh = [job for job in work.jobs if job.state == "fresh"]
    with console.watching() as watch:
        for outcome in run.outcomes(
            work.project, work.entries, fresh, watch, choices=work.choices, save=False
        ):
            if outcome.profile is None:
                kind = outcome.obstacle.kind if outcome.obstacle else None
                yield Verdict(outcome.job, reason=outcome.reason, kind=kind)
            else:
                yield from _compared(work, outcome, recording)


def _compared(work: Planned, outcome: Outcome, recording: bool) -> Iterator[Verdict]:
    from atlas.commands import console
    from atlas.profiles import agreement, part_agreement, profile_file, verified

    job = outcome.job
    assert outcome.profile is not None, "it was measured"
    path = work.project.profile(job.slug, job.analysis)
    try:
        committed = profile_file.load(path)
        found = agreement.compare(committed, outcome.profile)
        found += part_agreement.compare(path, committed, outcome.profile, outcome.parts)
    except AtlasError as error:  # a file that is damaged, or a type without a tolerance
        yield Verdict(job, reason=str(error))
        return
    yield from (Verdict(job, difference) for difference in found)
    if recording:
        try:
            today = datetime.datetime.now(datetime.UTC).date()
            verified.update(work.project, outcome.profile, found, today, console.say)
        except AtlasError as error:  # what was found out is told all the same
            yield Verdict(job, reason=f"not recorded: {error}")


def _tell(verdicts: Sequence[Verdict]) -> None:
    from atlas.commands import console

    for verdict in verdicts:
        if not verdict.agrees:
            console.warn(str(verdict))
    compared = [one.difference for one in verdicts if one.difference]
    agree = [one.largest or 0.0 for one in compared if one.agrees]
    told = f"{len(agree)} of {len(compared)} matrices agree"
    if agree:
        told += f", largest difference among them {max(agree):.2g}"
    if len(compared) < len(verdicts):
        told += f"; {len(verdicts) - len(compared)} analyses were not compared"
    console.say(told)
