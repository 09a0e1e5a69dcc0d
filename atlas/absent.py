"""Models that cannot be measured on this machine, known before anything of them is opened.

An atlas may have many more entries than one machine has models, so a run tells of those that are
not here in a line for each reason, not in one for each analysis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from atlas import pins
from atlas.entry import Entry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.plan import Job

Kind = Literal["unpinned", "elsewhere"]

NAMED = 3
"""Models that a line names one by one before it counts the rest."""

SUMMARY: Mapping[Kind, tuple[str, str]] = {
    "unpinned": (
        "still to be pinned",
        "write each one's full commit hash as the revision of its entry",
    ),
    "elsewhere": ("not on this machine", "atlas profile MODEL tells how to get one"),
}
"""What several models have in common, and what to do about it."""


@dataclass(frozen=True)
class Absent:
    """A model that is not here: why in a word, the error that says so, and its planned analyses."""

    kind: Kind
    problem: AtlasError
    jobs: tuple[Job, ...]


def require(project: Project, entry: Entry) -> None:
    """Raise `AtlasError` for a model that is still to be pinned or is not on this machine."""
    found = _problem(project, entry)
    if found is not None:
        raise found[1]


def apart(
    project: Project, entries: Iterable[Entry], jobs: Iterable[Job]
) -> tuple[list[Job], list[Absent]]:
    """The jobs on models that are here, and the models of the others, both in the given order."""
    by_slug = {entry.slug: entry for entry in entries}
    grouped: dict[str, list[Job]] = {}
    for job in jobs:
        grouped.setdefault(job.slug, []).append(job)
    here: list[Job] = []
    absent: list[Absent] = []
    for slug, group in grouped.items():
        found = _problem(project, by_slug[slug])
        if found is None:
            here += group
        else:
            absent.append(Absent(*found, tuple(group)))
    return here, absent


def lines(absent: Sequence[Absent]) -> list[str]:
    """What to tell of them: a line a model, or one for each reason where that would be many."""
    told: list[str] = []
    for kind in SUMMARY:
        group = [item for item in absent if item.kind == kind]
        if len(group) > NAMED:
            told.append(summary(kind, [item.jobs[0].slug for item in group]))
        else:
            told += [f"{item.jobs[0].slug}: {item.problem}" for item in group]
    return told


def summary(kind: Kind, slugs: Sequence[str]) -> str:
    """`41 models are still to be pinned: gpt2, gpt2-large, gpt2-medium and 38 more; ...`."""
    what, remedy = SUMMARY[kind]
    named = ", ".join(slugs[:NAMED])
    more = f" and {len(slugs) - NAMED} more" if len(slugs) > NAMED else ""
    verb = "model is" if len(slugs) == 1 else "models are"
    return f"{len(slugs)} {verb} {what}: {named}{more}; {remedy}"


def _problem(project: Project, entry: Entry) -> tuple[Kind, AtlasError] | None:
    file = project.entry(entry.slug)
    if entry.source_kind == "hub" and entry.revision is None:
        return "unpinned", AtlasError(
            "revision is null, still to be pinned",
            file=file,
            place="revision",
            remedy="write the full commit hash, in quotes",
        )
    try:
        folder = pins.locate(project, entry)
    except AtlasError:  # something is there; opening it tells what is wrong with it
        return None
    if folder is None:
        return "elsewhere", AtlasError(
            f"source {entry.source!r} is not on this machine",
            file=file,
            place="source",
            remedy=_remedy(entry),
        )
    return None


def _remedy(entry: Entry) -> str:
    if entry.source_kind == "hub":
        return f"hf download {entry.source} --revision {entry.revision}"
    if entry.source_kind == "folder":
        return "put the model's folder there"
    return f"train it: python -m atlas.zoo train {entry.source.removeprefix('zoo:')}"
