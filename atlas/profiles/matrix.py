"""Matrix: labelled values, the one currency between measuring and showing.

Left of it is torch, right of it is the web. A Matrix knows what its rows and columns are, its
unit, what a higher value means, and how it wants to be coloured. It becomes JSON with a row a
line, so that a diff of two profiles is readable, and 4 significant digits.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from atlas import words
from atlas.errors import AtlasError, Problems, raise_all, short
from atlas.profiles import shares

Kind = Literal["sequential", "diverging", "categorical", "counts", "binary"]
Scale = Literal["linear", "log"]
Estimate = Literal["", "wilson"]
"""What gives the spread of values from themselves and their number."""
Values = NDArray[np.float64]

DIGITS = 4
LARGEST = 1.797e308
"""The largest number of 4 digits that a float64 can hold."""
NUMBERS = frozenset((int, float, type(None)))
WHOLE = ("categorical", "counts", "binary")
BINARY = re.compile(r"1 (.+), 0 (.+)")
"""The unit of a binary matrix names its two values: `1 kept, 0 pruned`."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """Values with labels.

    `values`: (row, column) float64, NaN where the quantity does not exist in this model, or cannot
    be defined for it: `undefined` names the latter by their labels, (row, column), as the exponent
    of a matrix of zeros. What failed to be measured is neither, but an error of its analysis.
    `axes`: what rows and columns are, such as ("layer", "module"). `direction`: in a few words,
    what a higher value means. `range`: lowest and highest value that can occur, None where there
    is not a bound. `native`: the columns as the model's own code names them. `spread`: standard
    errors, of the shape of `values`; NaN where none can be told. `estimate`: "wilson" where values
    are shares of `n` pairs, whose spread is then `shares.spread`; a file holds the word and no
    array. `largest_share`: of the same shape, the largest share that a single passage has in a
    value. `n`: observations behind each value.
    Raises `AtlasError` where shapes, labels or values do not fit together.
    """

    name: str
    title: str
    unit: str
    kind: Kind
    axes: tuple[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: Values = field(repr=False)
    direction: str
    scale: Scale = "linear"
    range: tuple[float | None, float | None] | None = None
    native: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    spread: Values | None = field(default=None, repr=False)
    largest_share: Values | None = field(default=None, repr=False)
    n: int | None = None
    undefined: tuple[tuple[str, str], ...] = ()
    estimate: Estimate = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.asarray(self.values, dtype=np.float64))
        if self.estimate == "wilson":
            spread = shares.spread(self.values, self.n) if self.n else None
            object.__setattr__(self, "spread", spread)
        for name in ("spread", "largest_share"):
            if (array := getattr(self, name)) is not None:
                object.__setattr__(self, name, np.asarray(array, dtype=np.float64))
        raise_all(
            [AtlasError(problem, place=f"matrix {self.name!r}") for problem in _problems(self)]
        )

    def json_text(self, indent: str = "   ") -> str:
        """One JSON object: its head on a line, then a row of values a line."""
        head = json.dumps(self._head(), ensure_ascii=False)[:-1]
        comma = "," if self.estimate else ", "  # shares come by the hundred: a fifth less to load
        text = f'{head}, "values": {_rows(self.values, indent, comma)}'
        for name in ("spread", "largest_share"):
            if (array := getattr(self, name)) is not None and not (
                name == "spread" and self.estimate
            ):
                text += f',\n{indent}"{name}": {_rows(array, indent)}'
        if self.undefined:
            cells = json.dumps([list(cell) for cell in self.undefined], ensure_ascii=False)
            text += f',\n{indent}"undefined": {cells}'
        return text + "}"

    @property
    def classes(self) -> tuple[str, ...]:
        """What the values of classes are called, by value; none where values are numbers."""
        if self.kind != "binary":
            return self.categories or ()
        named = BINARY.fullmatch(self.unit)
        return (named[2], named[1]) if named else ("0", "1")

    @property
    def told_unit(self) -> str:
        """The unit as a reader is told it, who sees no codes of classes: `kept or pruned`."""
        return BINARY.sub(r"\1 or \2", self.unit) if self.kind == "binary" else self.unit

    @property
    def existing(self) -> int:
        """How many values there are, or would be, could they be defined."""
        return int((~np.isnan(self.values) | self.is_undefined).sum())

    @property
    def is_undefined(self) -> NDArray[np.bool_]:
        """(row, column): where a value cannot be defined."""
        mask = np.zeros((len(self.rows), len(self.columns)), dtype=np.bool_)
        rows = {label: at for at, label in enumerate(self.rows)}
        columns = {label: at for at, label in enumerate(self.columns)}
        for row, column in self.undefined:
            mask[rows[row], columns[column]] = True
        return mask

    def _head(self) -> dict[str, Any]:
        """Everything but the arrays, in the order of the file."""
        head: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "unit": self.unit,
            "direction": self.direction,
            "kind": self.kind,
            "scale": self.scale,
        }
        if self.range is not None:
            head["range"] = [rounded(bound) for bound in self.range]
        head |= {"axes": list(self.axes), "rows": list(self.rows), "columns": list(self.columns)}
        if self.native is not None:
            head["native"] = list(self.native)
        if self.categories is not None:
            head["categories"] = list(self.categories)
        if self.n is not None:
            head["n"] = self.n
        if self.estimate:
            head["estimate"] = self.estimate
        return head


def from_json(document: Mapping[str, Any], file: Path | str | None = None) -> Matrix:
    """A Matrix from JSON that has passed its schema but for the values.

    Raises `AtlasError` or `Problems` naming file and matrix for ragged rows, non-numbers and wrong
    shapes.
    """
    place = f"matrix {document['name']!r}"
    try:
        return Matrix(
            name=document["name"],
            title=document["title"],
            unit=document["unit"],
            kind=document["kind"],
            axes=(document["axes"][0], document["axes"][1]),
            rows=tuple(document["rows"]),
            columns=tuple(document["columns"]),
            values=_array(document["values"], "values"),
            direction=document["direction"],
            scale=document["scale"],
            range=_pair(document.get("range")),
            native=_tuple(document.get("native")),
            categories=_tuple(document.get("categories")),
            spread=_array(document["spread"], "spread") if "spread" in document else None,
            estimate=document.get("estimate", ""),
            largest_share=_array(document["largest_share"], "largest_share")
            if "largest_share" in document
            else None,
            n=document.get("n"),
            undefined=tuple((row, column) for row, column in document.get("undefined", ())),
        )
    except AtlasError as error:
        raise_all(
            [
                AtlasError(item.problem, file=file, place=place, remedy="measure it again")
                for item in Problems([error]).problems
            ]
        )
        raise


def cells(
    rows: Sequence[str], columns: Sequence[str], mask: NDArray[np.bool_]
) -> tuple[tuple[str, str], ...]:
    """The labels of the cells where a mask of shape (row, column) is true."""
    return tuple((rows[row], columns[column]) for row, column in np.argwhere(mask))


def rounded(value: float | None) -> float | int | None:
    """A number to 4 significant digits, halves up, None for NaN; whole numbers lose their point.

    Raises `AtlasError` for an infinite value: a measurement that failed is never published.
    """
    if value is None or value != value:
        return None
    if value in (float("inf"), float("-inf")):
        raise AtlasError(
            f"{value} is not a finite number", remedy="the analysis must not return it"
        )
    short_value = words.significant(float(value), DIGITS)
    if math.isinf(short_value):  # the largest floats would be rounded up to infinity
        short_value = math.copysign(LARGEST, value)
    return (
        int(short_value) if short_value.is_integer() and abs(short_value) < 2**53 else short_value
    )


def _problems(matrix: Matrix) -> Iterator[str]:
    shape = (len(matrix.rows), len(matrix.columns))
    for label in ("values", "spread", "largest_share"):
        array = getattr(matrix, label)
        if array is None:
            continue
        if array.shape != shape:
            yield f"{label} of shape {array.shape} for {shape[0]} rows and {shape[1]} columns"
        elif np.isinf(array).any():
            row, column = np.argwhere(np.isinf(array))[0]
            yield (
                f"{label} at row {matrix.rows[row]!r}, column {matrix.columns[column]!r}"
                f" is {array[row, column]}, no finite number"
            )
    for label, labels in (("rows", matrix.rows), ("columns", matrix.columns)):
        if not labels or len(set(labels)) != len(labels):
            yield f"{label} {short(labels)} are empty or repeat a label"
    if matrix.spread is not None and (matrix.spread < 0).any():
        yield f"spread holds {np.nanmin(matrix.spread):.6g}, and a standard error is not negative"
    share = matrix.largest_share
    if share is not None and ((share < 0) | (share > 1)).any():
        yield "largest_share holds what is no share of a whole"
    if matrix.native is not None and len(matrix.native) != len(matrix.columns):
        yield f"{len(matrix.native)} native labels for {len(matrix.columns)} columns"
    yield from _value_problems(matrix)
    yield from _undefined_problems(matrix)


def _undefined_problems(matrix: Matrix) -> Iterator[str]:
    if not matrix.undefined or matrix.values.shape != (len(matrix.rows), len(matrix.columns)):
        return
    known = [set(labels) for labels in (matrix.rows, matrix.columns)]
    for row, column in matrix.undefined:
        if row not in known[0] or column not in known[1]:
            yield f"a value at row {row!r}, column {column!r} is undefined, and there is no such"
            return
    told = ~np.isnan(matrix.values) & matrix.is_undefined
    if told.any():
        [row, column], *_ = cells(matrix.rows, matrix.columns, told)
        value = matrix.values[told][0]
        yield f"the value at row {row!r}, column {column!r} is undefined, and {value:.6g}"
    if len(set(matrix.undefined)) < len(matrix.undefined):
        yield "a cell is said to be undefined twice"


def _value_problems(matrix: Matrix) -> Iterator[str]:
    known = matrix.values[np.isfinite(matrix.values)]
    low, high = matrix.range or (None, None)
    slack = 10.0 ** (1 - DIGITS)  # values and bounds are rounded independently
    if low is not None and high is not None and low > high:
        yield f"range {matrix.range} ends below its start"
    if low is not None and known.size and known.min() < low - slack * abs(low):
        yield f"value {known.min():.6g} is below the promised range {matrix.range}"
    if high is not None and known.size and known.max() > high + slack * abs(high):
        yield f"value {known.max():.6g} is above the promised range {matrix.range}"
    if matrix.kind in WHOLE and (known != np.round(known)).any():
        yield f"a {matrix.kind} matrix holds {known[known != np.round(known)][0]:.6g}"
    if matrix.kind == "binary" and not np.isin(known, (0, 1)).all():
        yield "a binary matrix holds more than 0 and 1"
    if matrix.kind == "categorical":
        count = len(matrix.categories or ())
        if known.size and (known.min() < 0 or known.max() >= count):
            yield f"a categorical matrix of {count} categories holds {known.min()}..{known.max()}"
    if matrix.scale == "log" and known.size and known.min() < 0:
        yield f"a matrix on a log scale holds {known.min():.6g}"


def _rows(values: Values, indent: str, comma: str = ", ") -> str:
    lines = [
        json.dumps([rounded(float(value)) for value in row], separators=(comma, ": "))
        for row in values
    ]
    return "[\n" + ",\n".join(f"{indent} {line}" for line in lines) + "]"


def _array(rows: Sequence[Sequence[float | None]], label: str) -> Values:
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise AtlasError(f"{label} has rows of {min(lengths)} to {max(lengths)} values")
    for row in rows:
        if not NUMBERS.issuperset(map(type, row)):
            value = next(value for value in row if type(value) not in NUMBERS)
            raise AtlasError(f"{label} holds {short(value)}, which is not a number")
    try:
        return np.array(rows, dtype=np.float64)  # None becomes NaN
    except OverflowError as error:
        raise AtlasError(f"{label} holds a whole number that no float can hold") from error


def _tuple(labels: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if labels is None else tuple(labels)


def _pair(bounds: Sequence[float | None] | None) -> tuple[float | None, float | None] | None:
    return None if bounds is None else (bounds[0], bounds[1])
