"""Every kind of page against WCAG 2.2 A and AA, in light and in dark, by axe-core.

axe-core comes from npm: `make check` installs it.
"""

from __future__ import annotations

import fnmatch
import itertools
from pathlib import Path
from typing import Any

import own_atlas
import pytest
from served import Site
from shown import show_all

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: npm ci")

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

VIOLATIONS = """async (tags) => {
  const found = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}"""

SETTLED = """async (scheme) => {
  document.body.setAttribute("data-md-color-scheme", scheme);
  await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
  await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {})));
}"""
"""In the page: in that colour scheme, when all has its colour."""


@pytest.fixture
def site(whole_site: Site) -> Site:
    return whole_site


def test_every_page_is_of_a_kind_that_is_looked_at(site: Site) -> None:
    folders = {path.relative_to(site.project.site) for path in site.project.site.rglob("*.html")}
    addresses = {path.as_posix().removesuffix("index.html") for path in folders}
    one_of = {
        address: [kind for kind in own_atlas.KINDS if _matches(address, kind)]
        for address in addresses
    }
    assert {address: kinds for address, kinds in one_of.items() if len(kinds) != 1} == {}
    kinds = set(itertools.chain.from_iterable(one_of.values()))
    assert kinds == set(own_atlas.KINDS), "a kind of page is gone"


@needs_axe
@pytest.mark.parametrize("path", [*own_atlas.KINDS.values(), *own_atlas.MORE])
def test_no_violation_in_light_or_dark(page: Any, site: Site, path: str) -> None:
    page.goto(site.url + path)
    page.wait_for_load_state("networkidle")
    show_all(page)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = {}
    for scheme in ("default", "slate"):
        page.evaluate(SETTLED, scheme)
        found[scheme] = page.evaluate(VIOLATIONS, TAGS)
    assert found == {"default": [], "slate": []}


@needs_axe
def test_axe_sees_what_is_wrong(page: Any, site: Site) -> None:
    """The check can fail: pale text and a picture without words are found."""
    page.goto(site.url)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(
        """() => document.querySelector("article").insertAdjacentHTML("beforeend",
          '<p style="color:#ccc;background:#fff">pale</p><img src="assets/images/favicon.png">')"""
    )
    found = {told.split(":")[0] for told in page.evaluate(VIOLATIONS, TAGS)}
    assert found == {"color-contrast", "image-alt"}


def _matches(address: str, kind: str) -> bool:
    """A `*` stands for one folder."""
    return address.count("/") == kind.count("/") and fnmatch.fnmatchcase(address, kind)
