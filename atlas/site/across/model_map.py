"""Maps of the measured models: those that are alike lie close together.

There are two. The first is of what models do: what their heads attend to and which relations they
know, and what each layer adds to the residual stream. The second is of how they are stored: sizes,
outliers and rounding errors, which a model that turns or rescales its residual stream changes
without doing anything else. A map is made of `depth_curves.py`: every quantity of an analysis as
curves over relative depth. How far two models are apart is the mean over depths, curves,
quantities and analyses, each in its turn, of what both were measured by, with one version and
protocol: 0 for two copies, at most 1. Of relations only those count that a head of either model
has: else all models would be alike in what none of them does.

Classical multidimensional scaling (Torgerson 1952) lays the models out in the plane whose distances
are closest to these. Axes have no meaning of their own; their signs are fixed, so that the same
profiles always give the same map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlas.profiles import comparable
from atlas.profiles.collection import Model
from atlas.profiles.profile_file import Profile
from atlas.profiles.statement import Statement
from atlas.site.across import depth_curves
from atlas.site.across.depth_curves import Curves
from atlas.site.heads.fingerprints import FEWEST

FEWEST_MODELS = 2
"""Models that a map needs."""

Distances = NDArray[np.float64]


@dataclass(frozen=True)
class Rule:
    """What the distance of two models is made of in one analysis. `read`: its quantities as curves.
    `either`: only quantities count that are not 0 in both; `least`: so many must be shared."""

    read: Callable[[Profile], Mapping[str, Curves]] = depth_curves.of_matrices
    either: bool = False
    least: int = 1


@dataclass(frozen=True)
class Likeness:
    """A kind of map. `name` stands in its addresses; `rules` by analysis."""

    name: str
    rules: Mapping[str, Rule]


ASKED = 2 * FEWEST
"""Each relation is two quantities: how far heads raise its answers and how far they lower them."""

DOES = Likeness(
    "does",
    {
        "attention": Rule(),
        "residual": Rule(),
        "functions": Rule(depth_curves.of_relations, either=True, least=ASKED),
    },
)
"""What changes when a model does something else, and not when it is written down otherwise."""

STORED = Likeness("stored", {"weights": Rule(), "activations": Rule()})
"""What depends on the basis of the residual stream, and on where gains are kept."""


@dataclass(frozen=True)
class Place:
    """A model on the map, in units of distance from the map's middle; `nearest`: the others, the
    nearest first, each with its distance."""

    model: Model
    x: float
    y: float
    nearest: tuple[tuple[Model, float], ...]


@dataclass(frozen=True)
class ModelMap:
    """Where the models lie.

    `yardstick`: the analyses that the distance is made of, each with its number of quantities.
    `apart`: measured models that have no place, each with the reason. `kept`: share of the squared
    distances that the plane shows, in [0, 1].
    """

    places: tuple[Place, ...]
    yardstick: tuple[tuple[Statement, int], ...]
    apart: tuple[tuple[Model, str], ...]
    kept: float

    @property
    def tunes(self) -> tuple[tuple[Place, Place], ...]:
        """Each base and a model made from it, where both have a place."""
        by_slug = {place.model.entry.slug: place for place in self.places}
        pairs = ((by_slug.get(place.model.entry.base or ""), place) for place in self.places)
        return tuple((base, tune) for base, tune in pairs if base is not None)


def lay_out(
    models: Sequence[Model], statements: Sequence[Statement], likeness: Likeness
) -> ModelMap:
    """The map of all models that were measured alike; without places where they are too few."""
    measured = [model for model in models if any(section.profile for section in model.sections)]
    wanted = _yardstick(measured, statements, likeness)
    alike = {stated.name: _alike(measured, stated.name) for stated in wanted}
    apart = tuple((model, why) for model in measured if (why := _lacking(model, wanted, alike)))
    reasons = {model.entry.slug for model, _ in apart}
    placed = [model for model in measured if model.entry.slug not in reasons]
    if len(placed) < FEWEST_MODELS:
        return ModelMap((), (), apart, 0.0)
    parts = {
        stated.name: distances(
            [alike[stated.name].get(model.entry.slug) for model in placed],
            likeness.rules[stated.name],
        )
        for stated in wanted
    }
    far = together([part for part, _ in parts.values()])
    points, kept = plane(far)
    return ModelMap(
        tuple(_places(placed, points, far)),
        tuple((stated, parts[stated.name][1]) for stated in wanted if parts[stated.name][1]),
        apart,
        kept,
    )


def distances(profiles: Sequence[Profile | None], rule: Rule) -> tuple[Distances, int]:
    """Distances by one analysis between models measured alike, (model, model) in [0, 1], and of how
    many quantities they are made; NaN where too few were measured of both."""
    tables = [rule.read(profile) if profile else {} for profile in profiles]
    total = np.zeros((len(profiles), len(profiles)))
    shared, counted = np.zeros_like(total), np.zeros_like(total)
    used = 0
    for name in dict.fromkeys(name for table in tables for name in table):
        apart, had = _apart([table.get(name, {}) for table in tables])
        known = np.isfinite(apart)
        counts = known & had if rule.either else known
        total[counts] += apart[counts]
        shared += known
        counted += counts
        used += bool((known.sum() - np.trace(known)) > 0)
    found = np.where(shared >= rule.least, total / np.maximum(counted, 1), np.nan)
    return found, used


def together(parts: Sequence[Distances]) -> Distances:
    """The mean distance over the analyses that two models share, (model, model); 1 for two that
    share none."""
    known = np.isfinite(parts)
    total = np.where(known, parts, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    found = np.where(count > 0, total / np.maximum(count, 1), 1.0)
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)


def plane(distances: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Classical scaling of (model, model) distances: points (model, 2) and the share of the squared
    distances that they keep. On each axis the model farthest out, the first of equals, is on the
    positive side."""
    count = len(distances)
    centre = np.eye(count) - 1 / count
    values, vectors = np.linalg.eigh(-0.5 * centre @ distances**2 @ centre)
    order = np.argsort(-values, kind="stable")[:2]
    points = vectors[:, order] * np.sqrt(np.maximum(values[order], 0))
    if points.shape[1] < 2:
        points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    points = np.where(np.abs(points) < 1e-9, 0.0, points)
    far = np.argmax(np.round(np.abs(points), 9), axis=0)
    signs = np.where(points[far, range(2)] < 0, -1.0, 1.0)
    positive = values[values > 1e-12]
    kept = float(np.maximum(values[order], 0).sum() / positive.sum()) if positive.size else 1.0
    return points * signs, kept


def _yardstick(
    measured: Sequence[Model], statements: Sequence[Statement], likeness: Likeness
) -> list[Statement]:
    """The analyses of a map that were measured of at least half of the models that can have them;
    encoders, for one, have no functions, and are compared by the rest."""
    wanted = [stated for stated in statements if stated.name in likeness.rules]
    return [
        stated
        for stated in wanted
        if 0
        < sum(model.section(stated.name) is not None for model in measured)
        <= 2 * len(list(_profiles(measured, stated.name)))
    ]


def _profiles(models: Sequence[Model], name: str) -> Iterator[tuple[str, Profile]]:
    for model in models:
        section = model.section(name)
        if section and section.profile:
            yield model.entry.slug, section.profile


def _alike(models: Sequence[Model], name: str) -> Mapping[str, Profile]:
    """Profiles by slug that were measured with the version and protocol that most have."""
    found = dict(_profiles(models, name))
    groups = comparable.grouped(list(found.values()))
    return {
        slug: profile
        for slug, profile in found.items()
        if (profile.version, comparable.terms(profile)) == groups[0]
    }


def _lacking(
    model: Model, wanted: Sequence[Statement], alike: Mapping[str, Mapping[str, Profile]]
) -> str:
    """Why a measured model has no place, in words; empty where it has one."""
    told = []
    for stated in wanted:
        section = model.section(stated.name)
        if section is not None and model.entry.slug not in alike[stated.name]:
            how = "measured differently" if section.profile else "not measured"
            told.append(f"{stated.title} {how}")
    had = any(model.entry.slug in profiles for profiles in alike.values())
    return ", ".join(told) if told else ("" if had else "nothing measured that others have")


def _apart(read: Sequence[Curves]) -> tuple[Distances, NDArray[np.bool_]]:
    """How far one quantity of any two models is apart, (model, model), NaN where they share no
    curve; and whether it is not 0 in either."""
    names = list(dict.fromkeys(name for one in read for name in one))
    stacked = np.full((len(read), len(names), len(depth_curves.DEPTHS)), np.nan)
    for at, one in enumerate(read):
        for place, name in enumerate(names):
            if name in one:
                stacked[at, place] = one[name]
    known = np.isfinite(stacked[:, :, 0])
    filled = np.where(np.isnan(stacked), 0.0, stacked)
    has: NDArray[np.bool_] = np.asarray(filled.any(axis=(1, 2)))
    found = np.full((len(read), len(read)), np.nan)
    for at in range(len(read)):
        both = known & known[at]
        means = np.minimum(np.abs(filled - filled[at]), 1.0).mean(axis=2)
        count = both.sum(axis=1)
        found[at] = np.where(count > 0, (means * both).sum(axis=1) / np.maximum(count, 1), np.nan)
    return found, np.logical_or.outer(has, has)


def _places(
    models: Sequence[Model], points: NDArray[np.float64], distances: NDArray[np.float64]
) -> Iterator[Place]:
    for at, model in enumerate(models):
        others = [int(other) for other in np.argsort(distances[at], kind="stable") if other != at]
        nearest = tuple((models[other], float(distances[at, other])) for other in others)
        yield Place(model, float(points[at, 0]), float(points[at, 1]), nearest)
