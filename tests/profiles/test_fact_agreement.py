"""Facts that name the leading cells of a matrix: which others may be named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples import matrix, profile

from atlas.profiles import agreement, fact_agreement
from atlas.profiles.profile_file import Profile

HEADS = np.array([[0.1, 0.9, 0.2], [0.901, 0.3, 0.85]])


def attention(fact: Any) -> Profile:
    labels = {"axes": ("layer", "head"), "rows": ("0", "1"), "columns": ("0", "1", "2")}
    plain = {"native": None, "scale": "linear", "range": (0, 1)}
    heads = matrix(name="induction", values=HEADS, **labels, **plain)
    return profile(
        analysis="attention", matrices=(heads,), facts={"strongest_induction_head": fact}
    )


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("1.0", "1.0", True),
        ("1.0", "0.1", True),
        ("1.0, 0.1", "0.1, 1.0", True),
        ("1.0, 0.1", "0.1", True),
        ("1.0", "1.2", False),
        ("1.0, 0.1", "1.0, 0.1, 1.2", False),
        ("1.0, 0.1", "1.0, 1.2", False),
        ("1.0", "none", False),
        ("none", "none", True),
        ("1.0", "3.0", False),
        ("1.0, 0.1; 2 in all", "0.1, 1.0; 2 in all", True),
        ("1.0, 0.1; 2 in all", "0.1, 1.0; 3 in all", False),
        ("1.0", None, False),
    ],
)
def test_heads_that_cannot_be_told_apart_may_stand_for_each_other(
    old: Any, new: Any, same: bool
) -> None:
    verdicts = agreement.compare(attention(old), attention(new))
    assert all(verdict.agrees for verdict in verdicts) is same


@pytest.mark.parametrize(
    ("text", "cells", "beside"),
    [
        ("layer 1, attn.k", [(1, 1)], ""),
        ("layer 0, mlp.gate; layer 1, attn.q", [(0, 2), (1, 0)], ""),
        ("layer 1", [(1, 2)], ""),
        ("1", [(1, 2)], ""),
        ("1, 0", [(1, 2), (0, 2)], ""),
        ("layer 0, attn.q; 1 in all", [(0, 0)], "1 in all"),
        ("layer 12, attn.k", [], "layer 12 attn.k"),
        ("none", [], "none"),
    ],
)
def test_cells_are_read_as_facts_write_them(
    text: str, cells: list[tuple[int, int]], beside: str
) -> None:
    assert fact_agreement.named(matrix(), text) == (cells, beside)


def test_a_large_number_may_move_though_it_is_written_without_a_point() -> None:
    """1523.4 is published as 1523, a whole number, and was measured all the same."""
    old = profile(facts={"size": 1523, "count": 1523})
    for size, count, wrong in (
        (1523.6, 1523, []),
        (1523.4, 1524, ["fact count"]),
        (1530.0, 1523, ["fact size"]),
    ):
        verdicts = agreement.compare(old, profile(facts={"size": size, "count": count}))
        assert [one.matrix for one in verdicts if not one.agrees] == wrong
