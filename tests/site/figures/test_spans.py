"""Scales are chosen from the data, by a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
import samples

from atlas.paths import PACKAGE
from atlas.profiles import profile_file
from atlas.profiles.matrix import Matrix
from atlas.site.figures import column_order, heatmap, spans

EVEN = np.linspace(0.1, 0.2, 60)


def _of(values: np.ndarray | list[float], **changes: object) -> Matrix:
    array = np.atleast_2d(np.asarray(values, dtype=float))
    rows, columns = (tuple(map(str, range(size))) for size in array.shape)
    return samples.matrix(values=array, rows=rows, columns=columns, **changes)


def test_values_that_can_be_told_apart_stay_linear() -> None:
    assert spans.chosen([_of(EVEN)]).name == "linear"
    assert heatmap.scale_text(_of(EVEN)) == "linear, 0.1 to 0.2"


def test_values_over_magnitudes_are_logarithmic() -> None:
    wide = _of(np.geomspace(0.02, 377, 60))
    assert spans.chosen([wide]).name == "log"
    assert heatmap.scale_text(wide) == "logarithmic, 0.02 to 377"
    zero = _of(np.append(0.0, np.geomspace(0.02, 377, 60)))
    assert not spans.chosen([zero]).is_log, "0 has no place on a logarithmic scale"


def test_an_outlier_has_the_colour_of_the_end() -> None:
    """One layer whose block influence is .995 leaves colours to the others."""
    values = np.append(EVEN, 60.0)
    span = spans.chosen([_of(values)])
    assert (span.name, span.above) == ("robust", 1)
    assert span.shares(values)[-1] == 1.0
    assert np.ptp(span.shares(EVEN)) > 0.9
    assert heatmap.scale_text(_of(values)) == (
        "linear without outliers, 0.102 to 0.2; 2 of 61 values beyond take the end colour"
    )


@pytest.mark.parametrize("count", [8, 16, 150, 5000])
def test_outliers_are_half_a_percent_on_either_side_and_one_at_least(count: int) -> None:
    values = np.append(np.linspace(1, 2, count - 2), [-1000.0, 1000.0])
    span = spans.of("robust", "sequential", values)
    beyond = max(1, round(count * spans.TAIL))
    assert (span.below, span.above) == (beyond, beyond)
    if count < 200:
        assert (span.low, span.high) == pytest.approx((1, 2))


def test_among_a_few_values_none_is_an_outlier() -> None:
    few = _of([1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 900.0])
    assert spans.chosen([few]).name == "linear"
    assert spans.of("robust", "sequential", few.values.ravel()).above == 0


def test_maps_of_scores_keep_what_is_possible_whichever_axis_is_up() -> None:
    scores = _of(EVEN, axes=("layer", "head"), range=(0, 1))
    for one in (scores, column_order.upright(scores)):
        assert heatmap.scale_text(one) == "linear over the possible range, 0 to 1"
    assert not spans.fixed(_of(EVEN, axes=("layer", "module"), range=(0, 1)))


def test_two_signs_stay_symmetric_without_their_outlier() -> None:
    values = np.append(EVEN - 0.15, -9.0)
    span = spans.chosen([_of(values, kind="diverging", range=None)])
    assert (span.name, span.below) == ("robust", 1)
    assert span.low == -span.high


def test_the_scale_of_several_models_is_chosen_from_all_of_their_values() -> None:
    small, large = _of(EVEN), _of(EVEN * 1000)
    assert spans.chosen([small]).name == spans.chosen([large]).name == "linear"
    both = spans.chosen([small, small, large])
    assert both.name == "log"
    assert (both.low, both.high) == pytest.approx((0.1, 200))


def committed() -> Iterator[tuple[str, Matrix]]:
    """Every committed matrix of values, with a name to find it by."""
    folder = PACKAGE.parent / "docs" / "models"
    for path in sorted(folder.glob("*/*.json")):
        if path.name.count(".") > 1 or path.name == "verified.json":
            continue  # a side file, or what was measured again
        for matrix in profile_file.load(path).matrices:
            if matrix.kind not in ("categorical", "binary"):
                yield f"{path.relative_to(folder)} {matrix.name}", matrix


@pytest.fixture(scope="module")
def every() -> list[tuple[str, Matrix]]:
    return list(committed())


def closest(matrix: Matrix, shares: np.ndarray) -> float:
    """The smallest share of the colours that half of the values lie in."""
    told = np.sort(shares[np.isfinite(matrix.values)])
    half = len(told) // 2
    return float(min(told[at + half] - told[at] for at in range(len(told) - half)))


def test_committed_matrices_open_with_a_scale_that_shows_them(
    every: list[tuple[str, Matrix]],
) -> None:
    """No half of the values share a twentieth of the colours; of the few that no scale shows so,
    none of the others shows more. Maps of scores keep 0 to 1, and counts begin at 0."""
    crowded, seen = [], 0
    for name, matrix in every:
        values = matrix.values[np.isfinite(matrix.values)]
        if matrix.kind == "counts" or spans.fixed(matrix) or len(values) < spans.FEWEST:
            continue
        seen += 1
        if (mine := closest(matrix, heatmap.shares(matrix))) >= 0.05:
            continue
        crowded.append(name)
        for other in spans.fitting(matrix.kind, matrix.scale, values):
            span = spans.of(other, matrix.kind, values)
            assert closest(matrix, span.shares(matrix.values)) <= mine + 1e-12, (name, other)
    assert seen > 300
    assert len(crowded) < 0.1 * seen, crowded


def test_ticks_of_committed_matrices_are_inside_and_round(every: list[tuple[str, Matrix]]) -> None:
    for name, matrix in every:
        low, high = heatmap.limits(matrix)
        bar = heatmap.bar_ticks(matrix)
        assert all(0 <= at <= 1 for at, _ in bar), name
        if high <= low:
            continue
        assert 2 <= len(bar) <= 7, name
        for _, label in bar:
            digits = re.sub(r"10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+$|[^\d]", "", label).strip("0")
            assert len(digits) <= 3, (name, label)


def test_no_number_of_a_committed_matrix_is_in_e_notation(every: list[tuple[str, Matrix]]) -> None:
    for name, matrix in every:
        shown = [heatmap.scale_text(matrix), heatmap.summary(matrix)]
        shown += [label for _, label in heatmap.bar_ticks(matrix)]
        known = np.isfinite(matrix.values)
        shown += [heatmap.of_cell(matrix, row, column) for row, column in np.argwhere(known)[:40]]
        for text in shown:
            assert "e-" not in text and "e+" not in text, name
            assert "-" not in text.replace("per-", ""), (name, text)
