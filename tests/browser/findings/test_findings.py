"""A finding's page in a browser: live figures in place, each with its marked cell."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import found_atlas
import pytest
import waiting
from served import Site, built
from shown import draw_all

from atlas import words
from atlas.site.figures import column_order

FIGURE = '.atlas-step:nth-of-type({}) [data-atlas="heatmap"]'
PIN = ".atlas-mark-pin"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WORD = "w" * 110


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """Two figures of one analysis, of which the second marks a cell of another matrix; and a
    finding whose model waits."""
    made = found_atlas.project(tmp_path_factory.mktemp("found") / "atlas")
    found_atlas.claim(made, "true")
    found_atlas.claim(made, "false", true=False)
    found_atlas.claim(made, "later", model="waiting")
    steps = (found_atlas.step("true"), found_atlas.step("true", found_atlas.MODULES))
    found_atlas.finding(made, "one", *steps)
    awaited = found_atlas.step("later", found_atlas.AWAITED)
    found_atlas.finding(made, "two", found_atlas.step("false"), awaited)
    found_atlas.finding(
        made, "word", found_atlas.step("true", title=WORD), title=WORD, lead=WORD * 9
    )
    return built(made, serve)


def _centre(page: Any, number: int, name: str, row: int, column: int) -> tuple[float, float]:
    """Where a cell of a step's figure is."""
    rows, columns = column_order.upright(found_atlas.matrix(name)).values.shape
    page.locator(f"{FIGURE.format(number)} .atlas-frame").scroll_into_view_if_needed()
    frame = page.locator(f"{FIGURE.format(number)} .atlas-frame").bounding_box()
    return (
        frame["x"] + frame["width"] * (column + 0.5) / columns,
        frame["y"] + frame["height"] * (row + 0.5) / rows,
    )


def _is_on(page: Any, mark: str, number: int, name: str, row: int, column: int) -> bool:
    """Whether a mark of a step's figure lies on a cell."""
    x, y = _centre(page, number, name, row, column)  # before the mark is looked for: it scrolls
    box = page.locator(f"{FIGURE.format(number)} {mark}").bounding_box()
    return bool(box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"])


@pytest.mark.parametrize("context_options", [{}, PHONE], ids=["desktop", "phone"])
def test_every_figure_is_live_in_place_and_marks_its_cell(page: Any, site: Site) -> None:
    page.goto(f"{site.url}findings/one/")
    assert page.locator("iframe").count() == 0
    draw_all(page)
    assert page.locator('[data-atlas="heatmap"][data-ready="live"]').count() == 2
    for number, name, row, column in ((1, "ov_copying", 17, 3), (2, "outlier", 5, 4)):
        assert _is_on(page, PIN, number, name, row, column)
        assert page.locator(f"{FIGURE.format(number)} .atlas-marked").is_hidden()
        title = found_atlas.matrix(name).title
        assert page.locator(f"{FIGURE.format(number)} figcaption strong").inner_text() == title
    assert page.locator(".atlas-tip:visible").count() == 0, "the mark covers no cell"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("context_options", [PHONE], ids=["phone"])
@pytest.mark.parametrize("place", ["", "findings/", "findings/word/"])
def test_a_word_without_end_breaks_within_the_page(page: Any, site: Site, place: str) -> None:
    page.goto(f"{site.url}{place}")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_figure_reads_and_pins_as_on_a_model_page(page: Any, site: Site) -> None:
    page.goto(f"{site.url}findings/one/")
    draw_all(page)
    values = found_atlas.matrix("outlier").values
    page.mouse.click(*_centre(page, 2, "outlier", 7, 2))
    told = page.locator(f"{FIGURE.format(2)} .atlas-value").inner_text()
    assert told == words.written(float(f"{values[7, 2]:.4g}"))
    query = {key: one[0] for key, one in parse_qs(page.evaluate("location.search")[1:]).items()}
    assert query == {"figure": "step-2", "matrix": "outlier", "row": "7", "column": "attn.v"}
    assert _is_on(page, PIN, 2, "outlier", 7, 2)
    assert _is_on(page, PIN, 1, "ov_copying", 17, 3), "each figure keeps its own mark"
    page.keyboard.press("Escape")
    assert _is_on(page, PIN, 2, "outlier", 5, 4), "the page's own mark again"
    assert page.evaluate("location.search") == ""


def test_an_address_opens_the_figure_that_it_names(page: Any, site: Site) -> None:
    query = "?figure=step-2&matrix=rms&row=1&column=attn.k"
    page.goto(f"{site.url}findings/one/{query}")
    page.wait_for_selector(f"{FIGURE.format(2)}[data-ready=live]")
    title = found_atlas.matrix("rms").title
    waiting.until(
        page,
        "([where, title]) => document.querySelector(where).textContent === title",
        arg=[f"{FIGURE.format(2)} figcaption strong", title],
    )
    assert _is_on(page, PIN, 2, "rms", 1, 1)
    first = page.locator(f"{FIGURE.format(1)} figcaption strong").inner_text()
    assert first == found_atlas.matrix("ov_copying").title


def test_downloads_and_links_are_the_models(page: Any, site: Site) -> None:
    page.goto(f"{site.url}findings/one/")
    draw_all(page)
    with page.expect_download() as download:
        page.locator(f"{FIGURE.format(1)} [data-role=csv]").click()
    assert download.value.suggested_filename == "small.weights.ov_copying.csv"
    with page.expect_download() as download:
        page.locator(f"{FIGURE.format(1)} .atlas-links a").click()
    assert download.value.suggested_filename == "small.weights.json"
    link = page.locator(".atlas-step:nth-of-type(1) >> text=Compare with other models")
    assert (
        link.get_attribute("href")
        == "../../compare/?models=small&with=nearest&analysis=weights&matrix=ov_copying"
    )


@pytest.mark.parametrize("context_options", [{"java_script_enabled": False}], ids=["no scripts"])
def test_without_scripts_the_picture_stands_with_its_mark(page: Any, site: Site) -> None:
    page.goto(f"{site.url}findings/one/")
    assert _is_on(page, ".atlas-marked", 1, "ov_copying", 17, 3)
    assert page.locator(f"{FIGURE.format(1)} img").evaluate("one => one.complete")


def test_paper_has_the_picture_with_its_mark(page: Any, site: Site) -> None:
    page.goto(f"{site.url}findings/one/")
    draw_all(page)
    page.emulate_media(media="print")
    assert page.locator(f"{FIGURE.format(1)} .atlas-marked").is_visible()
    assert page.locator(f"{FIGURE.format(1)} .atlas-stage > img").is_visible()
    assert not page.locator(f"{FIGURE.format(1)} .atlas-controls").is_visible()


def test_instant_navigation_starts_and_ends_the_figures(page: Any, site: Site) -> None:
    page.goto(f"{site.url}findings/")
    page.locator("a", has_text="Found: one").click()
    page.wait_for_selector(".atlas-step")
    draw_all(page)
    page.locator(".atlas-crumbs a").click()
    page.wait_for_selector(".atlas-finding-list")
    page.locator("a", has_text="Found: two").click()
    page.wait_for_selector(".atlas-finding-told")
    draw_all(page)
    assert page.locator('[data-ready="live"]').count() == 1


def test_what_no_longer_holds_stands_first(page: Any, site: Site) -> None:
    page.goto(f"{site.url}findings/two/")
    told = page.locator('.atlas-finding-told[data-state="fails"]')
    assert told.inner_text().startswith("This no longer holds.")
    assert told.bounding_box()["y"] < 600
