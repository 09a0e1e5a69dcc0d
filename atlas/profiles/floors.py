"""How large what values were made of is: rounding moves a value by a share of that.

The difference of two losses of 5 bits cannot be told to better than a share of 5 bits, however
small it is. An analysis states such sizes in `MATRICES`: `of_size` and `scaled_by` of
`profiles/contract.py`. A standard error is computed from differences, too: how far every passage
lies from the mean. Errors of a share t of n totals of size s move it by no more than t s / sqrt(n).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from atlas.profiles import contract, statement
from atlas.profiles.contract import Quantity
from atlas.profiles.matrix import Matrix, Values
from atlas.profiles.profile_file import Profile

NOISE = 1e-6
"""What is smaller than this share of a matrix' largest value is compared with that share instead:
beside values of size 1, 1e-17 and 3e-17 are both nothing."""

LOOSELY = 10
"""How many times further standard errors and shares of passages may move than values. They are
computed from differences, of which the tolerance is a larger share, and nobody reads their third
digit; a number that belongs to another value is further off than that."""


def relative(a: Values, b: Values, size: Values | float = 0.0) -> Values:
    """How far values of one shape are apart, relative to the larger of each two, or to the size of
    what they are differences of; NaN where either is NaN, 0 where both are nothing beside the
    largest of all."""
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), size)
    scale = np.maximum(scale, NOISE * np.nanmax(scale, initial=0.0))
    apart: Values = np.divide(np.abs(a - b), scale, out=np.zeros_like(a), where=scale > 0)
    return apart


@dataclass(frozen=True)
class Sizes:
    """The sizes behind the values of a profile, as its analysis states them."""

    profile: Profile
    stated: Mapping[str, Quantity]

    def quantity(self, name: str) -> Quantity | None:
        """What is stated of a matrix; None where nothing is."""
        return contract.find(self.stated, name)

    def of_values(self, matrix: Matrix) -> float:
        """What values are differences of, in their unit; 0 where they are none."""
        quantity = self.quantity(matrix.name)
        if quantity is None or quantity.of_size is None:
            return 0.0
        size = quantity.of_size
        if isinstance(size, str):
            told = self.profile.facts.get(size.removeprefix("facts."))
            size = float(told) if isinstance(told, (int, float)) else 0.0
        return float(size) / (1.0 if quantity.scaled_by is None else self._span(quantity.scaled_by))

    def of_spread(self, matrix: Matrix) -> Values:
        """What standard errors are differences of, in the unit of the values: (row, column).

        Their tolerance is `LOOSELY` times that of values, which is for a mean whose n counts the
        tokens of passages; what was subtracted is known to count once.
        """
        values = np.nan_to_num(np.abs(matrix.values))
        if matrix.n is None:
            return np.zeros_like(values)
        sizes: Values = np.maximum(values, self.of_values(matrix) / LOOSELY) / math.sqrt(matrix.n)
        return sizes

    def of_share(self, matrix: Matrix) -> Values:
        """What the largest share of a passage is a difference of: (row, column).

        A passage's total moves by a share of s, and is divided by n times the size of such a total:
        that of their mean or of their own spread, whichever is larger.
        """
        count = matrix.n or 1
        spread = np.zeros_like(matrix.values) if matrix.spread is None else matrix.spread
        typical = np.maximum(np.abs(matrix.values), math.sqrt(count) * np.nan_to_num(spread))
        size = np.full_like(typical, self.of_values(matrix) / LOOSELY / count)
        found: Values = np.where(size > 0, 1.0, 0.0)
        np.divide(size, typical, out=found, where=typical > 0)
        return found

    def _span(self, name: str) -> float:
        """The largest less the smallest value of a matrix, 1 where it has none."""
        found = [one.values for one in self.profile.matrices if one.name == name]
        span = float(np.nanmax(found[0]) - np.nanmin(found[0])) if found else 0.0
        return span if span > 0 else 1.0


def of(profile: Profile) -> Sizes:
    """The sizes behind a profile; none for an analysis that this atlas does not have."""
    known = profile.analysis in statement.names()
    return Sizes(profile, statement.of(profile.analysis).matrices if known else {})
