"""Spread of ratios against the bootstrap and what is known; streamed sums against both."""

from __future__ import annotations

import math

import numpy as np
import pytest

from atlas.loaded.passages import Passage
from atlas.passes import estimates, token_frequencies


def drawn(seed: int, passages: int = 400) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    sizes = generator.uniform(100, 350, passages)
    slopes = np.array([[1.5], [0.02], [-0.3]])
    return slopes * sizes + generator.normal(0, 30, (3, passages)) * np.sqrt(sizes / 100), sizes


def test_the_error_of_a_ratio_is_that_of_the_bootstrap() -> None:
    totals, sizes = drawn(0)
    generator = np.random.default_rng(1)
    rows = generator.integers(0, len(sizes), (4000, len(sizes)))
    again = totals[:, rows].sum(-1) / sizes[rows].sum(-1)
    assert estimates.ratio_error(totals, sizes) == pytest.approx(again.std(1), rel=0.06)


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    """Of 1,000 samples the true ratio is within two errors in about 95%."""
    hits = 0
    for seed in range(1000):
        totals, sizes = drawn(seed, 60)
        found, error = estimates.ratio(totals, sizes), estimates.ratio_error(totals, sizes)
        hits += int(abs(found[0] - 1.5) <= 2 * error[0])
    assert 0.93 <= hits / 1000 <= 0.97


def test_with_sizes_of_1_it_is_the_error_of_a_mean() -> None:
    totals, sizes = drawn(2)
    expected = totals.std(1, ddof=1) / math.sqrt(len(sizes))
    assert estimates.ratio_error(totals, np.ones(len(sizes))) == pytest.approx(expected)
    assert np.isnan(estimates.ratio_error(totals[:, :1], sizes[:1])).all()


@pytest.mark.parametrize("pieces", [1, 7, 400])
def test_streamed_sums_say_the_same(pieces: int) -> None:
    totals, sizes = drawn(3)
    sums = estimates.RatioSums()
    for rows in np.array_split(np.arange(len(sizes)), pieces):
        sums.add(totals[:, rows], sizes[rows])
    assert sums.ratio == pytest.approx(estimates.ratio(totals, sizes))
    assert sums.error == pytest.approx(estimates.ratio_error(totals, sizes))
    assert sums.largest_share == pytest.approx(estimates.largest_share(totals))


def test_cells_that_nothing_counts_in_have_no_value() -> None:
    sums = estimates.RatioSums()
    sums.add(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 3.0]]), np.array([[0, 0], [1, 0], [1, 3]]))
    assert np.isnan(sums.ratio).tolist() == [True, False, False]
    assert np.isnan(sums.error).tolist() == [True, True, False]
    assert sums.error[2] == pytest.approx(0, abs=1e-7)
    assert sums.largest_share[1:].tolist() == [1, 0.75]


def test_what_counting_tokens_predicts() -> None:
    """By hand: a passage's own tokens do not count."""
    passages = [Passage((0, 1, 1, 2), 1, 4), Passage((0, 1, 3), 1, 3), Passage((0,), 1, 1)]
    found = token_frequencies.bits(passages, 4)
    others = [(1, 1.1 / 2.4), (1, 1.1 / 2.4), (2, 0.1 / 2.4)]
    assert found[0] == pytest.approx(-sum(math.log2(share) for _, share in others))
    assert found[1] == pytest.approx(-math.log2(2.1 / 3.4) - math.log2(0.1 / 3.4))
    assert found[2] == 0
