"""What a plan comes to on this machine: what is possible, what it would take in all, what failed
when it was last tried."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from atlas import account, headers, obstacles, pins, plan
from atlas.entry import Entry
from atlas.paths import Project
from atlas.plan import Job
from atlas.unavailable import Away, Obstacle
from atlas.words import duration, size


@dataclass(frozen=True)
class Prospect:
    """A planned analysis on this machine.

    `obstacle`: why it is not possible here, None where it is. `last`: what became of it when it was
    last tried, where it has no profile since.
    """

    job: Job
    obstacle: Obstacle | None
    last: str | None

    @property
    def is_possible(self) -> bool:
        return self.job.state != "fresh" and self.obstacle is None

    @property
    def why(self) -> str:
        """Why it is not fresh."""
        if self.last is None:
            return "; ".join(self.job.reasons)
        return "; ".join([*(said for said in self.job.reasons if said != NEVER), self.last])

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: the job, and beside it what is known of it here."""
        reason = None
        if self.obstacle is not None:
            reason = {"kind": self.obstacle.kind, "reason": self.obstacle.line}
        return {**asdict(self.job), "obstacle": reason, "last": self.last}


NEVER = "never measured"


def of(project: Project, entries: Sequence[Entry], jobs: Sequence[Job]) -> list[Prospect]:
    """What becomes of jobs on this machine, in their order; fresh ones are not looked into."""
    todo = [job for job in jobs if job.state != "fresh"]
    _, away = obstacles.apart(project, entries, todo)
    known = {(job.slug, job.analysis): one.obstacle for one in away for job in one.jobs}
    return [
        Prospect(
            job,
            known.get((job.slug, job.analysis)),
            None if job.state == "fresh" else account.remembered(project, job),
        )
        for job in jobs
    ]


def away(prospects: Iterable[Prospect]) -> list[Away]:
    """The models that cannot be measured here, each with what keeps it from that."""
    found: dict[tuple[str, str], Away] = {}
    for one in prospects:
        if one.obstacle is not None:
            key = (one.job.slug, one.obstacle.line)
            known = found.get(key, Away(one.job.slug, one.obstacle))
            found[key] = replace(known, jobs=(*known.jobs, one.job))
    return list(found.values())


def total(project: Project, entries: Sequence[Entry], prospects: Sequence[Prospect]) -> str:
    """`12 to measure here, about 3.2 min, at most 1.2 GB of memory, 340 MB of weights to read; 7
    not measurable here; 55 fresh`."""
    jobs = [one.job for one in prospects if one.is_possible]
    told = f"{len(jobs)} to measure here"
    if jobs:
        opened = len({(job.slug, job.tier) for job in jobs})
        seconds = [job.seconds for job in jobs if job.seconds is not None]
        fixed = plan.STARTING + plan.OPENING * opened
        memory = max((job.bytes for job in jobs if job.bytes is not None), default=None)
        told += (
            f", about {duration(sum(seconds) + fixed)}"
            f"{'' if len(seconds) == len(jobs) else ' and what has no estimate'}, "
            f"at most {size(memory)} of memory, {size(_read(project, entries, jobs))} of weights "
            "to read"
        )
    barred = sum(one.obstacle is not None for one in prospects)
    fresh = sum(one.job.state == "fresh" for one in prospects)
    return f"{told}; {barred} not measurable here; {fresh} fresh"


def _read(project: Project, entries: Sequence[Entry], jobs: Sequence[Job]) -> int:
    """Bytes of weights that jobs read: a model's once for each tier."""
    by_slug = {entry.slug: entry for entry in entries}
    read = 0
    for (slug, _), _ in itertools.groupby(jobs, key=lambda job: (job.slug, job.tier)):
        folder = pins.locate(project, by_slug[slug])
        if folder is not None:
            read += sum(tensor.size for tensor in headers.read(folder).values())
    return read
