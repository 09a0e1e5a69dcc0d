"""A map of the measured models: those with similar internals lie close together.

The distance of two models is made of what both were measured by, with one version and protocol: the
yardstick, analyses that any model can have. Each quantity of a module (or sublayer) is a curve over
relative depth; heads have no names that two models share, so a quantity of heads gives two curves,
the mean and the highest of each layer. Curves are read at `DEPTHS` and held against each other on a
scale that is the same for any two models of any atlas: a quantity between two bounds counts as a
share of what lies between them; one without an upper bound, or on a logarithmic scale, as decades,
of which one counts like the whole way between two bounds, and more than one no further. The
distance is the mean over depths, curves, quantities and analyses, each in its turn: 0 for two
copies, at most 1.

Classical multidimensional scaling (Torgerson 1952) lays the models out in the plane whose distances
are closest to these. Axes have no meaning of their own; their signs are fixed, so that the same
profiles always give the same map.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlas.profiles import comparable
from atlas.profiles.collection import Model
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile
from atlas.profiles.statement import Statement
from atlas.site.across import quantities

DEPTHS = np.linspace(0.0, 1.0, 9)
"""Where curves are read: 0 the first layer, 1 the last one."""

FLOOR = 1e-6
"""What a value of 0 counts as where decades are counted."""

FEWEST = 2
"""Models that a map needs."""

Curves = dict[str, NDArray[np.float64]]
"""Of one model and quantity: name of the curve -> its places on the fixed scale, (depth,)."""


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
        """Each base and its tune, where both have a place."""
        by_slug = {place.model.entry.slug: place for place in self.places}
        pairs = ((by_slug.get(place.model.entry.base or ""), place) for place in self.places)
        return tuple((base, tune) for base, tune in pairs if base is not None)


def lay_out(models: Sequence[Model], statements: Sequence[Statement]) -> ModelMap:
    """The map of all models that were measured alike; without places where they are too few."""
    measured = [model for model in models if any(section.profile for section in model.sections)]
    wanted = _yardstick(measured, statements)
    alike = {stated.name: _alike(measured, stated.name) for stated in wanted}
    apart = tuple((model, why) for model in measured if (why := _lacking(model, wanted, alike)))
    reasons = {model.entry.slug for model, _ in apart}
    placed = [model for model in measured if model.entry.slug not in reasons]
    if len(placed) < FEWEST:
        return ModelMap((), (), apart, 0.0)
    parts = {
        stated.name: _distances([alike[stated.name][model.entry.slug] for model in placed])
        for stated in wanted
    }
    distances = np.mean([part for part, _ in parts.values()], axis=0)
    points, kept = plane(distances)
    return ModelMap(
        tuple(_places(placed, points, distances)),
        tuple((stated, parts[stated.name][1]) for stated in wanted),
        apart,
        kept,
    )


def distances(profiles: Sequence[Profile]) -> NDArray[np.float64]:
    """Distances by one analysis between models measured alike, (model, model) in [0, 1]."""
    return _distances(profiles)[0]


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


def curves(matrix: Matrix) -> Curves:
    """The curves of a quantity over relative depth; none where its scale is not fixed, or where it
    has no layers in its rows."""
    if matrix.axes[0] != "layer" or matrix.axes[1] == "layer":
        return {}
    values = _fixed(matrix)
    if values is None:
        return {}
    if matrix.axes[1] == "head":
        if np.isnan(values).any():
            return {}
        named = {"mean": values.mean(axis=1), "highest": values.max(axis=1)}
    else:
        named = dict(zip(matrix.columns, values.T, strict=True))
    at = np.linspace(0.0, 1.0, len(matrix.rows)) if len(matrix.rows) > 1 else np.zeros(1)
    return {
        name: np.interp(DEPTHS, at, curve)
        for name, curve in named.items()
        if np.isfinite(curve).all()
    }


def _fixed(matrix: Matrix) -> NDArray[np.float64] | None:
    """Values in units of the fixed scale, (row, column); None for a quantity that has none."""
    low, high = matrix.range or (None, None)
    if matrix.kind not in ("sequential", "diverging"):
        return None
    if low is not None and high is not None and matrix.scale == "linear":
        return np.asarray((matrix.values - low) / (high - low))
    if low is not None and low >= 0:
        return np.asarray(np.log10(np.maximum(matrix.values, FLOOR)))
    return None


def _yardstick(measured: Sequence[Model], statements: Sequence[Statement]) -> list[Statement]:
    """The general analyses that at least half of the measured models have."""
    return [
        stated
        for stated in statements
        if stated.is_general
        and 0 < len(measured) <= 2 * len(list(_profiles(measured, stated.name)))
    ]


def _profiles(models: Sequence[Model], name: str) -> Iterator[tuple[str, Profile]]:
    for model in models:
        section = model.section(name)
        if section and section.profile:
            yield model.entry.slug, section.profile


def _alike(models: Sequence[Model], name: str) -> Mapping[str, Profile]:
    """Profiles by slug that were measured with the version and protocol that most have."""
    found = dict(_profiles(models, name))
    groups = quantities.grouped(list(found.values()))
    return {
        slug: profile
        for slug, profile in found.items()
        if (profile.version, comparable.terms(profile)) == groups[0]
    }


def _lacking(
    model: Model, wanted: Sequence[Statement], alike: Mapping[str, Mapping[str, Profile]]
) -> str:
    """Why a measured model has no place, in words; empty where it has one."""
    missing = [stated for stated in wanted if model.entry.slug not in alike[stated.name]]
    told = []
    for stated in missing:
        section = model.section(stated.name)
        how = "measured otherwise" if section and section.profile else "not measured"
        told.append(f"{stated.title} {how}")
    return ", ".join(told) if told else ("" if wanted else "nothing measured that others have")


def _distances(profiles: Sequence[Profile]) -> tuple[NDArray[np.float64], int]:
    """Distances by one analysis, (model, model), and of how many quantities they are made."""
    tables = [{item.name: item for item in profile.matrices} for profile in profiles]
    total = np.zeros((len(profiles), len(profiles)))
    shared = np.zeros_like(total)
    used = 0
    for name in dict.fromkeys(name for table in tables for name in table):
        read = [curves(table[name]) if name in table else {} for table in tables]
        apart = _apart(read)
        known = np.isfinite(apart)
        total[known] += apart[known]
        shared += known
        used += bool((known.sum() - np.trace(known)) > 0)
    return total / np.maximum(shared, 1), used


def _apart(read: Sequence[Curves]) -> NDArray[np.float64]:
    """How far one quantity of any two models is apart, (model, model); NaN where they share no
    curve."""
    names = list(dict.fromkeys(name for one in read for name in one))
    stacked = np.full((len(read), len(names), len(DEPTHS)), np.nan)
    for at, one in enumerate(read):
        for place, name in enumerate(names):
            if name in one:
                stacked[at, place] = one[name]
    known = np.isfinite(stacked[:, :, 0])
    filled = np.where(np.isnan(stacked), 0.0, stacked)
    found = np.full((len(read), len(read)), np.nan)
    for at in range(len(read)):
        both = known & known[at]
        means = np.minimum(np.abs(filled - filled[at]), 1.0).mean(axis=2)
        count = both.sum(axis=1)
        found[at] = np.where(count > 0, (means * both).sum(axis=1) / np.maximum(count, 1), np.nan)
    return found


def _places(
    models: Sequence[Model], points: NDArray[np.float64], distances: NDArray[np.float64]
) -> Iterator[Place]:
    for at, model in enumerate(models):
        others = [int(other) for other in np.argsort(distances[at], kind="stable") if other != at]
        nearest = tuple((models[other], float(distances[at, other])) for other in others)
        yield Place(model, float(points[at, 0]), float(points[at, 1]), nearest)
