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
from atlas.site.figures import labels, palettes, spans, ticks

SURELY = 2.0
"""Standard errors of their difference within which two values are not told apart."""

LINE = 14
"""Pixels of a line of the colour bar's title, which stands upright beside it."""

BAR = 78
"""Pixels beside a frame for its colour bar and the labels of that."""

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
    row_text = max(map(len, matrix.rows)) * labels.CHARACTER
    column_text = max(map(len, matrix.columns)) * labels.CHARACTER
    wide = column_text + 10
    numeric = labels.numeric(matrix.columns)
    most = round(720 / columns)
    cell = min(44, max(8, most)) if numeric else min(96, max(wide, most))
    tall = min(40, max(8, round(420 / rows)))
    if numeric and matrix.axes[0] == matrix.axes[1] and matrix.rows == matrix.columns:
        cell = tall = min(round(cell), tall)
    left = round(min(170.0, 34 + row_text))
    has_bar = matrix.kind not in ("categorical", "binary")
    right = BAR + LINE * len(bar_title(matrix, rows * tall)) if has_bar else 10
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


def bar_title(matrix: Matrix, height: int) -> tuple[str, ...]:
    """Quantity and unit beside a colour bar of that height, in lines."""
    most = max(height, 100) / labels.CHARACTER
    return tuple(labels.lines(f"{matrix.title}, {matrix.unit}", int(most)))


def shares(matrix: Matrix) -> NDArray[np.float64]:
    """Each value's place on the colour scale that the figure opens with, in [0, 1]; NaN stays NaN.
    `values` of shape (row, column)."""
    if matrix.kind in ("categorical", "binary"):
        return np.asarray((matrix.values + 0.5) / len(colours(matrix)))
    return spans.chosen([matrix]).shares(matrix.values)


def limits(matrix: Matrix) -> tuple[float, float]:
    """The values at both ends of the colour scale that the figure opens with; (0, 0) for none."""
    span = spans.chosen([matrix])
    return span.low, span.high


def bar_ticks(matrix: Matrix) -> list[tuple[float, str]]:
    """The ticks of the colour bar that the figure opens with: place on it in [0, 1], and label."""
    span = spans.chosen([matrix])
    known = matrix.values[np.isfinite(matrix.values)]
    whole = matrix.kind == "counts" and bool((known == np.round(known)).all())
    made = ticks.log_ticks if span.is_log else ticks.linear_ticks
    values = made(span.low, span.high, whole=whole)
    places = span.shares(np.array(values)).tolist()
    return [(at, worded(matrix, value)) for at, value in zip(places, values, strict=True)]


def direction(matrix: Matrix) -> str:
    """What a higher value means, said for the kind of matrix; empty of classes, which have no
    order."""
    if matrix.kind == "categorical":
        return ""
    return f"{'Dark' if matrix.kind == 'binary' else 'Higher'}: {matrix.direction}"


def scale_text(matrix: Matrix) -> str:
    """What the colours mean, in words."""
    if matrix.kind == "categorical":
        return "one colour per category"
    if matrix.kind == "binary":
        return "dark {1}, light {0}".format(*matrix.classes)
    span = spans.chosen([matrix])
    beyond, known = span.below + span.above, int(np.isfinite(matrix.values).sum())
    take = f"values beyond take{'s' if beyond == 1 else ''} the end colour"
    tail = f"; {words.scalar(beyond)} of {words.scalar(known)} {take}" if beyond else ""
    ends = f"{worded(matrix, span.low)} to {worded(matrix, span.high)}"
    return f"{spans.WORDS[span.name]}, {ends}{tail}"


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
