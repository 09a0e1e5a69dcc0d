"""What the site's modules compute, called one by one in the browser that runs them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import samples
from script_modules import MODULES

from atlas.profiles.matrix import Matrix
from atlas.site import script_bundles
from atlas.site.figures import heatmap


@pytest.fixture
def call(page: Any, site: Any) -> Any:
    """Call an exported function of a module; a matrix goes in as its JSON."""
    page.goto(f"{site.url}methods/")

    def act(module: str, name: str, *arguments: Any) -> Any:
        import json

        plain = [
            json.loads(item.json_text()) if isinstance(item, Matrix) else item for item in arguments
        ]
        return page.evaluate(
            """async ([url, name, given]) => {
              const found = (await import(url))[name](...given);
              const plain = (key, value) => (ArrayBuffer.isView(value) ? [...value] : value);
              return JSON.parse(JSON.stringify(found, plain));
            }""",
            [f"{site.modules}{module}.js", name, plain],
        )

    return act


def _of(values: list[list[float]], **changes: Any) -> Matrix:
    rows = tuple(str(row) for row in range(len(values)))
    columns = tuple(str(column) for column in range(len(values[0])))
    parts = {"rows": rows, "columns": columns, "axes": ("layer", "head"), **changes}
    return samples.matrix(values=np.array(values), **parts)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.123456, "0.123"), (1234.5, "1230"), (99999, "100000"), (1e5, "1.00e5"),
     (-0.00012345, "-1.23e-4")],
)  # fmt: skip
def test_numbers_have_three_digits(call: Any, value: float, text: str) -> None:
    assert call("matrix/numbers", "number", value) == text


def test_counts_keep_their_digits(call: Any) -> None:
    """In sentences, at ticks and in cells, here and in Python."""
    matrix = _of([[12340.0, 7.0]], kind="counts")
    assert call("matrix/numbers", "worded", matrix, 12340) == "12,340"
    assert call("matrix/numbers", "exact", matrix, 0, 0) == "12340"
    assert call("matrix/sentences", "summary", matrix) == heatmap.summary(matrix)
    assert "12,340" in heatmap.summary(matrix)
    scale = call("matrix/scales", "colour", matrix, "linear")
    assert scale["text"] == heatmap.scale_text(matrix) == "linear, 0 to 12,340"


def test_ranks_count_from_the_highest_and_share_ties(call: Any) -> None:
    ascending = [1, 2, 2, 5]
    assert [call("matrix/numbers", "rank", ascending, value) for value in (5, 2, 1)] == [1, 2, 4]


@pytest.mark.parametrize(
    "matrix",
    [
        _of([[1.0, np.nan], [3.0, 2.0]]),
        _of([[np.nan, np.nan]]),
        _of([[0.5, -0.5, 0.25]], kind="diverging"),
        _of([[0.0, 1.0, 1.0]], kind="categorical", categories=("a", "b", "c")),
        _of([[0.0, 1.0]], kind="binary"),
    ],
    ids=["absent", "nothing", "diverging", "categories", "binary"],
)
def test_summaries_are_those_of_python(call: Any, matrix: Matrix) -> None:
    assert call("matrix/sentences", "summary", matrix) == heatmap.summary(matrix)


def test_a_csv_quotes_labels_and_defuses_formulas(call: Any) -> None:
    matrix = _of([[1.5, np.nan]], columns=('say "a, b"', "=1+1"))
    assert call("matrix/numbers", "csv", matrix) == (
        'layer \\ head,"say ""a, b""",\'=1+1\r\n0,1.5,\r\n'
    )


def test_orders_are_offered_for_what_is_no_layer(call: Any) -> None:
    def offered(matrix: Matrix) -> list[str]:
        return [option["label"] for option in call("matrix/column-order", "orders", matrix)]

    modules = samples.matrix()
    assert offered(modules) == ["Modules, canonical", "Modules by name", "Modules by mean"]
    assert offered(_of([[1.0]])) == ["Heads by number", "Heads by mean"]
    kinds = _of([[0.0]], kind="categorical", categories=("a",))
    assert offered(kinds) == ["Heads by number"]
    clusters = _of([[1.0]], axes=("cluster", "layer"), rows=("law",))
    assert offered(clusters) == ["Clusters, canonical", "Clusters by name", "Clusters by mean"]
    assert offered(_of([[1.0]], axes=("layer", "layer"))) == ["Layers in their order"]


def test_columns_move_with_everything_that_is_theirs(call: Any) -> None:
    matrix = replace(
        _of([[1.0, 9.0, np.nan], [2.0, 3.0, np.nan]], columns=("b", "a", "c")),
        native=("nb", "na", "nc"),
        spread=np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]),
    )
    found = call("matrix/column-order", "arranged", matrix, "mean")
    assert found["columns"] == ["a", "b", "c"]  # what has no value at all is the last
    assert found["native"] == ["na", "nb", "nc"]
    assert found["values"] == [[9, 1, None], [3, 2, None]]
    assert found["spread"][1] == [0.5, 0.4, 0.6]
    assert call("matrix/column-order", "arranged", matrix, "name")["columns"] == ["a", "b", "c"]
    assert call("matrix/column-order", "arranged", matrix, "canonical")["columns"] == [
        "b",
        "a",
        "c",
    ]


def test_rows_move_where_columns_are_layers(call: Any) -> None:
    matrix = _of([[1.0, 2.0], [5.0, 4.0]], axes=("cluster", "layer"), rows=("x", "y"))
    found = call("matrix/column-order", "arranged", matrix, "mean")
    assert (found["rows"], found["values"]) == (["y", "x"], [[5, 4], [1, 2]])
    assert found["columns"] == ["0", "1"]


def test_depths_span_from_first_to_last(call: Any) -> None:
    assert call("matrix/column-order", "depths", list("abc")) == ["0.00", "0.50", "1.00"]
    assert call("matrix/column-order", "depths", ["a"]) == ["0"]


def test_a_place_is_found_by_its_axes(call: Any) -> None:
    matrix = _of([[1.0, 2.0], [5.0, 4.0]])
    assert call("shell/linked-figures", "found", [["layer", "1"], ["head", "0"]], matrix) == [1, 0]
    assert call(
        "shell/linked-figures", "found", [["layer", "1"], ["module", "attn.q"]], matrix
    ) == [1, -1]
    assert call("shell/linked-figures", "found", [["cluster", "law"], ["layer", "1"]], matrix) == [
        1,
        -1,
    ]
    assert call("shell/linked-figures", "found", [["layer", "7"], ["head", "1"]], matrix) == [-1, 1]


@pytest.mark.parametrize("kind", ["sequential", "diverging", "counts"])
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_shares_are_those_of_python(call: Any, kind: str, scale: str) -> None:
    """On the scale that the matrix asks for, which the browser offers first."""
    values = np.round(np.random.default_rng(3).gamma(2.0, 9.0, (5, 7)))
    matrix = _of(values.tolist(), kind=kind, scale=scale)
    first = call("matrix/scales", "choices", matrix)[0]["value"]
    assert first == (scale if kind != "diverging" else "linear")
    found = call("matrix/scales", "colour", matrix, first)
    np.testing.assert_allclose(found["shares"], heatmap.shares(matrix).ravel(), atol=1e-6)
    assert found["text"].split(";")[0] == heatmap.scale_text(matrix)


def test_ticks_ascend_within_the_bar(call: Any) -> None:
    matrix = _of(np.exp(np.random.default_rng(1).normal(0, 3, (6, 6))).tolist())
    for scale in ("linear", "log", "robust", "row"):
        ticks = [tick["at"] for tick in call("matrix/scales", "colour", matrix, scale)["ticks"]]
        assert ticks[0] == 0
        assert ticks[-1] == 1
        assert all(later > earlier for earlier, later in itertools.pairwise(ticks))


def test_a_picture_escapes_what_it_is_told(call: Any) -> None:
    matrix = _of([[1.0]], rows=('<b>"&',), columns=("0",))
    content = {
        "matrix": {"kind": "sequential", "rows": ['<b>"&'], "columns": ["0"]},
        "shares": [0.5], "palette": ["#000000"], "ticks": [], "axes": ["layer", "head"],
        "rows": list(matrix.rows), "columns": ["0"], "classes": [],
        "lines": ["<script>", "a", "b"], "width": 100, "height": 50,
    }  # fmt: skip
    text = call("heatmap/picture", "svg", content)
    assert "<script>" not in text
    assert "&lt;b&gt;&quot;&amp;" in text


def test_joined_modules_say_what_they_said_apart(page: Any, site: Any) -> None:
    """Names stay apart, state is kept once over files, and exports have their names."""
    folder = site.project.site / "joined"
    folder.mkdir()
    for name, text in script_bundles.joined(MODULES).items():
        (folder / name).write_text(text, encoding="utf-8")
    page.goto(f"{site.url}methods/")
    found = page.evaluate(
        """async (base) => {
          const [one, two, heatmap] = await Promise.all(
            ["one", "two", "heatmap"].map((name) => import(`${base}${name}.js`)));
          return [one.default(), one.default(), await two.mount(), heatmap.seven];
        }""",
        f"{site.url}joined/",
    )
    assert found == [[2, "words", "own"], [3, "words", "own"], ["words", 7, "later"], 7]
