"""Heads: the bundle says what the profiles say, to half a step, and who has which relation."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import atlases
import head_atlas
import numpy as np
import pagecheck
import pytest
from numpy.typing import NDArray

from atlas.errors import AtlasError
from atlas.paths import PACKAGE, Project
from atlas.pinned import relations
from atlas.pinned.relations import CATEGORIES
from atlas.profiles import collection, profile_file, side_files, statement
from atlas.profiles.matrix import Matrix
from atlas.site import pages
from atlas.site.heads import index as head_index
from atlas.site.heads.index import Heads

SHAPES = {"large": (12, 32), "small": (3, 5), "tall": (40, 4)}


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    """Three models of different shape, the last one without functions."""
    made = atlases.project(tmp_path / "atlas")
    for at, (slug, shape) in enumerate(SHAPES.items()):
        measured = ("attention",) if slug == "tall" else ("attention", "functions")
        head_atlas.model(made, slug, *shape, seed=at, measured=measured, family=f"family-{at % 2}")
    atlases.entry(made, "waiting")
    return made


def _load(made: Project) -> Heads:
    statements = [statement.of(name) for name in statement.names()]
    return head_index.load(made, collection.load(made), statements)


def _index(heads: Heads) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dict(heads.files)["bundle.json"])
    return found


def _column(heads: Heads, part: int, offset: int) -> NDArray[np.uint8]:
    raw = dict(heads.files)[_index(heads)["parts"][part]]
    return np.frombuffer(raw, np.uint8, heads.count, offset)


def _matrices(slug: str) -> dict[str, Matrix]:
    at = list(SHAPES).index(slug)
    drawn = head_atlas.attention(at, *SHAPES[slug])
    if slug != "tall":
        drawn += head_atlas.functions(at, *SHAPES[slug])
    return {matrix.name: matrix for matrix in drawn}


def test_every_value_is_there_to_half_a_step(atlas: Project) -> None:
    heads = _load(atlas)
    index = _index(heads)
    assert index["heads"] == heads.count == sum(layers * each for layers, each in SHAPES.values())
    names = {score["name"] for score in index["scores"]}
    assert names == set(_matrices("small"))
    for score in index["scores"]:
        steps = _column(heads, score["part"], score["offset"])
        values = score["low"] + (score["high"] - score["low"]) * (steps / 254)
        for model in index["models"]:
            shape = (model["layers"], model["heads"])
            own = slice(model["first"], model["first"] + shape[0] * shape[1])
            matrix = _matrices(model["slug"]).get(score["name"])
            if matrix is None:
                assert (steps[own] == 255).all()
                continue
            apart = np.abs(values[own].reshape(shape) - matrix.values)
            assert apart.max() <= (score["high"] - score["low"]) / 254 * 0.501


def test_fixed_ranges_are_kept_and_others_reach_from_end_to_end(atlas: Project) -> None:
    by_name = {score["name"]: score for score in _index(_load(atlas))["scores"]}
    assert (by_name["induction"]["low"], by_name["induction"]["high"]) == (0, 1)
    assert (by_name["ov_copying"]["low"], by_name["ov_copying"]["high"]) == (-1, 1)
    most = max(_matrices(slug)["relations"].values.max() for slug in ("large", "small"))
    assert by_name["relations"]["high"] == most and by_name["relations"]["low"] == 0
    assert by_name["score:capital@10"]["least"] and not by_name["score:capital@25"]["least"]


def test_a_score_over_many_magnitudes_keeps_its_logarithmic_scale(atlas: Project) -> None:
    drawn = np.exp(np.random.default_rng(0).normal(size=(3, 5)) * 4)
    gate = replace(
        _matrices("small")["entropy"], name="head_gate", values=drawn, scale="log", range=(0, None)
    )
    head_atlas.write(atlas, "small", "importance", (gate,))
    heads = _load(atlas)
    score = next(one for one in _index(heads)["scores"] if one["name"] == "head_gate")
    assert score["transform"] == "log" and not score["below"]
    steps = _column(heads, score["part"], score["offset"])
    model = next(one for one in _index(heads)["models"] if one["slug"] == "small")
    own = steps[model["first"] : model["first"] + 15].reshape(3, 5)
    told = score["low"] * (score["high"] / score["low"]) ** (own / 254)
    half = np.log(score["high"] / score["low"]) / 254 / 2
    assert np.abs(np.log(told / drawn)).max() <= half * 1.01 + 1e-3  # profiles have four digits


def test_categories_and_relations_of_every_head(atlas: Project) -> None:
    heads = _load(atlas)
    index = _index(heads)
    classes = _column(heads, *index["classes"])
    planes = [_column(heads, *where) for where in index["has"]]
    assert [one["name"] for one in index["relations"]] == list(relations.names())
    by_name = {one.name: one for one in relations.load_all()}
    for model in index["models"]:
        own = slice(model["first"], model["first"] + model["layers"] * model["heads"])
        if model["slug"] == "tall":
            assert (classes[own] == 255).all() and model["asked"] == []
            assert not any(plane[own].any() for plane in planes)
            continue
        assert model["asked"] == list(range(20))
        matrices = _matrices(model["slug"])
        for at, name in enumerate(CATEGORIES):
            counted = matrices[f"relations:{name}"].values.reshape(-1) > 0
            assert ((classes[own] >> at & 1) == counted).all()
        for at, one in enumerate(index["relations"]):
            for sign, first in (("score", 0), ("suppressive", len(planes) // 2)):
                k = 1 if by_name[one["name"]].name in head_atlas.COPYING else 10
                wanted = matrices[f"{sign}:{one['name']}@{k}"].values.reshape(-1) > 0.15
                assert ((planes[first + at // 8][own] >> at % 8 & 1) == wanted).all()


def test_relations_agree_with_the_counts_of_the_committed_profiles() -> None:
    """Of the atlas itself: relations by head, counted by category, are what profiles count."""
    made = Project(PACKAGE.parent)
    heads = _load(made)
    index = _index(heads)
    category = {one.name: one.category for one in relations.load_all()}
    planes = [_column(heads, *where) for where in index["has"]]
    half = len(planes) // 2
    measured = 0
    for model in index["models"]:
        path = made.profile(model["slug"], "functions")
        if not path.is_file():
            continue
        measured += 1
        profile = profile_file.load(path)
        own = slice(model["first"], model["first"] + model["layers"] * model["heads"])
        for name in CATEGORIES:
            has = [
                (planes[at // 8][own] | planes[half + at // 8][own]) >> at % 8 & 1
                for at, one in enumerate(index["relations"])
                if category[one["name"]] == name
            ]
            counts = {one.name: one.values for one in profile.matrices}
            none = np.zeros((model["layers"], model["heads"]))  # where no relation was measurable
            counted = counts.get(f"relations:{name}", none).reshape(-1)
            assert (np.sum(has, axis=0) == counted).all(), (model["slug"], name)
    assert measured


def test_nearest_heads_are_in_their_files(atlas: Project) -> None:
    source, target = (5, 7), (2, 4)
    for name, seed in (("attention", 1), ("functions", 1)):
        drawn = getattr(head_atlas, name)
        copied = head_atlas.copied(drawn(seed, 3, 5), drawn(0, 12, 32), {target: source})
        head_atlas.write(atlas, "small", name, copied)
    heads = _load(atlas)
    index, files = _index(heads), dict(heads.files)
    near = index["nearest"]
    first = {model["slug"]: model["first"] for model in index["models"]}
    row = first["large"] + source[0] * 32 + source[1]
    part = files[near["parts"][row // near["rows"]]]
    size = near["count"] * 5
    record = part[row % near["rows"] * size :][:size]
    places = np.frombuffer(record, "<u4", near["count"])
    assert places[0] == first["small"] + target[0] * 5 + target[1]
    assert (places[1:] == 2**32 - 1).all()  # the third has attention alone: too little in common
    assert record[near["count"] * 4] == 0
    assert sum(len(files[name]) for name in near["parts"]) == heads.count * size
    assert [len(one) for one in near["sets"]] == [3 + 2 + 40, 3]
    assert near["fewest"] == 8
    assert near["usual"] and 0.1 < near["close"] < near["usual"] < 1


def test_who_does_nothing_is_said(atlas: Project) -> None:
    """A byte a head, and how many there are."""
    for name, still in (("attention", 0.05), ("functions", 0.0)):
        drawn = getattr(head_atlas, name)(1, 3, 5)
        first = (0, slice(None))
        quiet = []
        for one in drawn:
            values = one.values.copy()
            values[first] = still
            quiet.append(replace(one, values=values))
        head_atlas.write(atlas, "small", name, quiet)
    heads = _load(atlas)
    index = _index(heads)
    said = _column(heads, *index["functions"])
    by_slug = {model["slug"]: model["first"] for model in index["models"]}
    assert said[by_slug["small"] :][:15].tolist() == [0] * 5 + [1] * 10
    assert set(said[by_slug["tall"] :][:160]) == {255}
    assert heads.silent == (said == 0).sum() >= 5
    assert heads.judged == SHAPES["large"][0] * SHAPES["large"][1] + 15


def test_a_page_leads_to_its_panel_or_to_a_pinned_cell(atlas: Project) -> None:
    by_slug = {one.slug: one for one in _load(atlas).listed}
    assert by_slug["small"].address(2, 4) == "?head=2.4#functions"
    pinned = "?figure=attention&matrix=entropy&row=2&column=3#attention"
    assert by_slug["tall"].address(2, 3) == pinned


def test_who_was_measured_otherwise_is_marked_and_not_on_top(atlas: Project) -> None:
    matrices = tuple(
        replace(one, values=np.ones((40, 4))) for one in head_atlas.attention(2, 40, 4)
    )
    head_atlas.write(atlas, "tall", "attention", matrices)
    assert "tall" in {top.listed.slug for top in _load(atlas).top}
    head_atlas.write(atlas, "tall", "attention", matrices, protocol={"length": 64})
    heads = _load(atlas)
    groups = {model["slug"]: model["groups"] for model in _index(heads)["models"]}
    assert groups["tall"] == {"attention": 1} and groups["large"]["attention"] == 0
    assert next(one for one in _index(heads)["models"] if one["slug"] == "tall")["stale"]
    assert "tall" not in {top.listed.slug for top in heads.top}


def test_the_highest_head_of_each_score(atlas: Project) -> None:
    heads = _load(atlas)
    assert len(heads.top) == 6 + 8 + 20
    for top in heads.top:
        name = top.score.first.name
        known = [_matrices(slug) for slug in SHAPES]
        highest = max(found[name].values.max() for found in known if name in found)
        assert _matrices(top.listed.slug)[name].values[top.head] == highest


def test_a_count_that_is_0_everywhere_has_no_highest_head(atlas: Project) -> None:
    for at, slug in enumerate(("large", "small")):
        matrices = head_atlas.functions(at, *SHAPES[slug])
        none = tuple(
            replace(one, values=0 * one.values) if one.name == "relations" else one
            for one in matrices
        )
        head_atlas.write(atlas, slug, "functions", none)
    names = {top.score.first.name for top in _load(atlas).top}
    assert "relations" not in names and "relations:knowledge" in names


def test_matrices_of_other_heads_are_left_out_and_named(atlas: Project) -> None:
    *rest, last = head_atlas.attention(1, 3, 5)
    other = head_atlas.attention(1, 2, 2)[-1]
    head_atlas.write(atlas, "small", "attention", (*rest, other))
    score = next(one for one in _index(_load(atlas))["scores"] if one["name"] == last.name)
    assert score["others"] == ["small"]


def test_a_profile_of_functions_without_its_heads_is_refused(atlas: Project) -> None:
    where = side_files.path(atlas.profile("small", "functions"), "heads")
    document = json.loads(where.read_text(encoding="utf-8"))
    document["heads"][3]["layer"] = 99
    where.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(AtlasError, match=r"none of the model's 15 heads"):
        _load(atlas)
    where.unlink()
    with pytest.raises(AtlasError, match=r"functions.heads.json: is missing; measure functions"):
        _load(atlas)


def test_the_pages_build_with_heads_and_without(atlas: Project, tmp_path: Path) -> None:
    head_atlas.model(
        atlas, "sly", seed=9, name='<img src=x onerror="alert(1)"> [x](javascript:alert(1))'
    )
    pages.render(atlas)
    site = atlases.build(atlas)
    page = pagecheck.Page(site / "heads/index.html")
    assert '<img src=x onerror="alert(1)">' in page.text
    assert not any("onerror" in names for _, *names in page.shape)
    assert not any(link.startswith("javascript:") for link in page.links)
    assert not [link for link in pagecheck.broken_links(site) if "heads" in link]
    assert "nearest" in page.ids
    empty = atlases.project(tmp_path / "empty")
    atlases.entry(empty, "waiting")
    pages.render(empty)
    text = pagecheck.Page(atlases.build(empty) / "heads/index.html").text
    assert "No heads have been measured yet." in text
    assert not (empty.docs / "heads/bundle.json").exists()
