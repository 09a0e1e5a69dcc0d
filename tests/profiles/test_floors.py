"""What rounding may move: a share of what was subtracted, and loosely what tells how sure it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from samples import matrix, profile

from atlas.profiles import agreement
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile

TOLERANCE = 1.1e-3
LOSS = 5.0
INCREASES = np.array([[0.01], [0.5], [2.01]])


def of_blocks(name: str, values: Any, **more: Any) -> Matrix:
    """A matrix of blocks, a layer a row."""
    rows = tuple(str(layer) for layer in range(len(values)))
    labels = {"columns": ("block",), "native": None, "rows": rows, "axes": ("layer", "module")}
    return matrix(name=name, values=np.array(values), scale="linear", range=None, **labels, **more)


def importance(*matrices: Matrix, dtype: str = "float32", loss: float = LOSS) -> Profile:
    conditions = {"dtype": dtype}
    facts = {"bits_per_byte": loss}
    return profile(analysis="importance", matrices=matrices, facts=facts, conditions=conditions)


def agrees(old: Profile, new: Profile) -> bool:
    return all(verdict.agrees for verdict in agreement.compare(old, new))


@pytest.mark.parametrize(("moved", "same"), [(0.9, True), (1.1, False)])
@pytest.mark.parametrize("loss", [0.5, 5.0])
def test_a_difference_of_losses_is_as_sure_as_these(loss: float, moved: float, same: bool) -> None:
    changed = INCREASES.copy()
    changed[0] += moved * TOLERANCE * loss
    old = importance(of_blocks("block_increase", INCREASES), loss=loss)
    new = importance(of_blocks("block_increase", changed), loss=loss)
    assert agrees(old, new) is same


@pytest.mark.parametrize(("moved", "same"), [(0.9, True), (1.1, False)])
def test_what_is_scaled_is_less_sure_by_the_scale(moved: float, same: bool) -> None:
    scaled = (INCREASES - 0.01) / 2
    changed = scaled.copy()
    changed[1] += moved * TOLERANCE * LOSS / 2
    beside = of_blocks("block_increase", INCREASES)
    old, new = (importance(beside, of_blocks("block", each)) for each in (scaled, changed))
    assert agrees(old, new) is same


def test_what_is_no_difference_has_no_floor() -> None:
    old = importance(of_blocks("taylor", INCREASES))
    assert not agrees(old, importance(of_blocks("taylor", INCREASES * (1 + 2 * TOLERANCE))))
    assert agrees(old, importance(of_blocks("taylor", INCREASES * (1 + TOLERANCE / 2))))


@pytest.mark.parametrize("types", [("bfloat16", "float32"), ("float32", "bfloat16")])
def test_the_wider_of_both_types_counts(types: tuple[str, str]) -> None:
    changed = INCREASES * 1.009
    old, new = (
        importance(of_blocks("taylor", values), dtype=dtype)
        for values, dtype in zip((INCREASES, changed), types, strict=True)
    )
    assert agrees(old, new)
    narrow = [replace(each, conditions={"dtype": "float32"}) for each in (old, new)]
    assert not agrees(*narrow)


SPREAD = np.array([[0.02], [0.03], [0.04]])


@pytest.mark.parametrize("key", ["spread", "largest_share"])
@pytest.mark.parametrize(("factor", "same"), [(1.009, True), (1.012, False), (0.98, False)])
def test_spread_and_shares_are_compared_loosely(key: str, factor: float, same: bool) -> None:
    old, new = (
        importance(of_blocks("taylor", INCREASES, **{key: values}))
        for values in (SPREAD, np.vstack([SPREAD[:2], SPREAD[2:] * factor]))
    )
    assert agrees(old, new) is same
    wrong = [verdict for verdict in agreement.compare(old, new) if not verdict.agrees]
    told = [f"{key.replace('_', ' ')} of taylor"]
    assert [verdict.matrix for verdict in wrong] == told * (not same)
    assert [verdict.where for verdict in wrong] == ["layer 2, module block"] * (not same)


@pytest.mark.parametrize("key", ["spread", "largest_share"])
def test_an_estimate_of_one_side_differs(key: str) -> None:
    without = importance(of_blocks("taylor", INCREASES))
    having = importance(of_blocks("taylor", INCREASES, **{key: SPREAD}))
    partly = SPREAD.copy()
    partly[1] = np.nan
    other = importance(of_blocks("taylor", INCREASES, **{key: partly}))
    for old, new, said in (
        (without, having, "is told on one side only"),
        (having, without, "is told on one side only"),
        (having, other, "exists on one side only"),
    ):
        wrong = [verdict for verdict in agreement.compare(old, new) if not verdict.agrees]
        assert [verdict.problem for verdict in wrong] == [said]


def test_rounding_of_every_passage_moves_a_spread_no_further_than_its_floor() -> None:
    """Totals of 400 passages, each off by the tolerance: losses of 5 bits whose differences, and
    their standard error, are much smaller."""
    drawn = np.random.default_rng(0)
    losses = drawn.normal(LOSS, 0.5, 400)
    increases = drawn.normal(0.02, 0.01, 400)
    off = increases + losses * TOLERANCE * drawn.uniform(-1, 1, 400)

    def measured(values: Any) -> Profile:
        error = np.sqrt(values.var(ddof=1) / values.size)
        share = np.abs(values).max() / np.abs(values).sum()
        estimates = {"spread": np.array([[error]]), "largest_share": np.array([[share]])}
        return importance(of_blocks("block_increase", [[values.mean()]], n=400, **estimates))

    old, new = measured(increases), measured(off)
    before, after = (each.matrices[0] for each in (old, new))
    assert before.spread is not None and after.spread is not None
    assert abs(after.spread / before.spread - 1)[0, 0] > 10 * TOLERANCE, "not by the share alone"
    assert agrees(old, new)
    doubled = replace(before, spread=before.spread * 2.5)
    assert not agrees(old, importance(doubled)), "another spread altogether"


def test_an_analysis_that_is_gone_has_no_floors() -> None:
    old, new = (
        replace(importance(of_blocks("block_increase", values)), analysis="gone")
        for values in (INCREASES, INCREASES + 0.004)
    )
    assert not agrees(old, new)
    assert agrees(old, old)
