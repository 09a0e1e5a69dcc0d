"""A pinned cell lives in the page's address: links, the back button, other figures of the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import atlases
import pytest
import samples
import waiting
from cells import LIVE, TIP, centre, open_model, stored, told
from served import Site, built

from atlas.profiles import profile_file, statement


def _query(page: Any) -> dict[str, str]:
    search = page.evaluate("location.search")[1:]
    return {key: values[0] for key, values in parse_qs(search).items()}


def _pin(page: Any) -> Any:
    return page.locator(".atlas-mark-pin").first


def test_a_click_pins_a_cell_and_the_address_says_which(page: Any, site: Any) -> None:
    open_model(page, site)
    page.mouse.click(*centre(page, stored(site), 3, 2))
    assert _query(page) == {"figure": "weights", "matrix": "rms", "row": "3", "column": "attn.v"}
    page.mouse.move(1, 1)
    assert float(told(page)) == stored(site).values[3, 2]
    assert "pinned" in page.locator(TIP).first.inner_text()
    page.mouse.move(*centre(page, stored(site), 5, 5))
    assert float(told(page)) == stored(site).values[5, 5]
    box, (x, y) = _pin(page).bounding_box(), centre(page, stored(site), 3, 2)
    assert box["x"] < x < box["x"] + box["width"]
    assert box["y"] < y < box["y"] + box["height"]


@pytest.mark.parametrize("let_go", ["click", "key"])
def test_a_second_click_or_escape_lets_go(page: Any, site: Any, let_go: str) -> None:
    open_model(page, site)
    at = centre(page, stored(site), 3, 2)
    page.mouse.click(*at)
    if let_go == "click":
        page.mouse.click(*at)
    else:
        page.mouse.move(1, 1)
        page.keyboard.press("Escape")
    assert _query(page) == {}
    assert _pin(page).is_hidden()


def test_keys_pin_too(page: Any, site: Any) -> None:
    open_model(page, site)
    page.focus(".atlas-stage")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert (_query(page)["row"], _query(page)["column"]) == ("1", "attn.q")
    assert page.locator(".atlas-voice").first.inner_text().startswith("Pinned. layer 1, attn.q: ")


def test_back_and_forward_walk_through_the_pins(page: Any, site: Any) -> None:
    open_model(page, site)
    matrix = stored(site)
    page.evaluate("window.same = true")
    page.mouse.click(*centre(page, matrix, 3, 2))
    page.mouse.click(*centre(page, matrix, 7, 1))
    page.mouse.move(1, 1)
    page.go_back()
    page.locator(TIP, has_text="layer 3").first.wait_for()
    assert float(told(page)) == matrix.values[3, 2]
    page.go_back()
    page.wait_for_selector(TIP, state="hidden")
    assert _pin(page).is_hidden()
    page.go_forward()
    page.wait_for_selector(f"{TIP}:visible")
    assert float(told(page)) == matrix.values[3, 2]
    assert page.evaluate("window.same === true")


def test_a_shared_link_opens_with_matrix_scale_order_and_cell(page: Any, site: Any) -> None:
    open_model(page, site)
    page.select_option('[data-role="matrix"]', "outlier")
    page.select_option('[data-role="scale"]', "column")
    page.select_option('[data-role="order"]', "mean")
    page.mouse.click(*centre(page, stored(site, "outlier"), 3, 2))
    link = page.evaluate("location.href")
    page.mouse.move(1, 1)
    value = told(page)
    assert _query(page).items() >= {"scale": "column", "order": "mean"}.items()
    page.goto(f"{site.url}models/")
    page.goto(link)
    page.wait_for_selector(f"{TIP}:visible")
    assert told(page) == value
    chosen = [page.input_value(f'[data-role="{role}"]') for role in ("matrix", "scale", "order")]
    assert chosen == ["outlier", "column", "mean"]
    assert page.locator('[data-role="title"]').inner_text() == "Largest weight"
    assert "each column" in page.locator('[data-role="scale-text"]').inner_text()
    assert page.locator(".atlas-stage").bounding_box()["y"] < 900


def test_the_address_follows_what_is_chosen(page: Any, site: Any) -> None:
    open_model(page, site)
    page.mouse.click(*centre(page, stored(site), 3, 2))
    page.select_option('[data-role="scale"]', "log")
    assert _query(page)["scale"] == "log"
    page.select_option('[data-role="matrix"]', "outlier")
    assert _query(page)["matrix"] == "outlier"
    assert _pin(page).is_visible()
    page.select_option('[data-role="matrix"]', "ov_copying")  # it has heads, and no attn.v
    assert _query(page) == {"figure": "weights", "matrix": "ov_copying"}
    assert _pin(page).is_hidden()
    page.select_option('[data-role="matrix"]', "rms")
    assert _query(page) == {}, "what the page opens with needs no words"


def test_the_address_says_what_is_shown_without_a_pin(page: Any, site: Any) -> None:
    """Quantity, scale, order, names and depth, which a link then opens with."""
    open_model(page, site)
    page.select_option('[data-role="matrix"]', "outlier")
    page.select_option('[data-role="scale"]', "column")
    page.select_option('[data-role="order"]', "name")
    for role in ("native", "depth"):
        page.check(f'[data-role="{role}"]')
    wanted = {"figure": "weights", "matrix": "outlier", "scale": "column", "order": "name"}
    assert _query(page) == {**wanted, "names": "native", "depth": "1"}
    compare = page.locator('[data-role="compare"]').get_attribute("href")
    query = "models=small&with=nearest&analysis=weights&matrix=outlier&scale=column"
    assert compare.endswith(f"compare/?{query}")
    link = page.evaluate("location.href")
    page.goto(f"{site.url}models/")
    page.goto(link)
    page.wait_for_selector(LIVE)
    waiting.until(
        page, "document.querySelector('[data-role=title]').textContent === 'Largest weight'"
    )
    chosen = [page.input_value(f'[data-role="{role}"]') for role in ("matrix", "scale", "order")]
    assert chosen == ["outlier", "column", "name"]
    assert all(page.is_checked(f'[data-role="{role}"]') for role in ("native", "depth"))
    assert _pin(page).is_hidden()
    again = page.get_attribute('[data-role="compare"]', "href")
    assert again is not None and again.endswith(f"compare/?{query}")


def test_a_figure_is_linked_to_and_cited(page: Any, site: Any) -> None:
    """With what it was measured on; what the reader has chosen is in both addresses."""
    open_model(page, site)
    page.select_option('[data-role="matrix"]', "ov_copying")
    figure = page.locator('[data-atlas="heatmap"]')
    text = figure.locator("textarea")
    figure.locator("button", has_text="Copy link").click()
    address = f"{site.url}models/small/?figure=weights&matrix=ov_copying#weights"
    text.wait_for()
    assert text.input_value() == address
    figure.locator("button", has_text="Cite").click()
    waiting.until(page, "document.querySelector('textarea')?.value.startsWith('@misc')")
    stored_profile = profile_file.load(site.project.profile("small", "weights"))
    told = text.input_value()
    assert "title = {{Copying of Model small}}" in told
    assert f"analysis weights, version {stored_profile.version}" in told
    assert str(stored_profile.model.digest) in told
    assert f"url = {{{address}}}" in told
    text.press("Escape")
    assert text.is_hidden()
    assert figure.locator("button", has_text="Cite").evaluate(
        "one => one === document.activeElement"
    )


def test_a_frame_shows_one_figure_alone(page: Any, site: Any) -> None:
    open_model(page, site)
    page.select_option('[data-role="matrix"]', "outlier")
    figure = page.locator('[data-atlas="heatmap"]')
    figure.locator("button", has_text="Embed").click()
    html = figure.locator("textarea").input_value()
    page.set_viewport_size({"width": 760, "height": 620})
    page.goto(re.findall('src="([^"]+)"', html)[0].replace("&amp;", "&"))
    page.wait_for_selector(LIVE)
    waiting.until(
        page, "document.querySelector('[data-role=title]').textContent === 'Largest weight'"
    )
    for hidden in (".md-header", ".md-tabs", ".md-footer", "h1", ".atlas-head", ".atlas-status"):
        assert page.locator(hidden).first.is_hidden(), hidden
    assert figure.bounding_box()["y"] < 40
    credit = page.locator(".atlas-credit a")
    assert credit.get_attribute("href").endswith("?figure=weights&matrix=outlier#weights")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.mouse.move(*centre(page, stored(site), 1, 1))
    assert float(told(page)) == float(f"{stored(site, 'outlier').values[1, 1]:.4g}")


def test_a_pin_stays_with_its_cell_when_columns_are_sorted(page: Any, site: Any) -> None:
    open_model(page, site)
    matrix = stored(site)
    page.mouse.click(*centre(page, matrix, 3, 2))
    page.select_option('[data-role="order"]', "mean")
    page.mouse.move(1, 1)
    assert float(told(page)) == matrix.values[3, 2]
    assert _query(page)["column"] == "attn.v"
    place = sorted(range(8), key=lambda column: -matrix.values[:, column].mean()).index(2)
    box, (x, _) = _pin(page).bounding_box(), centre(page, matrix, 3, place)
    assert box["x"] < x < box["x"] + box["width"]


@pytest.mark.parametrize(
    "query",
    ["?figure=weights&matrix=none&row=0&column=attn.q", "?figure=weights", "?matrix=rms&row=0",
     "?figure=weights&matrix=rms&row=99&column=<b>"],
)  # fmt: skip
def test_an_address_that_says_nonsense_is_no_pin(page: Any, site: Any, query: str) -> None:
    open_model(page, site, query=query)
    assert _pin(page).is_hidden()
    page.mouse.move(*centre(page, stored(site), 1, 1))
    assert float(told(page)) == stored(site).values[1, 1]


def test_an_instant_navigation_keeps_and_restores_the_pin(page: Any, site: Any) -> None:
    open_model(page, site)
    page.evaluate("window.same = true")
    page.mouse.click(*centre(page, stored(site), 3, 2))
    page.locator(".atlas-crumbs a").first.click()
    page.wait_for_selector(".atlas-models")
    assert _query(page) == {}
    page.go_back()
    page.wait_for_selector(f"{TIP}:visible")
    assert float(told(page)) == stored(site).values[3, 2]
    assert page.evaluate("window.same === true")


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., str]) -> Site:
    """A model with two figures: modules in both, heads in one."""
    made = atlases.project(tmp_path_factory.mktemp("twin") / "atlas")
    atlases.entry(made, "small", analyses=["weights", "activations"])
    atlases.profile(made, "small")
    stated = statement.of("activations")
    second = samples.profile(
        analysis="activations",
        version=stated.version,
        model=profile_file.Pin("small", "zoo:drawn-at-random", None, samples.DIGEST, None),
        protocol=stated.protocol,
        matrices=atlases.matrices(1),
    )
    profile_file.save(made.profile("small", "activations"), second)
    return built(made, serve)


def _second(page: Any, site: Any) -> tuple[Any, Any]:
    """Both figures live, on one screen; the second one's marks of row and column."""
    page.set_viewport_size({"width": 1280, "height": 2600})
    open_model(page, site)
    figure = page.locator(".atlas-figure").nth(1)
    page.locator(LIVE).nth(1).wait_for()
    return figure, [figure.locator(f".atlas-mark-{name}") for name in ("row", "column", "cell")]


def test_other_figures_light_the_same_row_and_column(page: Any, twin: Any) -> None:
    figure, marks = _second(page, twin)
    page.mouse.move(*centre(page, stored(twin), 4, 6))
    for mark in marks:
        mark.wait_for(state="visible")
    frame = figure.locator(".atlas-frame").bounding_box()
    cell = marks[2].bounding_box()
    assert abs(cell["x"] - frame["x"] - frame["width"] * 6 / 8) < 2
    assert abs(cell["y"] - frame["y"] - frame["height"] * 4 / 12) < 2
    assert figure.locator(TIP).is_hidden()
    page.mouse.move(1, 1)
    marks[0].wait_for(state="hidden")


def test_where_axes_differ_only_the_shared_one_is_lit(page: Any, twin: Any) -> None:
    figure, (row, column, cell) = _second(page, twin)
    figure.locator('[data-role="matrix"]').select_option("ov_copying")
    page.mouse.move(*centre(page, stored(twin), 4, 6))
    column.wait_for(state="visible")  # of the same layer: heads have their layers across
    assert row.is_hidden()
    assert cell.is_hidden()


def test_a_page_has_one_pin(page: Any, twin: Any) -> None:
    figure, _ = _second(page, twin)
    page.mouse.click(*centre(page, stored(twin), 4, 6))
    frame = figure.locator(".atlas-frame").bounding_box()
    page.mouse.click(frame["x"] + 5, frame["y"] + 5)
    assert _query(page)["figure"] == "activations"
    assert [pin.is_visible() for pin in page.locator(".atlas-mark-pin").all()] == [False, True]


def test_a_figure_that_is_not_live_yet_opens_with_its_pin(page: Any, twin: Any) -> None:
    page.goto(f"{twin.url}models/small/?figure=activations&matrix=rms&row=11&column=mlp.down")
    figure = page.locator(".atlas-figure").nth(1)
    figure.locator(f"{TIP}:visible").wait_for()
    assert page.locator(LIVE).count() >= 1
    assert figure.locator(".atlas-stage").bounding_box()["y"] < 900
