"""A family's page in a browser: panels on one scale, one order of modules, trends, address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import atlases
import numpy as np
import pytest
import samples
from playwright.sync_api import expect

from atlas.profiles.matrix import Matrix
from atlas.site import pages
from atlas.site.across import shared_scale
from atlas.site.across.families import ordered
from atlas.site.figures import palettes

LAYERS = (12, 28, 48)
LIVE = '[data-atlas="family"][data-ready="live"]'
PIXELS = """(at) => {
  const canvas = document.querySelectorAll(".atlas-panel canvas")[at];
  const { width, height } = canvas;
  return [height, width, ...canvas.getContext("2d").getImageData(0, 0, width, height).data];
}"""


@dataclass(frozen=True)
class Family:
    url: str
    matrices: list[dict[str, Matrix]]


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Family:
    """Three sizes with their values in common scale, a fourth measured with another version."""
    made = atlases.project(tmp_path_factory.mktemp("family") / "atlas")
    matrices = []
    for at, layers in enumerate((*LAYERS, 6)):
        slug = f"size-{at}"
        geometry = {**samples.GEOMETRY, "layers": layers, "parameters": 10 ** (8 + at)}
        base = {"base": "size-1"} if at == 2 else {}
        atlases.entry(made, slug, family="f", geometry=geometry, **base)
        found = atlases.matrices(at, layers, 8)
        atlases.profile(made, slug, matrices=found, **({"version": 99} if at == 3 else {}))
        matrices.append({matrix.name: matrix for matrix in found})
    pages.render(made)
    url = f"{serve(made.root)}/site/"
    atlases.build(made, url)
    return Family(f"{url}families/f/", matrices[:3])


def _open(page: Any, family: Family, query: str = "") -> None:
    page.goto(f"{family.url}{query}")
    page.wait_for_selector(LIVE)


def _pixels(page: Any, at: int) -> np.ndarray:
    height, width, *data = page.evaluate(PIXELS, at)
    return np.array(data).reshape(height, width, 4)


def test_panels_stand_in_order_of_size_on_one_scale(page: Any, family: Family) -> None:
    _open(page, family)
    assert page.locator(".atlas-panel figcaption").all_inner_texts() == [
        "Model size-0", "Model size-1", "Model size-2",
    ]  # fmt: skip
    shown = [found["rms"] for found in family.matrices]
    scale, order = shared_scale.over(shown), ordered(shown)
    colours = np.array(
        [[int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in palettes.by_kind()["sequential"]]
    )
    for at, matrix in enumerate(shown):
        places = [matrix.columns.index(column) for column in order]
        steps = scale.steps(matrix)[:, places]
        wanted = colours[np.floor(steps / 254 * 255 + 0.5).astype(int)]
        assert np.abs(_pixels(page, at)[..., :3] - wanted).max() <= 8
        labels = page.locator(".atlas-panel").nth(at).locator(".atlas-panel-columns span")
        assert labels.all_inner_texts() == list(order)


def test_the_other_version_is_named_and_not_shown(page: Any, family: Family) -> None:
    _open(page, family)
    told = page.locator('[data-role="told"]').inner_text()
    assert "3 of 4 models on one scale" in told
    assert "Model size-3, measured with version 99 instead of" in told


def test_order_of_the_block_and_its_address(page: Any, family: Family) -> None:
    _open(page, family)
    page.select_option('[data-role="order"]', "block")
    labels = page.locator(".atlas-panel").first.locator(".atlas-panel-columns span")
    assert labels.all_inner_texts() == list(atlases.MODULES)
    page.select_option('[data-role="matrix"]', "outlier")
    page.wait_for_url("**matrix=outlier**")
    page.reload()
    page.wait_for_selector(LIVE)
    assert page.locator('[data-role="matrix"]').input_value() == "outlier"
    assert page.locator('[data-role="order"]').input_value() == "block"


def test_hover_is_exact_and_leads_to_the_cell(page: Any, family: Family) -> None:
    _open(page, family, "?order=block")
    canvas = page.locator(".atlas-panel canvas").nth(1)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    columns = len(atlases.MODULES)
    x = box["x"] + box["width"] * 2.5 / columns
    y = box["y"] + box["height"] * 20.5 / 28
    page.mouse.move(x, y)
    value = family.matrices[1]["rms"].values[20, 2]
    assert page.locator(".atlas-tip:visible .atlas-value").inner_text() == f"{value:.4g}"
    page.mouse.click(x, y)
    page.wait_for_url("**/models/size-1/**")
    assert "row=20" in page.url and "column=attn.v" in page.url


def test_relative_depth_gives_panels_one_height(page: Any, family: Family) -> None:
    _open(page, family)
    heights = [
        page.locator(".atlas-panel canvas").nth(at).bounding_box()["height"] for at in (0, 2)
    ]
    assert heights[1] == pytest.approx(4 * heights[0])
    page.select_option('[data-role="depth"]', "relative")
    assert len({page.locator(".atlas-panel canvas").nth(at).bounding_box()["height"]
                for at in range(3)}) == 1  # fmt: skip


def test_trends_follow_the_means(page: Any, family: Family) -> None:
    _open(page, family)
    page.select_option('[data-role="pick"]', "attn.k")
    lines = page.locator(".atlas-trend").first.locator("polyline")
    assert [len(line.get_attribute("points").split()) for line in lines.all()] == list(LAYERS)
    label = page.locator(".atlas-trend svg").nth(1).get_attribute("aria-label")
    for at, found in enumerate(family.matrices):
        mean = found["rms"].values[:, 1].mean()
        assert float(label.split(f"Model size-{at} ")[1].split(";")[0]) == pytest.approx(
            mean, rel=6e-3
        )


def test_classes_have_shares_as_trends(page: Any, family: Family) -> None:
    _open(page, family, "?matrix=categories&pick=knowledge")
    label = page.locator(".atlas-trend svg").nth(1).get_attribute("aria-label")
    share = (family.matrices[0]["categories"].values == 2).mean()
    assert float(label.split("Model size-0 ")[1].split(";")[0]) == pytest.approx(share, rel=6e-3)
    page.locator(".atlas-class").nth(2).click()
    hidden = (_pixels(page, 0)[..., 3] == 0).T  # layers run across
    assert (hidden == (family.matrices[0]["categories"].values == 2)).all()


def test_keys_read_a_panel_and_colours_follow_the_scheme(page: Any, family: Family) -> None:
    _open(page, family, "?order=block")
    line = page.locator(".atlas-trend polyline").first
    before = line.get_attribute("stroke")
    page.locator(".atlas-panel canvas").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    value = family.matrices[0]["rms"].values[1, 0]
    assert page.locator(".atlas-tip:visible .atlas-value").inner_text() == f"{value:.4g}"
    page.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    line = page.locator(f'.atlas-trend polyline:not([stroke="{before}"])').first
    line.wait_for(state="attached")


def test_pages_left_leave_nothing_behind(page: Any, family: Family) -> None:
    _open(page, family)
    page.locator(".atlas-crumbs a").click()
    page.wait_for_url("**/families/")
    expect(page.locator(".atlas-tip")).to_have_count(0, timeout=60_000)


@pytest.mark.parametrize("context_options", [{"viewport": {"width": 390, "height": 800}}])
def test_a_phone_is_not_scrolled_sideways(page: Any, family: Family) -> None:
    _open(page, family)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
