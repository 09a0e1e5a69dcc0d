"""A heatmap in a notebook: the drawing that a page has before its scripts run."""

from __future__ import annotations

import base64
import html

from atlas.profiles.matrix import Matrix
from atlas.site.figures import drawing, heatmap, scene

TOP = 6
"""Pixels above the frame of a drawing."""


def figure(title: str, matrix: Matrix) -> str:
    """A figure as HTML without scripts, all text escaped; the drawing is a picture of its own."""
    said = [matrix.told_unit, heatmap.direction(matrix), f"Colour: {heatmap.scale_text(matrix)}"]
    lines = [f"<strong>{html.escape(title)}</strong>"]
    lines += [html.escape(". ".join(part for part in said if part))]
    lines += [html.escape(part) for part in (heatmap.summary(matrix),) if part]
    return (
        f'<figure style="margin:0;padding:8px;{GROUND}">'
        f"<figcaption>{'<br>'.join(lines)}</figcaption>"
        f"{_picture(matrix)}{_legend(matrix)}</figure>"
    )


GROUND = "background:#fff;color:#1d2430;color-scheme:light"
"""The drawing has colours for dark pages, too: a notebook may be light where the system is dark."""


def _picture(matrix: Matrix) -> str:
    drawn = scene.of(matrix)
    box = drawn.box
    width, height = box.left + box.width + box.right, TOP + box.height + box.turned
    source = base64.b64encode(drawing.svg(drawn)).decode()
    about = html.escape(" by ".join(matrix.axes).replace("_", " "))
    return (
        f'<img alt="Heatmap, {about}" src="data:image/svg+xml;base64,{source}" '
        f'style="display:block;width:100%;max-width:{width}px;height:{height}px;{GROUND}">'
    )


def _legend(matrix: Matrix) -> str:
    """What the colours of classes stand for."""
    return "".join(
        f'<span style="display:inline-block;margin-right:1em"><span style="display:inline-block;'
        f'width:.8em;height:.8em;background:{colour}"></span> {html.escape(label)}</span>'
        for label, colour in heatmap.legend(matrix)
    )
