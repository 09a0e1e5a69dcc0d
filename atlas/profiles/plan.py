"""What is stale, why, and what it would cost to measure: the plan of a build, without torch."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from atlas import architectures
from atlas.checkpoints import digests, headers, locate
from atlas.entries.entry import Entry, Geometry
from atlas.errors import AtlasError, suggest
from atlas.paths import Project
from atlas.profiles import base_model, profile_file, statement
from atlas.profiles.settings import Settings
from atlas.profiles.statement import Tier

State = Literal["fresh", "stale", "missing"]

RATES: dict[Tier, float] = {"weights": 1.5e10, "forward": 5e10, "backward": 5e10}
"""Operations a second that one CPU core does: in the float64 work of the weights tier, in the
float32 products of a model that runs. They were measured on one core of a cloud machine, and an
estimate needs no better."""

PER_LAYER: dict[Tier, float] = {"weights": 0.05, "forward": 0.2, "backward": 2.0}
"""Seconds that an analysis takes for each layer however narrow that is, thousands of small steps:
what a model of 260,000 parameters takes, where the arithmetic is nothing."""

STARTING, OPENING = 4.0, 0.5
"""Seconds until torch and transformers are loaded, once a run, and until a small model is open,
once for each tier."""


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
    load: Callable[[Path], profile_file.Profile] = profile_file.load,
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
            remedy=suggest(entry.architecture, architectures.known()),
        )


def _jobs(
    project: Project, entry: Entry, settings: Settings, load: Callable[[Path], profile_file.Profile]
) -> Iterable[Job]:
    require_architecture(project, entry)
    try:
        shape = geometry(project, entry)
    except Exception:  # files that cannot be understood tell no shape; `unavailable` tells why
        shape = None

    @functools.cache
    def here() -> tuple[str | None, str | None]:
        return _digests(project, entry)

    for name in statement.wanted(entry, architectures.kind(entry.architecture), settings.analyses):
        stated = statement.of(name)
        path = project.profile(entry.slug, name)
        reasons: tuple[str, ...] = ("never measured",)
        state: State = "missing"
        if path.is_file():
            profile = load(path)
            digest, tokenizer = here()
            reasons = profile_file.staleness(
                profile,
                profile_file.Wanted(
                    source=entry.source,
                    revision=entry.revision,
                    digest=digest,
                    tokenizer=tokenizer,
                    version=stated.version,
                    protocol=stated.protocol_under(settings.choices),
                ),
            )
            if "base" in stated.needs:
                reasons += _of_another_base(project, entry, profile)
            state = "stale" if reasons else "fresh"
        seconds = peak = None
        with contextlib.suppress(AtlasError):  # an analysis whose cost fails has no estimate
            if shape is not None:
                operations, peak = statement.cost(name, shape)
                seconds = operations / (RATES[stated.tier] * (os.cpu_count() or 1))
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


def _digests(project: Project, entry: Entry) -> tuple[str | None, str | None]:
    """Of the weights and the tokenizer, as far as they are at hand and can be read.

    That of the weights costs a read of every byte, so it is taken only where no revision stands for
    them.
    """
    try:
        if entry.revision is None:
            found = digests.find(project, entry)
            return (found.digest, found.tokenizer) if found else (None, None)
        folder = locate.of_entry(project, entry)
        return None, digests.of_tokenizer(folder) if folder else None
    except (AtlasError, OSError):
        return None, None


def _of_another_base(
    project: Project, entry: Entry, profile: profile_file.Profile
) -> tuple[str, ...]:
    """Why a profile is not of an entry's base as it is now."""
    try:
        ancestor = base_model.find(project, entry)
    except AtlasError:  # `check` tells what is wrong with the base, `profile` with its files
        return ()
    return base_model.staleness(profile.conditions, ancestor) if ancestor else ()
