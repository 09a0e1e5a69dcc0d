"""Measured again: do the committed values come out the same?

Values are compared after rounding to the published 4 digits. The tolerance is that of the dtype
that was computed in (the condition `dtype`; float32 where there is none), the wider one where two
profiles name different ones: what rounding, another thread count, other instructions of a processor
or another device may move. It is a share of a value, or of what the value is a difference of, where
the analysis states that (`profiles/floors.py`). A value that exists in one and not in the other is
always a difference.

Two kinds of values are no numbers that move a little, and may come out otherwise all the same. Of
two blocks whose losses cannot be told apart either may be chosen, and of two heads whose scores
cannot be told apart either may be named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from atlas.errors import AtlasError, suggest
from atlas.profiles import choice_agreement, fact_agreement, floors
from atlas.profiles.floors import Sizes
from atlas.profiles.matrix import DIGITS, Matrix, Values, rounded
from atlas.profiles.profile_file import Profile

TOLERANCE = {"float64": 1e-4, "float32": 1e-4, "float16": 2e-3, "bfloat16": 1e-2}
"""Relative difference that is allowed beside one unit in the last published digit. It concerns
computation in that dtype; the weights tier always computes in float32 or better."""


@dataclass(frozen=True)
class Difference:
    """How far one matrix is from its committed values.

    `largest`: largest difference, relative to the larger of the two values, or to what these are
    differences of. `where`: the cell.
    """

    analysis: str
    matrix: str
    largest: float | None
    tolerance: float
    where: str
    problem: str | None = None

    @property
    def agrees(self) -> bool:
        return self.largest is not None and self.largest <= self.tolerance


def tolerance(profile: Profile) -> float:
    """The relative difference that is allowed for what was computed as a profile says.

    Raises `AtlasError` for a condition `dtype` that names no dtype with a tolerance.
    """
    dtype = str(profile.conditions.get("dtype", "float32"))
    if dtype not in TOLERANCE:
        raise AtlasError(
            f"there is no tolerance for {dtype!r}",
            place=f"{profile.analysis}: conditions.dtype",
            remedy=suggest(dtype, list(TOLERANCE)),
        )
    return TOLERANCE[dtype] + 10.0 ** (1 - DIGITS)


def allowed(committed: Profile, again: Profile) -> float:
    """The relative difference that is allowed between two profiles: the wider of both tolerances.

    Raises `AtlasError` as `tolerance` does.
    """
    return max(tolerance(committed), tolerance(again))


def compare(committed: Profile, again: Profile) -> list[Difference]:
    """A verdict for every matrix of either profile, and for every fact, spread and share of a
    passage that differs, worst first.

    Raises `AtlasError` for a condition `dtype` that names no dtype with a tolerance.
    """
    mine = {matrix.name: matrix for matrix in committed.matrices}
    new = {matrix.name: as_published(matrix) for matrix in again.matrices}
    held = _Held(committed.format, floors.of(again), mine, new, allowed(committed, again))
    verdicts = [found for name in dict.fromkeys([*mine, *new]) for found in held.verdicts(name)]
    verdicts += [
        Difference(committed.analysis, f"fact {name}", None, held.allowed, "", problem)
        for name, problem in fact_agreement.problems(committed, again, held.sizes, held.allowed)
    ]
    return sorted(verdicts, key=lambda verdict: (verdict.agrees, -(verdict.largest or 0.0)))


@dataclass(frozen=True)
class _Held:
    """Matrices of two profiles by name, the new ones as they would be published. `format`: that of
    the committed file; `sizes`: those behind what was measured now."""

    format: int
    sizes: Sizes
    old: Mapping[str, Matrix]
    new: Mapping[str, Matrix]
    allowed: float

    def verdicts(self, name: str) -> Iterator[Difference]:
        """That on a matrix, and on each estimate beside its values that differs."""
        old, new = self.old.get(name), self.new.get(name)
        if old is None or new is None:
            yield self._problem(name, "is only " + ("measured now" if old is None else "committed"))
        elif (old.rows, old.columns) != (new.rows, new.columns):
            yield self._problem(name, "has other labels")
        else:
            yield self._of_values(old, new)
            yield from estimates(self.sizes, old, new, self.allowed)

    def _of_values(self, old: Matrix, new: Matrix) -> Difference:
        gone = np.isnan(old.values) != np.isnan(new.values)
        if gone.any():
            return self._problem(old.name, "exists on one side only", _cell(old, gone))
        unlike = old.is_undefined != new.is_undefined
        if self.format > 1 and unlike.any():
            problem = "cannot be defined on one side only"
            return self._problem(old.name, problem, _cell(old, unlike))
        apart = moved(self.sizes, self.old, self.new, old.name, self.allowed)
        return _furthest(self.sizes, old, apart, old.name, self.allowed)

    def _problem(self, what: str, problem: str, where: str = "") -> Difference:
        return Difference(self.sizes.profile.analysis, what, None, self.allowed, where, problem)


def moved(
    sizes: Sizes, old: Mapping[str, Matrix], new: Mapping[str, Matrix], name: str, allowed: float
) -> Values:
    """How far the values of a matrix moved, relative to what they are or are differences of; 0 for
    a choice that may come out otherwise. `old`, `new`: the matrices of two profiles by name;
    `sizes`: those behind the new ones."""
    apart = floors.relative(old[name].values, new[name].values, sizes.of_values(new[name]))
    apart[choice_agreement.open_cells(sizes, old, new, name, allowed)] = 0
    return apart


def estimates(sizes: Sizes, old: Matrix, new: Matrix, allowed: float) -> Iterator[Difference]:
    """A verdict on the spread and on the largest share of a passage, where these differ. Both
    matrices have the same labels; `sizes`: those behind the new one; `allowed`: the relative
    difference of values."""
    for key, size in (("spread", sizes.of_spread(new)), ("largest_share", sizes.of_share(new))):
        a, b = getattr(old, key), getattr(new, key)
        what = f"{key.replace('_', ' ')} of {old.name}"
        analysis, loosely = sizes.profile.analysis, floors.LOOSELY * allowed
        if (a is None) != (b is None):
            yield Difference(analysis, what, None, loosely, "", "is told on one side only")
        elif a is not None and (gone := np.isnan(a) != np.isnan(b)).any():
            where = _cell(old, gone)
            yield Difference(analysis, what, None, loosely, where, "exists on one side only")
        elif a is not None:
            found = _furthest(sizes, old, floors.relative(a, b, size), what, loosely)
            if not found.agrees:
                yield found


def _furthest(sizes: Sizes, matrix: Matrix, apart: Values, what: str, allowed: float) -> Difference:
    largest = float(np.nanmax(apart, initial=0.0))
    where = _cell(matrix, apart == largest)
    return Difference(sizes.profile.analysis, what, largest, allowed, where)


def as_published(matrix: Matrix) -> Matrix:
    """A matrix with its numbers as they would be read from its file."""
    return replace(
        matrix,
        values=_rounded(matrix.values),
        spread=None if matrix.spread is None else _rounded(matrix.spread),
        largest_share=None if matrix.largest_share is None else _rounded(matrix.largest_share),
    )


def _rounded(array: Values) -> Values:
    values = [[rounded(float(value)) for value in row] for row in array]
    return np.array(values, dtype=np.float64)


def _cell(matrix: Matrix, mask: NDArray[np.bool_]) -> str:
    places = np.argwhere(mask)
    if not len(places):
        return ""
    row, column = places[0]
    return f"{matrix.axes[0]} {matrix.rows[row]}, {matrix.axes[1]} {matrix.columns[column]}"
