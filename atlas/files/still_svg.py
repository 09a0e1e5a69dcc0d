"""A picture as an SVG that holds nothing else: how it is written, and how it is recognised."""

from __future__ import annotations

import base64
import re
from pathlib import Path

MOST_BYTES = 1024 * 1024

PATTERN = re.compile(
    rb'<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 \d+ \d+" preserveAspectRatio="none">'
    rb'<image width="\d+" height="\d+" style="image-rendering:pixelated" '
    rb'href="data:image/png;base64,[A-Za-z0-9+/=]*"/></svg>\n'
)


def written(png: bytes, width: int, height: int) -> bytes:
    """A PNG of that many pixels as an SVG that fills whatever it is put into, its pixels with sharp
    edges."""
    data = base64.b64encode(png).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'preserveAspectRatio="none"><image width="{width}" height="{height}" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/></svg>\n'
    ).encode()


def is_one(path: Path) -> bool:
    """Whether a file is such an SVG: a picture, and no script."""
    if path.is_symlink() or path.stat().st_size > MOST_BYTES:
        return False
    return PATTERN.fullmatch(path.read_bytes()) is not None
