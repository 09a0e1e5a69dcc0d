"""Matrices: what goes in comes out, to 4 digits; what does not fit is refused."""

from __future__ import annotations

import json
import math
import sys
import time
from typing import Any

import numpy as np
import pytest
from samples import matrix

from atlas.errors import AtlasError, Problems
from atlas.profiles import matrix as matrices
from atlas.profiles.matrix import Matrix, from_json, rounded


@pytest.mark.parametrize(
    ("value", "published"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.0, "-1"),
        (0.123449, "0.1234"),
        (-0.123451, "-0.1235"),
        (123449.0, "123400"),
        (-123451.0, "-123500"),
        (999999.0, "1000000"),
        (0.99999, "1"),
        (9.9996e-5, "1e-04"),
        (1e-7, "1e-07"),
        (2.0**53, "9007000000000000"),
        (1e22, "1e+22"),
        (1.23456e300, "1.235e+300"),
        (sys.float_info.max, "1.797e+308"),
        (-sys.float_info.max, "-1.797e+308"),
        (sys.float_info.min, "2.225e-308"),
        (5e-324, "5e-324"),
        (1.23456789e-320, "1.235e-320"),
    ],
)
def test_four_significant_digits(value: float, published: str) -> None:
    text = json.dumps(rounded(value))
    assert float(text) == float(published)
    assert json.dumps(rounded(json.loads(text))) == text
    assert text != "-0" and text != "-0.0"


def test_rounding_again_changes_nothing() -> None:
    generator = np.random.default_rng(0)
    values = generator.standard_normal(5000) * 10.0 ** generator.integers(-320, 308, 5000)
    for value in values.tolist():
        once = rounded(value)
        assert once is not None and rounded(float(once)) == once
        assert math.isclose(once, value, rel_tol=5.0001e-4) or abs(value) < 1e-318


def test_halves_are_rounded_up() -> None:
    """As JavaScript's toPrecision(4) does, and people do."""
    halves = [1.0625, -1.0625, 0.00048828125, 10242.5, 2.5, 1.00005, 123450.0]
    assert [rounded(value) for value in halves] == [
        1.063, -1.063, 0.0004883, 10240, 2.5, 1, 123500,
    ]  # fmt: skip


def test_what_is_no_number() -> None:
    assert rounded(math.nan) is None and rounded(None) is None
    for value in (math.inf, -math.inf):
        with pytest.raises(AtlasError, match=r"inf is not a finite number; the analysis must not"):
            rounded(value)


def test_json_has_a_row_a_line_and_comes_back() -> None:
    made = matrix(
        native=("q_proj", "k_proj", "gate_proj"),
        range=(0, None),
        spread=np.full((2, 3), 0.01),
        n=12,
        scale="log",
        title="W·x “quoted”",
    )
    text = made.json_text()
    assert text.splitlines()[1] == "    [0.5, 12.34, null],"
    assert '"values": [' in text.splitlines()[0] and "“quoted”" in text
    again = from_json(json.loads(text))
    assert again.json_text() == text
    for field in Matrix.__dataclass_fields__:
        one, other = getattr(made, field), getattr(again, field)
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other)
        else:
            assert one == other, field


def test_integers_stay_integers_in_the_file() -> None:
    counts = matrix(kind="counts", values=[[0, 1, 2], [3, 4, 1234]])
    assert "[3, 4, 1234]" in counts.json_text()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"values": [[1.0, 2.0]]}, "values of shape (1, 2) for 2 rows and 3 columns"),
        ({"values": [1.0, 2.0]}, "values of shape (2,) for 2 rows and 3 columns"),
        ({"values": np.zeros((2, 3, 1))}, "values of shape (2, 3, 1)"),
        (
            {"values": [[0, 0, 0], [0, 0, math.inf]]},
            "values at row '1', column 'mlp.gate' is inf, no finite number",
        ),
        ({"spread": np.zeros((3, 2))}, "spread of shape (3, 2)"),
        ({"spread": np.full((2, 3), -math.inf)}, "spread at row '0', column 'attn.q' is -inf"),
        ({"spread": np.full((2, 3), -1.0)}, "spread holds -1, and a standard error is not neg"),
        ({"rows": ("0", "0")}, "rows ('0', '0') are empty or repeat a label"),
        ({"rows": (), "values": np.zeros((0, 3))}, "rows () are empty or repeat a label"),
        ({"columns": ("a", "b", "a")}, "columns ('a', 'b', 'a') are empty or repeat a label"),
        ({"native": ("a",)}, "1 native labels for 3 columns"),
        ({"range": (1, None)}, "value 0 is below the promised range (1, None)"),
        ({"range": (0, 12)}, "value 12.34 is above the promised range (0, 12)"),
        ({"range": (20, 0)}, "range (20, 0) ends below its start"),
        ({"kind": "counts"}, "a counts matrix holds 0.5"),
        ({"kind": "binary", "values": [[0, 1, 2], [0, 0, 0]]}, "a binary matrix holds more than 0"),
        (
            {"kind": "categorical", "categories": ("a",), "values": [[0, 0, 1], [0, 0, 0]]},
            "a categorical matrix of 1 categories holds 0.0..1.0",
        ),
        ({"kind": "categorical", "values": np.zeros((2, 3))}, "a categorical matrix of 0 cat"),
        ({"scale": "log", "values": -np.ones((2, 3))}, "a matrix on a log scale holds -1"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(AtlasError) as caught:
        matrix(**changes)
    assert f"matrix 'rms': {problem}" in str(caught.value)


def test_a_bound_may_be_rounded_where_a_value_is_not() -> None:
    third = matrix(range=(0, 1 / 3), values=np.full((2, 3), 1 / 3))
    assert from_json(json.loads(third.json_text())).range == (0, 0.3333)
    matrix(range=(0, 0.3333), values=np.full((2, 3), 1 / 3))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"values": [[1, 2, 3], [1, 2]]}, "values has rows of 2 to 3 values"),
        ({"values": [[1, 2, 3], [1, 2, "3"]]}, "values holds '3', which is not a number"),
        ({"values": [[1, 2, 3], [1, 2, True]]}, "values holds True, which is not a number"),
        ({"values": [[1, 2, 3], [1, 2, [3]]]}, "values holds [3], which is not a number"),
        ({"values": [[1, 2, 3], [1, 2, 10**400]]}, "values holds a whole number that no float"),
        ({"values": [[1, 2, 3], [1, 2, math.inf]]}, "values at row '1', column 'mlp.gate' is inf"),
        ({"values": [[], []]}, "values of shape (2, 0)"),
        ({"spread": [[1, 2, 3], [1]]}, "spread has rows of 1 to 3 values"),
    ],
)
def test_values_of_a_file_are_checked(changes: dict[str, Any], problem: str) -> None:
    document = {**json.loads(matrix().json_text()), **changes}
    with pytest.raises(AtlasError) as caught:
        from_json(document, "a/weights.json")
    line = str(caught.value)
    assert line.startswith("a/weights.json: matrix 'rms': ") and problem in line
    assert line.endswith("; measure it again")


def test_every_problem_of_a_matrix_is_told() -> None:
    document = {**json.loads(matrix().json_text()), "rows": ["0", "0"], "native": ["a"]}
    with pytest.raises(Problems) as caught:
        from_json(document, "weights.json")
    lines = str(caught.value).splitlines()
    assert len(lines) == 2 and all(line.startswith("weights.json: matrix 'rms'") for line in lines)


def test_the_largest_profile_is_read_and_written_in_a_moment() -> None:
    """80 matrices of 80 layers and 64 heads; the limit is loose, for a busy machine."""
    generator = np.random.default_rng(0)
    labels = {"rows": tuple(map(str, range(80))), "columns": tuple(map(str, range(64)))}
    made = [matrix(values=generator.random((80, 64)), **labels) for _ in range(80)]
    start = time.process_time()
    texts = [item.json_text() for item in made]
    assert time.process_time() - start < 2
    assert sum(map(len, texts)) < 3_500_000
    documents = [json.loads(text) for text in texts]
    start = time.process_time()
    for document in documents:
        from_json(document)
    assert time.process_time() - start < 1


def test_digits_are_stated_once() -> None:
    assert matrices.DIGITS == 4 and rounded(matrices.LARGEST) == matrices.LARGEST


def test_the_share_of_one_passage_comes_back() -> None:
    """Beside standard errors; NaN where neither can be told."""
    shares = np.array([[0.25, np.nan, 0.5], [1.0, 0.5, 0.0]])
    made = matrix(spread=shares * 2, largest_share=shares)
    again = from_json(json.loads(made.json_text()))
    assert again.largest_share is not None and again.spread is not None
    assert np.array_equal(again.largest_share, shares, equal_nan=True)
    assert np.array_equal(again.spread, shares * 2, equal_nan=True)


@pytest.mark.parametrize(
    ("shares", "problem"),
    [
        (np.full((2, 3), 1.5), "largest_share holds what is no share of a whole"),
        (np.full((2, 3), -0.1), "largest_share holds what is no share of a whole"),
        (np.ones((1, 3)), r"largest_share of shape \(1, 3\)"),
    ],
)
def test_what_is_no_share(shares: np.ndarray, problem: str) -> None:
    with pytest.raises(AtlasError, match=problem):
        matrix(largest_share=shares)
