"""The ticks of axes and colour bars are round, and lie within."""

from __future__ import annotations

import itertools
from decimal import Decimal

import numpy as np
import pytest

from atlas.site.figures import ticks

DRAWN = np.random.default_rng(3)
AXES = [(float(low), float(low + wide)) for low, wide in np.exp(DRAWN.uniform(-16, 16, (300, 2)))]


def first_digits(values: list[float]) -> set[int]:
    """The digits of values without their trailing zeros."""
    return {int("".join(map(str, Decimal(repr(value)).normalize().as_tuple().digits)))
            for value in values}  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.02, 0.7, [0.2, 0.4, 0.6]),
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-0.31, 0.31, [-0.2, 0.0, 0.2]),
        (0.3, 0.9, [0.4, 0.6, 0.8]),
        (0.0, 12_340.0, [0.0, 5000.0, 10_000.0]),
        (0.13, 0.13, [0.13]),
    ],
)
def test_ticks_of_a_linear_axis(low: float, high: float, wanted: list[float]) -> None:
    """An end is a tick only where it is round."""
    assert ticks.linear_ticks(low, high) == wanted


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.3, 40.0, [0.5, 1, 2, 5, 10, 20]),
        (0.03, 140.0, [0.1, 1, 10, 100]),
        (0.3, 7.0, [0.5, 1, 2, 5]),
        (3.2e-5, 377.0, [1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100]),
        (1e-12, 1e12, [1e-12, 1e-8, 1e-4, 1, 1e4, 1e8, 1e12]),
        (1.1, 1.7, [1.2, 1.4, 1.6]),
        (4.0, 4.0, [4.0]),
    ],
)
def test_ticks_of_a_logarithmic_axis(low: float, high: float, wanted: list[float]) -> None:
    """At 1, 2, 5 or decades; where not two of these lie within, evenly."""
    assert ticks.log_ticks(low, high) == wanted


@pytest.mark.parametrize(("low", "high"), [(0, 3), (0, 1), (0, 24), (2, 79), (0, 31_999)])
def test_ticks_of_counts_are_whole(low: int, high: int) -> None:
    for found in (
        ticks.linear_ticks(low, high, whole=True),
        ticks.log_ticks(low or 1, high, whole=True),
    ):
        assert found
        assert all(low <= value <= high and float(value).is_integer() for value in found)


def test_ticks_are_round_and_within_any_axis() -> None:
    for low, high in [*AXES, *((-high, -low) for low, high in AXES)]:
        found = ticks.linear_ticks(low, high)
        assert 2 <= len(found) <= ticks.FEW
        assert all(low <= value <= high for value in found)
        steps = {Decimal(repr(b)) - Decimal(repr(a)) for a, b in itertools.pairwise(found)}
        assert len(steps) == 1, "evenly apart"
        assert first_digits([float(steps.pop())]) <= {1, 2, 5}


def test_logarithmic_ticks_are_round_and_within_any_axis() -> None:
    for low, high in AXES:
        found = ticks.log_ticks(low, high)
        assert 2 <= len(found) <= ticks.MANY
        assert all(low <= value <= high for value in found)
        if high / low > 10:
            assert first_digits(found) <= {1, 2, 5}
