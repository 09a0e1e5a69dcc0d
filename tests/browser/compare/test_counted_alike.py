"""Counts of relations side by side: at one k, over relations that all models can express; and
scores whose pairs are not the same are marked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import atlases
import counted_relations
import numpy as np
import pytest
import samples
from served import Site, built

from atlas.profiles import common_relations, profile_file, side_files, statement

LIVE = '[data-atlas="compare"][data-ready="live"]'
SHAPE = {**samples.GEOMETRY, "layers": 5, "heads": 6, "kv_heads": 6, "parameters": 10_000}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """Judged at k = 10; at 25 and without two relations; at 25 with a damaged file of pairs."""
    made = atlases.project(tmp_path_factory.mktemp("alike") / "atlas")
    for at, (slug, level, lacking) in enumerate(
        (("ten", 0, ()), ("larger", 1, ("capital", "french")), ("bare", 1, ()))
    ):
        atlases.entry(made, slug, name=slug, geometry=SHAPE)
        profile, items = counted_relations.drawn(at, level, lacking)
        pin = profile_file.Pin(slug, "zoo:drawn-at-random", None, samples.DIGEST, None)
        version = statement.of("functions").version
        profile = replace(profile, model=pin, version=version)
        path = made.profile(slug, "functions")
        profile_file.save(path, profile)
        empty: dict[str, Any] = {"relations": {}, "salient": []}
        heads = [{"layer": at // 6, "head": at % 6, **empty} for at in range(30)]
        side_files.save(path, profile, "heads", heads)
        side_files.save(path, profile, "pairs", items)
        if slug == "bare":
            side_files.path(path, "pairs").write_text("{}")
    return built(made, serve)


def status(page: Any, site: Site, query: str) -> str:
    page.goto(f"{site.url}compare/?analysis=functions&{query}")
    page.wait_for_selector(LIVE)
    found: str = page.locator('[data-role="status"]').inner_text()
    return found


def table(page: Any) -> list[list[str]]:
    page.locator('[data-role="table"] summary').click()
    page.wait_for_selector('[data-role="table"] tbody tr')  # filled once it is open
    rows: list[list[str]] = page.locator('[data-role="table"] tbody tr').evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return rows


def read(site: Site, slug: str) -> tuple[profile_file.Profile, Any]:
    path = site.project.profile(slug, "functions")
    return profile_file.load(path), side_files.load(side_files.path(path, "pairs"))["pairs"]


@pytest.mark.parametrize("name", ["relations", "relations:knowledge"])
def test_counts_are_subtracted_as_they_are_made_again(page: Any, site: Site, name: str) -> None:
    said = status(page, site, f"models=ten,larger&matrix={name}&view=difference")
    assert "at k = 10 (copying 1), over the 18 relations that all can express" in said
    assert "left out, because some model cannot express them: Country to capital, English" in said
    (one, ours), (two, theirs) = read(site, "ten"), read(site, "larger")
    shared = common_relations.common([one, two])
    pairs = ((one, ours), (two, theirs))
    again = [common_relations.recounted(*pair, name, shared) for pair in pairs]
    texts = np.array([cells[-3:] for cells in table(page)])
    assert (texts[:, 0].astype(float) == again[0].flatten()).all()
    assert (texts[:, 1].astype(float) == again[1].flatten()).all()
    assert not (again[1] == two.matrix(name).values).all()


def test_categories_are_made_again(page: Any, site: Site) -> None:
    said = status(page, site, "models=ten,larger&matrix=categories")
    assert "Recounted in the same way for every model" in said


def test_counts_that_cannot_be_made_again_are_not_subtracted(page: Any, site: Site) -> None:
    said = status(page, site, "models=ten,bare&matrix=relations&view=difference")
    assert "cannot be recounted in the same way: a file of word pairs could not be read" in said
    assert page.locator('[data-role="obstacles"] td').all_inner_texts() == [
        "20 relations at k = 10",
        "20 relations at k = 25",
    ]
    assert "difference" not in page.locator(".atlas-summary:visible").first.inner_text()


def test_a_score_of_other_pairs_is_marked(page: Any, site: Site) -> None:
    (_, ours), (_, theirs) = read(site, "ten"), read(site, "larger")
    shares = {
        item["relation"]: common_relations.overlap(ours, theirs, item["relation"]) for item in ours
    }
    known = common_relations.common([read(site, slug)[0] for slug in ("ten", "larger")]).relations
    low = min(known, key=lambda one: shares[one])
    high = max(known, key=lambda one: shares[one])
    assert shares[low] < common_relations.SAME_PAIRS <= shares[high]
    for sign in ("score", "folded_score"):
        k = {"copying": 1, "name": 1}
        for relation, marked in ((low, True), (high, False)):
            name = f"{sign}:{relation}@{k.get(relation, 10)}"
            said = status(page, site, f"models=ten,larger&matrix={name}&view=difference")
            captions = " ".join(page.locator(".atlas-pane:visible figcaption").all_inner_texts())
            assert ("were measured on different word pairs" in said) == marked
            assert ("different word pairs" in captions) == marked
