"""Who leads: paired differences, ties, what cannot be told."""

from __future__ import annotations

import numpy as np

from atlas.passes import estimates, leaders


def test_differences_are_paired() -> None:
    """What moves both alike does not tell them apart: unpaired, all three would be named."""
    generator = np.random.default_rng(0)
    sizes = generator.uniform(100, 350, 60)
    shared = generator.normal(1, 1, 60) * sizes
    totals = np.stack([shared, shared + 0.1 * sizes, shared - 0.5 * sizes])
    totals += generator.normal(0, 0.05, totals.shape) * sizes
    assert leaders.of_ratios(totals, sizes) == [1]
    errors = estimates.ratio_error(totals, sizes)
    assert (estimates.ratio(totals, sizes).max() - estimates.ratio(totals, sizes))[0] < errors[0]


def test_what_is_within_two_errors_is_named_the_highest_first() -> None:
    generator = np.random.default_rng(1)
    totals = np.stack([np.ones(100), np.ones(100), np.zeros(100), np.ones(100)])
    totals += generator.normal(0, 0.2, totals.shape)
    found = leaders.of_ratios(totals, np.ones(100))
    assert sorted(found) == [0, 1, 3] and found[0] == int(totals.sum(1).argmax())


def test_a_leader_wins_by_chance_as_often_as_two_errors_say() -> None:
    """Of two equal ones, the second is left out in about 1 of 20 samples."""
    alone = 0
    for seed in range(1000):
        totals = np.random.default_rng(seed).normal(0, 1, (2, 50))
        alone += len(leaders.of_ratios(totals, np.ones(50))) == 1
    assert 0.03 <= alone / 1000 <= 0.07


def test_equal_ones_and_a_single_passage() -> None:
    assert leaders.of_ratios(np.zeros((3, 5)), np.ones(5)) == [0, 1, 2]
    assert leaders.of_ratios(np.array([[1.0], [3.0], [2.0]]), np.ones(1)) == [1, 2, 0]
    assert leaders.of_ratios(np.array([[1.0, 2.0]]), np.ones(2)) == [0]


def test_they_are_listed() -> None:
    assert leaders.listed(["a", "b"], 3) == "a; b"
    assert leaders.listed(["a", "b", "c", "d"], 3) == "a; b; c; 4 in all"
    assert leaders.listed([], 3) == ""


def test_what_is_ranked_keeps_the_highest() -> None:
    values, nan = np.array([1.0, 2.0, 1.5]), np.nan
    assert leaders.ranked(values, np.array([0.1, 0.0, 0.3])) == [1, 2]
    assert leaders.ranked(values, np.array([nan, nan, nan])) == [1, 2, 0]
