"""Long words: a model whose name, family, license, source and tags have no place to break makes no
page wider than a phone."""

from __future__ import annotations

from typing import Any

import atlases
import functional_atlas
import pytest
import samples
from served import Site, built

LONG = "Extraordinarily" * 4 + "Long-68B"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PATHS = (
    *("", "models/", "models/long/", "models/waiting-long/", "families/", f"families/{'f' * 60}/"),
    *("survey/", "survey/functions/", "survey/weights/", "heads/", "compare/", "claims/", "data/"),
)


MET = """() => [...document.querySelectorAll(".atlas-card")].flatMap((card) => {
  const edge = card.getBoundingClientRect();
  const names = ["strong", ".atlas-badge", ".atlas-door-text", "small"];
  const parts = card.querySelectorAll([...names, "[class^=atlas-card-]"].join());
  const boxes = [...parts].map((one) => [one.textContent, one.getBoundingClientRect()]);
  const meet = (one, other) => one.left < other.right - 1 && other.left < one.right - 1
    && one.top < other.bottom - 1 && other.top < one.bottom - 1;
  return boxes.flatMap(([words, box], at) => [
    ...(box.right > edge.right + 1 || box.bottom > edge.bottom + 1 ? [`${words} leaves`] : []),
    ...boxes.slice(at + 1).filter(([, other]) => meet(box, other))
      .map(([other]) => `${words} meets ${other}`),
  ]);
})"""
"""In the page: labels of cards that lie on each other or leave their card."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    made = atlases.project(tmp_path_factory.mktemp("long") / "atlas")
    words = {
        "name": LONG,
        "family": "f" * 60,
        "license": f"LicenseRef-{'L' * 49}",
        "summary": f"Made by {'Author' * 20}.",
        "tags": ["t" * 40, "u" * 40],
        "sources": [f"https://example.org/{'s' * 200}"],
    }
    atlases.entry(made, "long", **words)
    functional_atlas.profile(made, "long", 12, 8)
    atlases.profile(made, "long")
    atlases.entry(
        made,
        "waiting-long",
        **{**words, "name": f"{LONG}-base", "source": f"{'o' * 60}/{'n' * 80}"},
        revision=samples.REVISION,
    )
    return built(made, serve)


@pytest.mark.parametrize("context_options", [PHONE], ids=["phone"])
@pytest.mark.parametrize("path", PATHS)
def test_no_page_grows_wider_than_a_phone(page: Any, site: Site, path: str) -> None:
    assert len(LONG) == 68
    page.goto(site.url + path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_labels_of_cards_do_not_overlap(page: Any, site: Site) -> None:
    page.goto(site.url)
    page.wait_for_load_state("networkidle")
    met = page.evaluate(MET)
    assert page.locator(".atlas-card").count() > 2
    assert met == []
