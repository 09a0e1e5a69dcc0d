"""Heads as points, maps beside them, the highest of each score, and curves of layers."""

from __future__ import annotations

from typing import Any

import atlases
import functional_atlas
import numpy as np
import pytest
import samples
from served import Site, built

from atlas.profiles import profile_file, statement
from atlas.profiles.matrix import Matrix
from atlas.site.figures import heatmap

SHAPES = {"small": (4, 4), "large": (80, 64)}
NAMES = ("entropy", "sink", "distance", "previous", "duplicate", "induction")
HEADS = '.atlas-heads[data-ready="live"]'
CURVES = '.atlas-curves[data-ready="live"]'


def attention(layers: int, heads: int) -> tuple[Matrix, ...]:
    """Scores of heads drawn from 0 to 1; one head has no entropy."""
    drawn = np.random.default_rng(layers)
    labels: dict[str, Any] = {"axes": ("layer", "head"), "range": (0, 1)}
    labels |= {"rows": tuple(map(str, range(layers))), "columns": tuple(map(str, range(heads)))}
    values = {name: drawn.beta(0.5, 3, (layers, heads)) for name in NAMES}
    values["entropy"][0, 0] = np.nan
    return tuple(
        samples.matrix(**{"name": name, "title": name.capitalize(), "values": found, **labels})
        for name, found in values.items()
    )


def residual(layers: int) -> tuple[Matrix, ...]:
    """A quantity of every shape: by sublayer, one column, layers by layers."""
    drawn = np.random.default_rng(layers)
    rows = tuple(map(str, range(layers)))
    parts = ("attn", "mlp", "block")
    by_part: dict[str, Any] = {"axes": ("layer", "sublayer"), "rows": rows}
    return (
        samples.matrix(
            **{"name": "angular", "title": "Angular distance", "columns": parts, **by_part},
            values=drawn.random((layers, 3)),
        ),
        samples.matrix(
            **{"name": "lens_kl", "title": "Divergence", "columns": ("block",), **by_part},
            values=drawn.random((layers, 1)),
        ),
        samples.matrix(
            **{"name": "cka", "title": "Similarity", "axes": ("layer", "layer"), "rows": rows},
            **{"columns": rows, "values": drawn.random((layers, layers))},
        ),
    )


def save(site: Any, slug: str, name: str, matrices: tuple[Matrix, ...]) -> None:
    stated = statement.of(name)
    found = samples.profile(
        **{"analysis": name, "version": stated.version, "protocol": stated.protocol},
        model=profile_file.Pin(slug, "zoo:drawn-at-random", None, samples.DIGEST, None),
        matrices=matrices,
    )
    profile_file.save(site.profile(slug, name), found)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    made = atlases.project(tmp_path_factory.mktemp("attention") / "atlas")
    for seed, (slug, (layers, heads)) in enumerate(SHAPES.items()):
        functional_atlas.site(made, slug, layers, heads, seed)
        save(made, slug, "attention", attention(layers, heads))
        save(made, slug, "residual", residual(layers))
    return built(made, serve)


def open_heads(page: Any, site: Site, slug: str) -> dict[str, Matrix]:
    """The points of a model in sight; its scores by name."""
    page.goto(f"{site.url}models/{slug}/")
    page.locator(".atlas-heads").scroll_into_view_if_needed()
    page.wait_for_selector(HEADS)
    page.locator(".atlas-scatter").evaluate("node => node.scrollIntoView({ block: 'center' })")
    found = profile_file.load(site.project.profile(slug, "attention"))
    return {matrix.name: matrix for matrix in found.matrices}


def press(page: Any, key: str) -> str:
    """The title of the tooltip after a key on the points."""
    page.locator(".atlas-scatter").focus()
    page.keyboard.press(key)
    return str(page.locator(".atlas-scatter .atlas-tip .atlas-value").inner_text())


def named(matrix: Matrix, flat: int) -> str:
    row, column = divmod(flat, len(matrix.columns))
    return f"Head {row}.{column}"


@pytest.mark.parametrize("slug", SHAPES)
def test_the_ends_of_an_axis_are_the_heads_of_the_json(page: Any, site: Site, slug: str) -> None:
    scores = open_heads(page, site, slug)
    previous = scores["previous"]
    assert press(page, "End") == named(previous, int(previous.values.argmax()))
    assert press(page, "Home") == named(previous, int(previous.values.argmin()))
    told = page.locator(".atlas-scatter").get_attribute("aria-label")
    assert told.startswith(f"{previous.values.size} heads as points")
    page.locator(".atlas-heads select").first.select_option("entropy")
    told = page.locator(".atlas-scatter").get_attribute("aria-label")
    assert told.startswith(f"{previous.values.size - 1} heads as points")  # one head has none


def test_a_pointer_finds_the_head_and_lights_it_in_every_map(page: Any, site: Site) -> None:
    scores = open_heads(page, site, "large")
    top = int(scores["previous"].values.argmax())
    press(page, "End")
    ring = page.locator(".atlas-scatter-ring").bounding_box()
    page.mouse.move(1, 1)
    page.keyboard.press("Escape")
    page.mouse.move(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    told = page.locator(".atlas-scatter .atlas-tip:visible").inner_text()
    assert told.startswith(named(scores["previous"], top))
    assert f"{scores['previous'].values.flat[top]:.4g}" in told
    maps = page.locator(".atlas-small-map")
    assert maps.count() == len(NAMES)
    assert page.locator(".atlas-small-map .atlas-mark-cell:visible").count() == len(NAMES)
    style = maps.first.locator(".atlas-mark-cell").get_attribute("style")
    assert f"left: {100 * (top // 64) / 80:g}%"[:12] in style  # layers run across


def test_points_have_the_colour_of_their_score(page: Any, site: Site) -> None:
    scores = open_heads(page, site, "small")
    press(page, "End")
    drawn = page.evaluate(
        """() => {
          const ring = document.querySelector(".atlas-scatter-ring");
          const context = document.querySelector(".atlas-scatter canvas").getContext("2d");
          const [x, y] = ["cx", "cy"].map((name) => Number(ring.getAttribute(name)));
          return [...context.getImageData(x, y, 1, 1).data];
        }"""
    )
    sink = scores["sink"].values.flat[int(scores["previous"].values.argmax())]
    palette = heatmap.colours(scores["sink"])
    colour = palette[round(sink * (len(palette) - 1))]
    assert np.abs(np.array(drawn[:3]) - list(bytes.fromhex(colour[1:]))).max() <= 8


def test_a_cell_of_a_map_lights_its_point(page: Any, site: Site) -> None:
    open_heads(page, site, "small")
    canvas = page.locator(".atlas-small-map canvas").last
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.625, box["y"] + box["height"] * 0.375)
    tip = page.locator(".atlas-scatter .atlas-tip:visible .atlas-value")
    assert tip.inner_text() == "Head 2.1"  # the third column is layer 2


def test_the_heatmap_above_and_the_points_light_each_other(page: Any, site: Site) -> None:
    page.set_viewport_size({"width": 1280, "height": 1800})
    scores = open_heads(page, site, "small")
    figure = '[data-figure="attention"]'
    page.wait_for_selector(f'{figure}[data-ready="live"]')
    assert page.locator(f'{figure} [data-role="scale-text"]').inner_text() == (
        heatmap.scale_text(scores["entropy"])
    )
    assert heatmap.scale_text(scores["entropy"]).endswith(", 0 to 1")
    press(page, "End")
    page.locator(f"{figure} .atlas-mark-cell").wait_for(state="visible")
    page.locator(f"{figure} .atlas-stage").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    page.locator(".atlas-scatter-name", has_text="1.1").wait_for()


def test_a_click_opens_the_head(page: Any, site: Site) -> None:
    scores = open_heads(page, site, "small")
    title = press(page, "End")
    page.keyboard.press("Enter")
    page.locator(".atlas-head-panel h3", has_text=title).wait_for()
    top = int(scores["previous"].values.argmax())
    assert page.url.endswith(f"head={top // 4}.{top % 4}")


def test_the_table_ranks_the_heads_of_every_score(page: Any, site: Site) -> None:
    scores = open_heads(page, site, "large")
    assert page.locator(".atlas-top table").count() == 0
    page.locator(".atlas-top summary").click()
    rows = page.locator(".atlas-top tbody tr")
    assert rows.count() == 10
    for column, name in enumerate(NAMES):
        order = np.argsort(-scores[name].values, axis=None)[:10]  # NaN comes last
        told = page.locator(f".atlas-top tbody td:nth-child({column + 2}) button").all_inner_texts()
        assert told == [f"{at // 64}.{at % 64}" for at in order]


def test_layers_are_curves_and_alike_layers_a_square(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/small/")
    page.locator(".atlas-curves").scroll_into_view_if_needed()
    page.wait_for_selector(CURVES)
    charts = page.locator(".atlas-curves .atlas-trend")
    assert charts.count() == 2
    assert charts.nth(0).locator("polyline").count() == 3
    assert charts.nth(1).locator("polyline").count() == 1
    points = charts.nth(1).locator("polyline").get_attribute("points").split()
    assert len(points) == 4
    figure = page.locator('[data-figure="residual"]')
    figure.scroll_into_view_if_needed()
    figure.locator('[data-role="matrix"] option[value="cka"]').wait_for(state="attached")
    figure.locator('[data-role="matrix"]').select_option("cka")
    figure.locator('[data-role="title"]', has_text="Similarity").wait_for()
    frame = figure.locator(".atlas-frame").bounding_box()
    assert abs(frame["width"] - frame["height"]) <= 1
