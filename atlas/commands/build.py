"""`atlas build`: check, profile, render, and the site."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas.commands import options
from atlas.commands.profile import measure
from atlas.commands.project import Planned, opened, planned, require_checked
from atlas.commands.render import render
from atlas.errors import AtlasError, raise_all, shown

if TYPE_CHECKING:
    from atlas.profiles.account import Outcome
    from atlas.profiles.plan import Job


@click.command("build")
@options.fresh
@click.option("--profile/--no-profile", "measuring", default=True, help="Measure what is stale.")
@click.option("--require-profiles", is_flag=True, help="Fail if a profile cannot be measured here.")
@options.project
@options.as_json
def command(
    fresh: bool, measuring: bool, require_profiles: bool, project: Path | None, as_json: bool
) -> None:
    """Check, measure what is stale and fits this machine, render, and build the site.

    A model that cannot be measured here still gets a page, marked as awaiting a profile. So does a
    model whose measurement failed, but the exit status is then 1.
    """
    from atlas.commands import console
    from atlas.files import project_lock
    from atlas.site import mkdocs_build

    atlas = opened(project)
    require_checked(atlas)
    work = planned(atlas, (), ())
    outcomes: list[Outcome] = []
    done: dict[str, Any] = {"site": None, "pages": None}
    try:
        if measuring:
            measure(work, fresh, outcomes)
        if require_profiles:
            raise_all([AtlasError(" ".join(one.values())) for one in _unmeasured(work, outcomes)])
        with project_lock.held(atlas, console.say):
            done["pages"] = render(atlas)
            mkdocs_build.mkdocs(atlas, console.warn)  # it speaks of what is wrong alone
        done["site"] = str(atlas.site)
        look = f"python -m http.server -d {shown(atlas.site)}"
        console.say(f"built {atlas.site}; to look at it: {look}")
    finally:
        if as_json:
            told = [outcome.as_dict() for outcome in outcomes]
            unmeasured = _unmeasured(work, outcomes)
            console.emit_json({**done, "unmeasured": unmeasured, "outcomes": told})
    if any(outcome.result == "failed" for outcome in outcomes):
        sys.exit(1)


def _unmeasured(work: Planned, outcomes: Sequence[Outcome]) -> list[dict[str, str]]:
    """The analyses without a fresh profile, each with the reason."""
    found = {(one.job.slug, one.job.analysis): one for one in outcomes}
    told = []
    for job in work.jobs:
        one = found.get((job.slug, job.analysis))
        if one is None and job.state != "fresh":
            told.append(_told(job, "; ".join(job.reasons)))
        elif one is not None and one.result in ("failed", "unavailable"):
            told.append(_told(job, one.reason or ""))
    return told


def _told(job: Job, reason: str) -> dict[str, str]:
    return {"model": job.slug, "analysis": job.analysis, "reason": reason}
