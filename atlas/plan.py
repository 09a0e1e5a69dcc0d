"""What is stale, why, and what it would cost to measure: the plan of a build, without torch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from atlas import analysis, ancestry, architectures, headers, pins, store
from atlas.analysis import Tier
from atlas.entry import Entry, Geometry
from atlas.errors import AtlasError, suggest
from atlas.paths import Project
from atlas.settings import Settings

State = Literal["fresh", "stale", "missing"]

RATES: dict[Tier, float] = {"weights": 1.5e10, "forward": 5e10, "backward": 5e10}
"""Operations a second that one CPU core does: in the float64 work of the weights tier, in the
float32 products of a model that runs. They were measured on one core of a cloud machine, and an
estimate needs no better."""


@dataclass(frozen=True)
class Job:
    """One analysis of one model: its state, and the estimated cost of measuring it.

    `reasons`: why it is not fresh. `seconds` on this machine's CPU and peak `bytes` are estimates
    from the model's geometry, None where the geometry is not known.
    """

    slug: str
    analysis: str
    tier: Tier
    state: State
    reasons: tuple[str, ...]
    seconds: float | None
    bytes: float | None


def jobs(
    project: Project,
    entries: Iterable[Entry],
    settings: Settings,
    load: Callable[[Path], store.Profile] = store.load,
) -> list[Job]:
    """Every analysis that the entries should have, in order of entries, tiers and names.

    `load` reads a profile; who needs the profiles as well gives one that keeps what it read.
    Raises `AtlasError` or `Problems` for a profile that cannot be read.
    """
    return [job for entry in entries for job in _jobs(project, entry, settings, load)]


def geometry(project: Project, entry: Entry) -> Geometry | None:
    """A model's shape: as its entry states it, else from its config where that is at hand."""
    if entry.geometry is not None:
        return entry.geometry
    folder = pins.locate(project, entry)
    if folder is None:
        return None
    return architectures.lookup(headers.config(folder), folder).geometry


def require_architecture(project: Project, entry: Entry) -> None:
    """Raise `AtlasError` for an entry whose architecture has no row."""
    if entry.architecture not in architectures.known():
        raise AtlasError(
            f"architecture {entry.architecture!r} is not known",
            file=project.entry(entry.slug),
            place="architecture",
            remedy=suggest(entry.architecture, architectures.known()),
        )


def available_memory() -> int:
    """Bytes of memory that a process can still take on this machine."""
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _jobs(
    project: Project, entry: Entry, settings: Settings, load: Callable[[Path], store.Profile]
) -> Iterable[Job]:
    require_architecture(project, entry)
    try:
        shape, found = geometry(project, entry), pins.find(project, entry)
    except AtlasError:  # files that cannot be read are not at hand; `profile` tells why
        shape, found = entry.geometry, None
    for name in analysis.wanted(entry, architectures.kind(entry.architecture), settings.analyses):
        stated = analysis.statement(name)
        path = project.profile(entry.slug, name)
        reasons: tuple[str, ...] = ("never measured",)
        state: State = "missing"
        if path.is_file():
            profile = load(path)
            reasons = store.staleness(
                profile,
                store.Wanted(
                    source=entry.source,
                    revision=entry.revision,
                    digest=found.digest if found else None,
                    tokenizer=found.tokenizer if found else None,
                    version=stated.version,
                    protocol=stated.protocol,
                ),
            )
            if "base" in stated.needs:
                reasons += _of_another_base(project, entry, profile)
            state = "stale" if reasons else "fresh"
        operations, peak = analysis.cost(name, shape) if shape else (None, None)
        rate = RATES[stated.tier] * (os.cpu_count() or 1)
        yield Job(
            slug=entry.slug,
            analysis=name,
            tier=stated.tier,
            state=state,
            reasons=reasons,
            seconds=operations / rate if operations else None,
            bytes=peak,
        )


def _of_another_base(project: Project, entry: Entry, profile: store.Profile) -> tuple[str, ...]:
    """Why a profile is not of an entry's base as it is now."""
    try:
        ancestor = ancestry.find(project, entry)
    except AtlasError:  # `check` tells what is wrong with the base, `profile` with its files
        return ()
    return ancestry.staleness(profile.conditions, ancestor) if ancestor else ()
