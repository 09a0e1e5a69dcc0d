"""What an atlas holds: every entry with its analyses, profiles read once.

Pages of any kind, and what a change does to an atlas, are made from a list of `Model`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from atlas.entries import entry
from atlas.entries.entry import Entry
from atlas.paths import Project
from atlas.profiles import (
    plan,
    profile_file,
    rewording,
    settings,
    statement,
    validity,
    verified,
)
from atlas.profiles.plan import Job
from atlas.profiles.statement import Statement


@dataclass(frozen=True)
class Section:
    """One analysis of a model; `profile` is None until it is measured, and has the words of today.

    `reproduced`: who measured this very profile again, with the same values.
    """

    stated: Statement
    job: Job
    profile: profile_file.Profile | None
    reproduced: verified.Reproduction | None = None

    @property
    def doubt(self) -> str:
        """Why its values say nothing about the model, or less than others', where that is so."""
        return validity.doubt(self.profile) if self.profile else ""


@dataclass(frozen=True)
class Child:
    """A model that was made from another, and how far its weights moved: None if not measured."""

    entry: Entry
    drift: float | None


@dataclass(frozen=True)
class Model:
    """An entry and a section for each analysis that it should have, measured or not.

    `base`: the model that it was made from, where the atlas lists that one; `children`: those that
    were made from it; `sizes`: the family's other models of its architecture that were made as it
    was, or from none as it was from none, in order of size.
    """

    entry: Entry
    sections: tuple[Section, ...]
    base: Entry | None = None
    children: tuple[Child, ...] = ()
    sizes: tuple[Entry, ...] = ()

    @property
    def folder(self) -> str:
        """Where its page and profiles lie, relative to docs/ and to the site's root."""
        return f"models/{self.entry.slug}"

    @property
    def is_measured(self) -> bool:
        """Whether any analysis of it was measured."""
        return any(one.profile for one in self.sections)

    @property
    def rank(self) -> int:
        """Where it stands among others: real models that were measured lead, reference models stand
        in after them, and those that await a profile come last."""
        if not self.is_measured:
            return 2
        return 1 if self.entry.is_reference else 0

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
    def doubts(self) -> dict[str, str]:
        """By analysis, why its values say nothing about the model; those that do are left out."""
        return {one.stated.name: one.doubt for one in self.sections if one.doubt}

    def section(self, name: str) -> Section | None:
        """The section of an analysis, None where the model should not have it."""
        return next((one for one in self.sections if one.stated.name == name), None)

    def profile(self, name: str) -> profile_file.Profile | None:
        """What an analysis measured, None where it did not."""
        section = self.section(name)
        return section.profile if section else None


def load(project: Project) -> list[Model]:
    """Every entry by `Model.rank` and slug, its profiles read.

    Raises `AtlasError` or `Problems` for entries and profiles that cannot be used.
    """
    entries = entry.load_all(project)
    read = functools.cache(profile_file.load)  # planning and pages need the same profiles
    record = functools.cache(verified.load)  # one of a model for all of its sections
    chosen = settings.load(project)
    jobs = plan.jobs(project, entries, chosen, read)
    by_slug = {slug: list(group) for slug, group in groupby(jobs, lambda job: job.slug)}
    models = [
        Model(
            item, tuple(_section(project, job, read, record) for job in by_slug.get(item.slug, []))
        )
        for item in entries
    ]
    return sorted(_related(models), key=lambda model: model.rank)


def _related(models: Sequence[Model]) -> list[Model]:
    """The same models with the base, the children and the other sizes of each."""
    entries = {model.entry.slug: model.entry for model in models}
    children: dict[str, list[Child]] = {}
    alike: dict[tuple[str, str, str], list[Entry]] = {}
    for model in models:
        if model.entry.base:
            children.setdefault(model.entry.base, []).append(Child(model.entry, model.drift))
        alike.setdefault(_kin(model.entry), []).append(model.entry)
    for kin in alike.values():
        kin.sort(key=lambda entry: (_parameters(entry), entry.slug))
    return [
        replace(
            model,
            base=entries.get(model.entry.base or ""),
            children=tuple(children.get(model.entry.slug, ())),
            sizes=tuple(
                other
                for other in alike[_kin(model.entry)]
                if _parameters(other) not in (0, _parameters(model.entry))
            ),
        )
        for model in models
    ]


def _kin(entry: Entry) -> tuple[str, str, str]:
    return entry.family, entry.architecture, entry.made if entry.base is not None else ""


def _parameters(entry: Entry) -> int:
    """0 where the entry does not say."""
    return (entry.geometry.parameters or 0) if entry.geometry else 0


def _section(
    project: Project,
    job: Job,
    read: Callable[[Path], profile_file.Profile],
    record: Callable[[Path], Mapping[str, verified.Reproduction]],
) -> Section:
    stated = statement.of(job.analysis)
    if job.state == "missing":
        return Section(stated, job, None)
    path = project.profile(job.slug, job.analysis)
    profile = read(path)
    known = record(project.verified(job.slug))
    same = verified.reproduced(known, profile, path)
    return Section(stated, job, rewording.today(profile), known[job.analysis] if same else None)
