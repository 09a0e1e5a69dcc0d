"""A matrix as CSV, byte for byte what a figure's CSV button gives (`static/matrix/numbers.js`)."""

from __future__ import annotations

import math
import re

import numpy as np

from atlas.errors import AtlasError, suggest
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile

BESIDE = ("spread", "largest_share")
"""Arrays beside the values, each with columns of its own."""


def csv(matrix: Matrix) -> str:
    """A line of column labels, then a line a row; classes have their names, values that do not
    exist are empty, and those that cannot be defined `NaN`. Where errors and largest shares are
    known, columns of them follow, `attn.q spread`."""
    beside = {name: array for name in BESIDE if (array := getattr(matrix, name)) is not None}
    more = [f"{label} {name}" for name in beside for label in matrix.columns]
    head = [" \\ ".join(matrix.axes), *matrix.columns, *more]
    names = [field(name) for name in matrix.classes]

    def cell(value: float, is_undefined: bool) -> str:
        is_class = names and not math.isnan(value)
        return names[int(value)] if is_class else number(value, is_undefined)

    lines = [
        [
            field(label),
            *map(cell, matrix.values[row].tolist(), matrix.is_undefined[row].tolist()),
            *(number(value, False) for array in beside.values() for value in array[row].tolist()),
        ]
        for row, label in enumerate(matrix.rows)
    ]
    return "".join(f"{','.join(line)}\r\n" for line in [[field(text) for text in head], *lines])


def field(text: str) -> str:
    """A label as a CSV field that no spreadsheet takes for a formula."""
    safe = f"'{text}" if re.match(r"[=+@-]", text) else text
    quoted = safe.replace('"', '""')
    return f'"{quoted}"' if re.search(r'[",\r\n]', safe) else safe


def of(profile: Profile, name: str) -> str:
    """The CSV of a profile's matrix. Raises `AtlasError` where it has none of that name."""
    found = {matrix.name: matrix for matrix in profile.matrices}
    if name not in found:
        raise AtlasError(
            f"{profile.model.slug} {profile.analysis}: there is no matrix {name!r}",
            remedy=suggest(name, list(found)),
        )
    return csv(found[name])


def number(value: float, is_undefined: bool) -> str:
    """The shortest digits that give the value, written as JavaScript writes them."""
    if math.isnan(value):
        return "NaN" if is_undefined else ""
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return str(np.format_float_positional(value, trim="-"))
    return re.sub(r"e([+-])0+", r"e\1", f"{value!r}")
