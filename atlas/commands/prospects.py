"""What a plan comes to on this machine: what is possible, what it would take in all, what failed
when it was last tried."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from atlas.checkpoints import digests, headers, locate
from atlas.commands.project import Planned
from atlas.measure import obstacles
from atlas.profiles import account, plan
from atlas.profiles.plan import Job
from atlas.profiles.unavailable import Away, Obstacle
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


def of(work: Planned) -> list[Prospect]:
    """What becomes of jobs on this machine, in their order; fresh ones are not looked into."""
    todo = [job for job in work.jobs if job.state != "fresh"]
    _, away = obstacles.split(work.project, work.entries, todo)
    known: dict[tuple[str, str], Obstacle | None] = {
        (job.slug, job.analysis): one.obstacle for one in away for job in one.jobs
    }
    entries = {entry.slug: entry for entry in work.entries}
    state = functools.cache(lambda slug: digests.state(work.project, entries[slug]))
    for job in todo:
        if (job.slug, job.analysis) not in known:
            known[job.slug, job.analysis] = account.barred(work.project, job, state(job.slug))
    return [
        Prospect(
            job,
            known.get((job.slug, job.analysis)),
            None if job.state == "fresh" else account.remembered(work.project, job),
        )
        for job in work.jobs
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


def total(work: Planned, prospects: Sequence[Prospect]) -> str:
    """`analyses: 12 to measure here, about 3.2 min with 5.5 s to start, at most 1.2 GB of memory,
    340 MB of weights to read; 7 not measurable here; 55 fresh`."""
    jobs = [one.job for one in prospects if one.is_possible]
    told = f"{len(jobs)} to measure here"
    if jobs:
        opened = len({(job.slug, job.tier) for job in jobs})
        seconds = [job.seconds for job in jobs if job.seconds is not None]
        fixed = plan.STARTING + plan.OPENING * opened
        memory = max((job.bytes for job in jobs if job.bytes is not None), default=None)
        told += (
            f", about {duration(sum(seconds) + fixed)} with {duration(fixed)} to start"
            f"{'' if len(seconds) == len(jobs) else ' and what has no estimate'}, "
            f"at most {size(memory)} of memory, {size(_read(work, jobs))} of weights "
            "to read"
        )
    barred = sum(one.obstacle is not None for one in prospects)
    fresh = sum(one.job.state == "fresh" for one in prospects)
    return f"analyses: {told}; {barred} not measurable here; {fresh} fresh"


def _read(work: Planned, jobs: Sequence[Job]) -> int:
    """Bytes of weights that jobs read: a model's once for each tier."""
    by_slug = {entry.slug: entry for entry in work.entries}
    read = 0
    for (slug, _), _ in itertools.groupby(jobs, key=lambda job: (job.slug, job.tier)):
        folder = locate.of_entry(work.project, by_slug[slug])
        if folder is not None:
            read += sum(tensor.size for tensor in headers.read(folder).values())
    return read
