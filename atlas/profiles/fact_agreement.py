"""Facts measured again: which of them may differ.

Numbers with a fraction may differ as matrices may; counts and texts may not. A text that names the
cells whose values lead a matrix may name others where these cannot be told apart: every cell that
one side alone names must have a value within the tolerance of one that the other side names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from atlas.profiles.floors import Sizes
from atlas.profiles.matrix import Matrix, rounded
from atlas.profiles.profile_file import Profile, Scalar

ROWS = re.compile(r"\d+(?:, \d+)*")
"""Rows alone, `5, 6`."""


def problems(
    committed: Profile, again: Profile, sizes: Sizes, allowed: float
) -> Iterator[tuple[str, str]]:
    """Every fact that differs, and how. `allowed`: the relative difference of values."""
    led = {
        quantity.leaders: matrix
        for matrix in committed.matrices
        if (quantity := sizes.quantity(matrix.name)) is not None and quantity.leaders
    }
    for name in dict.fromkeys([*committed.facts, *again.facts]):
        old, new = committed.facts.get(name), again.facts.get(name)
        both = name in committed.facts and name in again.facts
        if both and (_close(old, new, allowed) or _tied(led.get(name), old, new, sizes, allowed)):
            continue
        value = rounded(new) if isinstance(new, float) else new
        yield name, f"is {old!r} as committed, {value!r} measured now"


def _close(old: Scalar, new: Scalar, tolerance: float) -> bool:
    """`new` is not rounded yet: a float was measured, a whole number was counted."""
    value = rounded(new) if isinstance(new, float) else new
    numbers = isinstance(old, (int, float)) and isinstance(value, (int, float))
    if numbers and float in (type(old), type(new)):
        return math.isclose(float(old or 0), float(value or 0), rel_tol=tolerance)
    return type(old) is type(value) and old == value


def _tied(matrix: Matrix | None, old: Scalar, new: Scalar, sizes: Sizes, allowed: float) -> bool:
    """Whether two texts name cells of a matrix that cannot be told apart, and say the same beside.

    Each may be off by the tolerance, hence twice.
    """
    if matrix is None or type(old) is not type(new) or not isinstance(old, (int, str)):
        return False
    (first, said), (second, says) = named(matrix, str(old)), named(matrix, str(new))
    if said != says or not first or not second:
        return False
    least = sizes.of_values(matrix)

    def near(one: float, other: float) -> bool:
        return abs(one - other) <= 2 * allowed * max(abs(one), abs(other), least)

    alone = [(cell, second) for cell in first if cell not in second]
    alone += [(cell, first) for cell in second if cell not in first]
    values = matrix.values
    return all(any(near(values[cell], values[one]) for one in others) for cell, others in alone)


def named(matrix: Matrix, text: str) -> tuple[list[tuple[int, int]], str]:
    """The cells that a text names, and what it says beside them.

    Written as `2.3`, `layer 2, head 3`, `layer 2, mlp.up`; or as `layer 2`, which is the row in the
    last column, the whole block. A list of nothing but whole numbers is one of such rows.
    """
    labels = {
        label: cell for cell in np.ndindex(matrix.values.shape) for label in _labels(matrix, cell)
    }
    if ROWS.fullmatch(text):
        labels = {row: (at, len(matrix.columns) - 1) for at, row in enumerate(matrix.rows)}
    longest = sorted(map(re.escape, labels), key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(longest)})(?![\w.]*\w)")
    found = dict.fromkeys(labels[match] for match in pattern.findall(text))
    beside = re.sub(r"[\s,;]+", " ", pattern.sub("", text)).strip()
    return list(found), beside


def _labels(matrix: Matrix, cell: tuple[int, ...]) -> Iterator[str]:
    row, column = matrix.rows[cell[0]], matrix.columns[cell[1]]
    yield f"{row}.{column}"
    yield f"{matrix.axes[0]} {row}, {column}"
    yield f"{matrix.axes[0]} {row}, {matrix.axes[1]} {column}"
    if column == matrix.columns[-1]:
        yield f"{matrix.axes[0]} {row}"
