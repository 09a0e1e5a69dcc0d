"""What rises and falls with depth, and what chance makes of it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from atlas.site.figures import depth_trends


def _noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((6, 3))


@pytest.mark.parametrize("seed", range(5))
def test_trend_is_the_mean_rank_correlation_with_depth(seed: int) -> None:
    values = np.round(_noise(seed), 1)  # with ties
    expected = [stats.spearmanr(np.arange(6), column).statistic for column in values.T]
    assert depth_trends.correlation(values) == pytest.approx(np.mean(expected), abs=1e-12)


def test_trend_leaves_out_what_does_not_exist_everywhere() -> None:
    values = np.column_stack([np.arange(6.0), np.arange(6.0)[::-1]])
    values[2, 1] = np.nan
    assert depth_trends.correlation(values) == pytest.approx(1.0)
    assert depth_trends.correlation(np.full((6, 2), np.nan)) == 0.0
    assert depth_trends.correlation(np.ones((6, 2))) == 0.0


def test_p_is_the_share_of_permutations_that_do_as_well() -> None:
    """Against all 720 orders of six layers, one by one."""
    values = np.round(_noise(3), 1) + np.arange(6.0)[:, None] / 9
    own = abs(depth_trends.correlation(values))
    orders = itertools.permutations(range(6))
    least = [abs(depth_trends.correlation(values[list(order)])) >= own - 1e-9 for order in orders]
    assert depth_trends.chance(values) == pytest.approx(np.mean(least))


def test_p_of_many_layers_is_drawn_alike_each_time() -> None:
    """20 layers in one column: about the p of the permutation test of scipy."""
    drawn = np.random.default_rng(1)
    values = drawn.random((20, 1)) + np.arange(20.0)[:, None] / 20
    found = depth_trends.chance(values)
    assert found == depth_trends.chance(values.copy())
    asked = stats.spearmanr(np.arange(20), values[:, 0]).pvalue
    assert found == pytest.approx(asked, abs=3 * np.sqrt(asked / depth_trends.DRAWS) + 2e-4)


def test_below_six_layers_nothing_is_a_trend() -> None:
    up = np.arange(9.0)[:, None] * np.ones(3)
    assert depth_trends.steady([up[:5]]) == [0.0]
    assert depth_trends.steady([up[:6]]) == [pytest.approx(1.0)]


def test_what_is_sure_alone_may_be_chance_among_many() -> None:
    """Six layers in order have p = 2 / 720: enough for 18 quantities, not for 19."""
    up = np.arange(6.0)[:, None]
    assert depth_trends.chance(up) == pytest.approx(2 / 720)
    assert depth_trends.steady([up] * 18) == [pytest.approx(1.0)] * 18
    assert depth_trends.steady([up] * 19) == [0.0] * 19


@pytest.mark.parametrize("layers", [6, 12])
@pytest.mark.parametrize("shared", [0.0, 0.9], ids=["apart", "alike"])
def test_noise_has_a_trend_in_one_profile_of_twenty_at_most(layers: int, shared: float) -> None:
    """Whatever the quantities and their columns have in common."""
    drawn = np.random.default_rng(layers)
    profiles = 300
    erred = 0
    for _ in range(profiles):
        common = drawn.normal(size=(layers, 1))
        several = [
            shared * common + (1 - shared) * drawn.normal(size=(layers, 3)) for _ in range(8)
        ]
        erred += any(depth_trends.steady(several))
    assert erred <= stats.binom.ppf(0.999, profiles, depth_trends.ERROR)
