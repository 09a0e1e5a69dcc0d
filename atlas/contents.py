"""What the site is made of: every entry with its analyses, profiles read once.

Pages of any kind are made from a list of `Model`. It is plain data, without templates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from atlas import analysis, drawing, entry, plan, previews, settings, store, templating
from atlas.analysis import Statement
from atlas.entry import Entry
from atlas.matrix import Matrix
from atlas.paths import Project
from atlas.plan import Job


@dataclass(frozen=True)
class Option:
    """One matrix in a figure's picker."""

    name: str
    title: str
    box: drawing.Box
    summary: str


@dataclass(frozen=True)
class Figure:
    """A section's figure: what the page says before any script has run."""

    first: Matrix
    preview: str
    scale: str
    limits: tuple[str, str]
    groups: tuple[tuple[str, tuple[Option, ...]], ...]


@dataclass(frozen=True)
class Section:
    """One analysis on a model's page; `profile` and `figure` are None until it is measured."""

    stated: Statement
    job: Job
    profile: store.Profile | None
    figure: Figure | None


@dataclass(frozen=True)
class Model:
    """An entry and a section for each analysis that it should have, measured or not."""

    entry: Entry
    sections: tuple[Section, ...]

    @property
    def folder(self) -> str:
        """Where its page and profiles lie, relative to docs/ and to the site's root."""
        return f"models/{self.entry.slug}"

    def section(self, name: str) -> Section | None:
        """The section of an analysis, None where the model should not have it."""
        return next((one for one in self.sections if one.stated.name == name), None)


def load(project: Project) -> list[Model]:
    """Every entry in order of slugs, its profiles read.

    Raises `AtlasError` or `Problems` for entries and profiles that cannot be used.
    """
    entries = entry.load_all(project)
    jobs = plan.jobs(project, entries, settings.load(project))
    by_slug = {slug: list(group) for slug, group in groupby(jobs, lambda job: job.slug)}
    return [
        Model(item, tuple(_section(project, job) for job in by_slug.get(item.slug, [])))
        for item in entries
    ]


def _section(project: Project, job: Job) -> Section:
    stated = analysis.statement(job.analysis)
    if job.state == "missing":
        return Section(stated, job, None, None)
    profile = store.load(project.profile(job.slug, job.analysis))
    return Section(stated, job, profile, _figure(job.analysis, profile.matrices))


def _figure(name: str, matrices: Sequence[Matrix]) -> Figure:
    """A figure that begins with the first matrix and offers all of them, by their prefix."""
    first = matrices[0]
    low, high = drawing.limits(first)
    groups: dict[str, list[Option]] = {}
    for matrix in matrices:
        prefix = matrix.name.partition(":")[0] if ":" in matrix.name else ""
        option = Option(matrix.name, matrix.title, drawing.box(matrix), drawing.summary(matrix))
        groups.setdefault(prefix, []).append(option)
    return Figure(
        first=first,
        preview=f"previews/{previews.file_name(name, first)}",
        scale=drawing.scale_text(first),
        limits=(templating.number(low), templating.number(high)),
        groups=tuple((prefix, tuple(options)) for prefix, options in groups.items()),
    )
