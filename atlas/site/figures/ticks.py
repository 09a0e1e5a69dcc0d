"""The ticks of an axis or a colour bar: round values within it. Its ends are ticks only where they
are round themselves.

`static/matrix/ticks.js` computes the same.
"""

from __future__ import annotations

import itertools
import math
import sys
from decimal import Decimal

FEW, MANY = 6, 7
FACTORS = (1, 2, 5)

SLACK = 1e-9
"""Of a step, for ends that are a multiple of it but for rounding."""


def linear_ticks(low: float, high: float, most: int = FEW, whole: bool = False) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten, ascending, as close as `most` allows; at least
    two of six. An axis without extent has its one value. `whole`: of whole numbers, as counts and
    layers are."""
    if not high > low:
        return [low]
    smallest = 0 if whole else _exponent(min(high - low, sys.float_info.max)) - 2
    for power in itertools.count(smallest):
        for factor in FACTORS:
            step = _scaled(factor, power)
            first, last = math.ceil(low / step - SLACK), math.floor(high / step + SLACK)
            if last - first < most:
                found = [_scaled(at * factor, power) for at in range(first, last + 1)]
                return [value for value in found if low <= value <= high]
    raise AssertionError("a step of some size is wide enough")


def log_ticks(low: float, high: float, most: int = MANY, whole: bool = False) -> list[float]:
    """1, 2 and 5 of each decade, ascending; where these are too many, decades, or every second,
    third ... of them; where an axis is too short for two, those of a linear one. `low` is above 0.
    """
    if not high > low:
        return [low]

    def inside(every: int, factors: tuple[int, ...]) -> list[float]:
        powers = range(_exponent(low), _exponent(high) + 1)
        found = [_scaled(by, at) for at in powers if at % every == 0 for by in factors]
        return [one for one in found if low <= one <= high and not (whole and one % 1)]

    close = inside(1, FACTORS)
    if len(close) < 2:
        return linear_ticks(low, high, min(most, FEW), whole)
    if len(close) <= most:
        return close
    decades = (inside(every, (1,)) for every in itertools.count(1))
    return next(found for found in decades if len(found) <= most)


def _scaled(digits: int, power: int) -> float:
    """The closest number to that many times a power of ten."""
    return float(f"{digits}e{power}")


def _exponent(value: float) -> int:
    """The power of ten of the first digit of a value above 0, as its shortest text has it."""
    return Decimal(repr(value)).adjusted()
