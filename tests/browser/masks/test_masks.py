"""The block masks of a model's page and of the compare page, used as a reader uses them."""

from __future__ import annotations

import base64
import csv
import io
import math
import re
from pathlib import Path
from typing import Any

import atlases
import masks_atlas
import numpy as np
import pytest
import waiting
from PIL import Image
from served import Site, built

from atlas.analyses.masks import choosing
from atlas.profiles import profile_file
from atlas.profiles.matrix import Matrix
from atlas.site.figures import masks as mask_maps
from atlas.site.figures import palettes

LAYERS = {"a8": 8, "b36": 36, "c8": 8}
FIGURE = ".atlas-masks"
KINDS = ("mlp", "attn")
TIP = f"{FIGURE} .atlas-tip"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """A model with learned masks, a deep one, and another one of eight layers."""
    made = atlases.project(tmp_path_factory.mktemp("masks") / "atlas")
    for seed, (slug, layers) in enumerate(LAYERS.items()):
        masks_atlas.site(made, slug, layers, seed, learned=slug == "a8")
    return built(made, serve)


def profile(site: Site, slug: str) -> profile_file.Profile:
    return profile_file.load(site.project.profile(slug, "masks"))


def open_masks(page: Any, site: Site, slug: str, query: str = "") -> None:
    page.goto(f"{site.url}models/{slug}/{query}")
    page.locator(FIGURE).scroll_into_view_if_needed()
    page.wait_for_selector(f'{FIGURE}[data-ready="live"]')


def pixels(page: Any, at: int, within: str = FIGURE) -> np.ndarray:
    """A panel as (row, column, RGB); every block has a value."""
    told = page.locator(f"{within} canvas").nth(at).evaluate("canvas => canvas.toDataURL()")
    picture = Image.open(io.BytesIO(base64.b64decode(told.partition(",")[2])))
    shown = np.asarray(picture.convert("RGBA"))
    assert (shown[..., 3] == 255).all()
    return shown[..., :3]


def diverging() -> np.ndarray:
    """The palette of deltas, (colour, RGB): blue below zero, red above."""
    return np.array([list(bytes.fromhex(one[1:7])) for one in palettes.by_kind()["diverging"]])


def masks(page: Any, within: str = FIGURE, first: int = 0) -> dict[str, np.ndarray]:
    """The masks that two panels show, 1 for dark and 0 for light."""
    light, dark = (list(bytes.fromhex(colour[1:])) for colour in palettes.BINARY_COLOURS)
    found = {}
    for at, kind in enumerate(KINDS):
        shown = pixels(page, first + at, within)
        is_dark = (shown == dark).all(-1)
        assert (is_dark | (shown == light).all(-1)).all()
        found[kind] = is_dark.astype(int)
    return found


def labels(page: Any, panel: int = 0, within: str = FIGURE) -> list[str]:
    rows = page.locator(f"{within} .atlas-mask-rows").nth(panel)
    return list(rows.locator("li").all_text_contents())


def ordered(matrix: Matrix, topics: list[str]) -> np.ndarray:
    """A matrix with its rows in the order of the page."""
    return matrix.values[[matrix.rows.index(topic) for topic in topics]]


def point(page: Any, shape: tuple[int, int], cell: tuple[int, int], panel: int = 0) -> Any:
    """A panel's canvas and the place of a block's middle on it."""
    canvas = page.locator(f"{FIGURE} canvas").nth(panel)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x = box["width"] * (cell[1] + 0.5) / shape[1]
    return canvas, {"x": x, "y": box["height"] * (cell[0] + 0.5) / shape[0]}


@pytest.mark.parametrize("slug", LAYERS)
def test_panels_show_the_published_masks(page: Any, site: Site, slug: str) -> None:
    """At the protocol's sparsity, thresholding in the browser gives the masks of the file."""
    open_masks(page, site, slug)
    stored = profile(site, slug)
    topics = labels(page)
    assert topics == [masks_atlas.TOPICS[at] for at in mask_maps.order(stored)]
    for kind, shown in masks(page).items():
        np.testing.assert_array_equal(shown, ordered(stored.matrix(f"mask:{kind}"), topics))
    both = [ordered(stored.matrix(f"delta:{kind}"), topics) for kind in KINDS]
    sizes = np.sort(np.abs(np.stack(both)), axis=None)
    bound = sizes[math.ceil(0.85 * sizes.size) - 1]
    for at, deltas in enumerate(both):
        steps = np.floor(254 * np.clip((deltas + bound) / (2 * bound), 0, 1) + 0.5)
        places = np.floor(255 * steps / 254 + 0.5).astype(int)
        np.testing.assert_array_equal(pixels(page, 2 + at), diverging()[places])
    kept = page.locator(f"{FIGURE} .atlas-legend li").all_text_contents()
    count = 16 * choosing.pruned_count(0.25, 2 * LAYERS[slug])
    assert kept == [f"kept{16 * 2 * LAYERS[slug] - count:,}", f"pruned{count:,}"]


@pytest.mark.parametrize("slug", ["a8", "b36"])
def test_the_slider_prunes_the_smallest_deltas(page: Any, site: Site, slug: str) -> None:
    open_masks(page, site, slug)
    layers = LAYERS[slug]
    stored = profile(site, slug)
    topics = labels(page)
    chain = np.empty((len(topics), 2 * layers))
    for at, kind in enumerate(("attn", "mlp")):
        chain[:, at::2] = ordered(stored.matrix(f"delta:{kind}"), topics)
    slider = page.locator(f'{FIGURE} input[type="range"]')
    for count in sorted({0, 1, 3, 5, layers, 2 * layers - 2, 2 * layers}):
        slider.fill(str(count))
        wanted = masks_atlas.kept(chain, count / (2 * layers))
        shown = masks(page)
        np.testing.assert_array_equal(shown["attn"], wanted[:, ::2])
        np.testing.assert_array_equal(shown["mlp"], wanted[:, 1::2])
    assert f"{2 * layers} of {2 * layers} blocks (100%)" in page.locator("output").inner_text()


def test_rounding_is_that_of_python(page: Any, site: Site) -> None:
    page.goto(f"{site.url}methods/")
    counts = page.evaluate(
        """async ([url, shares]) => {
          const { Masks } = await import(url);
          const values = (layers) => [Array(layers).fill(0)];
          return shares.map(([share, layers]) => {
            const matrices = ["delta", "mask"].flatMap((what) =>
              ["mlp", "attn"].map((kind) => ({
                name: `${what}:${kind}`, unit: "", rows: ["a"],
                columns: Array.from({ length: layers }, (_, at) => String(at)),
                values: values(layers),
              })));
            return new Masks({ protocol: { sparsity: share }, matrices }).count(share);
          });
        }""",
        [f"{site.modules}masks/data.js", cases := _shares()],
    )
    assert counts == [choosing.pruned_count(share, 2 * layers) for share, layers in cases]


def _shares() -> list[tuple[float, int]]:
    return [(share / 20, layers) for share in range(21) for layers in (1, 2, 5, 8, 9, 12, 35, 36)]


def test_what_is_chosen_stands_in_the_address(page: Any, site: Site) -> None:
    open_masks(page, site, "a8")
    slider = page.locator(f'{FIGURE} input[type="range"]')
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    waiting.until(page, "location.search === '?sparsity=0.375'")
    orders = page.locator(f"{FIGURE} select").first
    orders.select_option("number")
    assert page.url.endswith("?sparsity=0.375&topics=number")
    assert labels(page) == list(masks_atlas.TOPICS)
    before = masks(page)
    page.reload()
    page.wait_for_selector(FIGURE)
    open_masks(page, site, "a8", "?sparsity=0.375&topics=number")
    assert labels(page) == list(masks_atlas.TOPICS)
    for kind, shown in masks(page).items():
        np.testing.assert_array_equal(shown, before[kind])
        assert (shown == 0).any()
    page.get_by_role("button", name="Back to 25%").click()
    assert page.url.endswith("?topics=number")
    assert page.get_by_role("button", name="Back to 25%").count() == 0
    open_masks(page, site, "a8", "?sparsity=7")
    assert slider.input_value() == "4"


def test_the_figure_is_linked_to_cited_and_embedded(page: Any, site: Site) -> None:
    """With what is chosen."""
    open_masks(page, site, "a8", "?sparsity=0.375&topics=number")
    page.locator(FIGURE).get_by_role("button", name="Cite").click()
    bibtex = page.locator(f"{FIGURE} textarea").input_value()
    assert "title = {{Block masks of Model a8}}" in bibtex
    assert "a8/masks.json, version" in bibtex
    page.locator(FIGURE).get_by_role("button", name="Copy link").click()
    link = page.locator(f"{FIGURE} textarea").input_value()
    assert link.endswith("/models/a8/?figure=masks&sparsity=0.375&topics=number#masks")
    page.goto(link.replace("#masks", "&embed=1#masks"))
    page.wait_for_selector(f'{FIGURE}.atlas-alone[data-ready="live"]')
    assert labels(page) == list(masks_atlas.TOPICS)


def test_learned_masks_where_the_profile_has_them(page: Any, site: Site) -> None:
    open_masks(page, site, "a8")
    page.locator(f"{FIGURE} select").nth(1).select_option("learned")
    assert page.url.endswith("?masks=learned")
    assert page.locator(f'{FIGURE} input[type="range"]').is_disabled()
    stored, topics = profile(site, "a8"), labels(page)
    for kind, shown in masks(page).items():
        np.testing.assert_array_equal(shown, ordered(stored.matrix(f"learned:{kind}"), topics))
    open_masks(page, site, "b36", "?masks=learned")
    assert page.locator(f"{FIGURE} .atlas-controls select").count() == 1
    topics = labels(page)
    shown = masks(page)["mlp"]
    np.testing.assert_array_equal(shown, ordered(profile(site, "b36").matrix("mask:mlp"), topics))


def test_a_block_tells_its_value_and_its_topic(page: Any, site: Site) -> None:
    open_masks(page, site, "a8")
    stored, topics = profile(site, "a8"), labels(page)
    canvas, place = point(page, (16, 8), (4, 3))
    canvas.hover(position=place)
    told = page.locator(TIP).inner_text()
    value = stored.matrix("delta:mlp").values[stored.matrix("delta:mlp").rows.index(topics[4]), 3]
    state = "kept" if ordered(stored.matrix("mask:mlp"), topics)[4, 3] else "pruned"
    assert told.split("\n")[:3] == [state, "MLP block of layer 3", topics[4]]
    assert f"loss increase {value} bits per byte" in told
    assert masks_atlas.sentence(topics[4]) in told
    assert page.locator(f"{FIGURE} .atlas-mask-rows").nth(0).locator(".atlas-lit").count() == 1
    assert page.locator(f"{FIGURE} .atlas-mark-cell:visible").count() == 4
    page.locator(f"{FIGURE} .atlas-mask-rows").nth(0).locator("li").nth(9).hover()
    assert page.locator(TIP).inner_text().split("\n")[0] == topics[9]
    assert masks_atlas.sentence(topics[9]) in page.locator(TIP).inner_text()
    page.keyboard.press("Escape")
    page.wait_for_selector(TIP, state="hidden")


def test_the_keyboard_reads_and_pins(page: Any, site: Site) -> None:
    open_masks(page, site, "b36")
    stored, topics = profile(site, "b36"), labels(page)
    page.locator(f"{FIGURE} canvas").nth(3).focus()
    voice = page.locator(f"{FIGURE} .atlas-voice")
    for key in ("ArrowDown", "ArrowDown", "End"):
        page.keyboard.press(key)
    value = ordered(stored.matrix("delta:attn"), topics)[1, 35]
    said = voice.text_content()
    assert said.startswith(f"Attention block of layer 35, {topics[1]}. {value} bits per byte")
    page.keyboard.press("ArrowUp")
    assert masks_atlas.sentence(topics[0]) in voice.text_content()
    page.keyboard.press("Enter")
    assert voice.text_content().startswith("Pinned. ")
    words = re.sub(r"[ ,]+", ".*", topics[0])
    pinned = rf"\?figure=block-masks&matrix=delta:attn&row={words}&column=35$"
    assert re.search(pinned, page.url)
    address = page.url
    page.go_back()
    waiting.until(page, "location.search === ''")
    assert page.locator(f"{FIGURE} .atlas-mark-pin:visible").count() == 0
    page.goto(address)
    page.wait_for_selector(f'{FIGURE}[data-ready="live"]')
    page.wait_for_selector(f"{FIGURE} .atlas-mark-pin:visible")
    page.wait_for_selector(f'{TIP}:has-text("pinned")')


def test_a_click_pins_and_lets_go(page: Any, site: Site) -> None:
    open_masks(page, site, "a8", "?sparsity=0.5")
    canvas, place = point(page, (16, 8), (2, 6), panel=1)
    canvas.click(position=place)
    assert "sparsity=0.5&figure=block-masks&matrix=mask:attn" in page.url
    assert page.locator(f"{FIGURE} .atlas-mark-pin:visible").count() == 1
    canvas.click(position=place)
    assert page.url.endswith("?sparsity=0.5")
    assert page.locator(f"{FIGURE} .atlas-mark-pin:visible").count() == 0


def test_masks_as_csv(page: Any, site: Site) -> None:
    """Every value that is drawn, with names."""
    open_masks(page, site, "a8")
    stored = profile(site, "a8")
    text = download(page, "CSV").read_text(encoding="utf-8")
    head, *lines = csv.reader(io.StringIO(text))
    increase = "loss increase without the block (bits per byte)"
    assert head == ["topic", "block", "layer", "mask", increase]
    assert len(lines) == 16 * 16
    assert [line[0] for line in lines[::16]] == labels(page)
    for topic, block, layer, state, delta in lines:
        kind = {"MLP": "mlp", "attention": "attn"}[block]
        row = stored.matrix(f"delta:{kind}").rows.index(topic)
        assert float(delta) == stored.matrix(f"delta:{kind}").values[row, int(layer)]
        kept = stored.matrix(f"mask:{kind}").values[row, int(layer)]
        assert state == ("kept" if kept else "pruned")


def download(page: Any, kind: str, within: str = FIGURE, name: str = "a8.masks.blocks") -> Path:
    with page.expect_download() as told:
        page.locator(within).get_by_role("button", name=kind, exact=True).click()
    assert told.value.suggested_filename == f"{name}.{kind.lower()}"
    return Path(told.value.path())


def test_what_pruning_costs_and_the_data_table(page: Any, site: Site) -> None:
    open_masks(page, site, "a8")
    loss, stored = (profile(site, "a8").matrix(name) for name in ("loss", "perplexity"))
    topics = labels(page)
    rows = page.locator(".atlas-mask-perplexity tr")
    assert rows.count() == 18
    assert rows.nth(1).locator("th").inner_text() == topics[0]
    beside = [float(text) for text in rows.nth(1).locator("td small").all_text_contents()]
    assert beside == ordered(stored, topics)[0].tolist()
    shown = [text.split() for text in rows.nth(1).locator("td").all_inner_texts()]
    assert [float(bits) for bits, _ in shown] == ordered(loss, topics)[0].tolist()
    whole = [text.split() for text in rows.nth(17).locator("td").all_inner_texts()]
    facts = profile(site, "a8").facts
    assert [float(bits) for bits, _ in whole] == [
        facts["bits_per_byte"],
        *(facts[f"bits_per_byte_{name}"] for name in loss.columns[1:]),
    ]
    assert [float(each) for _, each in whole] == [
        facts[f"perplexity_{name}"] for name in loss.columns
    ]
    caption = page.locator(".atlas-mask-perplexity caption").inner_text()
    assert "cannot be compared between tokenizers" in caption
    assert f"Learned masks: {masks_atlas.VERDICT}." in page.locator(FIGURE).inner_text()
    page.get_by_text("Data table of the masks").click()
    page.wait_for_selector(f"{FIGURE} .atlas-table table >> nth=1")
    tables = page.locator(f"{FIGURE} .atlas-table table")
    kept = ordered(profile(site, "a8").matrix("mask:attn"), topics)[0]
    cells = tables.nth(1).locator("tbody tr").first.locator("td").all_text_contents()
    assert cells == ["kept" if value else "pruned" for value in kept]


@pytest.mark.parametrize("context_options", [{"java_script_enabled": False}])
def test_without_scripts_two_pictures_and_labels(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/b36/")
    page.locator(FIGURE).scroll_into_view_if_needed()
    images = page.locator(f"{FIGURE} img")
    assert images.count() == 2
    for at in range(2):
        assert images.nth(at).bounding_box()["height"] > 200
    assert page.locator(f"{FIGURE} .atlas-mask-rows").first.is_visible()


COMPARED = ".atlas-mask-comparison"


def open_comparison(page: Any, site: Site, slugs: str, query: str = "") -> None:
    page.goto(f"{site.url}compare/?models={slugs}&analysis=masks{query}")
    page.wait_for_selector('[data-atlas="compare"][data-ready="live"]')


def test_models_are_columns_and_kinds_of_block_rows(page: Any, site: Site) -> None:
    """Of other numbers of layers, too: each panel has its own layers and fills its box."""
    open_comparison(page, site, "b36,c8")
    topics = labels(page, 0, COMPARED)
    assert sorted(topics) == sorted(masks_atlas.TOPICS)
    shown = [masks(page, COMPARED, first) for first in (0, 2)]
    for model, slug in enumerate(("b36", "c8")):
        stored = profile(site, slug)
        for row, kind in enumerate(KINDS):
            panel = shown[row][KINDS[model]]
            np.testing.assert_array_equal(panel, ordered(stored.matrix(f"mask:{kind}"), topics))
    boxes = [page.locator(f"{COMPARED} canvas").nth(at).bounding_box() for at in range(4)]
    assert boxes[0]["y"] == boxes[1]["y"] < boxes[2]["y"] == boxes[3]["y"]
    assert boxes[0]["x"] == boxes[2]["x"] < boxes[1]["x"] == boxes[3]["x"]
    for box in boxes[1:]:
        assert box["width"] == pytest.approx(boxes[0]["width"], abs=0.1)
        assert box["height"] == pytest.approx(boxes[0]["height"], abs=0.1)
    titles = page.locator(f"{COMPARED} h3 > span").all_text_contents()
    assert titles == [
        f"Model {slug}: {block} blocks" for block in ("MLP", "attention") for slug in ("b36", "c8")
    ]


def test_a_block_is_told_of_all_models_and_pinned(page: Any, site: Site) -> None:
    open_comparison(page, site, "a8,c8", "&matrix=mask:attn")
    topics = labels(page, 0, COMPARED)
    page.locator(f"{COMPARED} canvas").nth(2).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    told = page.locator(f"{COMPARED} .atlas-tip").inner_text().split("\n")
    assert told[:2] == ["Attention block of layer 1", topics[0]]
    for line, slug in zip(told[2:4], ("a8", "c8"), strict=True):
        stored = profile(site, slug)
        delta = ordered(stored.matrix("delta:attn"), topics)[0, 1]
        state = "kept" if ordered(stored.matrix("mask:attn"), topics)[0, 1] else "pruned"
        assert line == f"Model {slug}: {state}, loss increase {delta} bits per byte"
    page.keyboard.press("Enter")
    assert page.url.endswith("&column=1")
    assert page.locator(f"{COMPARED} .atlas-mark-pin:visible").count() == 4
    assert page.locator(".atlas-sheets .atlas-mark-pin:visible").count() == 2
    page.get_by_role("button", name="Remove Model c8").click()
    waiting.until(page, "document.querySelectorAll('.atlas-mask-comparison canvas').length === 2")
    assert "Model a8, 25% of the blocks pruned: Of 16 blocks" in page.locator(COMPARED).inner_text()


def test_the_survey_draws_topics_by_layers(page: Any, site: Site) -> None:
    page.goto(f"{site.url}survey/masks/?matrix=mask:mlp")
    page.wait_for_selector('[data-atlas="survey"][data-ready="live"]')
    light, dark = (list(bytes.fromhex(colour[1:])) for colour in palettes.BINARY_COLOURS)
    for slug in LAYERS:
        shown = pixels(page, 0, f'[data-slug="{slug}"]')
        kept = profile(site, slug).matrix("mask:mlp").values[..., None]
        np.testing.assert_array_equal(shown, np.where(kept == 1, dark, light))


def test_printing_before_the_figure_of_masks_has_come_prints_no_other_scene(
    page: Any, site: Site
) -> None:
    """Panels that are not filled yet are not drawn; the page's fixture finds what is thrown."""
    held: list[Any] = []
    page.route("**/compare-masks.js", lambda route: held.append(route))
    page.goto(f"{site.url}compare/?models=b36,c8&analysis=masks")
    while not held:
        page.wait_for_timeout(50)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator('[data-role="sheets"] .atlas-printed').count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    held[0].continue_()
    page.wait_for_selector('[data-atlas="compare"][data-ready="live"]')
