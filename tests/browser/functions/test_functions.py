"""The functional map of a model's page and its head panel, used as a reader uses them."""

from __future__ import annotations

import base64
import io
from typing import Any

import atlases
import functional_atlas
import numpy as np
import pytest
import samples
import waiting
from PIL import Image
from served import Site, built

from atlas.pinned.relations import CATEGORIES
from atlas.profiles import profile_file, statement
from atlas.site.figures import palettes

SHAPES = {"a48x25": (48, 25), "b32x32": (32, 32), "c36x40": (36, 40), "d80x64": (80, 64)}
FIGURE = ".atlas-functional"
PANEL = ".atlas-head-panel"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """Models of the four shapes of figure F4, and of four layers with four heads."""
    made = atlases.project(tmp_path_factory.mktemp("functions") / "atlas")
    for seed, (slug, (layers, heads)) in enumerate({**SHAPES, "e4x4": (4, 4)}.items()):
        functional_atlas.site(made, slug, layers, heads, seed)
    functional_atlas.site(made, "f4x4", 4, 4, seed=9)
    profile_file.save(made.profile("f4x4", "attention"), attention("f4x4"))
    return built(made, serve)


def attention(slug: str) -> profile_file.Profile:
    """A fresh profile of `attention`: head 2.3 has the largest score for induction."""
    values = np.arange(16).reshape(4, 4) / 20
    values[2, 3] = 0.9
    labels = tuple(map(str, range(4)))
    stated = statement.of("attention")
    return samples.profile(
        analysis="attention",
        version=stated.version,
        model=profile_file.Pin(slug, "zoo:drawn-at-random", None, samples.DIGEST, None),
        protocol=stated.protocol,
        matrices=(
            samples.matrix(
                **{"name": "induction", "title": "Induction", "unit": "mean weight"},
                **{"axes": ("layer", "head"), "rows": labels, "columns": labels},
                **{"values": values, "range": (0, 1), "native": None},
            ),
        ),
    )


def profile(site: Site, slug: str) -> profile_file.Profile:
    return profile_file.load(site.project.profile(slug, "functions"))


def open_map(page: Any, site: Site, slug: str, query: str = "") -> None:
    page.goto(f"{site.url}models/{slug}/{query}")
    page.locator(FIGURE).scroll_into_view_if_needed()
    page.wait_for_selector(f'{FIGURE}[data-ready="live"]')


def pixels(page: Any, selector: str, at: int = 0) -> np.ndarray:
    """A canvas as (row, column, RGBA)."""
    told = page.locator(selector).nth(at).evaluate("canvas => canvas.toDataURL()")
    picture = Image.open(io.BytesIO(base64.b64decode(told.partition(",")[2])))
    return np.asarray(picture.convert("RGBA"))


def rgb(colour: str) -> list[int]:
    return list(bytes.fromhex(colour[1:]))


def click(page: Any, shape: tuple[int, int], head: tuple[int, int], panel: int = 0) -> None:
    """Click the middle of a head in a panel."""
    canvas = page.locator(f"{FIGURE} canvas").nth(panel)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x = box["width"] * (head[0] + 0.5) / shape[0]
    canvas.click(position={"x": x, "y": box["height"] * (head[1] + 0.5) / shape[1]})


@pytest.mark.parametrize("slug", SHAPES)
def test_panels_show_the_heads_of_their_category(page: Any, site: Site, slug: str) -> None:
    open_map(page, site, slug)
    stored = profile(site, slug)
    layers, heads = SHAPES[slug]
    counts = [stored.matrix(f"relations:{name}").values for name in CATEGORIES]
    many = np.stack([each > 0 for each in counts]).sum(0)
    for at, own in enumerate([many, *counts]):
        shown = pixels(page, f"{FIGURE} canvas", at)
        assert shown.shape == (heads, layers, 4)
        np.testing.assert_array_equal(shown[..., 3] > 0, own.T > 0)
        for number, colour in enumerate(palettes.HEAD_COLOURS, start=1):
            is_it = ((own > 0) & (many == number)).T
            assert (shown[is_it][:, :3] == rgb(colour)).all()
        bars = page.locator(".atlas-map-bars").nth(at).locator("i")
        titles = bars.evaluate_all("all => all.map(one => one.title)")
        expected = [
            f"layer {layer}: {int((line > 0).sum())} of {heads} heads"
            for layer, line in enumerate(own)
        ]
        assert titles == expected


def test_the_survey_draws_all_four_shapes(page: Any, site: Site) -> None:
    page.goto(f"{site.url}survey/functions/?matrix=categories")
    page.wait_for_selector('[data-atlas="survey"][data-ready="live"]')
    palette = palettes.CATEGORY_COLOURS
    for slug, shape in SHAPES.items():
        tile = f'[data-slug="{slug}"] canvas'
        shown = pixels(page, tile)
        assert shown.shape[:2] == shape[::-1]  # layers run across
        classes = profile(site, slug).matrix("categories").values.astype(int)
        colours = np.array([rgb(palette[at]) for at in range(8)], np.uint8)
        np.testing.assert_array_equal(shown[..., :3], colours[classes.T])
        box = page.locator(tile).bounding_box()
        assert box["width"] % shape[0] == 0
        assert box["height"] % shape[1] == 0


def test_classes_are_switched_and_colours_changed(page: Any, site: Site) -> None:
    open_map(page, site, "a48x25")
    before = pixels(page, f"{FIGURE} canvas")
    page.locator(f"{FIGURE} .atlas-class").first.click()
    after = pixels(page, f"{FIGURE} canvas")
    ones = (before[..., :3] == rgb(palettes.HEAD_COLOURS[0])).all(-1) & (before[..., 3] > 0)
    assert ones.any()
    assert (after[ones][:, 3] == 0).all()
    np.testing.assert_array_equal(after[~ones], before[~ones])
    page.locator(f"{FIGURE} .atlas-controls select").select_option("relations")
    stored = profile(site, "a48x25").matrix("relations:knowledge").values.T
    shown = pixels(page, f"{FIGURE} canvas", 2)
    for count in np.unique(stored[stored > 0]):
        assert len(np.unique(shown[stored == count], axis=0)) == 1


def test_a_head_has_an_address_and_the_back_button_leaves_it(page: Any, site: Site) -> None:
    open_map(page, site, "e4x4")
    click(page, (4, 4), (0, 0))
    page.wait_for_selector(f'{PANEL}[data-ready="0.0"]')
    assert page.url.endswith("?head=0.0")
    click(page, (4, 4), (2, 1))
    page.wait_for_selector(f'{PANEL}[data-ready="2.1"]')
    page.go_back()
    page.wait_for_selector(f'{PANEL}[data-ready="0.0"]')
    page.go_back()
    page.wait_for_selector(PANEL, state="hidden")
    page.go_forward()
    page.wait_for_selector(f'{PANEL}[data-ready="0.0"]', state="visible")
    page.keyboard.press("Escape")
    page.wait_for_selector(PANEL, state="hidden")
    assert "head=" not in page.url


def test_a_shared_address_opens_the_head_with_interval_and_chance(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/e4x4/?head=0.0")
    page.wait_for_selector(f'{PANEL}[data-ready="0.0"]')
    copying, capital = page.locator(".atlas-head-scores:not(.atlas-head-nearest) li").all()
    assert "Copying" in copying.inner_text()
    assert "80 pairs, k = 1" in copying.inner_text()
    assert "not above chance" not in copying.inner_text()
    told = capital.inner_text()
    assert "Country to capital" in told
    assert "0.147 to 0.328 · chance 0.2 · 80 pairs, k = 10 · not above chance" in told


def test_the_panel_tells_what_other_analyses_know_of_a_head(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/f4x4/?head=2.3")
    page.wait_for_selector(f'{PANEL}[data-ready="2.3"]')
    told = page.locator(".atlas-head-elsewhere:not(.atlas-head-nearest) li").all_inner_texts()
    assert len(told) == 1
    assert " ".join(told[0].split()) == "Induction 0.9 rank 1 of 16 · mean weight"


def test_tokens_are_text(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/e4x4/?head=1.3")
    page.wait_for_selector(f'{PANEL}[data-ready="1.3"]')
    cells = page.locator(".atlas-head-salient code").all_inner_texts()
    assert cells == ["<b>t3</b>", "<img src=x onerror=alert(1)>", "&amp;"]
    assert page.locator(f"{PANEL} img").count() == 0


def test_the_keyboard_opens_a_head_and_returns(page: Any, site: Site) -> None:
    open_map(page, site, "e4x4")
    canvas = page.locator(f"{FIGURE} canvas").nth(1)
    canvas.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_selector(f'{PANEL}[data-ready="1.1"]')
    waiting.until(page, "() => document.activeElement.id === 'atlas-head-title'")
    page.keyboard.press("Escape")
    page.wait_for_selector(PANEL, state="hidden")
    waiting.until(page, "() => document.activeElement.tagName === 'CANVAS'")


def test_hover_tells_scores_and_lights_every_panel(page: Any, site: Site) -> None:
    open_map(page, site, "e4x4")
    canvas = page.locator(f"{FIGURE} canvas").nth(2)
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 8, box["y"] + box["height"] / 8)
    tip = page.locator(f"{FIGURE} .atlas-tip")
    tip.wait_for(state="visible")
    text = tip.inner_text()
    assert "Head 0.0" in text
    assert "Copying 0.9 (0.815 to 0.948)" in text
    assert "Country to capital 0.225 (0.147 to 0.328), chance up to 0.2" in text
    assert page.locator(f"{FIGURE} .atlas-mark-cell:visible").count() == 5


def test_the_heatmap_and_the_panels_light_the_same_head(page: Any, site: Site) -> None:
    open_map(page, site, "e4x4")
    stage = page.locator('figure[data-atlas="heatmap"] .atlas-stage')
    stage.scroll_into_view_if_needed()
    page.wait_for_selector('figure[data-atlas="heatmap"][data-ready="live"]')
    stage.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowRight"):  # layer 1, head 2
        page.keyboard.press(key)
    at = '[style*="left: 25%"][style*="top: 50%"]'
    lit = page.locator(f"{FIGURE} .atlas-mark-cell{at}:visible")
    lit.nth(4).wait_for(state="visible")  # told with the next frame
    assert lit.count() == 5


def test_a_cell_of_the_heatmap_opens_its_head(page: Any, site: Site) -> None:
    pin = "figure=functions&matrix=score%3Acapital%4010&row=1&column=2"
    page.goto(f"{site.url}models/e4x4/?{pin}")
    stage = page.locator('figure[data-atlas="heatmap"] .atlas-stage')
    stage.scroll_into_view_if_needed()
    page.wait_for_selector('figure[data-atlas="heatmap"][data-ready="live"]')
    tip = stage.locator(".atlas-tip")
    tip.wait_for(state="visible")
    assert "of 80 pairs" in tip.inner_text()
    stage.focus()
    page.keyboard.press("ArrowDown")  # layers run across, heads down
    page.keyboard.press("Enter")
    page.wait_for_selector(f'{PANEL}[data-ready="1.3"]')
    assert "column=3" in page.url
    assert "head=1.3" in page.url
    page.go_back()
    page.wait_for_selector(PANEL, state="hidden")
    assert "column=2" in page.url
