"""What a head does: nothing below a floor, nothing that chance would do as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import head_atlas
import numpy as np
import pytest
from numpy.typing import NDArray

from atlas.analyses.functions import relation_scores
from atlas.profiles import shares
from atlas.profiles.matrix import Matrix
from atlas.site.heads import strengths
from atlas.site.heads.strengths import Strength


def _folded(name: str) -> Matrix:
    return next(one for one in head_atlas.folded(0, 2, 3) if one.name == name)


def _with(matrix: Matrix, *values: float, **changes: object) -> Matrix:
    rows, columns = ("0",), tuple(map(str, range(len(values))))
    drawn = np.array([values])
    return replace(matrix, values=drawn, rows=rows, columns=columns, **changes)  # type: ignore[arg-type]


def _strong(
    matrix: Matrix, facts: Mapping[str, float] | None = None, analysis: str = "functions"
) -> list[Strength]:
    return list(strengths.strengths(analysis, matrix, facts or {}))


def _values(found: list[Strength]) -> NDArray[np.float64]:
    (one,) = found
    return np.asarray(one.values[0])


def _null(high: float, low: float) -> dict[str, float]:
    return {"copying_null_high": high, "copying_null_low": low}


def test_a_relation_counts_where_the_head_has_it() -> None:
    capital = _with(_folded("folded_score:capital@10"), 0.16, 0.151, 0.15, 0.0, 1.0, n=400)
    assert _values(_strong(capital)) == pytest.approx([0.16, 0.151, 0, 0, 1])
    (one,) = _strong(capital)
    assert one.relation == "capital" and not one.side


def test_few_pairs_and_a_high_chance_make_a_relation_uncertain() -> None:
    scores = (0.16, 0.3, 0.5, 0.9)
    capital = _folded("folded_score:capital@10")
    assert _values(_strong(_with(capital, *scores, n=30))) == pytest.approx([0.16, 0.3, 0.5, 0.9])
    by_chance = {"chance:capital@10": 0.4}
    few = _strong(_with(capital, *scores, n=30), by_chance)
    many = _strong(_with(capital, *scores, n=400), by_chance)
    assert _values(few) == pytest.approx([0, 0, 0, 0.9])
    assert _values(many) == pytest.approx([0, 0, 0.5, 0.9])
    assert _values(_strong(_with(capital, 0.151, n=8))) == pytest.approx([0])  # .05 at least


def test_chance_is_that_of_the_same_relation_and_k_where_it_is_known() -> None:
    capital = _with(_folded("folded_suppressive:capital@10"), 0.5, n=400)
    assert _values(_strong(capital, {"chance:capital@10": 0.1, "chance:capital@25": 0.9})) == 0.5
    assert _values(_strong(capital, {"chance:capital@25": 0.9})) == 0
    assert _values(_strong(capital, {"chance:language@10": 0.9})) == 0.5


def test_the_interval_is_that_of_the_analysis() -> None:
    several = np.round(np.linspace(0, 1, 41), 3)
    for count in (1, 30, 187, 500):
        wanted = [shares.wilson(float(share), count)[0] for share in several]
        found, _ = shares.wilson(several, count)
        assert np.maximum(found, 0) == pytest.approx(wanted, abs=1e-12)
    assert strengths.THRESHOLD == relation_scores.THRESHOLD


@pytest.mark.parametrize("name", ["previous", "duplicate", "induction"])
def test_attention_counts_above_a_tenth(name: str) -> None:
    drawn = {one.name: one for one in head_atlas.attention(0, 2, 3)}
    matrix = _with(drawn[name], 0.0, 0.1, 0.55, 1.0, np.nan)
    assert _values(_strong(matrix, analysis="attention")) == pytest.approx(
        [0, 0, 0.5, 1, np.nan], nan_ok=True
    )
    assert not _strong(matrix)


def test_copying_counts_above_what_chance_makes_of_this_model() -> None:
    copying = _with(_folded("ov_copying_centred"), 1.0, 0.6, 0.2, 0.05, -0.3, -0.65, -1.0)
    raised, lowered = _strong(copying, _null(0.2, -0.3))
    assert raised.values[0] == pytest.approx([1, 0.5, 0, 0, 0, 0, 0])
    assert lowered.values[0] == pytest.approx([0, 0, 0, 0, 0, 0.5, 1])
    assert (raised.side, lowered.side) == ("raised", "lowered")
    raised, _ = _strong(copying, _null(0.001, -0.001))
    assert raised.values[0] == pytest.approx([1, 5 / 9, 1 / 9, 0, 0, 0, 0])
    never, _ = _strong(copying, _null(1.0, -1.0))
    assert not never.values.any()
    assert not _strong(copying)  # a profile that does not say what chance makes of it


def test_nothing_else_says_what_a_head_does() -> None:
    matrices = [
        *(("attention", one) for one in head_atlas.attention(0, 2, 3)),
        *(("functions", one) for one in head_atlas.functions(0, 2, 3)),
    ]
    counted = {one.name for analysis, one in matrices if _strong(one, head_atlas.NULLS, analysis)}
    plain = {name for name in counted if ":" not in name}
    assert plain == {"previous", "duplicate", "induction", "ov_copying_centred"}
    relations = counted - plain
    assert len(relations) == 40 and all(name.startswith("folded_") for name in relations)
    assert not _strong(head_atlas.attention(0, 2, 3)[3], analysis="importance")
