"""Layout, place on the colour scale, and sentences of a matrix."""

from __future__ import annotations

import atlases
import numpy as np
import pytest
import samples

from atlas.profiles.matrix import Matrix
from atlas.site.figures import heatmap


def _of(values: list[list[float]], **changes: object) -> Matrix:
    rows = tuple(str(row) for row in range(len(values)))
    columns = tuple(str(column) for column in range(len(values[0])))
    parts = {"rows": rows, "columns": columns, "axes": ("layer", "head"), **changes}
    return samples.matrix(values=np.array(values), **parts)


def test_linear_shares_span_the_own_range() -> None:
    shares = heatmap.shares(_of([[2.0, 4.0], [3.0, np.nan]]))
    np.testing.assert_array_equal(shares, [[0.0, 1.0], [0.5, np.nan]])


def test_log_shares_are_even_in_the_exponent_and_zero_is_the_lowest() -> None:
    shares = heatmap.shares(_of([[1.0, 10.0], [100.0, 0.0]], scale="log"))
    np.testing.assert_allclose(shares, [[0.0, 0.5], [1.0, 0.0]])


def test_diverging_shares_are_symmetric_about_zero() -> None:
    shares = heatmap.shares(_of([[-1.0, 0.0, 0.5]], kind="diverging"))
    np.testing.assert_allclose(shares, [[0.0, 0.5, 0.75]])


def test_scores_of_heads_keep_the_range_that_is_possible() -> None:
    """So that two maps, or two models, can be held side by side; other shares fill their own."""
    scores = _of([[0.2, 0.4]], range=(0, 1))
    np.testing.assert_allclose(heatmap.shares(scores), [[0.2, 0.4]])
    assert heatmap.scale_text(scores) == "linear over the possible range, 0 to 1"
    by_module = _of([[0.2, 0.4]], range=(0, 1), axes=("layer", "module"))
    np.testing.assert_allclose(heatmap.shares(by_module), [[0.0, 1.0]])


@pytest.mark.parametrize("layers", [1, 4, 12, 48, 80])
def test_layers_by_layers_are_a_square(layers: int) -> None:
    box = heatmap.box(_of(np.eye(layers).tolist(), axes=("layer", "layer")))
    assert box.width == box.height <= max(450, 8 * layers)


def test_counts_begin_at_zero() -> None:
    np.testing.assert_allclose(heatmap.shares(_of([[2.0, 4.0]], kind="counts")), [[0.5, 1.0]])


def test_counts_on_a_log_scale_begin_at_the_smallest_above_zero() -> None:
    counts = _of([[0.0, 1.0, 10.0, 100.0]], kind="counts", scale="log")
    np.testing.assert_allclose(heatmap.shares(counts), [[0.0, 0.0, 0.5, 1.0]])
    assert heatmap.scale_text(counts) == (
        "logarithmic, 1 to 100; 1 of 4 values beyond takes the end colour"
    )


def test_a_diverging_scale_is_never_logarithmic() -> None:
    matrix = _of([[0.0, 1.0, 4.0]], kind="diverging", scale="log")
    np.testing.assert_allclose(heatmap.shares(matrix), [[0.5, 0.625, 1.0]])
    assert heatmap.scale_text(matrix) == "linear, −4 to 4"


def test_categories_have_a_band_each() -> None:
    matrix = _of([[0.0, 1.0, 2.0]], kind="categorical", categories=("a", "b", "c"))
    np.testing.assert_allclose(heatmap.shares(matrix), [[1 / 6, 3 / 6, 5 / 6]])
    assert len(heatmap.colours(matrix)) == 3


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_equal_values_lie_in_the_middle(scale: str) -> None:
    assert heatmap.shares(_of([[3.0, 3.0]], scale=scale)).tolist() == [[0.5, 0.5]]


def test_nothing_that_exists_has_no_range() -> None:
    matrix = _of([[np.nan, np.nan]])
    assert heatmap.limits(matrix) == (0.0, 0.0)
    assert heatmap.summary(matrix) == "None of these values exist in this architecture."


def test_summary_names_the_cells_it_is_computed_from() -> None:
    matrix = samples.matrix()
    assert heatmap.summary(matrix) == (
        "Highest 12.3 at layer 0, attn.k; lowest 0 at layer 1, attn.k; median 0.5 over 5 values; "
        "1 of 6 do not exist in this architecture."
    )


def test_counts_keep_their_digits() -> None:
    counts = _of([[12340.0, 3.0, 4.0, 5.0]], kind="counts")
    assert heatmap.summary(counts) == (
        "Highest 12,340 at layer 0, head 0; lowest 3 at layer 0, head 1; median 4.5 over 4 values."
    )
    assert heatmap.scale_text(counts) == "linear, 0 to 12,340"


def test_summary_of_categories_counts_them() -> None:
    matrix = _of([[0.0, 1.0, 1.0]], kind="categorical", categories=("a", "b", "c"))
    assert heatmap.summary(matrix) == "Of 3 cells: b in 2, a in 1."


def test_the_unit_of_a_binary_matrix_names_its_classes() -> None:
    mask = _of([[1.0, 0.0, 1.0]], kind="binary", unit="1 kept, 0 pruned")
    assert heatmap.summary(mask) == "Of 3 cells: kept in 2, pruned in 1."
    assert heatmap.scale_text(mask) == "dark kept, light pruned"
    assert [label for label, _ in heatmap.legend(mask)] == ["pruned", "kept"]
    assert heatmap.of_cell(mask, 0, 1) == "pruned"
    assert mask.told_unit == "kept or pruned"
    other = _of([[1.0, 0.0]], kind="binary", unit="whether a head is live")
    assert [label for label, _ in heatmap.legend(other)] == ["0", "1"]
    assert other.told_unit == other.unit


def test_scale_text_says_which_scale_is_on() -> None:
    assert heatmap.scale_text(_of([[2.0, 4.0]])) == "linear, 2 to 4"
    assert heatmap.scale_text(_of([[2.0, 2.0, 4.0]], scale="log")) == "logarithmic, 2 to 4"


@pytest.mark.parametrize(("layers", "heads"), [(1, 1), (12, 12), (48, 25), (80, 64), (200, 128)])
def test_every_shape_has_a_frame_that_a_page_can_hold(layers: int, heads: int) -> None:
    box = heatmap.box(atlases.matrices(0, layers, heads)[2])
    assert 8 * layers <= box.height <= max(8 * layers, 450)
    assert box.width <= max(8 * heads, 770)
    assert box.left < 200
    assert box.right <= heatmap.BAR + 2 * heatmap.LINE
