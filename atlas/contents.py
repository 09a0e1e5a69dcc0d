"""What the site is made of: every entry with its analyses, profiles read once.

Pages of any kind are made from a list of `Model`. It is plain data, without templates.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from atlas import (
    analysis,
    choices,
    columns,
    drawing,
    entry,
    findings,
    functional_maps,
    mask_maps,
    plan,
    previews,
    settings,
    store,
    verified,
    wording,
)
from atlas.analysis import Statement
from atlas.entry import Entry
from atlas.functional_maps import FunctionalMap
from atlas.mask_maps import BlockMasks
from atlas.matrix import Matrix
from atlas.paths import Project
from atlas.plan import Job


@dataclass(frozen=True)
class Figure:
    """A section's figure: what the page says before any script has run.

    `named` is the matrix that it opens with, `first` the same as it is drawn: with its columns in
    the order and beside the one that its analysis says. `boxes` are the layouts that matrices have
    on the page; `layouts` says which, for every one.
    """

    named: Matrix
    first: Matrix
    preview: str
    scale: str
    limits: tuple[str, str]
    boxes: tuple[drawing.Box, ...]
    layouts: tuple[int, ...]


@dataclass(frozen=True)
class Section:
    """One analysis on a model's page; `profile` and `figure` are None until it is measured.

    `reproduced`: who measured this very profile again, with the same values.
    """

    stated: Statement
    job: Job
    profile: store.Profile | None
    figure: Figure | None
    reproduced: verified.Reproduction | None = None

    @functools.cached_property
    def findings(self) -> tuple[str, ...]:
        """What the matrices say together, in sentences."""
        return findings.told(self.profile.matrices) if self.profile else ()

    @property
    def facts(self) -> Mapping[str, store.Scalar]:
        """The profile's facts under names that a reader knows."""
        if self.profile is None:
            return {}
        return wording.facts(self.profile.facts, self.profile.matrices, self.stated.facts)

    @functools.cached_property
    def functional(self) -> FunctionalMap | None:
        """Which heads have which categories of relations, where that was measured."""
        return functional_maps.of(self.profile) if self.profile else None

    @functools.cached_property
    def block_masks(self) -> BlockMasks | None:
        """Which blocks each topic keeps, where that was measured."""
        return mask_maps.of(self.profile) if self.profile else None

    @property
    def reading(self) -> Markup:
        """How to read the figures, from the analysis' docstring."""
        return wording.reading(self.stated.prose)


@dataclass(frozen=True)
class Tune:
    """A model that was tuned from another, and how far its weights moved: None if not measured."""

    entry: Entry
    drift: float | None


@dataclass(frozen=True)
class Model:
    """An entry and a section for each analysis that it should have, measured or not.

    `base`: the model that it was tuned from, where the atlas lists that one; `tuned`: those that
    were tuned from it; `sizes`: the family's other models of its architecture that are tunes as it
    is, or are none as it is none, in order of size.
    """

    entry: Entry
    sections: tuple[Section, ...]
    base: Entry | None = None
    tuned: tuple[Tune, ...] = ()
    sizes: tuple[Entry, ...] = ()

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

    @property
    def figure(self) -> Figure | None:
        """What stands for it elsewhere: the first figure that any model can have, else its
        page's first; None until something is measured."""
        drawn = sorted(
            (section for section in self.sections if section.figure),
            key=lambda section: not section.stated.is_general,
        )
        return drawn[0].figure if drawn else None

    def section(self, name: str) -> Section | None:
        """The section of an analysis, None where the model should not have it."""
        return next((one for one in self.sections if one.stated.name == name), None)


def load(project: Project) -> list[Model]:
    """Every entry in order of slugs, its profiles read.

    Raises `AtlasError` or `Problems` for entries and profiles that cannot be used.
    """
    entries = entry.load_all(project)
    read = functools.cache(store.load)  # planning and pages need the same profiles
    record = functools.cache(verified.load)  # one of a model for all of its sections
    chosen = settings.load(project)
    with choices.made(chosen.choices):
        jobs = plan.jobs(project, entries, chosen, read)
    by_slug = {slug: list(group) for slug, group in groupby(jobs, lambda job: job.slug)}
    models = [
        Model(
            item, tuple(_section(project, job, read, record) for job in by_slug.get(item.slug, []))
        )
        for item in entries
    ]
    return _related(models)


def _related(models: Sequence[Model]) -> list[Model]:
    """The same models with the base, the tunes and the other sizes of each."""
    entries = {model.entry.slug: model.entry for model in models}
    tuned: dict[str, list[Tune]] = {}
    alike: dict[tuple[str, str, bool], list[Entry]] = {}
    for model in models:
        if model.entry.base:
            tuned.setdefault(model.entry.base, []).append(Tune(model.entry, model.drift))
        alike.setdefault(_kin(model.entry), []).append(model.entry)
    for kin in alike.values():
        kin.sort(key=lambda entry: (_parameters(entry), entry.slug))
    return [
        replace(
            model,
            base=entries.get(model.entry.base or ""),
            tuned=tuple(tuned.get(model.entry.slug, ())),
            sizes=tuple(
                other
                for other in alike[_kin(model.entry)]
                if _parameters(other) not in (0, _parameters(model.entry))
            ),
        )
        for model in models
    ]


def _kin(entry: Entry) -> tuple[str, str, bool]:
    return entry.family, entry.architecture, entry.base is not None


def _parameters(entry: Entry) -> int:
    """0 where the entry does not say."""
    return (entry.geometry.parameters or 0) if entry.geometry else 0


def _section(
    project: Project,
    job: Job,
    read: Callable[[Path], store.Profile],
    record: Callable[[Path], Mapping[str, verified.Reproduction]],
) -> Section:
    stated = analysis.statement(job.analysis)
    if job.state == "missing":
        return Section(stated, job, None, None)
    path = project.profile(job.slug, job.analysis)
    profile = read(path)
    known = record(project.verified(job.slug))
    same = verified.reproduced(known, profile, path)
    figure = _figure(stated, profile.matrices)
    return Section(stated, job, profile, figure, known[job.analysis] if same else None)


def _figure(stated: Statement, matrices: Sequence[Matrix]) -> Figure:
    """A figure that begins with the first matrix; a script offers all of them."""
    beside = columns.beside(stated, matrices)
    first = columns.arranged(matrices[0], stated.shown.get("order", ""))
    first = columns.joined(first, beside)
    low, high = drawing.limits(first)
    boxes: dict[drawing.Box, int] = {}
    layouts = [
        boxes.setdefault(drawing.box(columns.joined(matrix, beside)), len(boxes))
        for matrix in matrices
    ]
    return Figure(
        named=matrices[0],
        first=first,
        preview=f"previews/{previews.file_name(stated.name, first)}",
        scale=drawing.scale_text(first),
        limits=(drawing.worded(first, low), drawing.worded(first, high)),
        boxes=tuple(boxes),
        layouts=tuple(layouts),
    )
