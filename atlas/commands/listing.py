"""`atlas list`: the models of an atlas, and how far they are measured."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas import words
from atlas.commands import options
from atlas.commands.project import named, opened, planned

if TYPE_CHECKING:
    from atlas.entries.entry import Entry
    from atlas.paths import Project
    from atlas.profiles.freshness import State
    from atlas.profiles.plan import Job

AWAITED: tuple[State, ...] = ("stale", "missing")


@dataclass(frozen=True)
class Listed:
    """A model, the state of each of its analyses, and the bytes of what was measured."""

    entry: Entry
    jobs: tuple[Job, ...]
    bytes: int

    @property
    def fresh(self) -> int:
        return sum(job.state == "fresh" for job in self.jobs)

    @property
    def waits(self) -> str:
        """`masks stale; drift, importance missing`, and `all missing` where nothing is measured."""
        if self.jobs and all(job.state == "missing" for job in self.jobs):
            return "all missing"
        told = []
        for state in AWAITED:
            names = [job.analysis for job in self.jobs if job.state == state]
            if names:
                told.append(f"{', '.join(names)} {state}")
        return "; ".join(told)

    @property
    def parameters(self) -> int | None:
        return self.entry.geometry.parameters if self.entry.geometry else None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        entry = self.entry
        return {
            "model": entry.slug,
            "name": entry.name,
            "family": entry.family,
            "architecture": entry.architecture,
            "source": entry.source,
            "revision": entry.revision,
            "base": entry.base,
            "parameters": self.parameters,
            "analyses": {job.analysis: job.state for job in self.jobs},
            "bytes": self.bytes,
        }


@click.command("list")
@options.models
@click.option(
    "--state",
    type=click.Choice(["fresh", "stale", "missing"]),
    help="Only models with an analysis in this state.",
)
@options.project
@options.as_json
def command(models: Sequence[str], state: str | None, project: Path | None, as_json: bool) -> None:
    """List all models, or MODELS: parameters, analyses that are up to date, what is stale or
    missing, and the size of the profiles.

    A pattern such as 'smollm*' stands for all models that it matches; write it in quotes. In a
    pipe, each line is a model, with tabs between the columns.
    """
    from atlas.commands import console

    found = list(_listed(opened(project), models))
    if state is not None:
        found = [one for one in found if any(job.state == state for job in one.jobs)]
    if as_json:
        console.emit_json([one.as_dict() for one in found])
        return
    rows = [
        (
            one.entry.slug,
            "" if one.parameters is None else words.count(one.parameters),
            f"{one.fresh} of {len(one.jobs)}",
            words.size(one.bytes) if one.bytes else "",
            one.waits,
        )
        for one in found
    ]
    console.table(("model", "parameters", "fresh", "size", "waits"), rows, to=console.out)
    console.say(_total(found))


def _listed(project: Project, models: Sequence[str]) -> Iterator[Listed]:
    work = planned(project, models, ())
    jobs = {
        slug: tuple(group) for slug, group in itertools.groupby(work.jobs, lambda job: job.slug)
    }
    slugs = named(project, models)
    for item in (one for one in work.entries if not models or one.slug in slugs):
        sizes = (path.lstat().st_size for path in project.folder(item.slug).glob("[!.]*.json"))
        yield Listed(item, jobs.get(item.slug, ()), sum(sizes))


def _total(found: Sequence[Listed]) -> str:
    """`88 models; analyses: 91 fresh, 0 stale, 520 missing; 8.1 MB`."""
    if not found:
        return "no models; atlas new SOURCE adds one"
    counts = {
        state: sum(job.state == state for one in found for job in one.jobs)
        for state in ("fresh", *AWAITED)
    }
    states = ", ".join(f"{count} {state}" for state, count in counts.items())
    several = "" if len(found) == 1 else "s"
    size = words.size(sum(one.bytes for one in found))
    return f"{len(found)} model{several}; analyses: {states}; {size}"
