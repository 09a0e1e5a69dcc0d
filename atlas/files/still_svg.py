"""Pictures as SVG that can do nothing: how cells alone are written, and how such a file, or one
with axes and text (`atlas/site/figures/drawing.py`, `layer_curves.py`), is recognised."""

from __future__ import annotations

import base64
import re
from pathlib import Path

MOST_BYTES = 1024 * 1024

NAMESPACE = "http://www.w3.org/2000/svg"

PATTERN = re.compile(
    rb'<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 \d+ \d+" preserveAspectRatio="none">'
    rb'<image width="\d+" height="\d+" style="image-rendering:pixelated" '
    rb'href="data:image/png;base64,[A-Za-z0-9+/=]*"/></svg>\n'
)

ATTRIBUTE = (
    rb' (?:xmlns="http://www\.w3\.org/2000/svg"|href="data:image/png;base64,[A-Za-z0-9+/=]*"|'
    rb'fill="url\(#[a-z]\)"|(?:class|style|id|x|y|x2|y1|y2|width|height|d|offset|stop-color|'
    rb"transform|patternUnits|patternTransform|preserveAspectRatio)"
    rb'="(?![^"]*url)[^"<&\\]*")'
)
ELEMENT = rb"(?:svg|defs|g|text|rect|image|path|pattern|linearGradient|stop)"
DRAWING = re.compile(
    rb'<svg xmlns="http://www\.w3\.org/2000/svg"(?: viewBox="0 0 \d+ \d+")?>'
    rb"<style>(?:(?!@import|url)[^<&\\])*</style>"
    rb"(?:[^<]|<" + ELEMENT + rb"(?:" + ATTRIBUTE + rb")*/?>|</" + ELEMENT + rb">)*</svg>\n"
)
"""Elements that show something, a style that asks for nothing, and text."""


def written(png: bytes, width: int, height: int) -> bytes:
    """A PNG of that many pixels as an SVG that fills whatever it is put into, its pixels with sharp
    edges."""
    data = base64.b64encode(png).decode()
    return (
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {width} {height}" '
        f'preserveAspectRatio="none"><image width="{width}" height="{height}" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/></svg>\n'
    ).encode()


def is_one(path: Path) -> bool:
    """Whether a file is such an SVG: a picture, and no script."""
    if path.is_symlink() or path.stat().st_size > MOST_BYTES:
        return False
    content = path.read_bytes()
    return any(pattern.fullmatch(content) for pattern in (PATTERN, DRAWING))
