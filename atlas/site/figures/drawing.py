"""A heatmap as it stands on a page before, or without, its interactive figure: an SVG that is as
wide as there is room, with its axes and its colour bar.

It has no proportions of its own: text keeps its size, cells take the width that is left
(`--w`), and media queries leave out labels where they would touch. So it lies where the live figure
will, in light and dark; `static/heatmap/layout.js` has the same rules.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from xml.sax.saxutils import escape

from atlas.files import still_svg
from atlas.site.figures import labels, previews
from atlas.site.figures.heatmap import BELOW, LINE, Box
from atlas.site.figures.scene import Axis, Bar, Scene

TOP = 6
"""Pixels above the frame."""

LEAST_NUMBER, LEAST_NAME, LEAST_ROW = 22, 13, 13
"""Pixels that a label has at least: a number below a column, a turned name, a row."""

NARROWEST = 150
"""Pixels of the narrowest frame for which labels are chosen."""

LABEL, UNDER = 21, 5
"""Pixels from the frame to the baseline of labels below it, and from that of their axis' title to
the edge."""

BESIDE_LABEL, MIDDLE = 11, 4
"""Pixels from the frame to labels beside it, and from a label's middle to its baseline."""

STOPS = 16
"""Of a colour bar, between which colours blend."""

ABSENT = (
    '<pattern id="h" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(-45)"><path class="h" d="M0 0H5"/></pattern>'
)
"""What fills cells without a value."""

LEAST_LINES = 6
"""Pixels of a column from which on lines stand between cells."""

FONT = "Inter,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','Liberation Sans',Arial,sans-serif"

STYLE = """\
text{fill:#1d2430;font:11px FONT}.c{text-anchor:middle}.e{text-anchor:end}
.m{fill:#5b6575;font-size:12px}.a{fill:#fff}
.l,.h{fill:none;stroke:#fff;stroke-width:2}.h{stroke:#c6ccd6;stroke-width:1}
@media(prefers-color-scheme:dark){text{fill:#dfe4ec}.m{fill:#97a1b2}
.a{fill:#14171d}.l{stroke:#14171d}.h{stroke:#3a424f}}
.f,.r{x:LEFTpx;y:6px;width:var(--w);height:HEIGHTpx}.r{display:none}
.p{image-rendering:pixelated}.b{transform:translate(calc(BARpx + var(--w)),6px)}
.x text{display:none}
""".replace("FONT", FONT)
"""Colours as `static/shell/theme.css` has them: m muted, a ground, l lines, h hatching."""


def svg(scene: Scene) -> bytes:
    """The drawing of a scene, which fills the room of its stage."""
    parts = [
        f'<svg xmlns="{still_svg.NAMESPACE}"><style>{_style(scene)}</style>',
        *_cells(scene),
        *_rows(scene.y, scene.box),
        *_columns(scene.x, scene.box),
        *(_bar(scene.bar, scene.box.height) if scene.bar else ()),
        "</svg>\n",
    ]
    return "\n".join(parts).encode()


def _style(scene: Scene) -> str:
    """The style of a drawing, with what depends on the room last."""
    box = scene.box
    around = box.left + box.right
    names = {
        "LEFT": box.left,
        "HEIGHT": box.height,
        "BAR": box.left + 14,
    }
    style = f"svg{{--w:calc(100% - {around}px)}}{STYLE}"
    for name, value in names.items():
        style = style.replace(name, str(value))
    rules = [*_labelling(scene.x, box), (box.width, f"svg{{--w:{box.width}px}}")]
    if box.lines:
        rules.append((LEAST_LINES * len(scene.x.labels), ".r{display:inline}"))
    for least, rule in sorted(rules, key=lambda one: one[0]):
        style += f"@media(min-width:{_short(least + around)}px){{{rule}}}" if least else rule
    return style


def _labelling(axis: Axis, box: Box) -> Iterator[tuple[float, str]]:
    """How labels of columns stand: from which width of the frame on, and the rule for it. Names
    turn where they are wider than a column."""
    shown = ""
    for least, step in _steps(axis, box):
        hidden = f"{shown}{{display:none}}" if shown else ""
        shown = f".x .s{step}"
        yield least, f"{hidden}{shown}{{display:inline}}"
    low = TOP + box.height
    title, straight = (_along(box, low + down) for down in (box.turned - UNDER, LABEL))
    yield 0, f".u{{{title}}}.x text{{text-anchor:middle;{straight}}}"
    if labels.numeric(axis.labels):
        return
    turned = f"{_along(box, low + LABEL - 4, 4)} rotate(-45deg)"
    yield 0, f".x text{{text-anchor:end;{turned}}}"
    title = _along(box, low + BELOW - UNDER)
    rule = f".u{{{title}}}.x.x text{{display:inline;text-anchor:middle;{straight}}}"
    yield (labels.widest(axis.labels) + 4) * len(axis.labels), rule


def _along(box: Box, y: int, shifted: int = 0) -> str:
    """What puts a mark at its share `--s` of the frame's width."""
    return f"transform:translate(calc({box.left + shifted}px + var(--s)*var(--w)),{y}px)"


def _steps(axis: Axis, box: Box) -> list[tuple[float, int]]:
    """Which labels of columns have room, every one or every 2nd, 4th, 5th ...: the width of the
    frame from which on, and the step, from the narrowest frame to the widest."""
    count = len(axis.labels)
    least = LEAST_NUMBER if labels.numeric(axis.labels) else LEAST_NAME
    wanted = [(least * count / step, step) for step in reversed(labels.STEPS)]
    narrow = max((one for one in wanted if one[0] <= NARROWEST), default=wanted[0])
    return [(0, narrow[1]), *(one for one in wanted if NARROWEST < one[0] <= box.width)]


def _cells(scene: Scene) -> Iterator[str]:
    picture = base64.b64encode(previews.of_index(scene.index, scene.palette)).decode()
    patterns = []
    if (scene.index < 0).any():
        patterns.append(ABSENT)
        yield '<rect class="f" fill="url(#h)"/>'
    yield (
        f'<image class="f p" preserveAspectRatio="none" href="data:image/png;base64,{picture}"/>'
    )
    if scene.box.lines:
        across, down = (_short(1 / count) for count in scene.index.shape[::-1])
        patterns.append(
            f'<pattern id="l" width="{across}" height="{down}">'
            '<path class="l" d="M0 0H999M0 0V999"/></pattern>'
        )
        yield '<rect class="r" fill="url(#l)"/>'
    if scene.apart:
        share = _short(1 / len(scene.x.labels))
        place = f"--s:{share};{_along(scene.box, TOP)}"
        yield f'<rect class="a" style="{place}" x="-2" width="4" height="{scene.box.height}"/>'
    if patterns:
        yield f"<defs>{''.join(patterns)}</defs>"


def _rows(axis: Axis, box: Box) -> Iterator[str]:
    high = box.height / len(axis.labels)
    x = box.left - BESIDE_LABEL
    for at in labels.every(len(axis.labels), box.height, LEAST_ROW):
        y = TOP + (at + 0.5) * high + MIDDLE
        yield f'<text class="e" x="{x}" y="{_short(y)}">{_text(axis.labels[at])}</text>'
    x, y = round(max(10, x - labels.widest(axis.labels) - 8)), TOP + box.height / 2
    yield (
        f'<text class="m c" transform="translate({x} {_short(y)}) rotate(-90)">'
        f"{escape(axis.title)}</text>"
    )


def _columns(axis: Axis, box: Box) -> Iterator[str]:
    count = len(axis.labels)
    steps = [step for _, step in _steps(axis, box)]
    yield '<g class="x">'
    for at, label in enumerate(axis.labels):
        seen = " ".join(f"s{step}" for step in steps if at % step == 0)
        if seen or not labels.numeric(axis.labels):
            share = _short((at + 0.5) / count)
            yield f'<text class="{seen}" style="--s:{share}">{_text(label)}</text>'
    yield "</g>"
    yield f'<text class="u m c" style="--s:.5">{escape(axis.title)}</text>'


def _bar(bar: Bar, height: int) -> Iterator[str]:
    last = len(bar.palette) - 1
    stops = (
        f'<stop offset="{_short(share)}" stop-color="{bar.palette[round(share * last)]}"/>'
        for share in (at / STOPS for at in range(STOPS + 1))
    )
    yield f'<linearGradient id="g" x2="0" y1="1" y2="0">{"".join(stops)}</linearGradient>'
    yield f'<g class="b"><rect width="12" height="{height}" fill="url(#g)"/>'
    for at, label in bar.ticks:
        y = _short((1 - at) * height + MIDDLE)
        yield f'<text x="18" y="{y}">{escape(label)}</text>'
    left = 18 + round(max((len(label) for _, label in bar.ticks), default=0) * labels.CHARACTER)
    for at, line in enumerate(reversed(bar.title)):
        place = f"translate({left + 12 + at * LINE} {_short(height / 2)}) rotate(90)"
        yield f'<text class="m c" transform="{place}">{escape(line)}</text>'
    yield "</g>"


def _text(label: str) -> str:
    return escape(labels.cut(label))


def _short(value: float) -> str:
    """A number of a drawing, to a hundredth of a pixel, or of a share to a fraction of that."""
    return str(round(value, 3))
