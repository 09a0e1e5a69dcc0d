"""What the matrices of a profile say together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import samples

from atlas.profiles import contract, statement
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


def test_the_layer_with_most_peaks_is_named() -> None:
    shown = [_peak("a", 2), _peak("b", 2), _peak("c", 2), _peak("d", 5)]
    assert findings.told(shown) == (
        "Layer 2 has the highest value for 3 of 4 quantities:"
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


# Beyond the spread


def test_a_highest_value_within_the_error_of_the_next_is_not_told() -> None:
    """Two standard errors of their difference, or an error that cannot be told."""
    shown = [_peak(name, 2) for name in "abcd"]
    assert findings.told([replace(item, spread=np.full((6, 3), 0.1)) for item in shown])
    for error in (2.0, np.nan):
        assert findings.told([replace(item, spread=np.full((6, 3), error)) for item in shown]) == ()


def test_the_error_is_that_of_both() -> None:
    values = np.zeros((6, 1))
    values[2], values[4] = 5.0, 1.0
    spread = np.zeros((6, 1))
    spread[2], spread[4] = 1.0, 1.7
    sure = [_matrix(values, name, spread=spread) for name in "abcd"]
    assert findings.told(sure)[0].startswith("Layer 2 has the highest value for 4 of 4")
    spread = spread.copy()
    spread[4] = 1.8  # the difference is 4, its error 2.06
    assert findings.told([_matrix(values, name, spread=spread) for name in "abcd"]) == ()
    spread[4], spread[0] = 1.7, 2.5  # another than the next is far below, and as unsure
    assert findings.told([_matrix(values, name, spread=spread) for name in "abcd"]) == ()


def test_of_two_layers_with_one_value_neither_is_told() -> None:
    values = np.zeros((6, 2))
    values[1, 0] = values[3, 1] = 1.0
    assert findings.told([_matrix(values, name) for name in "abcd"]) == ()


# By construction, and once


def _stated(**stated: dict[str, str]) -> dict[str, contract.Quantity]:
    plain = {"title": "t", "unit": "u", "direction": "d", "axes": ("layer", "module")}
    return contract.read({name: {**plain, **one} for name, one in stated.items()})


def test_what_holds_by_construction_is_no_finding() -> None:
    """A similarity with itself, which is 1 and highest in layer 0; a distance to itself, 0."""
    likeness = 0.5 + 0.1 * np.random.default_rng(1).random((6, 6))
    likeness = (likeness + likeness.T) / 2
    np.fill_diagonal(likeness, np.linspace(1.0, 0.99, 6))  # to rounding
    like = _matrix(likeness, "e", axes=("layer", "layer"))
    peaks = [_peak(name, 0) for name in "abc"]
    noise = [_matrix(np.tile(_noise(2)[:, :1], 2), name) for name in "dfg"]  # none leads
    quantities = _stated(e={"constructed": "diagonal"})
    assert findings.told([*peaks, like, *noise])[0].startswith("Layer 0 has")
    assert findings.told([*peaks, like, *noise], quantities) == ()

    last = np.vstack([np.tile([[3.0], [1.0], [2.0], [4.0], [2.5]], 3), np.full((1, 3), 9.0)])
    shown = [_matrix(last + at, name) for at, name in enumerate("abcd")]
    assert findings.told(shown)[0].startswith("Layer 5 has the highest value for 4")
    last_row = {name: {"constructed": "last row"} for name in "abcd"}
    quantities = _stated(**last_row)
    assert findings.told(shown, quantities)[0].startswith("Layer 3 has the highest value for 4")


def test_a_model_of_one_layer_has_nothing_left_without_its_last_row() -> None:
    single = _matrix(np.zeros((1, 3)))
    assert findings.told([single], _stated(a={"constructed": "last row"})) == ()


def test_quantities_that_are_functions_of_one_another_are_told_once() -> None:
    up = np.arange(6.0)[:, None] + _noise(1) / 4
    shown = [_matrix(up, "a"), _matrix(np.log(up + 1), "b"), _matrix(up**2, "c")]
    quantities = _stated(a={}, b={"same_as": "a"}, c={"same_as": "a"})
    assert findings.told(shown, quantities) == (
        "With depth, Quantity a rises (rank correlation 0.8 or more).",
    )
    assert findings.told(shown[1:], quantities) == (
        "With depth, Quantity b rises (rank correlation 0.8 or more).",
    )


def test_analyses_state_what_is_no_finding_of_their_own() -> None:
    residual = statement.of("residual").matrices
    assert residual["lens_kl"].constructed == "last row"
    assert residual["cka"].constructed == "diagonal"
    assert residual["angular"].same_as == "block_influence"
    assert statement.of("importance").matrices["taylor_per_weight"].same_as == "taylor"
    functions = statement.of("functions").matrices
    several = [contract.find(functions, f"score:capital@{k}") for k in (10, 25)]
    other = contract.find(functions, "suppressive:capital@10")
    assert {one.same_as for one in several if one} == {"score:capital"}
    assert other and other.same_as == "suppressive:capital"
