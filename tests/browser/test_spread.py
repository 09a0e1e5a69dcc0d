"""How sure values and differences are, and which pairs are unfair, wherever a reader meets them."""

from __future__ import annotations

import csv
import functools
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import atlases
import cells
import comparison_reference as compare
import estimated_atlas
import numpy as np
import pytest
from pointing import hover
from served import Site, built

from atlas.profiles import matrix_csv, profile_file
from atlas.profiles.matrix import Matrix
from atlas.site.figures import column_order
from atlas.words import number

BYTES = int(estimated_atlas.BYTES.sum())
READY = '[data-atlas="compare"][data-ready="live"]'
DOTS = ".atlas-pane:visible .atlas-dots"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """Two models of one text, one whose passages are lost, one of less text, one by another
    estimator, and two large ones."""
    made = atlases.project(tmp_path_factory.mktemp("spread") / "atlas")
    make = functools.partial(estimated_atlas.profile, made)
    make("one", 1)
    make("two", 2)
    make("lost", 3, part=False)
    make("short", 4, conditions={"device": "cpu", "scored_bytes": BYTES - 1234})
    named = {"device": "cpu", "scored_bytes": BYTES, "estimator": "10% trimmed mean"}
    make("trimmed", 5, conditions=named)
    make("big-one", 6, layers=80, heads=64, family="big")
    make("big-two", 7, layers=80, heads=64, family="big")
    return built(made, serve)


@pytest.fixture(autouse=True)
def lost_is_asked_for(page: Any, site: Site) -> None:
    """The passages of one model are there no more: the page is told so by an empty answer."""
    empty = {"status": 200, "body": "", "content_type": "application/json"}
    page.route("**/lost/importance.passages.json", lambda route: route.fulfill(**empty))


def _matrix(site: Site, slug: str, name: str = "taylor") -> Matrix:
    return profile_file.load(site.project.profile(slug, "importance")).matrix(name)


def _compare(page: Any, site: Site, query: str) -> None:
    page.goto(f"{site.url}compare/?analysis=importance&{query}")
    page.wait_for_selector(READY)


def _expected(site: Site, slug: str, paired: bool) -> np.ndarray:
    """Errors of a model's differences from `one`."""
    if not paired:
        spreads = [_matrix(site, name).spread for name in ("one", slug)]
        return compare.unpaired_errors(*spreads)  # type: ignore[arg-type]
    seed = {"one": 1, "two": 2}
    parts = [estimated_atlas.passages(seed[name], 4) for name in ("one", slug)]
    return compare.paired_errors(*(compare.sums("taylor", part) for part in parts))


def _within(site: Site, slug: str, paired: bool) -> np.ndarray:
    apart = _matrix(site, slug).values - _matrix(site, "one").values
    exact = [_matrix(site, name).spread == 0 for name in ("one", slug)]
    within = np.abs(apart) <= 2 * _expected(site, slug, paired)
    return np.asarray(within & ~(exact[0] & exact[1]))


def _plain(error: float) -> str:
    return f"± {number(float(f'{error:.2g}'))}"


# A model's page


def test_hover_tells_error_and_dominant_passage(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/one/?figure=importance&matrix=head_gate&row=1&column=2#importance")
    page.wait_for_selector(cells.LIVE)
    matrix = _matrix(site, "one", "head_gate")
    assert matrix.spread is not None and matrix.largest_share is not None
    tip = page.locator(f"{cells.TIP}:visible")
    lines = tip.inner_text().splitlines()
    error = matrix.spread[1, 2]
    assert lines[0] == f"{matrix.values[1, 2]:.4g} {_plain(error)} (standard error)"
    share = matrix.largest_share[1, 2]
    dominant = f"{np.floor(100 * share + 0.5):.0f}% of it comes from one passage or sequence"
    assert dominant in lines and share > 0.2
    assert "pinned" in lines


def test_a_cell_is_read_aloud_with_its_error(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/one/")
    page.locator(".atlas-stage").first.scroll_into_view_if_needed()
    page.wait_for_selector(cells.LIVE)
    page.locator(".atlas-stage").first.focus()
    page.keyboard.press("ArrowDown")
    spoken = page.locator(".atlas-voice").first.inner_text()
    told = r"\(standard error\) relative to the model's maximum, \d+% of it comes from one passage"
    assert re.search(told, spoken)


def test_the_table_and_the_csv_carry_the_errors(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/one/")
    page.locator(".atlas-stage").first.scroll_into_view_if_needed()
    page.wait_for_selector(cells.LIVE)
    page.locator(".atlas-table summary").click()
    page.wait_for_selector(".atlas-table tbody tr")
    caption = page.locator(".atlas-table caption").inner_text()
    told = "percentages: share of the value from a single passage or sequence, if above 20%"
    assert f"; ± standard error; {told}" in caption
    matrix = _matrix(site, "one")
    assert matrix.spread is not None
    order = np.argsort(-matrix.values.mean(axis=0), kind="stable")
    first = page.locator(".atlas-table tbody tr").first.locator("td").all_inner_texts()
    for text, at in zip(first, order, strict=True):
        assert text.startswith(f"{matrix.values[0, at]:.4g} {_plain(matrix.spread[0, at])}")
    with page.expect_download() as download:
        page.locator('[data-role="csv"]').click()
    text = Path(download.value.path()).read_bytes().decode()
    shown = column_order.arranged(matrix, "mean")
    assert text == matrix_csv.csv(shown), "in the order of the figure"
    head = text.splitlines()[0]
    assert "attn.q spread" in head and head.endswith(f"{shown.columns[-1]} largest_share")


def test_a_legend_tells_only_what_stands_in_the_table(page: Any, site: Site) -> None:
    page.goto(f"{site.url}methods/")
    matrix = replace(_matrix(site, "one"), largest_share=np.full((4, len(atlases.MODULES)), 0.2))
    caption = page.evaluate(
        "async ([url, one]) => (await import(url)).table(one).querySelector('caption').textContent",
        [f"{site.modules}heatmap/data-table.js", json.loads(matrix.json_text())],
    )
    assert caption.endswith("; ± standard error")


def test_the_origin_tells_scored_bytes(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/one/")
    page.locator('[data-role="origin"] summary').first.click()
    page.wait_for_selector('[data-role="origin"] dl')
    told = page.locator('[data-role="origin"]').first.inner_text()
    assert f"scored bytes\n{BYTES:,}" in told


# Compared


@pytest.mark.parametrize(("slug", "paired"), [("two", True), ("lost", False)])
def test_a_difference_has_an_error_and_says_of_which_kind(
    page: Any, site: Site, slug: str, paired: bool
) -> None:
    _compare(page, site, f"models=one,{slug}&matrix=taylor&view=difference")
    kind = f"paired over {estimated_atlas.PASSAGES} passages" if paired else "unpaired"
    key = page.locator(".atlas-sheet .atlas-scale").inner_text()
    assert f"within twice the standard error of the difference, {kind}" in key
    assert page.locator(".atlas-scale .atlas-dot").is_visible()
    errors, shape = _expected(site, slug, paired), (4, len(atlases.MODULES))
    values = [_matrix(site, name).values for name in ("one", slug)]
    within = _within(site, slug, paired)
    for row, column in ((0, 0), *map(tuple, np.argwhere(within)[:1]), (3, 4)):
        hover(page, 0, (row, column), shape)
        page.wait_for_selector(".atlas-readout:visible")
        told = page.locator(".atlas-readout tbody tr").nth(1).locator("td").all_inner_texts()
        spread = _matrix(site, slug).spread
        assert spread is not None
        assert told[0] == f"{values[1][row, column]:.4g} {_plain(spread[row, column])}"
        assert told[1].endswith(_plain(errors[row, column]))
        note = page.locator(".atlas-readout small").inner_text()
        assert f"± standard error of the difference, {kind}" in note
        assert (f"within twice the error: Model {slug}" in note) == within[row, column]


def test_pairing_makes_errors_small(site: Site) -> None:
    """What the fixture is for: unpaired, nearly nothing could be told apart."""
    assert _within(site, "two", True).mean() < 0.5 < _within(site, "two", False).mean()


@pytest.mark.parametrize("view", ["difference", "ratio"])
def test_what_is_within_its_error_is_dotted(page: Any, site: Site, view: str) -> None:
    """A dark dot in the middle of such a cell, and none in the others."""
    _compare(page, site, f"models=one,two&matrix=taylor&view={view}")
    within = _within(site, "two", True)
    drawn = page.locator(DOTS).first.evaluate(
        """(canvas, [rows, columns]) => {
          const copy = document.createElement("canvas");
          [copy.width, copy.height] = [canvas.width, canvas.height];
          const context = copy.getContext("2d", { willReadFrequently: true });
          context.drawImage(canvas, 0, 0);
          const alpha = (row, column) => context.getImageData(
            ((column + 0.5) * canvas.width) / columns, ((row + 0.5) * canvas.height) / rows, 1, 1,
          ).data[3];
          return Array.from({ length: rows }, (_, row) =>
            Array.from({ length: columns }, (_, column) => alpha(row, column) > 0));
        }""",
        list(within.shape),
    )
    np.testing.assert_array_equal(np.array(drawn), within)
    assert within.any() and not within.all()


def test_the_sentence_names_what_is_sure_and_counts_the_rest(page: Any, site: Site) -> None:
    _compare(page, site, "models=one,two&matrix=taylor&view=difference")
    apart = _matrix(site, "two").values - _matrix(site, "one").values
    within = _within(site, "two", True)
    sure = np.where(within, np.nan, apart)
    _, row, column = compare.largest(sure[None]) or (0, 0, 0)
    told = page.locator(".atlas-summary").inner_text()
    assert f"at layer {row}, {atlases.MODULES[column]} (" in told
    assert told.endswith(
        f" {within.sum()} of them are within twice the standard error"
        f" (paired over {estimated_atlas.PASSAGES} passages)."
    )


def test_without_a_sure_difference_none_is_named(page: Any, site: Site) -> None:
    _compare(page, site, "models=one,lost&matrix=head_gate&view=difference")
    gates = [_matrix(site, slug, "head_gate") for slug in ("one", "lost")]
    spreads = [one.spread for one in gates if one.spread is not None]
    errors = compare.unpaired_errors(spreads[0], spreads[1])
    assert (np.abs(gates[1].values - gates[0].values) <= 2 * errors).all()
    assert page.locator(".atlas-summary").inner_text() == (
        "None of 16 differences is beyond twice its standard error (unpaired)."
    )


def test_the_csv_of_a_comparison_carries_errors(page: Any, site: Site) -> None:
    _compare(page, site, "models=one,two&matrix=taylor&view=difference")
    with page.expect_download() as download:
        page.locator('[data-role="csv"]').click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    lines = list(csv.DictReader(text.splitlines()))
    errors, within = _expected(site, "two", True).ravel(), _within(site, "two", True).ravel()
    spread = _matrix(site, "one").spread
    assert spread is not None
    assert [float(line["one spread"]) for line in lines] == spread.ravel().tolist()
    found = [float(line["two minus one: standard error"]) for line in lines]
    assert found == [float(f"{error:.4g}") for error in errors]
    said = [line["two minus one: within two standard errors"] for line in lines]
    assert said == ["yes" if one else "no" for one in within]


def test_the_picture_has_dots_and_says_what_they_are(page: Any, site: Site) -> None:
    _compare(page, site, "models=one,two&matrix=taylor&view=difference")
    with page.expect_download() as download:
        page.locator('[data-role="svg"]').click()
    drawing = ElementTree.parse(download.value.path())
    dots = [
        one for one in drawing.iter(f"{SVG}circle") if one.get("stroke")
    ]  # the key has one, too
    assert len(dots) == _within(site, "two", True).sum()
    words = " ".join(part.text or "" for part in drawing.iter(f"{SVG}text"))
    assert "dotted: within twice the standard error of the difference, paired" in words


def test_values_side_by_side_have_no_dots(page: Any, site: Site) -> None:
    _compare(page, site, "models=one,two&matrix=taylor&view=difference")
    page.get_by_label("View").select_option("values")
    page.wait_for_selector('[data-atlas="compare"]:not([data-shown*="view="])')
    assert page.locator(DOTS).count() == page.locator(f"{DOTS}[hidden]").count() == 2
    assert "standard error" not in page.locator(".atlas-sheet .atlas-scale").inner_text()
    assert "within twice the standard error" in page.locator(".atlas-summary").inner_text()


def test_a_printed_comparison_has_colours_and_dots(page: Any, site: Site) -> None:
    _compare(page, site, "models=one,two&matrix=taylor&view=difference")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    paper = page.locator(".atlas-printed svg")
    assert paper.is_visible()
    assert paper.locator(".cells path").count() > 10
    assert paper.locator("circle[stroke]").count() == _within(site, "two", True).sum()


# Unfair pairs


@pytest.mark.parametrize(
    ("slug", "row"),
    [
        ("short", ["scored bytes", f"{BYTES:,}", f"{BYTES - 1234:,}"]),
        ("trimmed", ["estimator", "none", "10% trimmed mean"]),
    ],
)
def test_an_unfair_pair_is_not_subtracted_and_says_why(
    page: Any, site: Site, slug: str, row: list[str]
) -> None:
    _compare(page, site, f"models=one,{slug}&matrix=taylor&view=difference")
    titles = page.locator(".atlas-pane:visible figcaption strong").all_inner_texts()
    assert titles == ["Model one", f"Model {slug}"]
    rows = page.locator('[data-role="obstacles"] tbody tr').all_inner_texts()
    assert [one.split("\t") for one in rows] == [row]
    assert page.locator('[data-role="conditions"]').is_hidden()
    assert page.locator(f"{DOTS}:not([hidden])").count() == 0
    hover(page, 0, (1, 1), (4, len(atlases.MODULES)))
    page.wait_for_selector(".atlas-readout:visible")
    assert "difference" not in page.locator(".atlas-readout").inner_text()


def test_a_survey_marks_unfair_pairs_in_words(page: Any, site: Site) -> None:
    page.goto(f"{site.url}survey/importance/")
    page.wait_for_selector('.atlas-survey[data-ready="live"]')
    told = page.locator('[data-slug="short"]').inner_text()
    assert f"scored bytes: {BYTES - 1234:,} against {BYTES:,}" in told
    assert "another estimator" in page.locator('[data-slug="trimmed"]').inner_text()
    for slug in ("one", "two", "lost"):
        assert "not to be subtracted" not in page.locator(f'[data-slug="{slug}"]').inner_text()
    assert "2 measured with another version or protocol, not to be subtracted from the others" in (
        page.locator('[data-role="told"]').inner_text()
    )


def test_a_family_leaves_unfair_models_out_and_says_why(page: Any, site: Site) -> None:
    page.goto(f"{site.url}families/estimated/?analysis=importance")
    page.wait_for_selector('.atlas-family[data-ready="live"]')
    told = page.locator('[data-role="told"]').inner_text()
    assert f"Model short, measured with scored bytes: {BYTES - 1234:,} against {BYTES:,}" in told
    assert "Model trimmed, measured with another estimator" in told
    assert page.locator(".atlas-panel").count() == 3
    canvas = page.locator(".atlas-panel canvas").first
    canvas.scroll_into_view_if_needed()
    canvas.focus()
    page.keyboard.press("ArrowDown")
    assert "(standard error)" in page.locator(".atlas-tip:visible").inner_text()


def test_heads_say_what_keeps_models_apart(page: Any, site: Site) -> None:
    page.goto(f"{site.url}heads/?score=importance/head_gate")
    page.wait_for_selector('[data-atlas="heads-page"][data-ready="live"]')
    told = page.locator('[data-role="told"]').inner_text()
    assert "2 models were measured with another version or protocol (" in told
    assert f"scored bytes: {BYTES - 1234:,} against {BYTES:,}" in told


# Large maps


def test_a_large_map_is_dotted_cell_by_cell(page: Any, site: Site) -> None:
    _compare(page, site, "models=big-one,big-two&matrix=head_gate&view=difference")
    box = page.locator(DOTS).first.bounding_box()
    frame = page.locator(".atlas-pane:visible .atlas-hit").first.bounding_box()
    assert box == frame
    key = page.locator(".atlas-sheet .atlas-scale").inner_text()
    assert "within twice the standard error of the difference, unpaired" in key
