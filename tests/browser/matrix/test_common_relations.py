"""Counts of relations that are made again in the browser: the same as the reference in Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import counted_relations
import numpy as np
import pytest
import samples
from called import plain

from atlas.profiles import common_relations
from atlas.profiles import shares as profile_shares

Call = Callable[..., Any]
MODULE = "matrix/common-relations"


@pytest.mark.parametrize("name", counted_relations.COUNTS)
def test_counts_at_one_k_over_common_relations_are_those_of_the_reference(
    call: Call, name: str
) -> None:
    """k = 10 over all relations, against k = 25 without two of them."""
    whole, pairs = counted_relations.drawn(1, level=0)
    other, others = counted_relations.drawn(2, level=1, lacking=("capital", "french"))
    shared = common_relations.common([whole, other])
    assert (shared.k, shared.copying, shared.left) == (10, 1, ("capital", "french"))
    found = call(MODULE, "common", [{"profile": whole}, {"profile": other}])
    assert found == plain(shared)
    for profile, items in ((whole, pairs), (other, others)):
        again = common_relations.recounted(profile, items, name, shared)
        measured = {"profile": profile, "pairs": items}
        made = call(MODULE, "recounted", measured, profile.matrix(name), found)
        np.testing.assert_array_equal(made["values"], again)
        assert again.any()
    assert not np.array_equal(
        common_relations.recounted(other, others, name, shared), other.matrix(name).values
    )


@pytest.mark.parametrize("name", counted_relations.COUNTS)
@pytest.mark.parametrize("level", [0, 1])
def test_counted_again_at_its_own_k_a_model_has_its_published_counts(
    call: Call, name: str, level: int
) -> None:
    profile, pairs = counted_relations.drawn(3, level=level)
    shared = common_relations.common([profile, profile])
    assert not shared.needed
    published = profile.matrix(name).values
    np.testing.assert_array_equal(
        common_relations.recounted(profile, pairs, name, shared), published
    )
    measured = {"profile": profile, "pairs": pairs}
    made = call(MODULE, "recounted", measured, profile.matrix(name), plain(shared))
    np.testing.assert_array_equal(made["values"], published)


def test_the_overlap_of_pairs_is_that_of_the_reference(call: Call) -> None:
    ours = [{"relation": "capital", "ids": list(range(40))}]
    theirs = [{"relation": "capital", "ids": list(range(8, 44))}]
    for first, second, wanted in (
        (ours, theirs, 32 / 44),
        (ours, ours, 1),
        (ours, [{"relation": "french", "ids": [1]}], 0),
    ):
        assert common_relations.overlap(first, second, "capital") == pytest.approx(wanted)
        assert call(MODULE, "overlap", first, second, "capital") == pytest.approx(wanted)


def test_the_spread_of_a_share_is_that_of_python(call: Call) -> None:
    shares = np.array([[0.0, 0.031, 0.5, 1.0]])
    for count in (30, 97, 499):
        wanted = profile_shares.spread(shares, count)
        for share, spread in zip(shares[0].tolist(), wanted[0].tolist(), strict=True):
            assert call("matrix/chance", "shareSpread", share, count) == pytest.approx(spread)
    profile, _ = counted_relations.drawn(4, level=0)
    scores = profile.matrix("score:capital@10")
    assert scores.spread is not None
    found = call("matrix/chance", "withSpread", replace(profile, matrices=(scores,)))
    np.testing.assert_allclose(found["matrices"][0]["spread"], scores.spread, rtol=2e-3)


@pytest.mark.parametrize(
    "name",
    [
        *("relations", "relations:knowledge", "categories:maps", "score:capital@10", "ov_copying"),
        *("folded_suppressive:past-tense@3", "relations:Knowledge", "score:@10", "relations@3"),
    ],
)
def test_what_rests_on_pairs_is_told_alike(call: Call, name: str) -> None:
    assert call(MODULE, "countsRelations", name) == common_relations.counts_relations(name)
    assert call(MODULE, "relationOf", name) == common_relations.relation_of(name)
    for conditions in ({}, {"k": 10}):
        profile = samples.profile(conditions=conditions)
        rests = call(MODULE, "restsOnPairs", {"conditions": conditions}, name)
        assert rests == common_relations.rests_on_pairs(profile, name)
