"""What the compare page computes: the same as the reference in Python."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import comparison_reference as compare
import numpy as np
import pytest
import samples
from called import KINDS, of, plain
from served import Site

from atlas.profiles.matrix import Matrix
from atlas.site.figures import heatmap

Call = Callable[..., Any]

BY: tuple[compare.By, ...] = ("layer", "depth")


def test_grids_are_those_of_the_reference(call: Call) -> None:
    one = samples.matrix()
    two = of(np.arange(12.0).reshape(4, 3), axes=one.axes, columns=("mlp.up", "attn.q", "mlp.gate"))
    for by in BY:
        for shared in (False, True):
            wanted = compare.align([one, two], by, shared)
            assert call("matrix/align", "align", [one, two], by, shared) == plain(wanted)
            stacked = compare.stacked([one, two], wanted)
            assert call("matrix/align", "stacked", [one, two], wanted) == plain(stacked)
            for model, matrix in enumerate((one, two)):
                taken = plain(compare.taken(matrix, wanted, model))
                assert call("matrix/align", "taken", matrix, wanted, model) == taken
            found = call("matrix/align", "pooled", [one, two], wanted, stacked)
            pooled = plain(compare.pooled([one, two], wanted))
            assert {key: found.get(key) for key in pooled} == pooled


def test_labels_and_depths_are_merged_as_in_the_reference(call: Call) -> None:
    for lists in ([["10", "9"], ["2"]], [["b", "a"], ["a", "c", "b"]], [["x", "1"], ["0", "1"]]):
        assert call("matrix/align", "merged", lists) == plain(compare.merged(lists))
    for count in (1, 2, 5, 12, 80):
        assert call("matrix/align", "depths", count) == plain(compare.depths(count))
        for length in (1, 2, 5, 12, 80):
            assert call("matrix/align", "nearest", count, length) == plain(
                compare.nearest(count, length)
            )


def test_categories_are_stacked_as_in_the_reference(call: Call) -> None:
    pair = [
        of([[0.0, 1.0]], kind="categorical", categories=("a", "b")),
        of([[0.0, 1.0]], kind="categorical", categories=("b", "c")),
    ]
    grid = compare.align(pair)
    assert call("matrix/align", "stacked", pair, grid) == plain(compare.stacked(pair, grid))


def _cases() -> Iterator[list[Matrix]]:
    drawn = np.random.default_rng(7)
    for _ in range(12):
        matrices = []
        for _ in range(int(drawn.integers(1, 4))):
            labels = [f"m{at}" for at in drawn.permutation(6)[: drawn.integers(1, 6)]]
            rows = tuple(str(at) for at in range(drawn.integers(1, 20)))
            values = drawn.integers(-3, 9, (len(rows), len(labels))) / 4
            values[drawn.random(values.shape) < 0.2] = np.nan
            matrices.append(samples.matrix(rows=rows, columns=tuple(labels), values=values))
        yield matrices


COMPARED = """async ([base, matrices, by, shared]) => {
  const [lined, contrast, scales] = await Promise.all(
    ["align", "contrast", "scales"].map((name) => import(`${base}matrix/${name}.js`)));
  const grid = lined.align(matrices, by, shared);
  const values = lined.stacked(matrices, grid);
  const [differences, ratios, changes] = ["differences", "ratios", "changes"].map(
    (name) => contrast[name](values));
  const empty = !grid.rows.labels.length || !grid.columns.labels.length;
  const pooled = empty ? null : lined.pooled(matrices, grid, values);
  return { grid, values, differences, ratios, changes,
    largest: [contrast.largest(differences), contrast.largest(ratios, true)],
    shares: pooled && [...scales.colour(pooled, "linear").shares] };
}"""


def test_comparisons_are_those_of_the_reference(page: Any, site: Site) -> None:
    """From the common grid to contrasts and colours, of matrices drawn at random."""
    page.goto(f"{site.url}methods/")
    for matrices in _cases():
        for by, shared in itertools.product(BY, (False, True)):
            found = page.evaluate(COMPARED, [site.modules, plain(matrices), by, shared])
            grid = compare.align(matrices, by, shared)
            assert found["grid"] == plain(grid)
            values = compare.stacked(matrices, grid)
            assert found["values"] == plain(values)
            contrasts = {
                "differences": compare.differences(values),
                "ratios": compare.ratios(values),
                "changes": compare.changes(values),
            }
            for name, contrast in contrasts.items():
                assert found[name] == plain(contrast), name
            largest = [
                compare.largest(contrasts["differences"]),
                compare.largest(contrasts["ratios"], ratio=True),
            ]
            assert found["largest"] == plain(largest)
            if found["shares"] is None:
                continue
            shares = heatmap.shares(compare.pooled(matrices, grid)).ravel()
            got = np.array([np.nan if share is None else share for share in found["shares"]], float)
            np.testing.assert_allclose(got, shares, atol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"version": 2, "analysis": "drift"},
        {
            "protocol": {
                "tau": 1e-5,
                "rule": None,
                "sure": True,
                "k": 3.0,
                "z_last": 0.25,
                "tiny": -2.5e-9,
            }
        },
        {"conditions": {"device": "cuda", "dtype": "float16"}},
        {
            "protocol": {"tau": 0.1, "rule": "k = 10 …", "corpus": "sha256:2"},
            "conditions": {"corpus": "reference (x)"},
        },
        {"matrices": (samples.matrix(unit="share", kind="counts", values=np.ones((2, 3))),)},
        {"matrices": (samples.matrix(axes=("layer", "kv_head"), range=(0, None)),)},
    ],
    ids=["nothing", "method", "protocol", "conditions", "corpus", "quantity", "axes"],
)
def test_obstacles_are_those_of_the_reference(call: Call, changes: dict[str, Any]) -> None:
    one = samples.profile()
    other = replace(one, **changes)
    ours, theirs = one.matrices[0], other.matrices[0]
    forbids = compare.obstacles(one, other, "rms")
    assert call("matrix/contrast", "obstacles", one, other, ours, theirs) == plain(forbids)
    otherwise = compare.conditions(one, other)
    assert call("matrix/contrast", "conditions", one, other) == plain(otherwise)
    ratio = compare.has_ratio(other.matrix("rms"))
    assert call("matrix/contrast", "hasRatio", theirs) == ratio


def test_without_a_value_nothing_is_largest(call: Call) -> None:
    nothing = np.full((1, 1, 1), np.nan)
    assert call("matrix/contrast", "largest", nothing) is compare.largest(nothing) is None


@pytest.mark.parametrize("matrix", KINDS.values(), ids=KINDS)
def test_ratios_are_of_the_same_amounts(call: Call, matrix: Matrix) -> None:
    assert call("matrix/contrast", "hasRatio", matrix) == compare.has_ratio(matrix)
