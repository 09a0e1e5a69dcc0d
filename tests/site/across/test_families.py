"""Families: order of sizes and of modules, one scale, who stands apart, who was tuned from whom."""

from __future__ import annotations

import json
import re
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
from atlas.site.across import families
from atlas.site.across.families import Family, Node


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    """A family of three sizes, the largest tuned, and a model of another family tuned from it."""
    made = atlases.project(tmp_path / "atlas")
    _entry(made, "large", 8_000_000_000)
    _entry(made, "small", 600_000_000)
    _entry(made, "middle", 1_700_000_000)
    _entry(made, "chat", 8_000_000_000, base="large")
    _entry(made, "other", 8_000_000_000, family="other", base="chat")
    for slug, scale in (("small", 1.0), ("middle", 2.0), ("large", 3.0)):
        _profile(made, slug, scale)
    return made


def _entry(made: Project, slug: str, parameters: int, **changes: Any) -> None:
    geometry = {**samples.GEOMETRY, "parameters": parameters}
    atlases.entry(made, slug, **{"family": "f", "geometry": geometry, **changes})


def _profile(made: Project, slug: str, scale: float, **changes: Any) -> None:
    """attn.k is the largest of two modules, in every model; mlp.gate does not exist in one."""
    values = np.array([[1.0, 5.0, 3.0], [2.0, 6.0, 4.0]]) * scale
    if slug == "middle":
        values[:, 2] = np.nan
    kinds = samples.matrix(
        name="kinds", kind="categorical", categories=("none", "a"), values=values * 0
    )
    shown = samples.matrix(axes=("layer", "module"), values=values)
    atlases.profile(made, slug, matrices=(shown, kinds), **changes)


def _family(made: Project, name: str = "f") -> Family:
    listed = families.load(collection.load(made), [statement.of("weights")])
    return next(family for family in listed if family.name == name)


def test_models_stand_in_order_of_size(atlas: Project) -> None:
    family = _family(atlas)
    assert [model.entry.slug for model in family.models] == ["small", "middle", "large", "chat"]
    assert family.sizes == (600_000_000, 1_700_000_000, 8_000_000_000)


def test_one_scale_and_one_order_of_modules(atlas: Project) -> None:
    ladder = json.loads(_family(atlas).ladder)
    (weights,) = ladder["analyses"]
    assert weights["members"] == [0, 1, 2]
    rms = weights["matrices"][0]
    assert (rms["low"], rms["high"]) == (1, 18)
    # means over the models: attn.k 5.5 * 2, mlp.gate 3.5 * 2 without the one that lacks it
    assert rms["columns"] == ["attn.k", "mlp.gate", "attn.q"]
    assert rms["block"] == ["attn.q", "attn.k", "mlp.gate"]
    assert rms["mean"] == pytest.approx([3.5, 7.0, 10.5])


def test_other_versions_and_protocols_are_not_on_the_scale(atlas: Project) -> None:
    _profile(atlas, "large", 1000.0, version=99, protocol={"rule": "other"})
    family = _family(atlas)
    (rung,) = family.rungs
    assert [model.entry.slug for model in rung.members] == ["small", "middle"]
    ((model, why),) = rung.apart
    assert model.entry.slug == "large"
    stated = statement.of("weights")
    assert why.startswith(f"version 99 instead of {stated.version}")
    assert "another rule" in why
    assert json.loads(family.ladder)["analyses"][0]["matrices"][0]["high"] == 12
    pages.render(atlas)
    page = (atlas.docs / "families" / "f" / "index.md").read_text()
    assert 'Left out: <a href="../../models/large/#weights">Model large</a>' in page


def test_another_corpus_is_called_by_its_name(atlas: Project) -> None:
    protocol = {"corpus": "sha256:1"}
    told = "reference (invented text of the reference models)"
    for slug in ("small", "middle"):
        _profile(atlas, slug, 1.0, protocol=protocol)
    other = {"protocol": {"corpus": "sha256:2"}, "conditions": {"corpus": told}}
    _profile(atlas, "large", 3.0, **other)
    (rung,) = _family(atlas).rungs
    assert [why for _, why in rung.apart] == [f"another corpus, {told}"]


def test_a_size_that_fails_at_the_text_is_told(atlas: Project) -> None:
    _profile(
        atlas,
        "large",
        3.0,
        facts={"bits_per_byte": 5.6, "bits_per_byte_by_frequency": 3.7, "beats_frequencies": False},
    )
    pages.render(atlas)
    page = (atlas.docs / "families" / "f" / "index.md").read_text()
    link = '<a href="../../models/large/#weights">Model large, weights</a>: This model predicts'
    assert page.count("worse than token frequencies") == 1 and link in page


def _analysis(made: Project, name: str = "f") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_family(made, name).ladder)["analyses"][0]
    return found


def test_the_figure_is_told_which_size_fails_at_the_text(atlas: Project) -> None:
    assert _analysis(atlas)["doubts"] == []
    facts = {"bits_per_byte": 5.6, "bits_per_byte_by_frequency": 3.7, "beats_frequencies": False}
    _profile(atlas, "large", 3.0, facts=facts)
    ((slug, why),) = _analysis(atlas)["doubts"]
    assert slug == "large"
    assert why == (
        "predicts the text worse than token frequencies alone do (5.6 against 3.7 bits per byte)"
    )


def test_the_figure_is_told_of_unequal_conditions(atlas: Project) -> None:
    assert _analysis(atlas)["unequal"] == []
    _profile(atlas, "large", 3.0, conditions={"stored_dtype": "Q4_1", "device": "cpu"})
    (told,) = _analysis(atlas)["unequal"]
    assert told.startswith("Unequal conditions, weights stored as: ")
    assert "Q4_1 (Model large)" in told and "Model small" in told


def test_a_ladder_needs_measured_sizes_that_differ(atlas: Project) -> None:
    assert _family(atlas).is_ladder and _analysis(atlas)["ladder"]
    page = "families/f/index.md"
    pages.render(atlas)
    assert ">Trends across sizes<" in (atlas.docs / page).read_text()
    for slug in ("middle", "large"):
        _entry(atlas, slug, 610_000_000)
    assert not _analysis(atlas)["ladder"]
    pages.render(atlas)
    assert "across sizes" not in (atlas.docs / page).read_text()


def test_a_page_opens_with_importance_where_as_many_have_it(atlas: Project) -> None:
    for slug in ("small", "middle", "large"):
        atlases.profile(atlas, slug, analysis="importance", version=1)
    listed = [statement.of(name) for name in ("weights", "importance")]
    family = families.load(collection.load(atlas), listed)[0]
    assert [rung.stated.name for rung in family.offered] == ["importance", "weights"]
    atlas.profile("small", "importance").unlink()
    family = families.load(collection.load(atlas), listed)[0]
    assert [rung.stated.name for rung in family.offered] == ["weights", "importance"]


def test_a_quantity_that_a_size_lacks_is_null(atlas: Project) -> None:
    extra = samples.matrix(name="extra", axes=("layer", "module"))
    atlases.profile(atlas, "large", matrices=(extra,))
    matrices = json.loads(_family(atlas).ladder)["analyses"][0]["matrices"]
    found = {item["name"]: item["shown"] for item in matrices}
    assert found["extra"] == [False, False, True]
    assert found["rms"] == [True, True, False]


def test_lineage_crosses_families_and_leaves_loners_out(atlas: Project) -> None:
    (root,) = _family(atlas).lineage
    assert _told(root) == ("large", True, [("chat", True, [("other", False, [])])])
    (root,) = _family(atlas, "other").lineage
    assert _told(root) == ("large", False, [("chat", False, [("other", True, [])])])


def _told(node: Node) -> tuple[str, bool, list[Any]]:
    return node.entry.slug, node.inside, [_told(child) for child in node.children]


def test_lineage_says_how_each_was_made(atlas: Project) -> None:
    _entry(atlas, "small-q", 600_000_000, base="small", relation="quantised")
    pages.render(atlas)
    page = (atlas.docs / "families" / "f" / "index.md").read_text()
    tree = re.sub(r"<[^>]*>", " ", page.partition("## Lineage")[2])
    told = " ".join(tree.split())
    assert "Model small-q quantised" in told
    assert "Model chat fine-tuned" in told and "Model large fine-tuned" not in told


def test_a_family_of_one_has_no_lineage(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "one")
    _entry(made, "alone", 1000)
    family = _family(made)
    assert (family.lineage, family.rungs) == ((), ())
    pages.render(made)
    page = (made.docs / "families" / "f" / "index.md").read_text()
    assert "Awaiting a profile" in page and "## Lineage" not in page


def test_pages_of_families(atlas: Project) -> None:
    pages.render(atlas)
    page = (atlas.docs / "families" / "f" / "index.md").read_text()
    assert "4 models, 600 million to 8 billion parameters" in page
    assert "## Lineage" in page
    assert '<td class="atlas-right">3.5</td>' in page
    index = (atlas.docs / "families" / "index.md").read_text()
    assert 'href="../families/f/"' in index
    site = atlases.build(atlas)
    assert pagecheck.broken_links(site) == []


def test_an_empty_atlas_has_no_families(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "empty")
    pages.render(made)
    assert "No model is listed yet" in (made.docs / "families" / "index.md").read_text()
