"""What the matrices of a profile say together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import samples
from scipy import stats

from atlas.profiles.matrix import Matrix
from atlas.site.figures import findings


def _matrix(values: np.ndarray, name: str = "a", **changes: object) -> Matrix:
    rows, columns = values.shape
    return samples.matrix(
        **{
            "name": name,
            "title": f"Quantity {name}",
            "values": values,
            "rows": tuple(map(str, range(rows))),
            "columns": tuple(f"m{column}" for column in range(columns)),
            **changes,
        }
    )


def _noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((6, 3))


def _peak(name: str, layer: int) -> Matrix:
    values = _noise(len(name) + layer)
    values[layer, 1] = 5.0
    return _matrix(values, name)


@pytest.mark.parametrize("seed", range(5))
def test_trend_is_the_mean_rank_correlation_with_depth(seed: int) -> None:
    values = np.round(_noise(seed), 1)  # with ties
    expected = [stats.spearmanr(np.arange(6), column).statistic for column in values.T]
    assert findings.trend(_matrix(values)) == pytest.approx(np.mean(expected), abs=1e-12)


def test_trend_leaves_out_what_does_not_exist_everywhere() -> None:
    values = np.column_stack([np.arange(6.0), np.arange(6.0)[::-1]])
    values[2, 1] = np.nan
    assert findings.trend(_matrix(values)) == pytest.approx(1.0)
    assert findings.trend(_matrix(np.full((6, 2), np.nan))) == 0.0
    assert findings.trend(_matrix(np.ones((6, 2)))) == 0.0


def test_the_layer_with_most_peaks_is_named() -> None:
    shown = [_peak("a", 2), _peak("b", 2), _peak("c", 2), _peak("d", 5)]
    assert findings.told(shown) == (
        "Layer 2 has the highest value of 3 of 4 quantities:"
        " Quantity a, Quantity b and Quantity c.",
    )


def test_peaks_all_over_are_no_finding() -> None:
    assert findings.told([_peak("a", 0), _peak("b", 2), _peak("c", 2), _peak("d", 5)]) == ()


def test_what_rises_and_falls_with_depth_is_told() -> None:
    up = np.arange(6.0)[:, None] + _noise(1) / 4
    shown = [_matrix(up, "a"), _matrix(-up, "b", range=None), _matrix(up * 2, "c")]
    assert findings.told(shown) == (
        "With depth, Quantity a and Quantity c rise; Quantity b falls"
        " (rank correlation 0.8 or more).",
    )


def test_many_names_are_counted() -> None:
    up = np.arange(6.0)[:, None] + _noise(1) / 4
    shown = [_matrix(up, letter) for letter in "abcdef"]
    trend = findings.told(shown)[-1]
    assert trend.startswith("With depth, Quantity a, Quantity b, Quantity c and 3 more rise ")


def test_what_has_no_order_or_no_layers_says_nothing() -> None:
    up = np.arange(6.0)[:, None] * np.ones(3)
    kinds = _matrix(up, kind="categorical", categories=tuple("abcdef"))
    assert findings.told([kinds]) == ()
    assert findings.told([_matrix(up, axes=("cluster", "layer"))]) == ()
    assert findings.told([_matrix(up[:3])]) == ()
    assert findings.told([_matrix(np.ones((6, 2)))]) == ()
    assert findings.told([replace(_matrix(up), values=np.full((6, 3), np.nan))]) == ()
