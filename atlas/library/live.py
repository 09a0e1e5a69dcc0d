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
from atlas.errors import AtlasError, raise_all
from atlas.library.model import Items, Model
from atlas.paths import SLUG, Project
from atlas.profiles import model_row, plan, profile_file, side_files, statement
from atlas.profiles.account import Outcome
from atlas.profiles.plan import Job
from atlas.profiles.profile_file import Profile
from atlas.profiles.settings import Settings
from atlas.profiles.statement import Progress

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
        project.folder(name).mkdir(parents=True)
        _save(project.root / WEIGHTS, model, tokenizer)
        entry = _entry(project.root / WEIGHTS, name, analyses)
        jobs = _jobs(project, entry, tokenizer is not None)
        found = _found(project, entry, jobs)
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


def _jobs(project: Project, entry: Entry, reads: bool) -> list[Job]:
    """What is to be measured: what was asked for, or all that fits. Only a model that comes with a
    tokenizer `reads`."""
    from atlas.measure import obstacles

    jobs = plan.jobs(project, [entry], Settings())
    known = [job.analysis for job in jobs]
    for name in entry.analyses or ():
        if name not in known:
            told = f"{name} does not fit: a live model has no base, or its architecture lacks parts"
            raise AtlasError(told, remedy="leave it out")
    fitting = [job for job in jobs if reads or obstacles.reads(job) is None]
    if entry.analyses is not None and len(fitting) < len(jobs):
        left = ", ".join(job.analysis for job in jobs if job not in fitting)
        raise AtlasError(
            f"no tokenizer was given, and {left} cannot do without",
            remedy="atlas.profile(model, tokenizer)",
        )
    return fitting


def _found(project: Project, entry: Entry, jobs: Sequence[Job]) -> dict[str, Found]:
    """What was measured, by analysis. What this machine cannot measure is left out where nobody
    asked for it."""
    from atlas.measure import run

    def watch(job: Job) -> Progress:
        return lambda done, total: None

    def log(job: Job) -> Path:
        return Path(tempfile.gettempdir()) / f"atlas-live-{job.analysis}.log"

    outcomes = list(run.outcomes(project, [entry], jobs, watch, log=log))
    away = [one for one in outcomes if one.result == "unavailable"]
    wrong = [one for one in outcomes if one.result == "failed"]
    if entry.analyses is not None or len(away) == len(outcomes):
        wrong += away
    raise_all([_problem(project, one) for one in wrong])
    return {one.job.analysis: _read(project, one) for one in outcomes if one not in away}


def _problem(project: Project, outcome: Outcome) -> AtlasError:
    """Why an analysis was not measured; the folder, which is gone when it is told, says nothing."""
    reason = (outcome.reason or "").replace(f"{project.root}/", "")
    return AtlasError(f"{outcome.job.analysis}: {reason}")


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
