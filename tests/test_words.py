"""Numbers, counts, sizes and durations as people read them."""

from __future__ import annotations

import pytest

from atlas import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.41234, "0.412"),
        (-12.345, "-12.3"),
        (99999.0, "100000"),
        (123456.0, "1.23e5"),
        (0.000012345, "1.23e-5"),
        (1000.0, "1000"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "under a second"), (1, "1 second"), (40, "40 seconds"), (600, "10 minutes"),
     (7200, "2 hours"), (300000, "3 days")],
)  # fmt: skip
def test_durations_are_rough(seconds: float, text: str) -> None:
    assert words.about(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(12, "12"), (4096, "4,096"), (1_500_000, "1.5 million"), (8_030_000_000, "8.03 billion")],
)
def test_counts_are_as_people_read_them(value: int, text: str) -> None:
    assert words.count(value) == text


def test_sizes_have_units() -> None:
    assert [words.size(value) for value in (12, 1500, 2.5e9)] == [
        "12 bytes",
        "1.5 kB",
        "2.5 GB",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "unknown"), (0.04, "under 0.1 s"), (12.34, "12.3 s"), (89.9, "89.9 s"),
     (270, "4.5 min"), (7200, "2 h"), (300_000, "3.47 d")],
)  # fmt: skip
def test_durations_that_were_measured_are_exact(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text
