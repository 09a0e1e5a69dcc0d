"""What both Python and a script compute: the same from the same.

`TWINS`, at the end, lists every pair of files.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import masks_atlas
import numpy as np
import pytest
from called import KINDS, of, plain

from atlas import words
from atlas.analyses.masks import choosing
from atlas.paths import PACKAGE, static
from atlas.profiles import matrix_csv, shares
from atlas.profiles.matrix import Matrix
from atlas.site.across import shared_scale
from atlas.site.figures import column_order, heatmap, labels, scene, spans, ticks
from atlas.site.figures import masks as mask_figure

Call = Callable[..., Any]

every_kind = pytest.mark.parametrize("matrix", KINDS.values(), ids=KINDS)


# Numbers


def test_numbers_are_those_of_python(call: Call) -> None:
    drawn = np.random.default_rng(5)
    sizes = np.exp(drawn.uniform(-16, 16, 40)) * drawn.choice([-1, 1], 40)
    for value in (0.0, 1e-4, 99999.0, 1e6, 999_999.0, 0.000099999, *map(float, sizes)):
        assert call("matrix/numbers", "number", value) == words.number(value)
        assert call("matrix/numbers", "written", value) == words.written(value)
        assert call("matrix/numbers", "decimals", value, 2) == words.decimals(value, 2)


def test_scalars_are_those_of_python(call: Call) -> None:
    for value in (None, True, "a word", 999, 12_345_678, -4000, 1.5e-5, -0.25):
        assert call("matrix/numbers", "scalar", value) == words.scalar(value)


def test_halves_are_rounded_as_in_python(call: Call) -> None:
    """Numbers that lie exactly between two of three digits, of all sizes and signs."""
    halves = [sign * (whole + 0.5) * 2.0**at for sign in (1, -1) for whole in (100, 101, 998, 999)
              for at in (0, -3, 7, 14)]  # fmt: skip
    for value in (0.125, 2.125, 1.0625, 0.0009765625, 1.005, *halves):
        assert call("matrix/numbers", "number", value) == words.number(value)


def test_whole_numbers_are_grouped_as_in_python(call: Call) -> None:
    for value in (0, 7, 999, 1000, 12340, 999_999):  # beyond, Python says millions
        assert call("matrix/numbers", "grouped", value) == words.count(value)


def test_counts_keep_their_digits(call: Call) -> None:
    """In sentences, at ticks and in cells, here and in Python."""
    matrix = KINDS["counts"]
    for value in (12340.0, 7.0, 0.5):
        assert call("matrix/numbers", "worded", matrix, value) == heatmap.worded(matrix, value)
    assert call("matrix/numbers", "worded", matrix, 12340) == "12,340"
    assert call("matrix/numbers", "exact", matrix, 0, 0) == "12,340"
    assert call("matrix/sentences", "summary", matrix) == heatmap.summary(matrix)
    assert "12,340" in heatmap.summary(matrix)
    scale = call("matrix/scales", "colour", matrix, "linear")
    assert scale["text"] == heatmap.scale_text(matrix) == "linear, 0 to 12,340"


@every_kind
def test_classes_and_units_are_those_of_python(call: Call, matrix: Matrix) -> None:
    assert call("matrix/numbers", "classes", matrix) == list(matrix.classes)
    assert call("matrix/numbers", "toldUnit", matrix) == matrix.told_unit


@every_kind
def test_directions_are_those_of_python(call: Call, matrix: Matrix) -> None:
    assert call("matrix/numbers", "direction", matrix) == heatmap.direction(matrix)


def test_a_csv_is_that_of_python(call: Call) -> None:
    """It quotes labels and defuses formulas."""
    matrix = of([[1.5, np.nan]], columns=('say "a, b"', "=1+1"))
    assert call("matrix/numbers", "csv", matrix) == (
        'layer \\ head,"say ""a, b""",\'=1+1\r\n0,1.5,\r\n'
    )
    sure = of([[1.5, np.nan]], spread=[[0.25, np.nan]], largest_share=[[np.nan, 0.5]])
    assert call("matrix/numbers", "csv", sure) == (
        "layer \\ head,0,1,0 spread,1 spread,0 largest_share,1 largest_share\r\n"
        "0,1.5,,0.25,,,0.5\r\n"
    )
    for one in (matrix, sure, of([[1e-7, 1e21, -3.0]]), *KINDS.values()):
        assert call("matrix/numbers", "csv", one) == matrix_csv.csv(one)


# Sentences


@every_kind
def test_summaries_are_those_of_python(call: Call, matrix: Matrix) -> None:
    assert call("matrix/sentences", "summary", matrix) == heatmap.summary(matrix)
    assert call("matrix/sentences", "absent", matrix) == heatmap.absent(matrix)
    assert call("matrix/sentences", "hatched", matrix) == heatmap.hatched(matrix)


def test_what_a_row_is_to_itself_is_no_summary(call: Call) -> None:
    """A similarity of layers is 1 on its diagonal, whatever the model."""
    alike = [[1.0, 0.5, np.nan], [0.5, 1.0, 0.75], [np.nan, 0.75, 1.0]]
    for matrix in (of(alike, axes=("layer", "layer")), of([[1.0]], axes=("layer", "layer"))):
        assert call("matrix/sentences", "summary", matrix) == heatmap.summary(matrix)
    told = heatmap.summary(of(alike, axes=("layer", "layer")))
    assert told.startswith("Highest 0.75 at layer 1, layer 2; lowest 0.5 at layer 0, layer 1; ")
    assert "over 4 values off the diagonal; 2 of 9 do not exist" in told


def test_a_cell_says_why_it_has_no_value(call: Call) -> None:
    """Whatever order the columns have, and with the column of another matrix before them."""
    beside = of([[0.5], [np.nan]], range=(0, 1), undefined=(("1", "block"),), columns=("block",))
    matrix = of([[0.25, np.nan], [np.nan, 1.0]], range=(0, 1), undefined=(("0", "1"),))
    turned = {**plain(matrix), "columns": ["1", "0"], "values": [[None, 0.25], [1, None]]}
    absent = "does not exist in this architecture"
    vague = "cannot be defined for this model"
    assert call("matrix/numbers", "exact", matrix, 0, 1) == vague
    assert call("matrix/numbers", "exact", matrix, 1, 0) == absent
    assert call("matrix/numbers", "exact", turned, 0, 0) == vague
    assert call("matrix/numbers", "exact", turned, 1, 1) == absent
    assert call("matrix/sentences", "cellText", matrix, 0, 1) == f"layer 0, head 1: {vague}"
    together = call("matrix/column-order", "joined", matrix, beside)
    assert together["columns"] == ["block", "0", "1"]
    assert call("matrix/numbers", "exact", together, 1, 0) == vague
    assert call("matrix/numbers", "exact", together, 0, 2) == vague
    assert call("matrix/numbers", "exact", together, 1, 1) == absent
    assert call("matrix/sentences", "hatched", together) == f"{absent} or {vague}"
    assert column_order.joined(matrix, beside).undefined == (("1", "block"), ("0", "1"))


# Colour scales


@pytest.mark.parametrize("kind", ["sequential", "diverging", "counts"])
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_shares_are_those_of_python(call: Call, kind: str, scale: str) -> None:
    """On the scale that the matrix asks for, which the browser offers first."""
    values = np.round(np.random.default_rng(3).gamma(2.0, 9.0, (5, 7)))
    matrix = of(values.tolist(), kind=kind, scale=scale)
    first = call("matrix/scales", "choices", matrix)[0]["value"]
    assert first == (scale if kind != "diverging" else "linear")
    found = call("matrix/scales", "colour", matrix, first)
    np.testing.assert_allclose(found["shares"], heatmap.shares(matrix).ravel(), atol=1e-6)
    assert found["text"] == heatmap.scale_text(matrix)


def test_maps_of_scores_have_a_fixed_scale_whichever_axis_is_up(call: Call) -> None:
    scores = KINDS["possible"]
    for one in (scores, column_order.upright(scores)):
        assert spans.fixed(one)
        assert call("matrix/spans", "isFixed", one)


@every_kind
def test_scales_of_every_kind_are_those_of_python(call: Call, matrix: Matrix) -> None:
    assert call("matrix/spans", "isFixed", matrix) == spans.fixed(matrix)
    first = call("matrix/scales", "choices", matrix)[0]["value"]
    found = call("matrix/scales", "colour", matrix, first)
    assert found["text"] == heatmap.scale_text(matrix)
    shares = np.array(found["shares"], float)
    np.testing.assert_allclose(shares, heatmap.shares(matrix).ravel(), atol=1e-6)


@pytest.mark.parametrize("kind", ["sequential", "diverging", "counts"])
def test_a_map_without_any_value_has_no_scale(call: Call, kind: str) -> None:
    matrix = of([[None, None]], kind=kind, axes=("layer", "head"), range=(0, 1))
    for scale in ("linear", "range"):
        found = call("matrix/scales", "colour", matrix, scale)
        assert found["text"] == heatmap.scale_text(matrix) == "no values"
        assert found["ticks"] == heatmap.bar_ticks(matrix) == []
        assert found["shares"] == [None, None]
    assert scene.of(matrix).bar is None


@pytest.mark.parametrize("count", [1, 12, 13, 30])
def test_categories_that_share_a_colour_are_told(call: Call, count: int) -> None:
    names = tuple(f"category {at}" for at in range(count))
    matrix = of([[0.0, None]], kind="categorical", categories=names, range=None)
    text = call("matrix/scales", "colour", matrix, "whole")["text"]
    assert text == heatmap.scale_text(matrix)
    assert (text == "one colour per category") == (len(set(heatmap.colours(matrix))) == count)


def test_only_ascii_digits_are_a_number_of_a_layer(call: Call) -> None:
    """What Unicode calls a digit may be a name."""
    matrix = of([[1.0], [2.0]], rows=("\u00b2", "\u0663"))
    assert call("matrix/sentences", "summary", matrix) == heatmap.summary(matrix)
    assert "layer" not in heatmap.summary(matrix)


def spread() -> dict[str, Matrix]:
    """Values that no scale but one shows, of few cells and of many, and what no scale shows."""
    drawn = np.random.default_rng(17)
    even = 0.1 + 0.1 * drawn.random((12, 12))
    outlier, far = even.copy(), np.exp(drawn.normal(0, 3, (12, 12)))
    outlier[3, 4] = 60.0
    far[0, 0], far[0, 1] = 1e30, 1e-30
    found = {
        "even": of(even),
        "wide": of(np.exp(drawn.normal(0, 3, (12, 12)))),
        "one outlier": of(outlier),
        "wide with outliers": of(far),
        "two signs": of(drawn.normal(size=(12, 12)), kind="diverging"),
        "two signs, one outlier": of(outlier - 0.15, kind="diverging"),
        "sparse": of(np.maximum(0, outlier - 0.19)),
        "sparse counts": of((drawn.random((12, 12)) < 0.1) * 3.0, kind="counts"),
        "logarithmic": of(far, scale="log"),
        "logarithmic with 0": of(np.where(far < 1, 0, far), scale="log"),
        "four by four": of(outlier[2:6, 2:6]),
        "two by two": of(outlier[3:5, 3:5]),
        "almost all the same": of(np.where(even > 0.195, even, 1.0)),
    }
    short = np.vectorize(lambda value: words.significant(value, 4))  # as a file has them
    return {name: replace(one, range=None, values=short(one.values)) for name, one in found.items()}


@pytest.mark.parametrize(("name", "matrix"), spread().items(), ids=spread())
def test_the_scale_that_is_chosen_is_that_of_python(call: Call, name: str, matrix: Matrix) -> None:
    values = matrix.values[np.isfinite(matrix.values)]
    first = call("matrix/spans", "chosen", matrix)
    assert first == spans.chosen([matrix]).name == WANTED[name]
    for one in ("linear", "robust", *(("log", "log-robust") if (values > 0).any() else ())):
        span = spans.of(one, matrix.kind, values)
        if span.is_log and matrix.kind == "diverging":
            continue
        found = call("matrix/spans", "spanOf", matrix, one)
        assert {**found, "low": 0, "high": 0} == {**asdict(span), "low": 0, "high": 0}
        assert (found["low"], found["high"]) == pytest.approx((span.low, span.high), rel=1e-12)
    found = call("matrix/scales", "colour", matrix, first)
    assert found["text"] == heatmap.scale_text(matrix)
    np.testing.assert_allclose(found["shares"], heatmap.shares(matrix).ravel(), atol=1e-6)
    bar = [(tick["at"], tick["label"]) for tick in found["ticks"]]
    assert [label for _, label in bar] == [label for _, label in heatmap.bar_ticks(matrix)]
    places = [at for at, _ in heatmap.bar_ticks(matrix)]
    assert [at for at, _ in bar] == pytest.approx(places, abs=1e-12)


WANTED = {
    "even": "linear", "wide": "log", "one outlier": "robust", "wide with outliers": "log-robust",
    "two signs": "linear", "two signs, one outlier": "robust", "sparse": "linear",
    "sparse counts": "linear", "logarithmic": "log-robust", "logarithmic with 0": "log-robust",
    "four by four": "robust", "two by two": "linear", "almost all the same": "linear",
}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [{}, {"scale": "log"}, {"kind": "diverging"}, {"kind": "counts"}],
    ids=["linear", "log", "diverging", "counts"],
)
def test_steps_of_a_shared_scale_are_those_of_python(call: Call, changes: dict[str, Any]) -> None:
    values = np.round(np.random.default_rng(7).gamma(2.0, 9.0, (4, 5)), 3)
    values[1, 2] = np.nan
    if changes.get("kind") == "diverging":
        values -= 20
    if changes.get("kind") == "counts":
        values = np.round(values)
        values[0, 0] = 101  # a prime: none lies half between two steps, where Python rounds to even
    matrix = of(values, **changes)
    scale = shared_scale.over([matrix])
    steps = scale.steps(matrix).ravel()
    for value, step in zip(plain(values.ravel()), steps.tolist(), strict=True):
        found = call("matrix/scales", "stepOf", scale, value)
        assert found == step
        if value is not None:
            back = call("matrix/scales", "valueOf", scale, step)
            assert scale.steps(of([[back]], **changes)).item() == step


def test_steps_of_classes_are_those_of_python(call: Call) -> None:
    matrix = KINDS["categories"]
    scale = shared_scale.over([matrix])
    found = [call("matrix/scales", "stepOf", scale, value) for value in matrix.values.ravel()]
    assert found == scale.steps(matrix).ravel().tolist()


AXES = [
    (0.02, 0.7), (0.0, 1.0), (-0.3, 0.3), (0.3, 0.9), (0.0, 12340.0), (3.2e-5, 377.0), (1.0, 1.7),
    (-1.79e308, 1.79e308), (2e-7, 3e-7),
    (100.0, 100.0), (-5e6, -1e6), (0.1, 0.1000001), (1e-12, 1e12),
    *((float(low), float(low * (1 + wide))) for low, wide in
      np.exp(np.random.default_rng(2).uniform(-12, 12, (20, 2)))),
]  # fmt: skip


@pytest.mark.parametrize("most", [3, 6])
def test_ticks_are_those_of_python(call: Call, most: int) -> None:
    """The very same numbers, not close ones: their labels are made of them."""
    for low, high in AXES:
        for whole in (False, True):
            wish = {"most": most, "whole": whole}
            found = call("matrix/ticks", "linearTicks", low, high, wish)
            assert found == ticks.linear_ticks(low, high, most, whole)
            if low > 0:
                found = call("matrix/ticks", "logTicks", low, high, wish)
                assert found == ticks.log_ticks(low, high, most, whole)


# Labels and order


@pytest.mark.parametrize("longest", [5, 12, 30])
def test_the_room_for_turned_labels_is_that_of_python(call: Call, longest: int) -> None:
    labels = ("attn.q", "x" * longest)
    box = heatmap.box(of([[1.0, 2.0]], columns=labels))
    assert call("matrix/labels", "roomBelow", labels) == box.turned


@pytest.mark.parametrize(
    ("count", "room", "least"), [(80, 720, 22), (64, 230, 22), (7, 90, 13), (4, 9, 0)]
)
def test_labels_that_have_room_are_those_of_python(
    call: Call, count: int, room: int, least: int
) -> None:
    assert call("matrix/labels", "every", count, room, least) == labels.every(count, room, least)


@pytest.mark.parametrize("most", [1, 9, 26, 100])
def test_titles_are_broken_as_in_python(call: Call, most: int) -> None:
    for text in ("", "one", "Importance of modules, share of the model's largest", " a  b "):
        assert call("matrix/labels", "lines", text, most) == labels.lines(text, most)


@pytest.mark.parametrize("long", [3, 26, 27, 60])
def test_long_labels_are_cut_as_in_python(call: Call, long: int) -> None:
    assert call("matrix/labels", "cut", "x" * long) == labels.cut("x" * long)
    assert call("matrix/labels", "widest", ["x" * long, "y"]) == labels.widest(("x" * long, "y"))


def test_axes_are_called_as_in_python(call: Call) -> None:
    for axis in ("layer", "head", "module", "cluster", "sublayer", "key_value_head"):
        assert call("matrix/axes", "axisNamed", axis) == column_order.axis_title(axis, False)


@pytest.mark.parametrize("order", ["canonical", "mean"])
def test_columns_are_ordered_as_in_python(call: Call, order: str) -> None:
    """In every order that a reader can choose."""
    values = np.round(np.random.default_rng(11).normal(size=(3, 6)), 2)
    values[0, 1] = np.nan
    values[:, 4] = np.nan  # no value at all
    values[:, 5] = values[:, 0]  # the same mean
    names = tuple("dbface")
    matrix = of(values, columns=names, native=tuple(f"n{name}" for name in names))
    for one in (matrix, KINDS["categories"], of(np.eye(3), axes=("layer", "layer"))):
        wanted = column_order.arranged(one, order)
        offered = [option["value"] for option in call("matrix/column-order", "orders", one)]
        if order in offered:
            assert call("matrix/column-order", "arranged", one, order) == plain(wanted)
        else:
            assert wanted is one


@pytest.mark.parametrize("stated", ["", "mean"])
def test_a_figure_opens_in_the_order_of_python(call: Call, stated: str) -> None:
    """Modules by their mean where an analysis says so; heads by number, layers and classes too."""
    values = np.array([[1.0, 3.0, 2.0], [2.0, 5.0, 1.0]])
    modules = of(values, axes=("layer", "module"), columns=("a", "b", "c"))
    layers = of(np.eye(3), axes=("layer", "layer"))
    for matrix in (modules, of(values), layers, KINDS["categories"]):
        order = call("matrix/column-order", "openingOrder", matrix, stated)
        found = call("matrix/column-order", "arranged", matrix, order)
        assert found == plain(column_order.arranged(matrix, stated))


def test_maps_of_heads_have_their_layers_across(call: Call) -> None:
    """With all that belongs to their cells; other matrices stay as they are."""
    values = [[1.0, 2.0, np.nan], [4.0, np.nan, 6.0]]
    spread = np.abs(values) / 10
    heads = of(values, spread=spread, largest_share=spread / 2, undefined=(("1", "1"),))
    turned = column_order.upright(heads)
    assert (turned.axes, turned.rows, turned.columns) == (
        ("head", "layer"),
        tuple("012"),
        tuple("01"),
    )
    assert turned.values[2].tolist()[1] == 6.0 and turned.undefined == (("1", "1"),)
    assert call("matrix/column-order", "upright", heads) == plain(turned)
    assert call("matrix/sentences", "cellText", turned, 2, 1).startswith("layer 1, head 2: 6")
    for other in (turned, of(values, axes=("layer", "module")), of(np.eye(3), axes=("layer",) * 2)):
        assert column_order.upright(other) is other
        assert call("matrix/column-order", "upright", other) == plain(other)


def test_a_first_column_is_put_where_python_puts_it(call: Call) -> None:
    scores = of([[0.1, 0.2], [0.3, 0.4]], range=(0, 1))
    first = of([[0.5], [0.6]], range=(0, 1), columns=("all",))
    for other in (first, of([[0.5], [0.6]], columns=("all",)), None):
        found = call("matrix/column-order", "joined", scores, other)
        wanted = plain(column_order.joined(scores, other))
        assert {key: found[key] for key in wanted} == wanted


# Scores and masks


def test_intervals_are_those_of_python(call: Call) -> None:
    for count in (1, 7, 80, 400):
        for share in (0.0, 1 / count, 0.225, 1.0):
            found = call("matrix/chance", "interval", share, count)
            assert found == pytest.approx(shares.wilson(share, count), abs=1e-15)


def test_as_many_blocks_are_pruned_as_in_python(call: Call) -> None:
    for layers in (1, 2, 5, 8, 9, 12, 35, 36):
        for share in (step / 20 for step in range(21)):
            pruned = choosing.pruned_count(share, 2 * layers)
            assert call("matrix/block-masks", "prunedCount", share, 2 * layers) == pruned


@pytest.mark.parametrize("seed", range(12))
def test_masks_and_their_order_are_those_of_python(call: Call, seed: int) -> None:
    deltas = masks_atlas.deltas(seed, 8 + seed)
    kept = masks_atlas.kept(deltas, 0.25)
    count = choosing.pruned_count(0.25, deltas.shape[1])
    np.testing.assert_array_equal(kept == 1, choosing.cheapest(deltas, count))
    assert call("matrix/block-masks", "cheapest", deltas, count) == plain(kept)
    between = call("matrix/block-masks", "distances", kept, deltas)
    assert between == mask_figure.distances(kept, deltas)
    found = call("matrix/block-masks", "shortest", between)
    assert found == mask_figure.shortest(mask_figure.distances(kept, deltas))


@pytest.mark.parametrize("seed", range(3))
def test_blocks_that_there_are_not_are_the_same_to_both(call: Call, seed: int) -> None:
    deltas = masks_atlas.deltas(seed, 9)
    deltas[:, seed::3] = np.nan
    kept = np.where(np.isnan(deltas), np.nan, choosing.cheapest(deltas, 2))
    assert (kept == 0).sum() == 2 * len(deltas)
    assert call("matrix/block-masks", "cheapest", deltas, 2) == plain(kept)
    between = call("matrix/block-masks", "distances", kept, deltas)
    assert between == mask_figure.distances(kept, deltas)
    assert all(np.isfinite(line).all() for line in between)


# Every pair

REFERENCE = "tests/support/comparison_reference.py"
DRAWN = "atlas/site/figures/heatmap.py"
COMPARISONS = "test_comparison_twins.py"
HERE = "test_twins.py"

TWINS = {
    ("align.js", "atlas/profiles/alignment.py"): COMPARISONS,
    ("align.js", REFERENCE): COMPARISONS,
    ("axes.js", "atlas/site/figures/column_order.py"): HERE,
    ("block-masks.js", "atlas/analyses/masks/choosing.py"): HERE,
    ("block-masks.js", "atlas/site/figures/masks.py"): HERE,
    ("chance.js", "atlas/profiles/shares.py"): HERE,
    ("column-order.js", "atlas/site/figures/column_order.py"): HERE,
    ("common-relations.js", "atlas/profiles/common_relations.py"): "test_common_relations.py",
    ("contrast.js", REFERENCE): COMPARISONS,
    ("contrast.js", "atlas/profiles/contrast.py"): COMPARISONS,
    ("contrast.js", "atlas/profiles/comparable.py"): COMPARISONS,
    ("labels.js", DRAWN): HERE,
    ("labels.js", "atlas/site/figures/labels.py"): HERE,
    ("numbers.js", "atlas/words.py"): HERE,
    ("numbers.js", DRAWN): HERE,
    ("numbers.js", "atlas/profiles/matrix_csv.py"): HERE,
    ("paired.js", REFERENCE): COMPARISONS,
    ("scales.js", DRAWN): HERE,
    ("scales.js", "atlas/site/across/shared_scale.py"): HERE,
    ("sentences.js", DRAWN): HERE,
    ("spans.js", "atlas/site/figures/spans.py"): HERE,
    ("ticks.js", "atlas/site/figures/ticks.py"): HERE,
}
"""A script of `static/matrix/`, the Python file that computes the same, and the tests of both."""

CLAIM = re.compile(r"\A/\*\*\n \* The same in (.*?)[.,]?\n \*(?:\n|/)", re.DOTALL)
PATH = re.compile(r"`([\w./]+\.py)`")


def test_every_module_that_claims_a_twin_is_in_the_table() -> None:
    claims = {
        (path.relative_to(static() / "matrix").as_posix(), named)
        for path in sorted((static() / "matrix").glob("*.js"))
        for claim in CLAIM.findall(path.read_text(encoding="utf-8"))
        for named in PATH.findall(claim)
    }
    assert claims == TWINS.keys()


def test_architecture_md_lists_them() -> None:
    text = (PACKAGE.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `static/matrix/(.*?)` \| (.*) \|$", text, re.MULTILINE)
    listed = {(script, named) for script, twins in rows for named in PATH.findall(twins)}
    assert listed == TWINS.keys()


def test_twins_stand_in_one_folder() -> None:
    others = (path for path in static().rglob("*.js") if path.parent.name != "matrix")
    assert [one for one in others if "The same in `" in one.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize(("script", "named"), TWINS)
def test_twins_name_each_other(script: str, named: str) -> None:
    twin = PACKAGE.parent / named
    assert f"`static/matrix/{script}`" in twin.read_text(encoding="utf-8")


@pytest.mark.parametrize(("script", "named"), TWINS)
def test_a_test_calls_both(script: str, named: str) -> None:
    text = (Path(__file__).parent / TWINS[script, named]).read_text(encoding="utf-8")
    assert f'"matrix/{script.removesuffix(".js")}"' in text
    assert re.search(rf"^(?:from .*|)import .*\b{Path(named).stem}\b", text, re.MULTILINE)
