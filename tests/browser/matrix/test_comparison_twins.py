"""What the compare page computes: the same as the reference in Python."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import comparison_reference as compare
import estimated_atlas
import masks_atlas
import numpy as np
import pytest
import samples
from called import KINDS, of, plain
from served import Site

from atlas.profiles import alignment, comparable, contrast
from atlas.profiles.matrix import Matrix
from atlas.site.figures import heatmap

Call = Callable[..., Any]

BY: tuple[alignment.By, ...] = ("layer", "depth")


def test_grids_are_those_of_the_reference(call: Call) -> None:
    one = samples.matrix()
    two = of(np.arange(12.0).reshape(4, 3), axes=one.axes, columns=("mlp.up", "attn.q", "mlp.gate"))
    for by in BY:
        for shared in (False, True):
            wanted = alignment.align([one, two], by, shared)
            assert call("matrix/align", "align", [one, two], by, shared) == plain(wanted)
            stacked = alignment.stacked([one, two], wanted)
            assert call("matrix/align", "stacked", [one, two], wanted) == plain(stacked)
            for model, matrix in enumerate((one, two)):
                taken = plain(alignment.taken(matrix, wanted, model))
                assert call("matrix/align", "taken", matrix, wanted, model) == taken
            found = call("matrix/align", "pooled", [one, two], wanted, stacked)
            pooled = plain(compare.pooled([one, two], wanted))
            assert {key: found.get(key) for key in pooled} == pooled


def test_labels_and_depths_are_merged_as_in_the_reference(call: Call) -> None:
    for lists in ([["10", "9"], ["2"]], [["b", "a"], ["a", "c", "b"]], [["x", "1"], ["0", "1"]]):
        assert call("matrix/align", "merged", lists) == plain(alignment.merged(lists))
    for count in (1, 2, 5, 12, 80):
        assert call("matrix/align", "depths", count) == plain(alignment.depths(count))
        for length in (1, 2, 5, 12, 80):
            assert call("matrix/align", "nearest", count, length) == plain(
                alignment.nearest(count, length)
            )


def test_categories_are_stacked_as_in_the_reference(call: Call) -> None:
    pair = [
        of([[0.0, 1.0]], kind="categorical", categories=("a", "b")),
        of([[0.0, 1.0]], kind="categorical", categories=("b", "c")),
    ]
    grid = alignment.align(pair)
    assert call("matrix/align", "stacked", pair, grid) == plain(alignment.stacked(pair, grid))


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
            grid = alignment.align(matrices, by, shared)
            assert found["grid"] == plain(grid)
            values = alignment.stacked(matrices, grid)
            assert found["values"] == plain(values)
            contrasts = {
                "differences": contrast.differences(values),
                "ratios": contrast.ratios(values),
                "changes": contrast.changes(values),
            }
            for name, wanted in contrasts.items():
                assert found[name] == plain(wanted), name
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
    forbids = comparable.obstacles(one, other, "rms")
    assert call("matrix/contrast", "obstacles", one, other, ours, theirs) == plain(forbids)
    otherwise = comparable.conditions(one, other)
    assert call("matrix/contrast", "conditions", one, other) == plain(otherwise)
    ratio = contrast.has_ratio(other.matrix("rms"))
    assert call("matrix/contrast", "hasRatio", theirs) == ratio


def test_without_a_value_nothing_is_largest(call: Call) -> None:
    nothing = np.full((1, 1, 1), np.nan)
    assert call("matrix/contrast", "largest", nothing) is compare.largest(nothing) is None


@pytest.mark.parametrize("matrix", KINDS.values(), ids=KINDS)
def test_ratios_are_of_the_same_amounts(call: Call, matrix: Matrix) -> None:
    assert call("matrix/contrast", "hasRatio", matrix) == contrast.has_ratio(matrix)


@pytest.mark.parametrize("key", [*comparable.BINDING, "dtype"])
def test_conditions_bind_as_in_python(call: Call, key: str) -> None:
    """Whatever binds is an obstacle, told as such and not once more among the rest."""
    one = samples.profile(conditions={"device": "cpu", key: 134201})
    for value in (98334, 134201):
        other = replace(one, conditions={**one.conditions, key: value})
        matrix = one.matrices[0]
        found = call("matrix/contrast", "obstacles", one, other, matrix, matrix)
        assert found == plain(comparable.obstacles(one, other, "rms"))
        assert bool(found) == (comparable.terms(one) != comparable.terms(other))
        told = call("matrix/contrast", "conditions", one, other)
        assert told == plain(comparable.conditions(one, other))
        differs = value != 134201
        assert len(found) + len(told) == differs
        if differs:
            texts = {"first": "134,201", "second": "98,334"}
            assert [*found, *told] == [{"what": key.replace("_", " "), **texts}]


# How sure a difference is


def _measured(name: str, seed: int, passages: Any) -> dict[str, Any]:
    """A model that the script compares."""
    if name.startswith("delta"):
        found = masks_atlas.matrices(seed, 4, learned=False)
    else:
        found = estimated_atlas.matrices(seed, 4)
    matrix = next(one for one in found if one.name == name)
    if matrix.spread is None:
        matrix = replace(matrix, spread=np.full(matrix.values.shape, 0.5))
    analysis = "masks" if name.startswith("delta") else "importance"
    profile = samples.profile(analysis=analysis, matrices=(matrix,), conditions={})
    return {"profile": profile, "matrix": matrix, "passages": passages}


def _losses(seed: int) -> list[dict[str, Any]]:
    """The part of a profile of `masks` that has a passage's losses."""
    drawn = np.random.default_rng(seed)
    return [
        {
            "passage": at,
            "cluster": at % len(masks_atlas.TOPICS),
            "tokens": int(drawn.integers(40, 90)),
            "bytes": int(estimated_atlas.BYTES[at % 40]),
            "loss": 3.0,
            "increase": np.round(drawn.normal(0.1, 0.05, 8), 4).tolist(),
        }
        for at in range(80)
    ]


@pytest.mark.parametrize("name", ["taylor", "block_increase", "delta:attn", "delta:mlp"])
def test_paired_errors_are_those_of_the_reference(call: Call, name: str) -> None:
    """Over the passages that both read; by depth, too, where layers stand beside others."""
    make = _losses if name.startswith("delta") else lambda seed: estimated_atlas.passages(seed, 4)
    parts = [make(1)[2:], make(2)[:-1]]
    ours, theirs = (_measured(name, at + 1, part) for at, part in enumerate(parts))
    assert call("matrix/paired", "partOf", ours["profile"], name) == (
        "losses" if name.startswith("delta") else "passages"
    )
    shared = {one["passage"] for one in parts[0]} & {one["passage"] for one in parts[1]}
    whole = [compare.sums(name, part) for part in parts]
    at = [[one["passage"] in shared for one in part] for part in parts]
    kept = [
        (totals[..., own], sizes[..., own]) for (totals, sizes), own in zip(whole, at, strict=True)
    ]
    wanted = compare.paired_errors(*kept)
    grid = alignment.align([ours["matrix"], theirs["matrix"]])
    found = call("matrix/paired", "errors", ours, theirs, grid, [0, 1])
    got = np.array(found["values"], dtype=float)
    np.testing.assert_allclose(got, wanted, rtol=1e-9)
    assert np.isfinite(got).all()
    counts = np.isfinite(kept[0][0]).sum(axis=-1)
    assert found["passages"] == counts.max()


def test_unpaired_errors_are_those_of_the_reference(call: Call) -> None:
    ours, theirs = (_measured("taylor", seed, None) for seed in (1, 2))
    grid = alignment.align([ours["matrix"], theirs["matrix"]])
    found = call("matrix/paired", "errors", ours, theirs, grid, [0, 1])
    spreads = [plain(one["matrix"])["spread"] for one in (ours, theirs)]
    wanted = compare.unpaired_errors(*(np.array(one, dtype=float) for one in spreads))
    np.testing.assert_allclose(np.array(found["values"], dtype=float), wanted, rtol=1e-12)
    assert found["passages"] == 0
    without = {**theirs, "matrix": replace(theirs["matrix"], spread=None)}
    assert call("matrix/paired", "errors", ours, without, grid, [0, 1]) is None


def test_estimates_that_are_no_ratios_are_not_paired(call: Call) -> None:
    """As a trimmed mean, or a quantity whose sums are not published."""
    trimmed = _measured("taylor", 1, None)["profile"]
    trimmed = replace(trimmed, conditions={"estimator": "10% trimmed mean"})
    assert call("matrix/paired", "partOf", trimmed, "taylor") == ""
    gates = _measured("head_gate", 1, None)["profile"]
    assert call("matrix/paired", "partOf", gates, "head_gate") == ""
    exact = samples.profile()
    assert call("matrix/paired", "partOf", exact, "rms") == ""


def test_a_difference_is_within_twice_its_error(call: Call) -> None:
    for difference, error, is_within in ((2.0, 1.0, True), (-2.1, 1.0, False), (0.0, None, False)):
        assert call("matrix/paired", "isWithin", difference, error) is is_within
