"""How a matrix is drawn, and what is said about it: layout, place on the colour scale, sentences.

What the page and the browser must agree on is stated once, here, and carried in the page. For what
a reader chooses, scripts compute the same: `static/matrix/scales.js` the place on a scale,
`static/matrix/sentences.js` and `static/matrix/numbers.js` the sentences and their numbers,
`static/matrix/labels.js` the room for labels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from atlas import words
from atlas.profiles.matrix import Matrix, Values
from atlas.site.figures import palettes

SURELY = 2.0
"""Standard errors of their difference within which two values are not told apart."""

CHARACTER = 6.0
"""Width of a character of an axis label in pixels, on average."""

FITS = 860
"""Width in pixels of a stage from which on column labels stand upright.

Also in `static/heatmap/heatmap.css`.
"""

BELOW = 46
"""Pixels below a frame whose column labels stand upright."""


ABSENT, UNDEFINED = "does not exist in this architecture", "cannot be defined for this model"
"""What a cell without a value says, also in `static/matrix/numbers.js`."""


class Box(NamedTuple):
    """How a heatmap lies on the page, in pixels: margins around the frame, the frame's largest
    width and its height. `bottom` is the margin where the page is wide, `turned` the one where
    column labels have to turn. `lines`: cells are large enough for lines between them. The page
    carries the values in this order, which `static/heatmap/layout.js` reads."""

    left: int
    right: int
    bottom: int
    turned: int
    width: int
    height: int
    lines: bool

    @property
    def upright(self) -> bool:
        """Column labels fit without turning where the page is wide."""
        return self.bottom == BELOW


def colours(matrix: Matrix) -> tuple[str, ...]:
    """The palette of a matrix: as many colours as it has categories, else all of its kind."""
    palette = palettes.by_kind()[matrix.kind]
    if matrix.kind != "categorical":
        return palette
    return tuple(palette[index % len(palette)] for index in range(len(matrix.categories or ())))


def legend(matrix: Matrix) -> tuple[tuple[str, str], ...]:
    """Label and colour of each value of a matrix of classes, none of one that has a colour bar."""
    if matrix.kind not in ("categorical", "binary"):
        return ()
    return tuple(zip(matrix.classes, colours(matrix), strict=True))


def box(matrix: Matrix) -> Box:
    """Where the frame of a matrix lies, and how large it is; the same axis twice makes a square."""
    rows, columns = len(matrix.rows), len(matrix.columns)
    row_text = max(map(len, matrix.rows)) * CHARACTER
    column_text = max(map(len, matrix.columns)) * CHARACTER
    wide = column_text + 10
    numeric = all(label.isdigit() for label in matrix.columns)
    most = round(720 / columns)
    cell = min(44, max(8, most)) if numeric else min(96, max(wide, most))
    tall = min(40, max(8, round(420 / rows)))
    if numeric and matrix.axes[0] == matrix.axes[1] and matrix.rows == matrix.columns:
        cell = tall = min(round(cell), tall)
    left = round(min(170.0, 34 + row_text))
    right = 10 if matrix.kind in ("categorical", "binary") else 78
    turned = BELOW if numeric else round(min(110.0, column_text * 0.71) + BELOW)
    upright = numeric or columns * wide + left + right <= FITS
    return Box(
        left=left,
        right=right,
        bottom=BELOW if upright else turned,
        turned=turned,
        width=round(columns * cell),
        height=rows * tall,
        lines=rows <= 40 and columns <= 32,
    )


def shares(matrix: Matrix) -> NDArray[np.float64]:
    """Each value's place on the colour scale that the matrix asks for, in [0, 1]; NaN stays NaN.

    `values` of shape (row, column). Diverging scales are symmetric about 0; logarithmic ones begin
    at the smallest value above 0; counts begin at 0; `fixed` ones span what is possible.
    """
    values = matrix.values
    if matrix.kind in ("categorical", "binary"):
        return np.asarray((values + 0.5) / len(colours(matrix)))
    low, high = limits(matrix)
    if matrix.scale == "log" and low > 0:
        values, low, high = np.log(np.maximum(values, low)), np.log(low), np.log(high)
    if high <= low:
        return np.where(np.isnan(values), np.nan, 0.5)
    return np.asarray(np.clip((values - low) / (high - low), 0, 1))


def fixed(matrix: Matrix) -> bool:
    """Whether colours span what is possible: scores of heads from 0 to 1, so that maps of different
    scores, and of different models, can be held side by side."""
    is_linear = matrix.kind == "sequential" and matrix.scale == "linear"
    return is_linear and matrix.axes == ("layer", "head") and matrix.range == (0, 1)


def limits(matrix: Matrix) -> tuple[float, float]:
    """The values at both ends of the colour scale that the matrix asks for; (0, 0) for none."""
    known = matrix.values[np.isfinite(matrix.values)]
    if fixed(matrix) and known.size:
        return 0.0, 1.0
    is_log = matrix.scale == "log" and matrix.kind != "diverging"
    if is_log and (known > 0).any():
        known = known[known > 0]
    if not known.size:
        return 0.0, 0.0
    if matrix.kind == "diverging":
        bound = float(np.abs(known).max())
        return -bound, bound
    starts_at_zero = matrix.kind == "counts" and not is_log
    return 0.0 if starts_at_zero else float(known.min()), float(known.max())


def direction(matrix: Matrix) -> str:
    """What a higher value means, said for the kind of matrix."""
    if matrix.kind == "categorical":
        return matrix.direction
    return f"{'Dark' if matrix.kind == 'binary' else 'Higher'}: {matrix.direction}"


def scale_text(matrix: Matrix) -> str:
    """What the colours mean, in words."""
    if matrix.kind == "categorical":
        return "one colour a category"
    if matrix.kind == "binary":
        return "dark {1}, light {0}".format(*matrix.classes)
    low, high = limits(matrix)
    kind = "logarithmic" if matrix.scale == "log" and low > 0 else "linear"
    if fixed(matrix):
        kind = "linear over the possible range"
    return f"{kind}, {worded(matrix, low)} to {worded(matrix, high)}"


def worded(matrix: Matrix, value: float) -> str:
    """A value in a sentence: counts keep all of their digits."""
    if matrix.kind == "counts" and value.is_integer():
        return words.scalar(int(value))
    return words.number(value)


def of_cell(matrix: Matrix, row: int, column: int) -> str:
    """What a cell holds, in a sentence: its value, its category, or why it has none."""
    value = float(matrix.values[row, column])
    if np.isnan(value):
        vague = bool(matrix.is_undefined[row, column])
        return UNDEFINED if vague else ABSENT
    return matrix.classes[int(value)] if matrix.classes else worded(matrix, value)


def summary(matrix: Matrix) -> str:
    """One sentence computed from the values. What a row is to itself, which no model could have
    otherwise, is left out."""
    is_square = matrix.axes[0] == matrix.axes[1] and matrix.rows == matrix.columns
    is_square = is_square and len(matrix.rows) > 1
    told = matrix.values.copy()
    if is_square:
        np.fill_diagonal(told, np.nan)
    known = told[np.isfinite(told)]
    none, vague, size = absent(matrix), len(matrix.undefined), matrix.values.size
    tail = f"; {none} of {size} do not exist in this architecture" if none else ""
    tail += f"; {vague} of {size} cannot be defined for this model" if vague else ""
    if not known.size:
        exist = "exist in this architecture" if none else ""
        be = "can be defined for this model" if vague else ""
        return f"None of these values {' or '.join(filter(None, (exist, be)))}."
    if matrix.kind in ("categorical", "binary"):
        names = matrix.classes
        counts = np.bincount(known.astype(int), minlength=len(names))
        order = [index for index in np.argsort(-counts, kind="stable") if counts[index]][:4]
        parts = ", ".join(f"{names[index]} in {counts[index]}" for index in order)
        return f"Of {known.size} cells: {parts}{tail}."
    return (
        f"Highest {_told(matrix, told, int(np.nanargmax(told)))}; "
        f"lowest {_told(matrix, told, int(np.nanargmin(told)))}; "
        f"median {worded(matrix, float(np.median(known)))} over {known.size} values"
        f"{' off the diagonal' if is_square else ''}{tail}."
    )


def absent(matrix: Matrix) -> int:
    """How many values do not exist in this architecture."""
    return int(np.isnan(matrix.values).sum()) - len(matrix.undefined)


def hatched(matrix: Matrix) -> str:
    """What cells without a value stand for: "" where all have one."""
    exist = "does not exist in this architecture" if absent(matrix) else ""
    be = "cannot be defined for this model" if matrix.undefined else ""
    return " or ".join(filter(None, (exist, be)))


def _told(matrix: Matrix, told: Values, flat: int) -> str:
    """`0.91 at layer 2, head 3`; `about 0.91 in 2 cells` where others lie within the error of their
    difference. `told`: the values, NaN where one is left out."""
    row, column = divmod(flat, len(matrix.columns))
    value = worded(matrix, float(matrix.values[row, column]))
    if (many := _like(matrix, told, row, column)) > 1:
        return f"about {value} in {many} cells"
    return f"{value} at {_place(matrix.axes[0], matrix.rows[row])}, " + _place(
        matrix.axes[1], matrix.columns[column]
    )


def _like(matrix: Matrix, told: Values, row: int, column: int) -> int:
    """How many cells a value cannot be told apart from, itself among them; 1 without errors."""
    if matrix.spread is None:
        return 1
    apart = np.abs(told - told[row, column])
    errors = np.hypot(matrix.spread, matrix.spread[row, column])
    return int((apart <= SURELY * errors).sum()) or 1


def _place(axis: str, label: str) -> str:
    """`layer 3`, but `attn.q` alone: a module's name says what it is."""
    return f"{axis.replace('_', ' ')} {label}" if label.isdigit() else label
