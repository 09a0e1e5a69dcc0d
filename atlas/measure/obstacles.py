"""What keeps planned analyses from being measured here, found before anything is loaded.

The model's files, what is installed, memory, room for what is measured, the model's base.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from atlas import architectures
from atlas.checkpoints import digests, headers, locate, tensor
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, Problems
from atlas.loaded import memory
from atlas.paths import Project
from atlas.profiles import statement
from atlas.profiles.plan import Job
from atlas.profiles.unavailable import Away, Obstacle, collected, of_files

ROOM = 64 * 1024 * 1024
"""Free bytes on the disk below which nothing is measured: profiles are a few megabytes."""


def split(
    project: Project, entries: Iterable[Entry], jobs: Iterable[Job], *, saving: bool = True
) -> tuple[list[Job], list[Away]]:
    """The jobs that can be measured here, and those that cannot, both in the given order.

    `saving`: whether what is measured is to be written into the project.
    """
    by_slug = {entry.slug: entry for entry in entries}
    here: list[Job] = []
    away: dict[tuple[str, str], Away] = {}
    for (slug, _), group in itertools.groupby(jobs, key=lambda job: (job.slug, job.tier)):
        several = list(group)
        entry = by_slug[slug]
        general = _of_model(project, entry, several, saving)
        for job in several:
            obstacle = general or _of_job(project, entry, by_slug, job)
            if obstacle is None:
                here.append(job)
                continue
            known = away.get((slug, obstacle.line), Away(slug, obstacle))
            away[slug, obstacle.line] = replace(known, jobs=(*known.jobs, job))
    return here, list(away.values())


def _of_model(project: Project, entry: Entry, jobs: Sequence[Job], saving: bool) -> Obstacle | None:
    """What keeps all the jobs of one tier from being measured here."""
    runs = jobs[0].tier != "weights"
    return (
        of_files(project, entry)
        or _of_installation(jobs[0])
        or (collected(lambda: _of_live_memory(project, entry)) if runs else None)
        or (_of_disk(project.folder(entry.slug)) if saving else None)
    )


def _of_job(
    project: Project, entry: Entry, by_slug: Mapping[str, Entry], job: Job
) -> Obstacle | None:
    """What keeps one job from being measured here where others of its tier can be."""
    folder = locate.of_entry(project, entry)
    if reads(job) and folder is not None and not digests.tokenizer_files(folder):
        problem, remedy = "has no tokenizer", "put the model's tokenizer files beside its weights"
        return Obstacle("damaged", AtlasError(problem, file=folder, remedy=remedy))
    if job.tier == "weights" and job.bytes is not None:
        free = {"cpu": memory.available()}
        if found := _without_room(int(job.bytes), free, "", project.entry(entry.slug)):
            return found
    return _of_base(project, entry, by_slug, job)


def _of_installation(job: Job) -> Obstacle | None:
    wanted = ("torch",) if job.tier == "weights" else ("torch", "transformers")
    for name in wanted:
        if find_spec(name) is None:
            problem = f"measuring needs {name}, which is not installed"
            remedy = "pip install 'model-atlas[profile]'"
            return Obstacle("torch", AtlasError(problem, remedy=remedy))
    return None


def reads(job: Job) -> str | None:
    """What an analysis needs a tokenizer for: "texts", "words", or nothing."""
    protocol = statement.of(job.analysis).protocol
    return "texts" if "corpus" in protocol else "words" if "relations" in protocol else None


def _of_live_memory(project: Project, entry: Entry) -> Obstacle | None:
    """Whether a model that runs fits onto a device, as it is stored and with one passage."""
    folder = locate.of_entry(project, entry)
    assert folder is not None, "its files were read"
    tensors = headers.read(folder)
    shape = architectures.lookup(headers.config(folder), folder / "config.json")
    stored = {name: held.elements for name, held in tensors.items()}
    parameters = shape.parameters(stored) + shape.other_parts(stored)
    dtype = headers.main_dtype(tensors.values(), tensor.FLOATS)
    geometry = replace(shape.geometry, parameters=parameters)
    sizes = [tensor.BITS[dtype] // 8]
    if headers.dequantised(tensors.values()):
        sizes.append(2)  # rounded, where float32 does not fit
    needed = min(memory.needed_bytes(geometry, size) for size in sizes)
    free = {"cpu": memory.available()}
    if memory.may_have_accelerator():
        free = memory.free_memory(None)
    return _without_room(needed, free, f"in {dtype}", project.entry(entry.slug))


def _without_room(needed: int, free: Mapping[str, int], what: str, file: Path) -> Obstacle | None:
    try:
        memory.place(needed, free, what, file)
    except AtlasError as error:
        return Obstacle("memory", error)
    return None


def _of_disk(folder: Path) -> Obstacle | None:
    """Whether results can be written, so that hours of measuring are not lost."""
    if not folder.is_dir():
        remedy = "its entry was removed as this ran"
        return Obstacle("disk", AtlasError("is gone", file=folder, remedy=remedy))
    if not os.access(folder, os.W_OK):
        remedy = "allow this user to write there"
        return Obstacle("disk", AtlasError("cannot be written to", file=folder, remedy=remedy))
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        problem = f"{free / 1e6:.0f} MB are free on its disk, at least {ROOM / 1e6:.0f} are needed"
        return Obstacle("disk", AtlasError(problem, file=folder, remedy="make room on that disk"))
    return None


def _of_base(
    project: Project, entry: Entry, by_slug: Mapping[str, Entry], job: Job
) -> Obstacle | None:
    """What keeps an analysis that needs the model's base from being measured."""
    base = by_slug.get(entry.base or "")
    if base is None or "base" not in statement.of(job.analysis).needs:
        return None
    found = of_files(project, base)
    if found is None:
        return None
    told = [
        AtlasError(f"its base {base.slug!r}: {one.problem}", file=one.file, remedy=one.remedy)
        for one in Problems([found.problem]).problems
    ]
    return Obstacle(found.kind, told[0] if len(told) == 1 else Problems(told))
