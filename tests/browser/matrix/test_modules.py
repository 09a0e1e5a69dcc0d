"""What the site's modules compute, called one by one in the browser that runs them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import samples
from called import of
from script_modules import MODULES
from served import Site

from atlas.paths import static
from atlas.profiles.matrix import Matrix
from atlas.site import script_bundles


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.123456, "0.123"), (1234.5, "1,230"), (99999, "100,000"), (1e5, "100,000"),
     (-0.00012345, "−0.000123"), (-1.2345e-7, "−1.23\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10⁻⁷")],
)  # fmt: skip
def test_numbers_have_three_digits(call: Any, value: float, text: str) -> None:
    assert call("matrix/numbers", "number", value) == text


def test_ranks_count_from_the_highest_and_share_ties(call: Any) -> None:
    ascending = [1, 2, 2, 5]
    assert [call("matrix/numbers", "rank", ascending, value) for value in (5, 2, 1)] == [1, 2, 4]


def test_orders_are_offered_for_what_is_no_layer(call: Any) -> None:
    def offered(matrix: Matrix) -> list[str]:
        return [option["label"] for option in call("matrix/column-order", "orders", matrix)]

    modules = samples.matrix()
    assert offered(modules) == [
        "Components, default order",
        "Components by name",
        "Components by mean",
    ]
    assert offered(of([[1.0]])) == ["Heads by number", "Heads by mean"]
    kinds = of([[0.0]], kind="categorical", categories=("a",))
    assert offered(kinds) == ["Heads by number"]
    clusters = of([[1.0]], axes=("cluster", "layer"), rows=("law",))
    assert offered(clusters) == ["Topics, default order", "Topics by name", "Topics by mean"]
    assert offered(of([[1.0]], axes=("layer", "layer"))) == ["Layers in order"]


def test_columns_move_with_everything_that_is_theirs(call: Any) -> None:
    matrix = replace(
        of([[1.0, 9.0, np.nan], [2.0, 3.0, np.nan]], columns=("b", "a", "c")),
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
    matrix = of([[1.0, 2.0], [5.0, 4.0]], axes=("cluster", "layer"), rows=("x", "y"))
    found = call("matrix/column-order", "arranged", matrix, "mean")
    assert (found["rows"], found["values"]) == (["y", "x"], [[5, 4], [1, 2]])
    assert found["columns"] == ["0", "1"]


def test_depths_span_from_first_to_last(call: Any) -> None:
    assert call("matrix/column-order", "depths", list("abc")) == ["0.00", "0.50", "1.00"]
    assert call("matrix/column-order", "depths", ["a"]) == ["0"]


def test_a_place_is_found_by_its_axes(call: Any) -> None:
    matrix = of([[1.0, 2.0], [5.0, 4.0]])
    for row, column, found in (
        (["layer", "1"], ["head", "0"], [1, 0]),
        (["layer", "1"], ["module", "attn.q"], [1, -1]),
        (["cluster", "law"], ["layer", "1"], [1, -1]),
        (["layer", "7"], ["head", "1"], [-1, 1]),
    ):
        assert call("shell/linked-figures", "placeIn", [row, column], matrix) == found


def test_ticks_ascend_within_the_bar(call: Any) -> None:
    matrix = of(np.exp(np.random.default_rng(1).normal(0, 3, (6, 6))).tolist())
    for scale in ("linear", "log", "robust", "row"):
        ticks = [tick["at"] for tick in call("matrix/scales", "colour", matrix, scale)["ticks"]]
        assert len(ticks) >= 2
        assert ticks[0] >= 0
        assert ticks[-1] <= 1
        assert all(later > earlier for earlier, later in itertools.pairwise(ticks))


def test_every_module_loads(page: Any, site: Site) -> None:
    """The type checker lets pass what a browser refuses, such as a function that is there twice."""
    found = {path.relative_to(static()).as_posix() for path in static().rglob("*.js")}
    page.goto(f"{site.url}methods/")
    refused = page.evaluate(
        """async ([base, names]) => {
          const refusal = (name) => import(base + name).then(() => "", (error) => name + error);
          const told = await Promise.all(names.map(refusal));
          return told.filter(Boolean);
        }""",
        [site.modules, sorted(found - {"atlas.js", "early.js"})],
    )
    assert refused == []


def test_a_drawing_escapes_what_it_is_told(call: Any) -> None:
    nasty = '<b>"&\u0007'
    axis = {"title": nasty, "from": -0.5, "to": 0.5, "ticks": [{"at": 0, "label": nasty}]}
    panel = {"title": nasty, "note": nasty, "x": axis, "y": axis, "empty": nasty}
    classes = [{"label": nasty, "colour": None}]
    scene = {
        **{"title": nasty, "caption": [nasty], "rows": [[panel]]},
        "keys": [{"kind": "classes", "title": nasty, "classes": classes}],
    }
    text = call("drawing/svg", "svg", scene, {"width": 175, "caption": True})
    assert "<b>" not in text and "\u0007" not in text
    root = ElementTree.fromstring(text)
    said = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert said.count('<b>"&') >= 7


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


def test_profiles_say_the_words_of_today(call: Any) -> None:
    def told(version: int) -> list[dict[str, str]]:
        matrices = [{"title": "of old", "unit": "m", "direction": "of old", "name": "of old"}]
        reworded = {"weights": {"version": 2, "words": {"of old": "of today"}}}
        profile = {"analysis": "weights", "version": version, "matrices": matrices}
        return list(call("shell/fetch", "inWordsOfToday", profile, reworded)["matrices"])

    now = {"title": "of today", "unit": "m", "direction": "of today", "name": "of old"}
    assert told(2) == [now]
    assert told(1) == [{**now, "title": "of old", "direction": "of old"}]


def test_usual_values_are_a_sentence(call: Any) -> None:
    def told(columns: tuple[str, ...] = ("attn.q",), **changes: Any) -> str:
        usual = {"models": 4, "only": "", "reference": False, "values": [1, 2, 30], **changes}
        return str(call("heatmap/folded-parts", "usualValues", usual, {"columns": columns}))

    assert told() == (
        "Usual values: in the 4 real models measured so far, 90% of all values lie between 1"
        " and 30; the median is 2."
    )
    assert told(("attn.q", "norm.attn"), reference=True).startswith(
        "Usual values: in the 4 reference models measured so far, 90%"
    )
    assert told(("attn.q", "norm.attn")).endswith("; the median is 2, norms left out.")
    assert told(models=1, only="GPT-2", values=[3, 3, 3]) == (
        "Usual values: in GPT-2, the only real model measured so far, nearly all values are 3;"
        " the median is 3."
    )
