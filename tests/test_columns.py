"""Columns as a page draws them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import samples

from atlas import analysis, columns

NAMES = {"axes": ("layer", "module"), "rows": ("0", "1"), "range": (0, 1), "native": None}
MODULES = samples.matrix(
    name="taylor", columns=("a", "b", "c"), values=[[0.1, 1.0, np.nan], [0.3, 0.2, np.nan]], **NAMES
)
BLOCK = samples.matrix(name="block", columns=("block",), values=[[1.0], [0.0]], **NAMES)


def test_columns_stand_by_their_mean_those_without_values_last() -> None:
    native = replace(MODULES, native=("x.a", "x.b", "x.c"))
    found = columns.arranged(native, "mean")
    assert found.columns == ("b", "a", "c")
    assert found.native == ("x.b", "x.a", "x.c")
    assert found.values[:, 0].tolist() == [1.0, 0.2]
    assert columns.arranged(native, "") is native


def test_layers_and_classes_have_an_order_of_their_own() -> None:
    layers = samples.matrix(axes=("cluster", "layer"))
    assert columns.arranged(layers, "mean") is layers
    values = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    classes = replace(MODULES, kind="categorical", categories=("a", "b"), range=None, values=values)
    assert columns.arranged(classes, "mean") is classes


def test_a_column_on_the_same_scale_stands_first() -> None:
    found = columns.joined(MODULES, BLOCK)
    assert found.columns == ("block", "a", "b", "c")
    assert found.values[:, 0].tolist() == [1.0, 0.0]
    assert found.native is None
    assert columns.joined(MODULES, None) is MODULES


def test_what_is_on_another_scale_or_of_other_rows_stays_apart() -> None:
    for other in (
        replace(BLOCK, range=(0, None)),
        replace(BLOCK, range=None),
        replace(BLOCK, scale="log"),
        replace(BLOCK, rows=("0", "2")),
        replace(BLOCK, columns=("a",)),
    ):
        assert columns.joined(MODULES, other) is MODULES
    assert columns.joined(replace(MODULES, range=(None, None)), BLOCK).columns == MODULES.columns


def test_an_analysis_says_what_stands_first() -> None:
    stated = analysis.statement("importance")
    assert columns.beside(stated, [MODULES, BLOCK]) is BLOCK
    assert columns.beside(stated, [MODULES]) is None
    assert columns.beside(analysis.statement("weights"), [MODULES, BLOCK]) is None
