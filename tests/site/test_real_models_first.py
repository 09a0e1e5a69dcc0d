"""Real models that were measured lead, reference models follow, those awaiting a profile come last:
on every page that lists models, and in what the page of comparisons opens with."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import atlases
import pytest
import samples

from atlas.paths import Project
from atlas.profiles import collection, profile_file
from atlas.site import pages
from atlas.site.across import in_common

REVISION = samples.REVISION


@pytest.fixture
def atlas(tmp_path: Path) -> Project:
    """One of each kind, whose slugs and families sort the other way round."""
    made = atlases.project(tmp_path / "atlas")
    made.claims.mkdir()
    waiting(made, "a-waiting", family="fa")
    reference(made, "b-reference", family="fb")
    real(made, "c-real", family="fc")
    return made


def waiting(made: Project, slug: str, **changes: Any) -> None:
    atlases.entry(made, slug, source=f"org/{slug}", revision=REVISION, **changes)


def reference(made: Project, slug: str, **changes: Any) -> None:
    atlases.entry(made, slug, **changes)
    atlases.profile(made, slug)


def real(made: Project, slug: str, entry: dict[str, Any] | None = None, **changes: Any) -> None:
    names = {key: changes.pop(key) for key in ("family",) if key in changes}
    waiting(made, slug, **names, **(entry or {}))
    pin = profile_file.Pin(slug, f"org/{slug}", REVISION, samples.DIGEST, None)
    atlases.profile(made, slug, model=pin, **changes)


ORDER = ["c-real", "b-reference", "a-waiting"]


def test_the_order_has_one_room(atlas: Project) -> None:
    assert [model.entry.slug for model in collection.load(atlas)] == ORDER
    assert [model.rank for model in collection.load(atlas)] == [0, 1, 2]


def test_a_reference_model_that_is_not_measured_waits_with_the_others(atlas: Project) -> None:
    atlases.entry(atlas, "d-reference")
    waiting(atlas, "e-waiting")
    found = [model.entry.slug for model in collection.load(atlas)]
    assert found == ["c-real", "b-reference", "a-waiting", "d-reference", "e-waiting"]


@pytest.mark.parametrize(
    ("page", "pattern"),
    [
        ("index.md", r'models/([a-z-]+)/"'),
        ("models/index.md", r'<td><a href="\.\./models/([a-z-]+)/"'),
        ("families/index.md", r'<td><a href="\.\./families/(f[abc])/"'),
        ("compare/index.md", r'<li data-slug="([a-z-]+)"'),
        ("survey/weights/index.md", r'models/([a-z-]+)/#weights"'),
        ("claims/index.md", r'id="about-([a-z-]+)"'),
    ],
)
def test_pages_list_real_models_first(atlas: Project, page: str, pattern: str) -> None:
    for slug in ORDER:
        claim(atlas, f"about-{slug}", slug)
    pages.render(atlas)
    text = (atlas.docs / page).read_text(encoding="utf-8").rpartition("## Models")[2]
    found = list(dict.fromkeys(re.findall(pattern, text)))
    assert found in (ORDER, ["fc", "fb", "fa"])


def test_a_family_page_keeps_its_ladder(atlas: Project) -> None:
    for slug in ("c-real", "a-waiting", "b-reference"):
        text = atlas.entry(slug).read_text(encoding="utf-8")
        atlas.entry(slug).write_text(re.sub(r"family: f.", "family: same", text))
    pages.render(atlas)
    page = (atlas.docs / "families" / "same" / "index.md").read_text(encoding="utf-8")
    found = re.findall(r'<td><a href="\.\./\.\./models/([a-z-]+)/"', page)
    assert found == sorted(ORDER), "of one size, by name"


def claim(made: Project, name: str, *slugs: str) -> None:
    holds = [
        {
            "left": {"model": slug, "analysis": "weights", "matrix": "rms", "take": "max"},
            "is": "above",
            "right": 0,
        }
        for slug in slugs
    ]
    stated = {"sentence": f"Of {name}.", "view": f"models/{slugs[0]}/", "holds": holds}
    (made.claims / f"{name}.yml").write_text(json.dumps(stated), encoding="utf-8")


def test_home_shows_claims_about_real_models_first_a_model_in_turn(atlas: Project) -> None:
    real(atlas, "d-real")
    for name in ("one", "two"):
        for slug in ("b-reference", "c-real", "d-real", "a-waiting"):
            claim(atlas, f"{slug}-{name}", slug)
    pages.render(atlas)
    home = (atlas.docs / "index.md").read_text(encoding="utf-8")
    found = re.findall(r"Of ([a-z-]+)\.", home)
    assert found == ["c-real-one", "d-real-one", "c-real-two", "d-real-two"]


def test_the_map_is_of_real_models_and_the_other_is_folded_below_it(atlas: Project) -> None:
    reference(atlas, "d-reference")
    for slug in ("c-real", "e-real"):
        real(atlas, slug, protocol={"corpus": "another"})
    pages.render(atlas)
    home = (atlas.docs / "index.md").read_text(encoding="utf-8")
    shown, _, folded = home.partition("The reference models, which were measured differently")
    assert home.index("## Models") < home.index("{#map}"), "models stand above their map"
    drawn = re.compile(r'<a [^>]*xlink:href="models/([a-z-]+)/"')
    assert set(drawn.findall(shown)) == {"c-real", "e-real"}
    assert set(drawn.findall(folded)) == {"b-reference", "d-reference"}
    assert "Not on this map" not in home


def test_one_real_model_takes_no_map_from_the_others(atlas: Project) -> None:
    reference(atlas, "d-reference")
    real(atlas, "c-real", protocol={"corpus": "another"})
    pages.render(atlas)
    home = (atlas.docs / "index.md").read_text(encoding="utf-8")
    drawn = set(re.findall(r'<a [^>]*xlink:href="models/([a-z-]+)/"', home))
    assert drawn == {"b-reference", "d-reference"}
    assert 'Not on this map: <a href="models/c-real/">' in home


def test_a_survey_offers_the_order_where_it_says_something(atlas: Project) -> None:
    pages.render(atlas)
    survey = atlas.docs / "survey" / "weights" / "index.md"
    assert '<option value="real">real models first</option>' in survey.read_text("utf-8")
    atlas.entry("c-real").unlink()
    atlas.profile("c-real", "weights").unlink()
    pages.render(atlas)
    assert '<option value="real">' not in survey.read_text("utf-8")


def opening(made: Project) -> list[str]:
    return [model.entry.slug for model in in_common.opening(collection.load(made))]


def test_the_comparison_opens_with_the_real_models_that_share_most(atlas: Project) -> None:
    real(atlas, "d-real", matrices=atlases.matrices()[:1])
    assert opening(atlas) == ["c-real", "d-real"]
    real(atlas, "e-real", matrices=atlases.matrices()[1:5])
    assert opening(atlas) == ["c-real", "e-real"]
    pages.render(atlas)
    page = (atlas.docs / "compare" / "index.md").read_text(encoding="utf-8")
    assert 'data-atlas="compare" data-opening="c-real e-real">' in page


def test_it_opens_with_a_model_and_its_base_and_else_with_two_of_a_family(atlas: Project) -> None:
    """Even where others share more; a base stands first, whatever its name."""
    real(atlas, "d-real", family="fd")
    assert opening(atlas) == ["c-real", "d-real"]
    real(atlas, "e-real", family="fd", matrices=atlases.matrices()[:2])
    assert opening(atlas) == ["d-real", "e-real"]
    tuned: dict[str, Any] = {"entry": {"base": "e-real"}, "matrices": atlases.matrices()[:1]}
    real(atlas, "a-real", family="fa", **tuned)
    assert opening(atlas) == ["e-real", "a-real"]
    real(atlas, "f-real", family="fd", entry={"base": "d-real"}, protocol={"corpus": "another"})
    assert opening(atlas) == ["e-real", "a-real"], "these two have nothing in common"


def test_what_may_not_be_subtracted_is_not_in_common(atlas: Project) -> None:
    real(atlas, "d-real", protocol={"corpus": "another"})
    assert opening(atlas) == []
    pages.render(atlas)
    page = (atlas.docs / "compare" / "index.md").read_text(encoding="utf-8")
    assert "data-opening" not in page


def test_reference_models_alone_open_as_the_page_does_without_an_address(tmp_path: Path) -> None:
    made = atlases.project(tmp_path / "atlas")
    reference(made, "a")
    reference(made, "b")
    assert opening(made) == []
