"""One colour scale over several models, and its steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import samples

from atlas.profiles.matrix import Matrix
from atlas.site.across import shared_scale
from atlas.site.across.shared_scale import MISSING, STEPS, Scale


def _matrix(values: Any, **changes: Any) -> Matrix:
    array = np.atleast_2d(np.asarray(values, dtype=float))
    rows, columns = (tuple(map(str, range(size))) for size in array.shape)
    return samples.matrix(values=array, rows=rows, columns=columns, **changes)


def _values(scale: Scale, steps: np.ndarray) -> np.ndarray:
    """What the description of a bundle says that steps stand for."""
    if scale.transform == "log":
        return np.asarray(scale.low * (scale.high / scale.low) ** (steps / STEPS))
    return np.asarray(scale.low + (scale.high - scale.low) * steps / STEPS)


def test_a_linear_scale_spans_all_models_and_rounds_to_half_a_step() -> None:
    one, two = _matrix([0.5, 2.0]), _matrix([[1.0, np.nan], [3.0, 0.25]])
    scale = shared_scale.over([one, two])
    assert (scale.transform, scale.low, scale.high) == ("linear", 0.25, 3.0)
    assert not scale.below and not scale.above
    steps = scale.steps(two)
    assert steps.tolist()[1] == [STEPS, 0]
    assert steps[0, 1] == MISSING
    drawn = np.random.default_rng(0).uniform(0.25, 3.0, 500)
    found = _values(scale, scale.steps(_matrix(drawn)))
    assert np.abs(found - drawn).max() <= (3.0 - 0.25) / STEPS / 2 * (1 + 1e-9)


def test_a_log_scale_keeps_ratios_and_says_what_lies_below() -> None:
    drawn = np.exp(np.random.default_rng(1).uniform(-6, 6, 400))
    drawn[:2] = np.exp([-6, 6])
    scale = shared_scale.over([_matrix(drawn, scale="log")])
    assert (scale.transform, scale.below) == ("log", False)
    found = _values(scale, scale.steps(_matrix(drawn, scale="log"))).ravel()
    half = 12 / STEPS / 2
    assert np.abs(np.log(found / drawn)).max() <= half * 1.02  # the ends have four digits
    zeros = shared_scale.over([_matrix([0.0, 1.0, 10.0], scale="log")])
    assert (zeros.low, zeros.high, zeros.below) == (1.0, 10.0, True)
    assert zeros.steps(_matrix([0.0, 1.0, 10.0], scale="log")).tolist() == [[0, 0, STEPS]]


def test_a_log_scale_of_zeros_alone_is_none() -> None:
    scale = shared_scale.over([_matrix([0.0, 0.0], scale="log")])
    assert (scale.transform, scale.low, scale.high) == ("linear", 0.0, 0.0)
    assert scale.steps(_matrix([0.0, 0.0])).tolist() == [[127, 127]]


def test_a_diverging_scale_is_symmetric() -> None:
    scale = shared_scale.over([_matrix([-1.0, 0.5], kind="diverging")])
    assert (scale.low, scale.high) == (-1.0, 1.0)
    assert scale.steps(_matrix([-1.0, 0.0, 1.0], kind="diverging")).tolist() == [[0, 127, STEPS]]


def test_small_counts_can_be_read_exactly() -> None:
    counts = np.arange(200.0)
    scale = shared_scale.over([_matrix(counts, kind="counts")])
    assert np.rint(_values(scale, scale.steps(_matrix(counts, kind="counts")))).tolist() == [
        counts.tolist()
    ]


def test_one_far_value_does_not_take_the_scale() -> None:
    values = np.append(np.linspace(0, 1, 999), 1000.0)
    scale = shared_scale.over([_matrix(values)])
    assert scale.above and scale.below
    assert scale.high < 1.01
    assert "values beyond take the end colour" in scale.text
    assert scale.steps(_matrix(values))[0, -1] == STEPS


def test_a_wide_range_that_is_filled_is_left_whole() -> None:
    scale = shared_scale.over([_matrix(np.linspace(0, 1000, 999))])
    assert (scale.low, scale.high, scale.above) == (0.0, 1000.0, False)


@pytest.mark.parametrize("kind", ["sequential", "counts", "diverging"])
def test_values_that_exist_nowhere_make_no_scale(kind: str) -> None:
    nowhere = _matrix([np.nan, np.nan], kind=kind)
    scale = shared_scale.over([nowhere])
    assert (scale.low, scale.high) == (0.0, 0.0)
    assert scale.steps(nowhere).tolist() == [[MISSING, MISSING]]


def test_categories_are_their_own_steps() -> None:
    kinds = _matrix([0, 2, np.nan], kind="categorical", categories=("none", "a", "b"))
    scale = shared_scale.over([kinds])
    assert (scale.transform, scale.categories) == ("whole", ("none", "a", "b"))
    assert scale.steps(kinds).tolist() == [[0, 2, MISSING]]
    mask = _matrix([0, 1], kind="binary")
    assert shared_scale.over([mask]).categories == ("0", "1")
    assert shared_scale.over([mask]).steps(mask).tolist() == [[0, 1]]
    named = shared_scale.over([_matrix([0, 1], kind="binary", unit="1 kept, 0 pruned")])
    assert named.categories == ("pruned", "kept")
    assert named.text == "dark kept, light pruned"


def test_a_value_half_between_two_steps_has_the_upper_one() -> None:
    """As in the browser."""
    halves = _matrix([0.0, 0.5, 1.5, 2.5, 254.0])
    scale = shared_scale.over([halves])
    assert scale.steps(halves).tolist() == [[0, 1, 2, 3, 254]]
