"""An atlas in Python: the same numbers from a project, a built site and an address."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_atlas import Host

import atlas
from atlas.paths import Project


@pytest.fixture(params=["project", "site", "address"])
def opened(request: pytest.FixtureRequest, small: Project, host: Host, tmp_path: Path) -> Any:
    """The small atlas, however it is opened."""
    where: dict[str, str | Path] = {
        "project": small.root,
        "site": small.docs,
        "address": host.address,
    }
    return atlas.open(where[request.param], cache=tmp_path)


def stored(small: Project, slug: str, analysis: str, name: str) -> Any:
    """A matrix as its file has it."""
    document = json.loads(small.profile(slug, analysis).read_bytes())
    return next(one for one in document["matrices"] if one["name"] == name)


def test_import_is_light_and_private_names_are_not_offered(small: Project) -> None:
    script = (
        "import sys, atlas; heavy = {'numpy', 'torch', 'yaml', 'click', 'urllib.request'}; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); "
        "assert atlas.Table.__name__ == 'Table' and not hasattr(atlas, 'Tablet'); "
        "a = atlas.open(sys.argv[1]); a.heads(); "
        "assert not {'torch', 'transformers', 'pandas', 'bokeh'} & set(sys.modules)"
    )
    words = [sys.executable, "-W", "error", "-c", script, str(small.root)]
    assert subprocess.run(words, check=False).returncode == 0


def test_models_are_rows_of_what_entries_say(opened: Any) -> None:
    assert len(opened.models) == 5 and opened.models.columns[:2] == ("slug", "name")
    row = next(one for one in opened.models if one.slug == "ref-llama")
    assert (row.name, row.layers, row.heads, row.base) == ("Reference Llama", 4, 4, None)
    assert set(row.analyses) == {"weights", "attention", "functions"}
    assert opened.model("qwen3-8b").analyses == ()


def test_values_are_those_of_the_json(opened: Any, small: Project) -> None:
    wanted = stored(small, "ref-llama", "weights", "rms")
    found = opened.model("ref-llama").matrix("weights", "rms")
    np.testing.assert_array_equal(found.values, np.array(wanted["values"], dtype=float))
    assert found.rows == tuple(wanted["rows"]) and found.columns == tuple(wanted["columns"])
    assert found[2, "attn.v"] == wanted["values"][2][wanted["columns"].index("attn.v")]
    assert found.unit == "weight units" and found.axes == ("layer", "module")
    assert found.digest.startswith("sha256:") and np.asarray(found).shape == (4, 9)
    with pytest.raises(ValueError, match="read-only"):
        found.values[0, 0] = 1.0


def test_a_table_has_every_value_of_every_model(opened: Any, small: Project) -> None:
    found = opened.table("attention", "induction")
    assert found.columns == ("model", "comparison_group", "layer", "head", "value", "spread", "n")
    for slug in ("ref-llama", "gemma-3-270m"):
        matrix = stored(small, slug, "attention", "induction")
        rows = {(row.layer, row.head): row for row in found if row.model == slug}
        for layer, line in enumerate(matrix["values"]):
            for head, value in enumerate(line):
                row = rows[layer, head]
                assert (row.value, row.spread) == (value, matrix["spread"][layer][head])
    groups = {row.model: row.comparison_group for row in found}
    assert groups["ref-llama"] == groups["ref-gpt2"] != groups["gemma-3-270m"]


def test_shares_of_pairs_have_their_computed_spread(opened: Any) -> None:
    matrix = opened.model("ref-llama").matrix("functions", "score:copying@1")
    assert matrix.spread is not None
    rows = [one for one in opened.table("functions", matrix.name) if one.model == "ref-llama"]
    assert [row.spread for row in rows] == matrix.spread.ravel().tolist()


def test_classes_have_their_names(opened: Any) -> None:
    matrix = opened.model("ref-llama").matrix("functions", "categories")
    found = opened.table("functions", "categories")
    row = next(one for one in found if one.model == "ref-llama")
    assert row.class_label == matrix.classes[int(row.value)] and row.value == matrix.values[0, 0]


def test_heads_have_all_their_scores(opened: Any, small: Project) -> None:
    found = opened.heads()
    assert {row.model for row in found} == {"ref-llama", "ref-qwen3", "ref-gpt2", "gemma-3-270m"}
    wanted = stored(small, "ref-qwen3", "attention", "sink")["values"][1][3]
    at = found.columns.index("attention/sink")
    assert next(row[at] for row in found if row[:3] == ("ref-qwen3", 1, 3)) == wanted
    assert (
        "attention/comparison_group" in found.columns
        and "functions/categories" not in found.columns
    )
    alone = opened.model("ref-qwen3").heads()
    assert (
        alone.column("attention/sink")[7] == wanted
        and "attention/comparison_group" not in alone.columns
    )


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda one: one.model("ref-lama"), "did you mean 'ref-llama'"),
        (lambda one: one.model("ref-llama").matrix("weight", "rms"), "did you mean 'weights'"),
        (lambda one: one.model("ref-llama").matrix("weights", "rsm"), "there is no matrix 'rsm'"),
        (lambda one: one.table("attention", "induct"), "no model has a matrix 'induct'"),
        (lambda one: one.model("ref-llama").matrix("weights", "rms")[9, "attn.q"], "no layer 9"),
        (lambda one: one.models.column("slogan"), "there is no column 'slogan'"),
    ],
)
def test_names_that_there_are_not_are_answered(
    small: Project, ask: Callable[[atlas.Atlas], object], told: str
) -> None:
    with pytest.raises(atlas.AtlasError, match=told):
        ask(atlas.open(small.docs))


def test_what_is_no_atlas_is_told(tmp_path: Path) -> None:
    with pytest.raises(atlas.AtlasError, match=r"neither a project .* nor a built site"):
        atlas.open(tmp_path)


def test_a_damaged_and_a_newer_file_are_refused(spoilt: Project) -> None:
    for where in (spoilt.root, spoilt.docs):
        profile = spoilt.profile("ref-llama", "weights")
        text = profile.read_text(encoding="utf-8")
        profile.write_text(text.replace('"format": 1', '"format": 99', 1), encoding="utf-8")
        assert '"format": 99' in profile.read_text(encoding="utf-8")
        told = "newer than this atlas.*upgrade" if where == spoilt.root else "not the file that"
        with pytest.raises(atlas.AtlasError, match=told):
            atlas.open(where).model("ref-llama").matrix("weights", "rms")
        profile.write_text(text[: len(text) // 2], encoding="utf-8")
        with pytest.raises(atlas.AtlasError, match=r"not valid JSON|not the file that"):
            atlas.open(where).model("ref-llama").matrix("weights", "rms")
        profile.write_text(text, encoding="utf-8")
        atlas.open(where).model("ref-llama").matrix("weights", "rms")


def _index(made: Project, **changes: Any) -> None:
    path = made.docs / "data/index.json"
    document = {**json.loads(path.read_bytes()), **changes}
    kept = {key: value for key, value in document.items() if value is not ...}
    path.write_text(json.dumps(kept), encoding="utf-8")


def test_an_older_index_is_read_and_a_newer_one_refused(spoilt: Project, small: Project) -> None:
    files = [
        one
        for one in json.loads((spoilt.docs / "data/index.json").read_bytes())["files"]
        if one["kind"] != "table"
    ]
    _index(spoilt, format=2, models=..., files=files)
    older, now = atlas.open(spoilt.docs), atlas.open(small.docs)
    assert tuple(older.models) == tuple(now.models)
    assert tuple(older.table("weights", "rms")) == tuple(now.table("weights", "rms"))
    _index(spoilt, format=4)
    with pytest.raises(atlas.AtlasError, match=r"format 4 is newer.*upgrade"):
        atlas.open(spoilt.docs)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "three"},
        {"models": {"slug": "ref-llama"}},
        {"models": [{"slug": "../ref-llama"}]},
        {"profiles": ["models/ref-llama/weights.json"]},
        {"files": 3},
    ],
)
def test_an_index_that_is_none_is_refused(spoilt: Project, changes: dict[str, Any]) -> None:
    _index(spoilt, **changes)
    with pytest.raises(atlas.AtlasError, match=r"index\.json"):
        atlas.open(spoilt.docs)


def test_an_index_cannot_lead_out_of_the_site(spoilt: Project, tmp_path: Path) -> None:
    """A profile has the one path that its model and analysis give."""
    shutil.copy(spoilt.profile("ref-llama", "weights"), tmp_path / "weights.json")
    profiles = json.loads((spoilt.docs / "data/index.json").read_bytes())["profiles"]
    for one in profiles:
        one["path"] = "../../weights.json"
    _index(spoilt, profiles=profiles)
    assert all(row.analyses == () for row in atlas.open(spoilt.docs).models)
