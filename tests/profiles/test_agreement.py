"""Measured again: what may differ, and what may not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples import matrix, profile

from atlas.errors import AtlasError
from atlas.profiles import agreement
from atlas.profiles.profile_file import Profile

VALUES = np.array([[0.5, 12.34, np.nan], [1e-7, 0.0, 3.0]])


def again(values: Any = VALUES, **changes: Any) -> Profile:
    return profile(matrices=(matrix(values=np.array(values, dtype=float)),), **changes)


COMMITTED = again()


def test_the_same_values_agree() -> None:
    verdicts = agreement.compare(COMMITTED, again())
    assert [(item.matrix, item.largest, item.agrees) for item in verdicts] == [("rms", 0.0, True)]


def test_values_are_compared_as_they_are_published() -> None:
    [verdict] = agreement.compare(COMMITTED, again(VALUES * (1 + 4e-6)))
    assert verdict.largest == 0.0


@pytest.mark.parametrize(
    ("dtype", "within", "beyond"),
    [("float32", 8e-4, 2e-3), ("float16", 2e-3, 4e-3), ("bfloat16", 9e-3, 2e-2)],
)
def test_tolerance_is_that_of_the_dtype(dtype: str, within: float, beyond: float) -> None:
    conditions = {"dtype": dtype}
    changed = VALUES.copy()
    for size, agrees in ((within, True), (beyond, False)):
        changed[0, 1] = 12.34 * (1 + size)
        [verdict] = agreement.compare(COMMITTED, again(changed, conditions=conditions))
        assert verdict.agrees is agrees
        assert verdict.where == "layer 0, module attn.k"
        assert verdict.largest == pytest.approx(size, rel=0.2)


def test_a_dtype_without_a_tolerance_is_told() -> None:
    with pytest.raises(AtlasError, match=r"weights: conditions.dtype: there is no tolerance"):
        agreement.compare(COMMITTED, again(conditions={"dtype": "int8"}))


@pytest.mark.parametrize(
    ("row", "column", "value"), [(0, 2, 1.0), (0, 0, np.nan), (1, 1, 1e-5), (0, 0, -0.5)]
)
def test_what_is_there_on_one_side_or_has_another_sign_differs(
    row: int, column: int, value: float
) -> None:
    changed = VALUES.copy()
    changed[row, column] = value
    [verdict] = agreement.compare(COMMITTED, again(changed))
    assert not verdict.agrees
    assert verdict.where == f"layer {row}, module {matrix().columns[column]}"
    exists = np.isnan(value) == np.isnan(VALUES[row, column])
    assert (verdict.problem == "exists on one side only") is not exists


def test_other_labels_differ() -> None:
    other = profile(matrices=(matrix(rows=("1", "2")),))
    [verdict] = agreement.compare(COMMITTED, other)
    assert verdict.problem == "has other labels" and not verdict.agrees


def test_matrices_of_one_side_differ_and_the_worst_comes_first() -> None:
    new = profile(matrices=(matrix(), matrix(name="b")))
    old = profile(matrices=(matrix(), matrix(name="a")))
    verdicts = agreement.compare(old, new)
    assert [(item.matrix, item.problem) for item in verdicts] == [
        ("a", "is only committed"),
        ("b", "is only measured now"),
        ("rms", None),
    ]


@pytest.mark.parametrize(
    ("old", "new", "agrees"),
    [
        (0.25, 0.25001, True),
        (0.25, 0.26, False),
        (0.25, -0.25, False),
        (3, 3.0, True),
        (3, 3.0001, True),
        (3, 4, False),
        (1000, 1001, False),
        (0, 1e-9, False),
        ("a", "a", True),
        ("a", "b", False),
        (None, None, True),
        (None, float("nan"), True),
        (0.5, None, False),
        (True, True, True),
        (True, 1, False),
    ],
)
def test_facts_are_values_too(old: Any, new: Any, agrees: bool) -> None:
    verdicts = agreement.compare(again(facts={"x": old}), again(facts={"x": new}))
    wrong = [item for item in verdicts if item.matrix == "fact x"]
    assert [item.agrees for item in wrong] == ([] if agrees else [False])


def test_facts_of_one_side_differ() -> None:
    first = agreement.compare(again(facts={"x": None}), again(facts={"y": None}))
    assert [item.matrix for item in first if not item.agrees] == ["fact x", "fact y"]


def test_conditions_and_how_it_was_made_are_no_values() -> None:
    other = again(conditions={"device": "cuda"}, made_by={"seconds": 1})
    assert all(item.agrees for item in agreement.compare(COMMITTED, other))


def test_rounding_noise_beside_large_values_is_nothing() -> None:
    changed = VALUES.copy()
    changed[1, 1] = 1e-12 * np.nanmax(VALUES)
    [verdict] = agreement.compare(COMMITTED, again(changed))
    assert verdict.agrees and verdict.largest is not None and verdict.largest < 1e-5
