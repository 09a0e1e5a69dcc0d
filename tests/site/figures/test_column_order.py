"""Columns as a page draws them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import samples

from atlas.profiles import statement
from atlas.site.figures import column_order

NAMES = {"axes": ("layer", "module"), "rows": ("0", "1"), "range": (0, 1), "native": None}
MODULES = samples.matrix(
    name="taylor", columns=("a", "b", "c"), values=[[0.1, 1.0, np.nan], [0.3, 0.2, np.nan]], **NAMES
)
BLOCK = samples.matrix(name="block", columns=("block",), values=[[1.0], [0.0]], **NAMES)


def test_columns_stand_by_their_mean_those_without_values_last() -> None:
    native = replace(MODULES, native=("x.a", "x.b", "x.c"))
    found = column_order.arranged(native, "mean")
    assert found.columns == ("b", "a", "c")
    assert found.native == ("x.b", "x.a", "x.c")
    assert found.values[:, 0].tolist() == [1.0, 0.2]
    assert column_order.arranged(native, "") is native


def test_layers_and_classes_have_an_order_of_their_own() -> None:
    layers = samples.matrix(axes=("cluster", "layer"))
    assert column_order.arranged(layers, "mean") is layers
    values = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    classes = replace(MODULES, kind="categorical", categories=("a", "b"), range=None, values=values)
    assert column_order.arranged(classes, "mean") is classes


def test_numbered_heads_keep_their_order() -> None:
    heads = replace(MODULES, axes=("layer", "head"), columns=("0", "1", "2"))
    assert column_order.arranged(heads, "mean") is heads


def test_a_column_on_the_same_scale_stands_first() -> None:
    found = column_order.joined(MODULES, BLOCK)
    assert found.columns == ("block", "a", "b", "c")
    assert found.values[:, 0].tolist() == [1.0, 0.0]
    assert found.native is None
    assert column_order.joined(MODULES, None) is MODULES


def test_what_is_on_another_scale_or_of_other_rows_stays_apart() -> None:
    for other in (
        replace(BLOCK, range=(0, None)),
        replace(BLOCK, range=None),
        replace(BLOCK, scale="log"),
        replace(BLOCK, rows=("0", "2")),
        replace(BLOCK, columns=("a",)),
    ):
        assert column_order.joined(MODULES, other) is MODULES
    assert (
        column_order.joined(replace(MODULES, range=(None, None)), BLOCK).columns == MODULES.columns
    )


def test_an_analysis_says_what_stands_first() -> None:
    stated = statement.of("importance")
    assert column_order.beside(stated, [MODULES, BLOCK]) is BLOCK
    assert column_order.beside(stated, [MODULES]) is None
    assert column_order.beside(statement.of("weights"), [MODULES, BLOCK]) is None
