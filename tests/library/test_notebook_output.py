"""What a notebook shows: figures and tables in which nothing that was contributed is markup."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
import samples

import atlas
from atlas.library import tables
from atlas.library.labelled import LabelledArray
from atlas.library.model import labelled
from atlas.paths import Project

EVIL = '"><img src=x onerror=alert(1)>&<script>'


def shown(html: str) -> str:
    """The HTML, then the drawing inside it; no element but those of a figure."""
    assert set(re.findall(r"<(\w+)", html)) <= {
        "figure",
        "figcaption",
        "strong",
        "br",
        "img",
        "span",
    }
    [source] = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    drawing = base64.b64decode(source).decode()
    ElementTree.fromstring(drawing)
    return html + drawing


@pytest.mark.parametrize(
    "changes",
    [
        {"title": EVIL, "unit": EVIL, "direction": EVIL},
        {"rows": (EVIL, "1"), "columns": (EVIL, "b", "c"), "axes": (EVIL, "module")},
        {
            "kind": "categorical",
            "categories": (EVIL, "b"),
            "values": np.array([[0.0, 1, 0], [0, np.nan, 0]]),
            "unit": EVIL,
        },
    ],
)
def test_text_of_a_contribution_is_text(changes: dict[str, object]) -> None:
    array = labelled(samples.profile(), samples.matrix(**changes))
    found = shown(replace(array, model=EVIL)._repr_html_())
    assert "<script" not in found and "onerror=alert(1)>" not in found
    assert "&lt;script&gt;" in found


def test_a_figure_has_every_cell(small: Project) -> None:
    array = atlas.open(small.root).model("ref-llama").matrix("attention", "induction")
    found = shown(array._repr_html_())
    assert "ref-llama: Induction" in found and "share of attention" in found
    assert "image/png;base64" in found and ">head<" in found.lower()


def test_a_table_of_text_is_text() -> None:
    made = tables.table(("a", EVIL), [(EVIL, 0.25), (None, float("nan"))])
    html = made._repr_html_()
    assert "<img" not in html and "<script" not in html and "0.25" in html
    many = tables.table(("a",), [(at,) for at in range(1000)])
    assert many._repr_html_().count("<tr>") == 21 and "and 980 more" in many._repr_html_()


def test_frames_have_labels_as_pandas_wants_them(small: Project) -> None:
    pandas = pytest.importorskip("pandas")
    opened = atlas.open(small.root)
    array = opened.model("ref-llama").matrix("attention", "induction")
    frame = array.to_pandas()
    assert frame.index.name == "layer" and frame.columns.name == "head"
    assert frame.loc[3, 2] == array[3, 2]
    tidy = opened.table("attention", "induction").to_pandas()
    wide = tidy[tidy.model == "ref-llama"].pivot(index="layer", columns="head", values="value")
    pandas.testing.assert_frame_equal(wide, frame)
    assert opened.models.to_pandas().set_index("slug").loc["ref-llama", "layers"] == 4
    assert opened.table("weights", "rms").to_pandas()["spread"].dtype == float


def test_arrays_of_xarray_have_coordinates_and_what_is_known(small: Project) -> None:
    pytest.importorskip("xarray")
    array = atlas.open(small.root).model("ref-llama").matrix("attention", "induction")
    found = array.to_xarray()
    assert found.dims == ("layer", "head") and found.attrs["unit"] == array.unit
    assert float(found.sel(layer=3, head=2)) == array[3, 2]
    assert array.spread is not None
    assert float(found["spread"].sel(layer=3, head=2)) == array.spread[3, 2]
    square = labelled(samples.profile(), samples.matrix(axes=("layer", "layer")))
    assert square.to_xarray().dims == ("layer", "other_layer")


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    array: LabelledArray = labelled(samples.profile(), samples.matrix())
    with pytest.raises(
        atlas.AtlasError, match=r"needs pandas.*pip install 'model-atlas\[pandas\]'"
    ):
        array.to_pandas()
