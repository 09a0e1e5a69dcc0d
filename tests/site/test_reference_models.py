"""The page of the reference models says what their cards say."""

from __future__ import annotations

import json
import shutil

import pytest
from samples import write_entry

from atlas import paths
from atlas.errors import AtlasError
from atlas.paths import PACKAGE, Project
from atlas.pinned import relations
from atlas.profiles import collection
from atlas.site import pages, reference_models


def add(project: Project, slug: str) -> None:
    """A reference model's committed entry."""
    shutil.copytree(
        PACKAGE.parent / "docs/models" / slug,
        project.folder(slug),
        ignore=shutil.ignore_patterns("*.md", "previews"),
    )


def test_cards_are_read_and_told(project: Project) -> None:
    add(project, "ref-llama")
    add(project, "ref-gpt-neox")
    write_entry(project)
    found = reference_models.load(collection.load(project))
    assert [one.entry.slug for one in found] == ["ref-gpt-neox", "ref-llama"]
    assert [one.tied for one in found] == [False, True]
    card = json.loads((paths.zoo_folder("llama") / "card.json").read_text())
    assert found[1].figures == card["figures"]
    assert reference_models.relations(found) == sorted(card["figures"]["recall"])
    pages.render(project)
    page = (project.docs / "reference.md").read_text()
    assert f"{card['figures']['learned']} of {len(card['figures']['recall'])}" in page
    titles = {one.name: one.title for one in relations.load_all()}
    for name, best in card["figures"]["heads"].items():
        assert f">{titles[name]}<" in page
        assert f"{best['layer']}.{best['head']}" in page or not best["found"]


def test_tunes_are_told_beside_their_base(project: Project) -> None:
    add(project, "ref-llama")
    add(project, "ref-llama-topic")
    base, tuned = reference_models.load(collection.load(project))
    assert (base.base, tuned.base) == (None, "llama")
    pages.render(project)
    page = (project.docs / "reference.md").read_text()
    for row in tuned.figures["new"].values():
        assert f">{row['asked']:,}<" in page and f">{row['after']:.2f}<" in page


def test_there_is_no_page_without_reference_models(project: Project) -> None:
    write_entry(project)
    pages.render(project)
    assert not (project.docs / "reference.md").exists()


def test_a_card_that_cannot_be_read_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(project, "ref-llama")
    models = collection.load(project)
    broken = project.root / "zoo"
    broken.mkdir()
    (broken / "card.json").write_text("{")
    monkeypatch.setattr(paths, "zoo_folder", lambda name: broken)
    with pytest.raises(AtlasError, match=r"card\.json"):
        reference_models.load(models)
