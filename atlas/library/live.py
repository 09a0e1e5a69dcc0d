"""A live transformers model, measured in a notebook as `atlas profile` measures files.

It is saved into a project that lasts as long as the measuring, so that all that is checked of files
is checked of it, and one loop measures both.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from atlas import architectures
from atlas.checkpoints import headers
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, raise_all, suggest
from atlas.library.model import Items, Model
from atlas.paths import SLUG, Project
from atlas.profiles import model_row, plan, profile_file, side_files, statement
from atlas.profiles.account import Outcome
from atlas.profiles.profile_file import Profile
from atlas.profiles.settings import Settings

WEIGHTS = "weights"
"""The folder of the model's files in the project."""


@dataclass(frozen=True)
class Found:
    """A profile with its parts."""

    profile: Profile
    parts: Mapping[str, Items]


def measured(model: Any, tokenizer: Any, analyses: Sequence[str] | None, name: str) -> Model:
    """What `atlas.profile` gives."""
    if not SLUG.fullmatch(name):
        raise AtlasError(f"{name!r} is not a slug", remedy="write it as ref-llama is written")
    if not hasattr(model, "save_pretrained"):
        told = f"a {type(model).__name__} is no model of transformers"
        raise AtlasError(told, remedy="give what AutoModelForCausalLM.from_pretrained gives")
    for one in analyses or ():
        statement.of(one)
    with tempfile.TemporaryDirectory(prefix="atlas-live-") as folder:
        project = Project(Path(folder).resolve())
        _save(project.root / WEIGHTS, model, tokenizer)
        entry = _entry(project.root / WEIGHTS, name, analyses)
        found = _found(project, entry, analyses is not None)
    return _model(entry, found)


def _save(folder: Path, model: Any, tokenizer: Any) -> None:
    """Write the model as transformers does; safetensors, never a pickle."""
    from atlas.loaded import loading

    with loading.quiet():
        try:
            model.save_pretrained(folder)
            if tokenizer is not None:
                tokenizer.save_pretrained(folder)
        except Exception as error:  # a notebook's model can be anything
            told = f"transformers cannot save it: {loading.first_line(error)}"
            raise AtlasError(told, remedy="see that model.save_pretrained(folder) works") from error


def _entry(folder: Path, name: str, analyses: Sequence[str] | None) -> Entry:
    row = architectures.lookup(headers.config(folder), folder / "config.json")
    stored = {one.name: one.elements for one in headers.read(folder).values()}
    return Entry(
        slug=name,
        name=name,
        family=row.model_type,
        architecture=row.model_type,
        source=f"./{WEIGHTS}",
        license="unknown",
        summary="A model of a notebook.",
        geometry=replace(row.geometry, parameters=row.parameters(stored)),
        analyses=None if analyses is None else tuple(analyses),
    )


def _found(project: Project, entry: Entry, asked: bool) -> dict[str, Found]:
    """What was measured, by analysis. What is not possible is left out unless it was `asked`."""
    from atlas.measure import run

    jobs = plan.jobs(project, [entry], Settings())
    if missing := set(entry.analyses or ()) - {job.analysis for job in jobs}:
        told = f"{', '.join(sorted(missing))} does not fit a model of {entry.architecture}"
        raise AtlasError(told, remedy=suggest(min(missing), [job.analysis for job in jobs]))
    outcomes = list(run.outcomes(project, [entry], jobs, lambda job: lambda done, total: None))
    raise_all([_problem(one) for one in outcomes if one.result == "failed"])
    away = [one for one in outcomes if one.result == "unavailable"]
    if asked or len(away) == len(outcomes):
        raise_all([_problem(one) for one in away])
    return {one.job.analysis: _read(project, one) for one in outcomes if one not in away}


def _problem(outcome: Outcome) -> AtlasError:
    return AtlasError(f"{outcome.job.analysis}: {outcome.reason}")


def _read(project: Project, outcome: Outcome) -> Found:
    """A profile as it was written, so that its numbers have the digits of any other."""
    path = project.profile(outcome.job.slug, outcome.job.analysis)
    parts = {name: side_files.load(side_files.path(path, name))[name] for name in outcome.parts}
    return Found(profile_file.load(path), parts)


def _model(entry: Entry, found: Mapping[str, Found]) -> Model:
    def part(analysis: str, name: str) -> Items:
        return found[analysis].parts[name]

    about = model_row.of(entry, tuple(found))
    return Model(about, lambda analysis: found[analysis].profile, part)
