"""The map of models as a drawing: where dots, names and lines from base to tune lie, in pixels.

Distances keep their proportions: one scale for both directions, told by a bar. A name is put where
it covers no dot and no other name, near its dot or farther off at the end of a line; where there is
no room it is left to the table below the map.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atlas.site.across.model_map import ModelMap, Place
from atlas.site.figures.palettes import FAMILY_COLOURS

CHARACTER, LINE, RADIUS = 7.8, 15.0, 5.0
"""Width of a character of a name in the widest font that stands in for the page's, height of its
line, radius of a dot."""

ANGLES = (0, 180, 90, 270, 30, 330, 150, 210, 60, 300, 120, 240)
"""Directions in which room for a name is looked for, in degrees."""

SALT = 17442
"""With it the families that the reference atlas lists have a colour each, those that it measured
hues far apart."""

REACH = (9.0, 24.0, 42.0, 64.0)
"""How far off a name may begin, nearest first; beyond the first, a line leads there."""

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True)
class Name:
    """Where a name begins and its baseline is; `line`: from the dot to it, where it is far."""

    x: float
    y: float
    line: Rectangle | None


@dataclass(frozen=True)
class Dot:
    """A model on the sheet."""

    place: Place
    x: float
    y: float
    colour: str
    name: Name | None


@dataclass(frozen=True)
class Sheet:
    """A drawing of the map; `bar`: a distance, and how many pixels it is long."""

    width: int
    height: int
    dots: tuple[Dot, ...]
    tunes: tuple[Rectangle, ...]
    bar: tuple[float, float]
    families: tuple[tuple[str, str], ...]


def wide(found: ModelMap) -> Sheet:
    """For a desk's screen."""
    return sheet(found, 800, 420, 90)


def narrow(found: ModelMap) -> Sheet:
    """For a phone."""
    return sheet(found, 350, 380, 36)


def sheet(found: ModelMap, width: int, most: int, side: int) -> Sheet:
    """The map drawn `width` pixels wide and at most `most` high, dots `side` pixels from its
    edges at least."""
    xs = [place.x for place in found.places]
    ys = [place.y for place in found.places]
    spread = (max(xs) - min(xs) or 1e-9, max(ys) - min(ys) or 1e-9)
    scale = min((width - 2 * side) / spread[0], (most - 90) / spread[1])
    height = round(spread[1] * scale + 90) if spread[1] * scale > 60 else 150
    left = (width - spread[0] * scale) / 2
    top = (height - 20 - spread[1] * scale) / 2
    points = [
        (left + (x - min(xs)) * scale, top + (max(ys) - y) * scale)
        for x, y in zip(xs, ys, strict=True)
    ]
    colours = _colours(found.places)
    names = _names(found.places, points, width, height - 24)
    at = {place.model.entry.slug: point for place, point in zip(found.places, points, strict=True)}
    return Sheet(
        width,
        height,
        tuple(
            Dot(place, round(x, 1), round(y, 1), colours[place.model.entry.family], name)
            for place, (x, y), name in zip(found.places, points, names, strict=True)
        ),
        tuple(
            _between(at[base.model.entry.slug], at[tune.model.entry.slug])
            for base, tune in found.tunes
        ),
        _bar(scale),
        tuple(colours.items()),
    )


def _colours(places: Sequence[Place]) -> dict[str, str]:
    """A colour a family, in order of names. It follows from the family's name alone, so that it
    stays when models join; two families may share one, for each model has its name beside it."""
    families = sorted({place.model.entry.family for place in places})
    return {family: colour_of(family) for family in families}


def colour_of(family: str) -> str:
    """The colour of a family wherever models are dots."""
    digest = hashlib.sha256(f"{SALT} {family}".encode()).digest()
    return FAMILY_COLOURS[int.from_bytes(digest[:4], "big") % len(FAMILY_COLOURS)]


def _names(
    places: Sequence[Place], points: Sequence[tuple[float, float]], width: int, height: int
) -> list[Name | None]:
    taken = [(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in points]
    found: list[Name | None] = []
    for place, point in zip(places, points, strict=True):
        length = len(place.model.entry.name) * CHARACTER
        for name, box in _candidates(point, length):
            inside = min(box[:2]) >= 0 and box[2] <= width and box[3] <= height
            if inside and not any(_meet(box, other) for other in taken):
                taken.append(box)
                found.append(name)
                break
        else:
            found.append(None)
    return found


def _candidates(point: tuple[float, float], length: float) -> Iterator[tuple[Name, Rectangle]]:
    for reach in REACH:
        for angle in ANGLES:
            cosine, sine = math.cos(math.radians(angle)), -math.sin(math.radians(angle))
            x, y = point[0] + reach * cosine, point[1] + reach * sine
            left = x - length * (1 - cosine) / 2
            top = y - LINE * (1 - sine) / 2
            start = (point[0] + RADIUS * cosine, point[1] + RADIUS * sine, x, y)
            line = (
                round(start[0], 1), round(start[1], 1), round(x, 1), round(y, 1),
            ) if reach > REACH[0] else None  # fmt: skip
            yield Name(round(left, 1), round(top + 11.5, 1), line), (
                left - 2, top, left + length + 2, top + LINE,
            )  # fmt: skip


def _meet(one: Rectangle, other: Rectangle) -> bool:
    apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    return not apart


def _between(base: tuple[float, float], tune: tuple[float, float]) -> Rectangle:
    """A line from the edge of one dot to that of the other; between dots that touch, of none."""
    length = math.dist(base, tune)
    if length <= 2 * RADIUS + 4:
        return (*_rounded(base), *_rounded(tune))
    share = RADIUS / length
    ends = [
        (base[at] + (tune[at] - base[at]) * share, tune[at] - (tune[at] - base[at]) * 1.6 * share)
        for at in (0, 1)
    ]
    return (*_rounded((ends[0][0], ends[1][0])), *_rounded((ends[0][1], ends[1][1])))


def _rounded(point: tuple[float, float]) -> tuple[float, float]:
    return round(point[0], 1), round(point[1], 1)


def _bar(scale: float) -> tuple[float, float]:
    """A round distance between 50 and 125 pixels long."""
    power = 10 ** math.floor(math.log10(125 / scale))
    distance = next(step * power for step in (10, 5, 2, 1) if step * power * scale <= 125)
    return round(distance, 10), round(distance * scale, 1)
