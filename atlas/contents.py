"""What the site is made of: every entry with its analyses, profiles read once.

Pages of any kind are made from a list of `Model`. It is plain data, without templates.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from atlas import (
    analysis,
    block_masks,
    drawing,
    entry,
    findings,
    functional_maps,
    plan,
    previews,
    settings,
    store,
    wording,
)
from atlas.analysis import Statement
from atlas.block_masks import BlockMasks
from atlas.entry import Entry
from atlas.functional_maps import FunctionalMap
from atlas.matrix import Matrix
from atlas.paths import Project
from atlas.plan import Job


@dataclass(frozen=True)
class Figure:
    """A section's figure: what the page says before any script has run.

    `boxes` are the layouts that its matrices have on the page; `layouts` says which, for every one.
    """

    first: Matrix
    preview: str
    scale: str
    limits: tuple[str, str]
    boxes: tuple[drawing.Box, ...]
    layouts: tuple[int, ...]


@dataclass(frozen=True)
class Section:
    """One analysis on a model's page; `profile` and `figure` are None until it is measured."""

    stated: Statement
    job: Job
    profile: store.Profile | None
    figure: Figure | None

    @property
    def findings(self) -> tuple[str, ...]:
        """What the matrices say together, in sentences."""
        return findings.told(self.profile.matrices) if self.profile else ()

    @property
    def facts(self) -> Mapping[str, store.Scalar]:
        """The profile's facts under names that a reader knows.

        Facts of one matrix or relation, `chance:capital@10`, are told where that one is.
        """
        if self.profile is None:
            return {}
        found: dict[str, store.Scalar] = {}
        for key, value in self.profile.facts.items():
            if ":" in key:
                continue
            name = wording.fact(key, self.profile.matrices)
            found[key if name in found else name] = value
        return found

    @functools.cached_property
    def functional(self) -> FunctionalMap | None:
        """Which heads have which categories of relations, where that was measured."""
        return functional_maps.of(self.profile) if self.profile else None

    @functools.cached_property
    def block_masks(self) -> BlockMasks | None:
        """Which blocks each topic keeps, where that was measured."""
        return block_masks.of(self.profile) if self.profile else None

    @property
    def reading(self) -> Markup:
        """How to read the figures, from the analysis' docstring."""
        return wording.reading(self.stated.prose)


@dataclass(frozen=True)
class Model:
    """An entry and a section for each analysis that it should have, measured or not.

    `base`: the model that it was tuned from, where the atlas lists that one; `tuned`: those that
    were tuned from it.
    """

    entry: Entry
    sections: tuple[Section, ...]
    base: Entry | None = None
    tuned: tuple[Entry, ...] = ()

    @property
    def folder(self) -> str:
        """Where its page and profiles lie, relative to docs/ and to the site's root."""
        return f"models/{self.entry.slug}"

    @property
    def drift(self) -> float | None:
        """How far all weights of its blocks lie from its base's, relative to them; None where that
        was not measured."""
        section = self.section("drift")
        moved = (
            section.profile.facts.get("relative_change") if section and section.profile else None
        )
        return float(moved) if isinstance(moved, (int, float)) else None

    def section(self, name: str) -> Section | None:
        """The section of an analysis, None where the model should not have it."""
        return next((one for one in self.sections if one.stated.name == name), None)


def load(project: Project) -> list[Model]:
    """Every entry in order of slugs, its profiles read.

    Raises `AtlasError` or `Problems` for entries and profiles that cannot be used.
    """
    entries = entry.load_all(project)
    read = functools.cache(store.load)  # planning and pages need the same profiles
    jobs = plan.jobs(project, entries, settings.load(project), read)
    by_slug = {slug: list(group) for slug, group in groupby(jobs, lambda job: job.slug)}
    listed = {item.slug: item for item in entries}
    return [
        Model(
            entry=item,
            sections=tuple(_section(project, job, read) for job in by_slug.get(item.slug, [])),
            base=listed.get(item.base or ""),
            tuned=tuple(other for other in entries if other.base == item.slug),
        )
        for item in entries
    ]


def _section(project: Project, job: Job, read: Callable[[Path], store.Profile]) -> Section:
    stated = analysis.statement(job.analysis)
    if job.state == "missing":
        return Section(stated, job, None, None)
    profile = read(project.profile(job.slug, job.analysis))
    return Section(stated, job, profile, _figure(job.analysis, profile.matrices))


def _figure(name: str, matrices: Sequence[Matrix]) -> Figure:
    """A figure that begins with the first matrix; a script offers all of them."""
    first = matrices[0]
    low, high = drawing.limits(first)
    boxes: dict[drawing.Box, int] = {}
    layouts = [boxes.setdefault(drawing.box(matrix), len(boxes)) for matrix in matrices]
    return Figure(
        first=first,
        preview=f"previews/{previews.file_name(name, first)}",
        scale=drawing.scale_text(first),
        limits=(drawing.worded(first, low), drawing.worded(first, high)),
        boxes=tuple(boxes),
        layouts=tuple(layouts),
    )
