"""What of several models lines up, what may be subtracted, and what comes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import atlases
import comparison_reference as compare
import numpy as np
import pagecheck
import pytest
import samples

from atlas.errors import AtlasError
from atlas.profiles import alignment, comparable, contrast
from atlas.profiles.matrix import Matrix
from atlas.site import pages
from atlas.site.figures import heatmap


def of(rows: list[str], columns: list[str], values: Any = None, **changes: Any) -> Matrix:
    shape = (len(rows), len(columns))
    found = np.arange(shape[0] * shape[1], dtype=float).reshape(shape) if values is None else values
    return samples.matrix(rows=tuple(rows), columns=tuple(columns), values=found, **changes)


def layers(count: int) -> list[str]:
    return [str(layer) for layer in range(count)]


GATED = ["attn.q", "attn.o", "mlp.up", "mlp.gate", "mlp.down"]
PLAIN = ["attn.q", "attn.o", "mlp.up", "mlp.down", "norm.attn"]


# What lines up


def test_columns_are_matched_by_name_and_stand_in_the_order_of_the_models() -> None:
    grid = alignment.align([of(layers(2), PLAIN), of(layers(2), GATED)])
    assert grid.columns.labels == (
        "attn.q", "attn.o", "mlp.up", "mlp.gate", "mlp.down", "norm.attn",
    )  # fmt: skip
    assert grid.columns.places == ((0, 1, 2, None, 3, 4), (0, 1, 2, 3, 4, None))


def test_what_a_model_lacks_is_missing_and_not_zero() -> None:
    matrices = [of(layers(1), ["attn.q", "mlp.gate"]), of(layers(2), ["attn.q"])]
    grid = alignment.align(matrices)
    np.testing.assert_array_equal(
        alignment.stacked(matrices, grid),
        [[[0, 1], [np.nan, np.nan]], [[0, np.nan], [1, np.nan]]],
    )


def test_only_what_all_models_have() -> None:
    grid = alignment.align([of(layers(3), GATED), of(layers(2), PLAIN)], shared=True)
    assert grid.rows.labels == ("0", "1")
    assert grid.columns.labels == ("attn.q", "attn.o", "mlp.up", "mlp.down")
    nothing = alignment.align([of(["0"], ["attn.q"]), of(["0"], ["mlp.up"])], shared=True)
    assert nothing.columns.labels == ()


def test_numbers_stand_in_their_order_whoever_has_them() -> None:
    lists = [["0", "2", "10"], ["0", "1", "2", "11"]]
    assert alignment.merged(lists) == ("0", "1", "2", "10", "11")


@pytest.mark.parametrize(
    ("lists", "labels"),
    [
        ([["a", "b"], ["b", "a"]], ("a", "b")),
        ([["b"], ["a", "b", "c"]], ("a", "b", "c")),
        ([["a", "d"], ["a", "b", "d"], ["a", "c", "d"]], ("a", "c", "b", "d")),
        ([["x"], ["y"]], ("y", "x")),
    ],
)
def test_merged_labels(lists: list[list[str]], labels: tuple[str, ...]) -> None:
    assert alignment.merged(lists) == labels


@pytest.mark.parametrize("count", [1, 2, 3, 12, 36, 80, 126])
@pytest.mark.parametrize("length", [1, 2, 5, 12, 32])
def test_the_nearest_layer_is_the_nearest(count: int, length: int) -> None:
    """Against the definition: the least distance in relative depth, the earlier of two."""
    found = alignment.nearest(count, length)
    own = np.arange(length) / max(1, length - 1)
    for row, place in enumerate(found):
        apart = np.abs(own - row / max(1, count - 1))
        assert apart[place] == pytest.approx(apart.min(), abs=1e-12)
        if place:
            assert apart[place - 1] > apart[place] + 1e-12
    assert list(found) == sorted(found)
    if count >= length > 1:
        assert set(found) == set(range(length))  # every layer of the shallower model is shown


def test_by_depth_first_and_last_layers_meet() -> None:
    matrices = [of(layers(3), ["attn.q"]), of(layers(7), ["attn.q"])]
    grid = alignment.align(matrices, by="depth")
    assert grid.rows.labels == ("0", "0.167", "0.333", "0.5", "0.667", "0.833", "1")
    assert grid.rows.places == ((0, 0, 1, 1, 1, 2, 2), tuple(range(7)))
    values = alignment.stacked(matrices, grid)
    assert set(values.ravel()) <= {float(value) for value in range(7)}  # no value is made up


def test_depth_is_of_layers_wherever_they_stand() -> None:
    axes = ("cluster", "layer")
    matrices = [of(["law"], layers(2), axes=axes), of(["law", "poems"], layers(4), axes=axes)]
    grid = alignment.align(matrices, by="depth")
    assert grid.rows.labels == ("law", "poems")
    assert grid.columns.places == ((0, 0, 1, 1), (0, 1, 2, 3))


def test_halves_of_depths_are_rounded_up() -> None:
    assert alignment.depths(17)[1] == "0.063"
    assert alignment.depths(1) == ("0",)


def test_other_axes_have_no_common_grid() -> None:
    other = of(layers(1), ["0"], axes=("layer", "head"))
    with pytest.raises(AtlasError, match=r"rms.*layerxhead and layerxmodule have no common grid"):
        alignment.align([of(layers(1), ["attn.q"]), other])


# One scale


def test_one_scale_spans_all_models() -> None:
    matrices = [of(["0"], ["a", "b"], np.array([[1.0, 2.0]])), of(["0"], ["a"], np.array([[9.0]]))]
    grid = alignment.align(matrices)
    pooled = compare.pooled(matrices, grid)
    assert heatmap.limits(pooled) == (1.0, 9.0)
    shares = heatmap.shares(pooled).reshape(2, 1, 2)
    np.testing.assert_array_equal(shares, [[[0, 0.125]], [[1, np.nan]]])


def test_a_range_that_models_do_not_share_is_none() -> None:
    one, other = of(["0"], ["a"], range=(0, 1)), of(["0"], ["a"], range=(0, None))
    assert compare.pooled([one, other], alignment.align([one, other])).range is None
    assert compare.pooled([one, one], alignment.align([one, one])).range == (0, 1)


def test_categories_are_matched_by_name() -> None:
    one = of(["0"], ["0", "1"], np.array([[0.0, 1.0]]), kind="categorical", categories=("x", "y"))
    other = replace(one, categories=("y", "z"))
    grid = alignment.align([one, other])
    values = alignment.stacked([one, other], grid)
    assert compare.pooled([one, other], grid).categories == ("x", "y", "z")
    np.testing.assert_array_equal(values, [[[0, 1]], [[1, 2]]])
    np.testing.assert_array_equal(contrast.changes(values), [[[1, 1]]])


# What may be subtracted


def test_equal_profiles_may_be_subtracted() -> None:
    one = samples.profile()
    other = replace(one, conditions={"device": "cuda", "tokens": 32768}, made_by={})
    assert comparable.obstacles(one, other, "rms") == ()
    assert comparable.conditions(one, other) == (comparable.Differs("device", "cpu", "cuda"),)


def test_a_corpus_is_called_by_its_name() -> None:
    """Among what forbids a subtraction, where profiles say it; not again among conditions."""
    one = samples.profile(protocol={"corpus": "sha256:1"}, conditions={})
    other = samples.profile(protocol={"corpus": "sha256:2"}, conditions={"corpus": "reference (x)"})
    told = comparable.Differs("protocol corpus", "sha256:1", "reference (x), sha256:2")
    assert comparable.obstacles(one, other, "rms") == (told,)
    assert comparable.conditions(one, other) == ()
    alike = replace(one, conditions={"corpus": "another name"})
    assert comparable.obstacles(one, alike, "rms") == comparable.conditions(one, alike) == ()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"analysis": "drift"}, comparable.Differs("analysis", "weights", "drift")),
        ({"version": 2}, comparable.Differs("version of the method", "1", "2")),
        (
            {"protocol": {"tau": 0.2, "rule": "k = 10 \u2026"}},
            comparable.Differs("protocol tau", "0.1", "0.2"),
        ),
        (
            {"protocol": {"tau": 0.1}},
            comparable.Differs("protocol rule", "k = 10 \u2026", "none"),
        ),
        (
            {"protocol": {"tau": 0.1, "rule": "k = 10 \u2026", "bos_rule": True}},
            comparable.Differs("protocol bos rule", "none", "yes"),
        ),
        (
            {"matrices": (samples.matrix(unit="share"),)},
            comparable.Differs("unit", "weight units", "share"),
        ),
        (
            {"matrices": (samples.matrix(kind="diverging"),)},
            comparable.Differs("kind of values", "sequential", "diverging"),
        ),
        (
            {"matrices": (samples.matrix(axes=("layer", "kv_head")),)},
            comparable.Differs("axes", "layer by module", "layer by kv head"),
        ),
    ],
)
def test_what_differs_is_told(changes: dict[str, Any], found: comparable.Differs) -> None:
    one = samples.profile()
    assert comparable.obstacles(one, replace(one, **changes), "rms") == (found,)


def test_true_is_not_one_but_whole_floats_are_whole_numbers() -> None:
    one = samples.profile(protocol={"a": 1})
    assert comparable.obstacles(one, samples.profile(protocol={"a": 1.0}), "rms") == ()
    told = comparable.obstacles(one, samples.profile(protocol={"a": True}), "rms")
    assert told == (comparable.Differs("protocol a", "1", "yes"),)


def test_a_quantity_that_a_profile_lacks_is_an_error() -> None:
    with pytest.raises(KeyError):
        comparable.obstacles(samples.profile(), samples.profile(), "absent")


# What comes out


def test_differences_and_ratios_are_of_the_first_model() -> None:
    values = np.array([[[1.0, 0.0, np.nan, -1.0]], [[4.0, 2.0, 5.0, 2.0]], [[0.5, np.nan, 1.0, 0]]])
    np.testing.assert_array_equal(
        contrast.differences(values), [[[3, 2, np.nan, 3]], [[-0.5, np.nan, np.nan, 1]]]
    )
    np.testing.assert_array_equal(
        contrast.ratios(values), [[[4, np.nan, np.nan, np.nan]], [[0.5, np.nan, np.nan, np.nan]]]
    )


@pytest.mark.parametrize(
    ("changes", "ratio"),
    [
        ({"range": (0, 1)}, True),
        ({"range": (1, None)}, True),
        ({"scale": "log"}, True),
        ({"kind": "counts"}, True),
        ({}, False),
        ({"range": (None, 1)}, False),
        ({"range": (-1, 1)}, False),
        ({"range": (0, 1), "kind": "diverging"}, False),
        ({"kind": "binary", "range": (0, 1)}, False),
    ],
)
def test_ratios_are_of_amounts(changes: dict[str, Any], ratio: bool) -> None:
    assert contrast.has_ratio(of(["0"], ["a"], np.array([[1.0]]), **changes)) == ratio


def test_the_largest_is_the_first_of_equals_either_way() -> None:
    contrast = np.array([[[np.nan, 1.0], [-3.0, 2.0]], [[3.0, 0.0], [0.1, -0.2]]])
    assert compare.largest(contrast) == (0, 1, 0)
    ratio = np.array([[[np.nan, 2.0]], [[0.25, 3.9]]])
    assert compare.largest(ratio, ratio=True) == (1, 0, 0)
    assert compare.largest(np.full((1, 2, 2), np.nan)) is None


# The page


def test_the_page_lists_models_and_only_measured_analyses(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "fresh")
    atlases.profile(made, "fresh")
    atlases.entry(made, "stale")
    atlases.profile(made, "stale", version=99)
    atlases.entry(made, "waiting", source="some-org/waiting", revision=samples.REVISION)
    pages.render(made)
    text = (made.docs / "compare" / "index.md").read_text(encoding="utf-8")
    assert 'data-slug="fresh"' in text
    assert 'data-fresh="weights" data-stale=""' in text
    assert 'data-fresh="" data-stale="weights"' in text
    assert 'data-fresh="" data-stale=""' in text
    assert text.count("<option value=") == 1 + 3 + 2  # the analysis, views, ways to match layers
    assert pagecheck.broken_links(atlases.build(made)) == []


def test_an_atlas_without_profiles_says_so(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    atlases.entry(made, "waiting", source="some-org/waiting", revision=samples.REVISION)
    pages.render(made)
    text = (made.docs / "compare" / "index.md").read_text(encoding="utf-8")
    assert "nothing to compare" in text
