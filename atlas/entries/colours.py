"""Colours of links that an atlas chooses itself, one for each colour scheme, and their contrast."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from atlas.errors import AtlasError, short

Colours = tuple[tuple[str, str], ...]
"""A colour `#rrggbb` for each scheme."""

PAPERS = {"light": "#f7f8fa", "dark": "#1b1f27"}
"""What coloured text stands on: of each scheme the ground that is nearer to such text, which is
`--atlas-paper` in theme.css."""

CONTRAST = 4.5
"""Least ratio of luminances of text and ground (WCAG 2.2, level AA)."""


def problems(named: object, file: Path) -> Iterator[AtlasError]:
    """What keeps two colours from being used: what is none, and what could not be read."""
    place = "extra.atlas.colours"
    if not isinstance(named, dict) or set(named) != set(PAPERS):
        told = 'write one for each scheme: {light: "#8a1c4a", dark: "#f2a0c0"}'
        yield AtlasError(f"{short(named)} are not two colours", file=file, place=place, remedy=told)
        return
    for scheme, paper in PAPERS.items():
        colour, at = named[scheme], f"{place}.{scheme}"
        if not isinstance(colour, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            told = 'write six hexadecimal digits in quotes: "#8a1c4a"'
            yield AtlasError(f"{short(colour)} is not a colour", file=file, place=at, remedy=told)
        elif (ratio := contrast(colour, paper)) < CONTRAST:
            yield AtlasError(
                f"{colour} has a contrast of {ratio:.2f} to the page, and text needs {CONTRAST}",
                file=file,
                place=at,
                remedy=f"choose a {'darker' if scheme == 'light' else 'lighter'} one",
            )


def contrast(one: str, other: str) -> float:
    """The ratio of the luminances of two colours `#rrggbb`, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in bytes.fromhex(colour[1:])]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
