"""What is stale, why, and what it would cost to measure: the plan of a build, without torch."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from atlas import architectures
from atlas.checkpoints import headers, locate
from atlas.entries.entry import Entry
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.profiles import freshness, profile_file, statement
from atlas.profiles.settings import Settings
from atlas.profiles.statement import Tier

RATES: dict[Tier, float] = {"weights": 1.5e10, "forward": 5e10, "backward": 5e10}
"""Operations a second that one CPU core does: in the float64 work of the weights tier, in the
float32 products of a model that runs. They were measured on one core of a cloud machine, and an
estimate needs no better."""

PER_LAYER: dict[Tier, float] = {"weights": 0.05, "forward": 0.2, "backward": 2.0}
"""Seconds that an analysis takes for each layer however narrow that is, thousands of small steps:
what a model of 260,000 parameters takes, where the arithmetic is nothing."""

CORES = 8
"""Cores of a processor that a page's estimate is for, wherever the page is made."""

STARTING, OPENING = 4.0, 0.5
"""Seconds until torch and transformers are loaded, once a run, and until a small model is open,
once for each tier."""


@dataclass(frozen=True)
class Job:
    """One analysis of one model: its state, and the estimated cost of measuring it.

    `reasons`: why it is not fresh. `seconds` on a processor and peak `bytes` are estimates from the
    model's geometry, None where the geometry is not known.
    """

    slug: str
    analysis: str
    tier: Tier
    state: freshness.State
    reasons: tuple[str, ...]
    seconds: float | None
    bytes: float | None


def jobs(
    project: Project,
    entries: Iterable[Entry],
    settings: Settings,
    load: Callable[[Path], profile_file.Profile] = profile_file.load,
    cores: int = CORES,
) -> list[Job]:
    """Every analysis that the entries should have, in order of entries, tiers and names.

    `cores` of a processor are what their time is estimated for. `load` reads a profile; who needs
    the profiles as well gives one that keeps what it read. Raises `AtlasError` or `Problems` for a
    profile that cannot be read.
    """
    return [job for entry in entries for job in _jobs(project, entry, settings, load, cores)]


def geometry(project: Project, entry: Entry) -> Geometry | None:
    """A model's shape: as its entry states it, else from its config where that is at hand."""
    if entry.geometry is not None:
        return entry.geometry
    folder = locate.of_entry(project, entry)
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
            remedy=architectures.advice(entry.architecture),
        )


def _jobs(
    project: Project,
    entry: Entry,
    settings: Settings,
    load: Callable[[Path], profile_file.Profile],
    cores: int,
) -> Iterable[Job]:
    require_architecture(project, entry)
    try:
        shape = geometry(project, entry)
    except Exception:  # files that cannot be understood tell no shape; `unavailable` tells why
        shape = None

    files = freshness.Files(project, entry)
    kind = architectures.kind(entry.architecture)
    for name in statement.wanted(entry, kind, settings.analyses, shape):
        stated = statement.of(name)
        path = project.profile(entry.slug, name)
        state: freshness.State = "missing"
        reasons: tuple[str, ...] = ("never measured",)
        if path.is_file():
            reasons = freshness.reasons(load(path), files, settings.choices)
            state = "stale" if reasons else "fresh"
        seconds = peak = None
        with contextlib.suppress(AtlasError):  # an analysis whose cost fails has no estimate
            if shape is not None:
                operations, peak = statement.cost(name, shape)
                seconds = operations / (RATES[stated.tier] * cores)
                seconds += PER_LAYER[stated.tier] * shape.layers
        yield Job(
            slug=entry.slug,
            analysis=name,
            tier=stated.tier,
            state=state,
            reasons=reasons,
            seconds=seconds,
            bytes=peak,
        )
