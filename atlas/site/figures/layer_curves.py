"""Layers as curves, drawn: what a page prints of the residual stream, and shows until a script has
drawn the curves that can be read by pointer.

`static/residual/mount.js` draws the same charts, with the same titles, ticks and names of lines.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

from atlas.files import still_svg
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile
from atlas.site.figures import ticks
from atlas.words import number

NAMES = {"attn": "Attention block", "mlp": "MLP block", "block": "Whole layer"}
MIXER = "Mixer block"
"""What the first of them is called where tokens are mixed otherwise than by attention as well."""
COLOURS = (("#b4530a", "#f0a35e"), ("#6b4fbb", "#b3a0ee"), ("#0b7a75", "#4fc3b8"))
"""Of the lines on light and on dark ground."""

DECADES = 100.0
"""The ratio of values from which on their axis is logarithmic."""

LABELLED = 8
"""Layers that are labelled at most."""

AROUND = 0.04
"""Room above the highest and below the lowest point, as a share of the axis."""

WIDE, HIGH, ACROSS = 360, 236, 2
"""Pixels of a chart with all that belongs to it, and charts side by side."""

LEFT, RIGHT, TOP, BOTTOM = 62, 12, 24, 40

STYLE = """\
text{fill:#1d2430;font:11px Arial,Helvetica,sans-serif}.t{font-weight:700;font-size:12px}
.c{text-anchor:middle}.e{text-anchor:end}.m{fill:#5b6575}path{stroke:#c6ccd6;fill:none}
.k{stroke-width:1.6}LIGHT
@media(prefers-color-scheme:dark){text{fill:#dfe4ec}.m{fill:#97a1b2}path{stroke:#3a424f}DARK}
"""


@dataclass(frozen=True)
class Axis:
    """Where an axis begins and ends, and its ticks with their labels."""

    title: str
    begin: float
    end: float
    ticks: tuple[tuple[float, str], ...]

    def share(self, value: float) -> float:
        """The place of a value, from 0 to 1."""
        return (value - self.begin) / (self.end - self.begin)


@dataclass(frozen=True)
class Line:
    """A line through points; its name says of what. `colour`: its place in `COLOURS`."""

    name: str
    colour: int
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Chart:
    """A quantity of every layer, a line for each block."""

    title: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...]


def charts(profile: Profile) -> list[Chart]:
    """A chart for every quantity that has a value for each layer and block."""
    names = NAMES | ({"attn": MIXER} if profile.conditions.get("mixers") else {})
    return [
        _chart(one, names)
        for one in profile.matrices
        if one.axes == ("layer", "sublayer") and np.isfinite(one.values).any()
    ]


def svg(profile: Profile) -> bytes:
    """All charts of a profile, two side by side, above the names of their lines."""
    drawn = charts(profile)
    rows = math.ceil(len(drawn) / ACROSS)
    wide, high = ACROSS * WIDE, rows * HIGH + 20
    parts = [
        f'<svg xmlns="{still_svg.NAMESPACE}" viewBox="0 0 {wide} {high}"><style>{_style()}</style>'
    ]
    for at, chart in enumerate(drawn):
        x, y = at % ACROSS * WIDE, at // ACROSS * HIGH
        parts += [f'<g transform="translate({x} {y})">', *_drawn(chart), "</g>"]
    named = {line.name: line for chart in drawn for line in chart.lines}
    parts += [*_legend(list(named.values()), rows * HIGH + 12), "</svg>\n"]
    return "\n".join(parts).encode()


def _style() -> str:
    light, dark = (
        "".join(f".k{at}{{stroke:{pair[scheme]}}}" for at, pair in enumerate(COLOURS))
        for scheme in (0, 1)
    )
    return STYLE.replace("LIGHT", light).replace("DARK", dark)


def _chart(matrix: Matrix, names: Mapping[str, str]) -> Chart:
    known = matrix.values[np.isfinite(matrix.values)]
    least, most = float(known.min()), float(known.max())
    is_log = least > 0 and most / least > DECADES
    alone = len(matrix.columns) == 1
    lines = [
        Line(
            names.get(name, name),
            len(COLOURS) - 1 if alone else at % len(COLOURS),
            tuple(
                (float(layer), math.log10(value) if is_log else float(value))
                for layer, value in enumerate(matrix.values[:, at])
                if np.isfinite(value)
            ),
        )
        for at, name in enumerate(matrix.columns)
    ]
    unit = f"{matrix.unit[:1].upper()}{matrix.unit[1:]}"
    return Chart(
        f"{matrix.title} (log scale)" if is_log else matrix.title,
        _layers(matrix.rows),
        _upward(unit, least, most, is_log),
        tuple(line for line in lines if line.points),
    )


def _layers(rows: Sequence[str]) -> Axis:
    last = max(1, len(rows) - 1)
    shown: Sequence[float] = range(len(rows))
    if all(label.isascii() and label.isdigit() for label in rows):
        shown = ticks.linear_ticks(0, last, LABELLED, whole=True)
    named = tuple((float(at), rows[int(at)]) for at in shown if at < len(rows))
    return Axis("Layer", 0.0, float(last), named)


def _upward(title: str, least: float, most: float, is_log: bool) -> Axis:
    begin, end = (math.log10(least), math.log10(most)) if is_log else (least, most)
    if not end > begin:
        begin, end = begin - (abs(begin) or 1) * 0.1, end + (abs(end) or 1) * 0.1
    room = (end - begin) * AROUND
    low = begin - room if is_log or begin < 0 else max(0.0, begin - room)
    high = end + room
    if is_log:
        found = ticks.log_ticks(10**low, 10**high)
        return Axis(title, low, high, tuple((math.log10(at), number(at)) for at in found))
    found = ticks.linear_ticks(low, high)
    return Axis(title, low, high, tuple((at, number(at)) for at in found))


def _drawn(chart: Chart) -> Iterator[str]:
    wide, high = WIDE - LEFT - RIGHT, HIGH - TOP - BOTTOM
    bottom = TOP + high
    yield f'<text class="t" x="4" y="14">{escape(chart.title)}</text>'
    for at, label in chart.y.ticks:
        y = bottom - chart.y.share(at) * high
        yield f'<path d="M{LEFT} {round(y, 1)}h{wide}"/>'
        yield f'<text class="e" x="{LEFT - 6}" y="{round(y + 4, 1)}">{escape(label)}</text>'
    for at, label in chart.x.ticks:
        x = LEFT + chart.x.share(at) * wide
        yield f'<path d="M{round(x, 1)} {bottom}v4"/>'
        yield f'<text class="c" x="{round(x, 1)}" y="{bottom + 16}">{escape(label)}</text>'
    yield f'<path d="M{LEFT} {bottom}h{wide}"/>'
    middle = LEFT + wide / 2
    yield f'<text class="m c" x="{round(middle)}" y="{bottom + 31}">{chart.x.title}</text>'
    turned = f"translate(12 {round(TOP + high / 2)}) rotate(-90)"
    yield f'<text class="m c" transform="{turned}">{escape(chart.y.title)}</text>'
    for line in chart.lines:
        through = "L".join(
            f"{round(LEFT + chart.x.share(x) * wide, 1)} "
            f"{round(bottom - chart.y.share(y) * high, 1)}"
            for x, y in line.points
        )
        yield f'<path class="k k{line.colour}" d="M{through}"/>'


def _legend(lines: Sequence[Line], y: int) -> Iterator[str]:
    widths = [30 + 6.5 * len(line.name) for line in lines]
    for line, x in zip(lines, itertools.accumulate(widths, initial=4.0), strict=False):
        yield f'<path class="k k{line.colour}" d="M{round(x)} {y - 4}h14"/>'
        yield f'<text x="{round(x + 19)}" y="{y}">{escape(line.name)}</text>'
