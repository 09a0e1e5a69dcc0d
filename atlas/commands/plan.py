"""`atlas plan`: what is stale, what of it is possible atlas, what it would take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas import words
from atlas.commands import options
from atlas.commands.project import Planned, opened, planned

if TYPE_CHECKING:
    from atlas.commands.prospects import Prospect


@click.command("plan")
@options.models
@options.only
@options.project
@options.as_json
@click.option("--all", "everything", is_flag=True, help="Also list what is fresh.")
def command(
    models: Sequence[str],
    only: Sequence[str],
    project: Path | None,
    as_json: bool,
    everything: bool,
) -> None:
    """List what is stale, why, and the memory and time needed to measure it.

    Times are estimates for this machine's CPU. Whatever is impossible on this machine is listed
    with the reason, as is whatever failed when it was last tried.
    """
    from atlas.commands import console, prospects

    atlas = opened(project)
    work = planned(atlas, models, only)
    found = prospects.of(work)
    if as_json:
        shown = [each for each in found if everything or each.job.state != "fresh"]
        console.emit_json([each.as_dict() for each in shown])
    else:
        _tell(work, found, everything)


def _tell(work: Planned, found: Sequence[Prospect], everything: bool) -> None:
    """What can be measured here as a table, then what cannot and why, and the sums."""
    from atlas.commands import console, prospects
    from atlas.profiles import remarks, unavailable

    shown = [one for one in found if one.is_possible or (everything and one.job.state == "fresh")]
    rows = []
    told: tuple[str, str] | None = None
    for one in shown:
        job, before, told = one.job, told, (one.job.slug, one.why)
        why = "the same" if one.last and told == before else one.why
        took = words.duration(job.seconds)
        rows.append((job.slug, job.analysis, job.state, why, words.size(job.bytes), took))
    console.table(("model", "analysis", "state", "why", "memory", "time"), rows)
    partly = {one.job.slug for one in found if one.obstacle is None}
    for line in unavailable.lines(prospects.away(found), partly):
        console.say(line)
    slugs = {one.job.slug for one in shown}
    for line in remarks.lines(work.project, (one for one in work.entries if one.slug in slugs)):
        console.say(f"note: {line}")
    console.say(prospects.total(work, found))
