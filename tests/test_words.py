"""Numbers, counts, sizes and durations as people read them."""

from __future__ import annotations

import pytest

from atlas import words

GAP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.41234, "0.412"),
        (-12.345, "−12.3"),
        (99999.0, "100,000"),
        (123456.0, "123,000"),
        (999_999.0, "1,000,000"),
        (1_234_567.0, "1.23 × 10⁶"),
        (0.00012345, "0.000123"),
        (0.00009994, "9.99 × 10⁻⁵"),
        (0.000099999, "0.0001"),
        (-0.000012345, "−1.23 × 10⁻⁵"),
        (1000.0, "1,000"),
        (1e-12, "10⁻¹²"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert words.number(value) == text.replace(" ", GAP)


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.125, "2.13"), (-2.125, "−2.13"), (0.0009765625, "0.000977"), (1.0625e6, "1.06 × 10⁶"),
     (1.03125e-5, "1.03 × 10⁻⁵"), (262144.5, "262,000"), (1.5, "1.5"), (10.25, "10.3"),
     (100.5, "101"), (1.005, "1")],
)  # fmt: skip
def test_halves_are_rounded_up(value: float, text: str) -> None:
    """As JavaScript does; 1.005 is a little less than that in binary."""
    assert words.number(value) == text.replace(" ", GAP)


def test_halves_of_decimals_and_durations_are_rounded_up() -> None:
    assert [words.decimals(value, 2) for value in (0.125, -0.125, 0.375, 1.0)] == [
        "0.13", "−0.13", "0.38", "1.00",
    ]  # fmt: skip
    assert [words.decimals(value, 0) for value in (0.5, 2.5, 62.5)] == ["1", "3", "63"]
    assert words.duration(2.25) == "2.3 s"
    assert words.about(2.5) == "3 seconds"
    assert words.about(150) == "3 minutes"
    assert words.count(1_125_000) == "1.13 million"
    assert words.size(1125) == "1.13 kB"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.9074, "0.9074"), (-12345.6, "−12,345.6"), (1e-4, "0.0001"), (1e6, "1,000,000"),
     (6.103e-5, "6.103 × 10⁻⁵"), (-1e21, "−10²¹")],
)  # fmt: skip
def test_all_digits_are_written(value: float, text: str) -> None:
    assert words.written(value) == text.replace(" ", GAP)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "none"), (True, "yes"), (False, "no"), ("2.3, 2.2", "2.3, 2.2"), (32768, "32,768"),
     (12_345_678, "12,345,678"), (-1000, "−1,000"), (1.5e-5, "1.5 × 10⁻⁵")],
)  # fmt: skip
def test_scalars_keep_their_digits(value: float | str | None, text: str) -> None:
    assert words.scalar(value) == text.replace(" × ", f"{GAP}×{GAP}")


def test_rounding_reaches_the_next_unit() -> None:
    assert words.count(999_950_000) == "1 billion"
    assert words.count(999_999) == "999,999"
    assert [words.size(value) for value in (999.6, 999.6e3, 999.6e9)] == ["1 kB", "1 MB", "1 TB"]


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
