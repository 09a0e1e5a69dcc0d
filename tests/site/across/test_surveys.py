"""Surveys: the bundle says what the profiles say, to half a step, and who is awaited."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import atlases
import numpy as np
import pagecheck
import pytest
import samples

from atlas.paths import Project
from atlas.profiles import collection, statement
from atlas.site import pages
from atlas.site.across import surveys
from atlas.site.across.surveys import Survey


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    """Three models of different shape that were measured, one that waits."""
    made = atlases.project(tmp_path / "atlas")
    for at, (layers, heads) in enumerate(((12, 32), (48, 25), (6, 8))):
        atlases.entry(made, f"model-{at}", family=f"family-{at % 2}", tags=[f"tag-{at}"])
        atlases.profile(made, f"model-{at}", matrices=atlases.matrices(at, layers, heads))
    atlases.entry(made, "waiting", source="some-org/waiting", revision=samples.REVISION)
    return made


def _survey(made: Project) -> Survey:
    return surveys.load(collection.load(made), [statement.of("weights")])[0]


def _read(survey: Survey) -> tuple[dict[str, Any], dict[str, dict[str, np.ndarray]]]:
    """A bundle read as its description in `surveys` says: the index, and the steps of each
    quantity by model."""
    files = dict(survey.files)
    index = json.loads(files["bundle.json"])
    found: dict[str, dict[str, np.ndarray]] = {}
    for quantity in index["matrices"]:
        raw = files[index["parts"][quantity["part"]]]
        at = quantity["offset"]
        for model, *labels in index["layouts"][quantity["layout"]]:
            named = (index["labels"][label] for label in labels)
            shape = tuple(label if isinstance(label, int) else len(label) for label in named)
            steps = np.frombuffer(raw, np.uint8, int(np.prod(shape)), at).reshape(shape)
            found.setdefault(quantity["name"], {})[index["models"][model]["slug"]] = steps
            at += steps.size
    return index, found


def _restored(quantity: dict[str, Any], steps: np.ndarray) -> np.ndarray:
    low, high = quantity["low"], quantity["high"]
    shares = steps / 254
    if quantity["transform"] == "whole":
        values = steps.astype(float)
    elif quantity["transform"] == "log":
        values = low * (high / low) ** shares
    else:
        values = low + (high - low) * shares
    return np.where(steps == 255, np.nan, values)


def test_every_value_is_there_to_half_a_step(atlas: Project) -> None:
    index, found = _read(_survey(atlas))
    for at, (layers, heads) in enumerate(((12, 32), (48, 25), (6, 8))):
        for matrix in atlases.matrices(at, layers, heads):
            quantity = next(one for one in index["matrices"] if one["name"] == matrix.name)
            values = _restored(quantity, found[matrix.name][f"model-{at}"])
            assert (np.isnan(values) == np.isnan(matrix.values)).all()
            known = np.isfinite(matrix.values)
            if quantity["transform"] == "log":
                apart = np.abs(np.log(values[known] / matrix.values[known]))
                step = np.log(quantity["high"] / quantity["low"]) / 254
            else:
                inside = np.clip(matrix.values, quantity["low"], quantity["high"])
                whole = quantity["transform"] == "whole"
                apart = np.abs(values[known] - (matrix.values if whole else inside)[known])
                step = 0.0 if whole else (quantity["high"] - quantity["low"]) / 254
            assert apart.max() <= step * 0.51 + 2e-4 * bool(step)  # profiles have four digits


def test_means_and_highest_values_are_exact(atlas: Project) -> None:
    index, _ = _read(_survey(atlas))
    for quantity in index["matrices"]:
        named = [
            next(m for m in atlases.matrices(at, *shape) if m.name == quantity["name"])
            for at, shape in enumerate(((12, 32), (48, 25), (6, 8)))
        ]
        if quantity["kind"] == "categorical":
            assert quantity["mean"] == [None] * 3
            continue
        assert quantity["mean"] == pytest.approx([np.nanmean(m.values) for m in named], rel=1e-3)
        assert quantity["highest"] == pytest.approx([np.nanmax(m.values) for m in named], rel=1e-3)


def test_who_is_shown_and_who_is_awaited(atlas: Project) -> None:
    survey = _survey(atlas)
    assert [model.entry.slug for model in survey.measured] == ["model-0", "model-1", "model-2"]
    assert [model.entry.slug for model in survey.awaited] == ["waiting"]
    assert survey.families == ("family-0", "family-1")
    assert survey.tags == ("tag-0", "tag-1", "tag-2")


def test_other_versions_and_protocols_stand_apart(atlas: Project) -> None:
    atlases.profile(atlas, "model-1", matrices=atlases.matrices(1), protocol={"rule": "other"})
    index, _ = _read(_survey(atlas))
    assert [model["group"] for model in index["models"]] == [0, 1, 0]
    assert index["groups"][1]["protocol"] == {"rule": "other"}
    assert index["models"][1]["state"] == "stale"


def test_another_quantity_of_the_same_name_is_not_shown(atlas: Project) -> None:
    first, *rest = atlases.matrices(1)
    other = replace(first, unit="another unit", values=first.values + 1e6)
    atlases.profile(atlas, "model-1", matrices=(other, *rest))
    index, found = _read(_survey(atlas))
    assert index["matrices"][0]["others"] == ["model-1"]
    assert set(found["rms"]) == {"model-0", "model-2"}
    assert index["matrices"][0]["high"] < 1e3


def test_modules_stand_in_the_same_columns(atlas: Project) -> None:
    first = atlases.matrices(1)[0]
    lacking = first.columns.index("mlp.gate")
    columns = tuple(column for column in first.columns if column != "mlp.gate")
    values = np.delete(first.values, lacking, axis=1)
    other = replace(first, columns=columns, values=values, native=None)
    atlases.profile(atlas, "model-1", matrices=(other,))
    index, found = _read(_survey(atlas))
    steps = found["rms"]["model-1"]
    assert (steps[:, lacking] == 255).all() and (np.delete(steps, lacking, axis=1) < 255).all()
    layout = index["layouts"][index["matrices"][0]["layout"]]
    assert {columns for _, _, columns in layout} == {layout[0][2]}


def test_a_large_bundle_has_parts(atlas: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _read(_survey(atlas))[1]
    monkeypatch.setattr(surveys, "PART", 2000)
    split = _survey(atlas)
    assert len(split.files) > 3
    for name, by_model in _read(split)[1].items():
        for slug, steps in by_model.items():
            assert (steps == whole[name][slug]).all()


def test_more_categories_than_steps_are_left_out(atlas: Project) -> None:
    many = tuple(map(str, range(300)))
    kinds = samples.matrix(
        name="many", kind="categorical", categories=many, rows=("0",), columns=many,
        values=np.arange(300.0)[None],
    )  # fmt: skip
    atlases.profile(atlas, "model-0", matrices=(*atlases.matrices(0), kinds))
    assert "many" not in _read(_survey(atlas))[1]


def test_the_same_profiles_give_the_same_bytes(atlas: Project) -> None:
    assert _survey(atlas).files == _survey(atlas).files


def test_pages_of_surveys(atlas: Project) -> None:
    pages.render(atlas)
    page = (atlas.docs / "survey" / "weights" / "index.md").read_text()
    assert page.count('class="atlas-tile"') == 3
    assert "1 model awaiting this analysis" in page
    assert f'<option value="{atlases.matrices()[0].name}">' in page
    files = {path.name for path in (atlas.docs / "survey" / "weights").iterdir()}
    assert files == {"index.md", "bundle.json", "bundle.0.bin"}
    site = atlases.build(atlas)
    assert pagecheck.broken_links(site) == []
    assert (site / "survey" / "weights" / "bundle.0.bin").is_file()


def test_a_model_that_fails_at_the_text_is_marked(atlas: Project) -> None:
    facts = {"bits_per_byte": 5.6, "bits_per_byte_by_frequency": 3.7, "beats_frequencies": False}
    atlases.profile(atlas, "model-1", matrices=atlases.matrices(1, 48, 25), facts=facts)
    pages.render(atlas)
    page = (atlas.docs / "survey" / "weights" / "index.md").read_text()
    assert page.count("worse than token frequencies") == 1
    tile = page[page.index('data-slug="model-1"') :]
    assert "worse than token frequencies" in tile[: tile.index("</li>")]


def test_an_analysis_without_profiles_says_so(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "empty")
    pages.render(made)
    page = (made.docs / "survey" / "weights" / "index.md").read_text()
    assert "No model has been measured yet" in page
    assert "data-atlas" not in page
    atlases.entry(made, "waiting", source="some-org/waiting", revision=samples.REVISION)
    pages.render(made)
    page = (made.docs / "survey" / "weights" / "index.md").read_text()
    assert "<details" in page and "1 model awaiting" in page
    assert not (made.docs / "survey" / "weights" / "bundle.json").exists()
