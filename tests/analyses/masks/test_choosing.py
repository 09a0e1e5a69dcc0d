"""Masks over blocks: chosen by cost, drawn at random, held against one another."""

from __future__ import annotations

import numpy as np
import pytest

from atlas.analyses.masks import choosing


@pytest.mark.parametrize(
    ("sparsity", "blocks", "count"),
    [(0.25, 8, 2), (0.25, 10, 3), (0.25, 6, 2), (0.0, 8, 0), (0.3, 64, 19), (0.99, 2, 2)],
)
def test_the_count_is_the_nearest_whole_number(sparsity: float, blocks: int, count: int) -> None:
    assert choosing.pruned_count(sparsity, blocks) == count


def test_the_cheapest_are_pruned_in_every_row() -> None:
    costs = np.array([[3.0, -1.0, 0.5, 2.0], [0.0, 9.0, 8.0, 7.0]])
    expected = np.array([[1, 0, 0, 1], [0, 1, 1, 0]])
    assert (choosing.cheapest(costs, 2) == expected).all()
    assert choosing.cheapest(costs, 0).all() and not choosing.cheapest(costs, 4).any()


def test_costs_are_compared_as_published_and_of_equal_ones_the_first_goes() -> None:
    costs = np.array([0.500049, 0.50001, 0.5, 0.4999])
    assert choosing.cheapest(costs, 2).tolist() == [False, True, True, False]


def test_random_masks_prune_as_many_and_every_block_as_often() -> None:
    masks = choosing.at_random(4000, 8, 2, seed=3)
    assert ((~masks).sum(1) == 2).all()
    assert np.abs((~masks).mean(0) - 0.25).max() < 4 * (0.25 * 0.75 / 4000) ** 0.5
    assert (masks == choosing.at_random(4000, 8, 2, seed=3)).all()
    assert (masks != choosing.at_random(4000, 8, 2, seed=4)).any()


def test_passages_of_a_cluster_belong_to_the_halves_in_turn() -> None:
    clusters = np.array([1, 0, 1, 1, 0, 2, 1])
    assert choosing.halves(clusters).tolist() == [0, 0, 1, 0, 1, 0, 1]


def test_agreement_is_the_share_of_what_is_pruned() -> None:
    one = np.array([False, False, True, True])
    assert choosing.agreement(one, one) == 1.0
    assert choosing.agreement(one, np.array([False, True, False, True])) == 0.5
    assert choosing.agreement(one, ~one) == 0.0
    assert choosing.agreement(np.ones(4, dtype=bool), one) == 1.0
