"""What the page of comparisons and a survey open with: real models before reference models."""

from __future__ import annotations

from typing import Any

import atlases
import pytest
import samples
import waiting
from served import Site, built

from atlas.paths import Project
from atlas.profiles import profile_file


def _real(made: Project, slug: str, base: str = "", family: str = "", **changes: Any) -> None:
    more = {"base": base} if base else {}
    more |= {"family": family} if family else {}
    atlases.entry(made, slug, source=f"org/{slug}", revision=samples.REVISION, **more)
    pin = profile_file.Pin(slug, f"org/{slug}", samples.REVISION, samples.DIGEST, None)
    atlases.profile(made, slug, model=pin, **changes)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """A reference model, and three real ones, of which the last two share most."""
    made = atlases.project(tmp_path_factory.mktemp("opening") / "atlas")
    atlases.entry(made, "a-reference")
    atlases.profile(made, "a-reference")
    _real(made, "b-real", matrices=atlases.matrices()[:1])
    _real(made, "c-real")
    _real(made, "d-real", matrices=atlases.matrices(1))
    return built(made, serve)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """Two models, a third that was made from the second, and one of another family."""
    made = atlases.project(tmp_path_factory.mktemp("tuned") / "atlas")
    for slug in ("b-real", "c-real"):
        _real(made, slug)
    _real(made, "d-tuned", matrices=atlases.matrices(2), base="c-real")
    _real(made, "e-alone", family="alone")
    return built(made, serve)


def _chosen(page: Any) -> list[str]:
    page.wait_for_selector('[data-atlas="compare"][data-ready="live"]')
    found: list[str] = page.locator('[data-role="chosen"] li > span').all_inner_texts()
    return found


def test_without_an_address_those_with_most_in_common_are_compared(page: Any, site: Site) -> None:
    page.goto(f"{site.url}compare/")
    assert _chosen(page) == ["Model c-real", "Model d-real"]
    page.locator('[data-role="view"]').select_option("difference")
    assert "models=c-real,d-real" in page.evaluate("location.search")


def test_an_address_is_followed(page: Any, site: Site) -> None:
    page.goto(f"{site.url}compare/?models=a-reference,b-real")
    assert _chosen(page) == ["Model a-reference", "Model b-real"]


def test_a_models_own_page_takes_the_nearest_model_along(page: Any, tuned: Site) -> None:
    """Its base, as a difference; else what was made from it, one of its family, or one that the
    page opens with."""
    page.goto(f"{tuned.url}models/d-tuned/")
    page.locator("a", has_text="Compare with other models").click()
    assert _chosen(page) == ["Model c-real", "Model d-tuned"]
    assert page.locator('[data-role="view"]').input_value() == "difference"
    page.locator('[data-role="chosen"] button').first.click()
    waiting.until(page, "!location.search.includes('c-real')")
    assert _chosen(page) == ["Model d-tuned"], "a model that was taken out stays out"
    wanted_by = {"c-real": "Model d-tuned", "b-real": "Model c-real", "e-alone": "Model c-real"}
    for slug, wanted in wanted_by.items():
        page.goto(f"{tuned.url}compare/?models={slug}&with=nearest&analysis=weights&matrix=rms")
        assert _chosen(page) == [f"Model {slug}", wanted]


def test_the_chooser_lists_real_models_first(page: Any, site: Site) -> None:
    page.goto(f"{site.url}compare/")
    _chosen(page)
    slugs = page.locator('[data-role="boxes"] input').evaluate_all("all => all.map((x) => x.value)")
    assert slugs == ["b-real", "c-real", "d-real", "a-reference"]


def test_a_survey_opens_with_real_models_first(page: Any, site: Site) -> None:
    page.goto(f"{site.url}survey/weights/")
    page.wait_for_selector(".atlas-tile canvas")
    tiles = page.locator(".atlas-tile")
    slugs = "all => all.map((one) => one.dataset.slug)"
    assert tiles.evaluate_all(slugs) == ["b-real", "c-real", "d-real", "a-reference"]
    page.locator('[data-role="sort"]').select_option("name")
    assert tiles.evaluate_all(slugs) == ["a-reference", "b-real", "c-real", "d-real"]
    assert page.evaluate("location.search") == "?sort=name"
