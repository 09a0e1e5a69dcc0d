"""The compare page as a reader uses it; `comparison_reference` computes what it shows."""

from __future__ import annotations

import csv
import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import atlases
import comparison_reference as compare
import numpy as np
import pytest
import samples
from pointing import hover
from served import Site, built

from atlas.profiles import alignment, contrast, profile_file
from atlas.profiles.matrix import Matrix
from atlas.site.figures import heatmap
from atlas.words import number

LIVE = '[data-atlas="compare"][data-ready="live"]'
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TALL = {"viewport": {"width": 1280, "height": 1400}}
PIXELS = """(still) => {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [still.width, still.height];
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(still, 0, 0);
  return [...context.getImageData(0, 0, copy.width, copy.height).data];
}"""
SVG = "{http://www.w3.org/2000/svg}"
FAILS = {"bits_per_byte": 5.6, "bits_per_byte_by_frequency": 3.7, "beats_frequencies": False}
NASTY = "</option><img src=x onerror=pwned=1> & \u201cquotes\u201d"


def without(matrix: Matrix, column: str) -> Matrix:
    """The matrix of a model that has no such module."""
    if column not in matrix.columns:
        return matrix
    kept = [at for at, label in enumerate(matrix.columns) if label != column]
    native = tuple(matrix.native[at] for at in kept) if matrix.native else None
    columns = tuple(matrix.columns[at] for at in kept)
    return replace(matrix, columns=columns, native=native, values=matrix.values[:, kept])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Site:
    """Two that agree, a deeper one without a module, one of another protocol, one that waits."""
    made = atlases.project(tmp_path_factory.mktemp("compare") / "atlas")
    for at, slug in enumerate(("one", "two", "old", "nasty", *(f"more-{n}" for n in range(8)))):
        atlases.entry(made, slug, family="more" if slug.startswith("more") else "small")
        changes: dict[str, Any] = {"matrices": atlases.matrices(at, 6, 4)}
        if slug == "old":
            changes |= {"version": 99, "protocol": {"corpus": "another"}}
        if slug == "more-7":
            changes["facts"] = FAILS
        atlases.profile(made, slug, **changes)
    atlases.entry(made, "nasty", name=NASTY)
    deep = tuple(without(matrix, "mlp.gate") for matrix in atlases.matrices(50, 16, 8))
    atlases.entry(made, "deep")
    atlases.profile(made, "deep", matrices=deep, conditions={"device": "cuda", "tokens": 32768})
    atlases.entry(made, "waiting", source="some-org/waiting", revision=samples.REVISION)
    return built(made, serve)


def _open(page: Any, site: Site, query: str = "") -> None:
    page.goto(f"{site.url}compare/{query}")
    page.wait_for_selector(LIVE)


def _shown(page: Any, **parts: str) -> None:
    """Wait for what the address says to be on the page."""
    for key, value in parts.items():
        page.wait_for_selector(f'[data-atlas="compare"][data-shown*="{key}={value}"]')


def _matrix(site: Site, slug: str, name: str = "rms") -> Matrix:
    return profile_file.load(site.project.profile(slug, "weights")).matrix(name)


def _raw(site: Site, slug: str) -> Any:
    return json.loads(site.project.profile(slug, "weights").read_text(encoding="utf-8"))


def _titles(page: Any) -> list[str]:
    found: list[str] = page.locator(".atlas-pane:visible figcaption strong").all_inner_texts()
    return found


def _read(page: Any) -> dict[str, list[str]]:
    """The readout by model."""
    page.wait_for_selector(".atlas-readout:visible")
    rows = page.locator(".atlas-readout tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return {name: cells for name, *cells in rows}


def _chosen(page: Any) -> list[str]:
    found: list[str] = page.locator('[data-role="chosen"] li > span').all_inner_texts()
    return found


# Side by side


def test_without_a_query_two_models_are_compared(page: Any, site: Site) -> None:
    _open(page, site)
    assert len(_titles(page)) == 2
    assert page.locator('[data-role="title"]').inner_text() == "Root mean square"
    assert page.locator('[data-role="status"]').inner_text() == ""


def test_all_panels_are_on_one_scale(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,two&analysis=weights&matrix=rms")
    matrices = [_matrix(site, slug) for slug in ("one", "two")]
    pooled = compare.pooled(matrices, alignment.align(matrices))
    low, high = heatmap.limits(pooled)
    text = page.locator(".atlas-sheet .atlas-scale").inner_text()
    assert text.startswith(f"One scale for all panels: linear, {number(low)} to {number(high)}")
    shares = page.evaluate(
        """() => [...document.querySelectorAll(".atlas-pane .atlas-live")].map((element) => {
          const shown = Bokeh.documents.find((one) => [...Bokeh.index].some((view) =>
            view.model.document === one && element.contains(view.el)));
          return [...shown.get_model_by_name("source").get_column("image")[0]];
        })"""
    )
    np.testing.assert_allclose(np.ravel(shares), heatmap.shares(pooled).ravel(), atol=1e-6)


def test_what_a_model_lacks_is_missing_and_said_so(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,deep&by=layer")
    hover(page, 0, (2, 5), (6, 8))
    assert _read(page)["Model deep"][0] == "no mlp.gate"
    assert page.locator(".atlas-mark-cell:visible").count() == 1, "nothing is lit in the other"
    hover(page, 1, (9, 0), (16, 7))
    values = _read(page)
    assert values["Model one"][0] == "no layer 9"
    assert float(values["Model deep"][0]) == _matrix(site, "deep").values[9, 0]
    _open(page, site, "?models=one,deep&by=layer&view=difference")
    key = page.locator(".atlas-sheet .atlas-scale").inner_text()
    assert "no value in one of the two models" in key


def test_the_crosshair_runs_through_all_panels(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,two,more-1")
    raw = {slug: _raw(site, slug)["matrices"][0]["values"] for slug in ("one", "two", "more-1")}
    hover(page, 1, (3, 2), (6, 8))
    values = _read(page)
    assert page.locator(".atlas-readout strong").inner_text() == "layer 3, attn.v"
    for slug, lines in raw.items():
        assert values[f"Model {slug}"][0] == str(lines[3][2])
    apart = float(values["Model two"][1].replace("\u2212", "-"))
    assert apart == pytest.approx(raw["two"][3][2] - raw["one"][3][2], abs=1e-12)
    cells = page.locator(".atlas-pane .atlas-mark-cell:visible").evaluate_all(
        "marks => marks.map((mark) => mark.style.cssText)"
    )
    assert len(cells) == 3
    assert len(set(cells)) == 1
    page.mouse.move(2, 2)
    page.wait_for_selector(".atlas-readout", state="hidden")


def test_the_sentence_is_computed_from_the_values(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,two&matrix=rms&view=difference")
    values = np.stack([_matrix(site, slug).values for slug in ("one", "two")])
    apart = contrast.differences(values)
    _, row, column = compare.largest(apart) or (0, 0, 0)
    more = "higher" if apart[0, row, column] > 0 else "lower"
    assert page.locator(".atlas-summary").inner_text() == (
        f"Largest difference: Model two is {number(abs(apart[0, row, column]))} {more} than "
        f"Model one at layer {row}, {atlases.MODULES[column]} ({values[1, row, column]:.4g} "
        f"against {values[0, row, column]:.4g}); the median size of 48 differences is "
        f"{number(float(np.median(np.abs(apart))))}."
    )


# Difference and ratio


@pytest.mark.parametrize(
    ("matrix", "view", "sign"), [("rms", "difference", "\u2212"), ("outlier", "ratio", "\u00f7")]
)
def test_contrasts_are_drawn_about_their_middle(
    page: Any, site: Site, matrix: str, view: str, sign: str
) -> None:
    _open(page, site, f"?models=one,two,more-0&matrix={matrix}&view={view}")
    assert _titles(page) == [f"Model {slug} {sign} Model one" for slug in ("two", "more-0")]
    values = np.stack([_matrix(site, slug, matrix).values for slug in ("one", "two", "more-0")])
    found = contrast.ratios(values) if view == "ratio" else contrast.differences(values)
    logs = np.log(found) if view == "ratio" else found
    shares = page.evaluate(
        """() => Bokeh.documents.map((shown) =>
          [...shown.get_model_by_name("source").get_column("image")[0]])"""
    )
    wanted = 0.5 + logs / np.nanmax(np.abs(logs)) / 2
    np.testing.assert_allclose(np.ravel(shares), wanted.ravel(), atol=1e-6)


def test_a_quantity_without_ratio_says_so(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,two&matrix=ov_copying&view=ratio")
    assert "has no ratio" in page.locator('[data-role="status"]').inner_text()
    assert page.locator('[data-role="view"]').input_value() == "difference"
    assert page.locator('[data-role="view"] option[value="ratio"]').is_disabled()
    assert page.locator('[data-role="heads"]').is_visible()


def test_classes_are_compared_by_name(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,two&matrix=categories&view=difference")
    values = [_matrix(site, slug, "categories").values for slug in ("one", "two")]
    others = int((values[0] != values[1]).sum())
    assert page.locator(".atlas-summary").inner_text() == (
        f"Model two differs from Model one in {others} of the 24 heads that both have."
    )
    legend = page.locator(".atlas-legend li").all_inner_texts()
    assert legend == ["same category", "different category"]


def test_all_classes_are_counted(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,two&matrix=categories")
    head, *rows = page.locator(".atlas-by-category tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    assert head == ["Heads by category", "Model one", "Model two"]
    matrix = _matrix(site, "one", "categories")
    assert [row[0] for row in rows] == list(matrix.categories or ())
    for at, slug in enumerate(("one", "two"), start=1):
        values = _matrix(site, slug, "categories").values
        counts = [int((values == category).sum()) for category in range(len(rows))]
        assert [int(row[at]) for row in rows] == counts
        assert sum(counts) == 24


def test_a_protocol_is_told_in_words(page: Any, site: Site) -> None:
    """Keys and values that a reader cannot know; a digest is cut, and whole in its title."""
    said = "(differs) => differs.map((cell) => [cell.textContent, cell.title])"
    page.goto(f"{site.url}methods/")
    digest = f"sha256:{'0123456789abcdef' * 4}"
    short = "own, sha256:0123456789ab…"
    later = ("what heads of later layers read", "the first MLP's output", "")
    for key, value, told in (
        ("protocol fold", "no", ("norm gains folded in", "no", "")),
        ("protocol later", "mlp", later),
        ("protocol corpus", f"own, {digest}", ("corpus", short, f"own, {digest}")),
        ("scored bytes", "1,234", ("scored bytes", "1,234", "")),
        ("protocol own key", "mlp", ("protocol own key", "mlp", "")),
    ):
        cells = page.evaluate(
            f"""async ([url, one]) => ({said})((await import(url)).differingCells(one))""",
            [f"{site.modules}compare/differing-words.js",
             {"what": key, "first": value, "second": value}],
        )  # fmt: skip
        assert cells == [[told[0], ""], [told[1], told[2]], [told[1], told[2]]]


def test_what_forbids_a_subtraction_is_told_and_the_values_are_shown(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,old&matrix=rms&view=difference")
    assert _titles(page) == ["Model one", "Model old"]
    rows = page.locator('[data-role="obstacles"] tbody tr').all_inner_texts()
    assert [row.split("\t") for row in rows] == [
        ["version of the method", "1", "99"],
        ["corpus", "none", "another"],
    ]
    status = page.locator('[data-role="status"]').inner_text()
    assert "There is no difference to show; these values are shown side by side" in status
    assert "not subtracted, for the reasons below the figures" in status
    assert "Stale, due to be measured again: Model old (version 99)." in status
    beside = page.locator(".atlas-pane:visible .atlas-unit").nth(1).inner_text()
    assert "stale" in beside and "measured differently" in beside
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG", exact=True).click()
    picture = ElementTree.parse(download.value.path())
    said = " ".join("".join(text.itertext()) for text in picture.iter(f"{SVG}text"))
    assert "measured differently from the baseline: version of the method 99 instead of 1" in said
    hover(page, 0, (1, 1), (6, 8))
    values = _read(page)
    assert float(values["Model old"][0]) == _matrix(site, "old").values[1, 1]
    assert len(values["Model old"]) == 1


def test_a_model_that_fails_at_the_text_is_told(page: Any, site: Site) -> None:
    said = "Model more-7: This model predicts the text worse than token frequencies alone do (5.6"
    status = page.locator('[data-role="status"]')
    _open(page, site, "?models=one,more-7&analysis=weights")
    assert said in status.inner_text()
    _open(page, site, "?models=one,two&analysis=weights")
    assert "token frequencies" not in status.inner_text()


def test_only_those_that_agree_are_subtracted(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,old,two&matrix=rms&view=difference")
    assert _titles(page) == ["Model two \u2212 Model one", "Model one", "Model old"]
    assert page.locator(".atlas-sheet").count() == 2
    hover(page, 0, (1, 1), (6, 8))
    values = _read(page)
    assert values["Model old"][1] == "not subtracted"
    assert page.locator(".atlas-mark-cell:visible").count() == 3


def test_conditions_that_differ_are_told_and_forbid_nothing(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,deep&view=difference")
    assert _titles(page) == ["Model deep \u2212 Model one"]
    page.locator('[data-role="conditions"] summary').click()
    rows = page.locator('[data-role="conditions"] tbody tr').all_inner_texts()
    assert [row.split("\t") for row in rows] == [["device", "cpu", "cuda"]]
    _open(page, site, "?models=one,two")
    assert page.locator('[data-role="conditions"]').is_hidden()


def test_relative_depth_takes_the_nearest_layer(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,deep&by=depth")
    near = alignment.nearest(16, 6)
    hover(page, 1, (11, 0), (16, 7))
    values = _read(page)
    assert page.locator(".atlas-readout strong").inner_text() == "relative depth 0.733, attn.q"
    assert values["Model one"][:2] == [
        f"layer {near[11]}", f"{_matrix(site, 'one').values[near[11], 0]:.4g}",
    ]  # fmt: skip
    assert values["Model deep"][0] == "layer 11"


def test_by_depth_each_value_counts_once(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,deep&matrix=ov_copying&by=depth")
    medians = [np.median(_matrix(site, slug, "ov_copying").values) for slug in ("one", "deep")]
    told = page.locator(".atlas-summary").inner_text()
    assert told.endswith(
        f"medians: Model one {number(float(medians[0]))}, Model deep {number(float(medians[1]))}."
    )


# Choosing


def test_choosing_with_the_pointer(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,two&matrix=rms")
    page.evaluate("window.first = Bokeh.documents[0]")
    page.get_by_text("Choose models").click()
    page.get_by_label("Search by name").fill("more 3")
    assert page.locator('[data-role="found"]').inner_text() == "1 of 14 models"
    page.get_by_label("Model more-3").check()
    page.wait_for_selector('.atlas-pane:visible >> text="Model more-3"')
    assert page.url.endswith("?models=one,two,more-3&analysis=weights&matrix=rms")
    page.get_by_label("Remove Model two").click()
    page.wait_for_selector('.atlas-pane:visible >> text="Model two"', state="detached")
    assert _titles(page) == ["Model one", "Model more-3"]
    page.get_by_label("Baseline").select_option(label="Model more-3")
    _shown(page, models="more-3,one")
    page.get_by_label("View").select_option("difference")
    _shown(page, view="difference")
    assert _titles(page) == ["Model one \u2212 Model more-3"]
    assert page.evaluate("window.first === Bokeh.documents[0]"), "data are swapped, not embedded"


def test_choosing_with_the_keyboard(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,two&matrix=rms&by=layer")
    page.get_by_text("Choose models").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("deep")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    _shown(page, models="one,two,deep")
    page.get_by_label("Quantity").focus()
    page.keyboard.press("ArrowDown")
    _shown(page, matrix="outlier")
    page.locator(".atlas-pane .atlas-stage").first.focus()
    for key in ("ArrowDown", "ArrowDown", "End"):
        page.keyboard.press(key)
    spoken = page.locator(".atlas-sheets > .atlas-voice").inner_text()
    assert spoken == (
        "layer 1, norm.attn. Model one: does not exist; Model two: does not exist; "
        "Model deep: does not exist."
    )
    page.keyboard.press("Home")
    value = float(_read(page)["Model two"][0])
    assert value == pytest.approx(_matrix(site, "two", "outlier").values[1, 0], rel=1e-3)
    page.keyboard.press("Enter")
    assert page.url.endswith("&row=1&column=attn.q")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert page.locator(".atlas-readout").is_hidden()
    assert "row=" not in page.url


def test_a_model_without_the_analysis_cannot_be_chosen(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,waiting")
    assert page.locator('[data-role="status"]').inner_text() == (
        "Model waiting has no profile of this analysis yet. "
        "Choose another analysis, or another model that has this one."
    )
    page.get_by_label("Remove Model waiting").click()
    _shown(page, models="one")
    page.get_by_text("Choose models").click()
    assert page.get_by_label("Model waiting").is_disabled()
    assert "no profile of weights" in page.locator('[data-role="boxes"]').inner_text()


def test_back_and_forward_go_through_what_was_chosen(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/")
    page.evaluate("window.same = true")
    page.locator(".md-tabs a", has_text="Compare").click()
    page.wait_for_selector(LIVE)
    first = _chosen(page)
    page.get_by_label("Quantity").select_option("outlier")
    _shown(page, matrix="outlier")
    page.get_by_label("View").select_option("ratio")
    _shown(page, view="ratio")
    page.go_back()
    page.wait_for_selector('[data-atlas="compare"]:not([data-shown*="ratio"])')
    assert page.get_by_label("View").input_value() == "values"
    assert page.locator('[data-role="title"]').inner_text() == "Largest weight"
    page.go_back()
    page.wait_for_selector('[data-atlas="compare"][data-shown=""]')
    assert page.locator('[data-role="title"]').inner_text() == "Root mean square"
    assert _chosen(page) == first
    page.go_forward()
    page.go_forward()
    _shown(page, view="ratio")
    assert page.locator('[data-role="title"]').inner_text() == "Largest weight"
    page.locator(".md-tabs a", has_text="Models").click()
    page.wait_for_selector(".atlas-models")
    page.go_back()
    page.wait_for_selector(f'{LIVE}[data-shown*="view=ratio"]')
    assert _chosen(page) == first
    page.locator(".md-tabs a", has_text="Models").click()
    page.wait_for_selector(".atlas-models")
    assert page.evaluate("[window.same, Bokeh.documents.length]") == [True, 0]
    assert page.locator(".atlas-readout").count() == 0


def test_an_address_holds_all_of_it(page: Any, site: Site) -> None:
    query = (
        "?models=deep,one&analysis=weights&matrix=outlier&view=ratio&by=depth&scale=robust&shared=1"
        "&row=0.2&column=attn.o"
    )
    _open(page, site, query)
    for label, value in (("View", "ratio"), ("Layers", "depth"), ("Colour scale", "robust")):
        assert page.get_by_label(label).input_value() == value
    assert page.get_by_label("Only what all models have").is_checked()
    assert _chosen(page) == ["Model deep", "Model one"]
    assert page.locator(".atlas-mark-pin:visible").count() == 1
    assert page.locator(".atlas-readout strong").inner_text() == "relative depth 0.2, attn.o"
    assert page.evaluate("location.search") == query


def test_an_address_of_what_is_not_here_is_answered(page: Any, site: Site) -> None:
    asked = "?models=one,<b>gone</b>&analysis=none&matrix=nothing&view=odd&scale=odd"
    _open(page, site, asked)
    told = page.locator('[data-role="status"]').inner_text()
    assert "no model \u201c<b>gone</b>\u201d" in told
    assert "analysis \u201cnone\u201d" in told
    assert "quantity \u201cnothing\u201d" in told
    assert _titles(page) == ["Model one"]


def test_names_are_text(page: Any, site: Site) -> None:
    _open(page, site, "?models=nasty,one&view=difference")
    assert _titles(page) == [f"Model one \u2212 {NASTY}"]
    hover(page, 0, (1, 1), (6, 8))
    assert NASTY in _read(page)
    page.get_by_text("Data table").click()
    page.wait_for_selector(".atlas-table tbody tr")
    assert page.evaluate("typeof window.pwned") == "undefined"


def test_the_table_and_the_csv_hold_what_is_shown(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,two&matrix=ov_copying&view=difference")
    page.get_by_text("Data table").click()
    page.wait_for_selector(".atlas-table tbody tr")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "compare.weights.ov_copying.difference.csv"
    text = Path(download.value.path()).read_text(encoding="utf-8")
    head, *rows = list(csv.reader(text.splitlines()))
    assert head == ["layer", "head", "one", "two", "two minus one"]
    values = np.array([[float(cell) for cell in row[2:]] for row in rows]).T.reshape(3, 6, 4)
    for at, slug in enumerate(("one", "two")):
        np.testing.assert_allclose(values[at], _matrix(site, slug, "ov_copying").values, rtol=1e-3)
    np.testing.assert_allclose(values[2], values[1] - values[0], atol=1e-12)
    cells = page.locator(".atlas-table tbody td").all_inner_texts()
    assert cells == [cell for row in rows for cell in row[1:]]


def test_pictures_hold_every_panel(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,two,deep,nasty&matrix=rms&view=difference")
    titles = _titles(page)
    found = {}
    for kind in ("SVG", "PNG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind, exact=True).click()
        assert download.value.suggested_filename == f"compare.weights.rms.difference.{kind.lower()}"
        found[kind] = Path(download.value.path()).read_bytes()
    root = ElementTree.fromstring(found["SVG"])
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert len(titles) == 3
    assert all(title in " ".join(texts) for title in titles), "wrapped, never cut"
    assert any("one/weights.json, version 1" in text for text in texts)
    panels = root.findall(f".//{SVG}g[@class='cells']")
    assert len(panels) == 3
    wide, high = (float(root.attrib[side].removesuffix("mm")) for side in ("width", "height"))
    size = struct.unpack(">II", found["PNG"][16:24])
    assert wide == 175 and size[0] == round(175 / 25.4 * 300)
    assert size[1] / size[0] == pytest.approx(high / wide, rel=0.01)
    room = [float(side) for side in root.attrib["viewBox"].split()[2:]]
    for frame in root.iter(f"{SVG}rect"):
        place = [float(frame.attrib.get(key, 0)) for key in ("x", "width", "y", "height")]
        assert place[0] + place[1] <= room[0] and place[2] + place[3] <= room[1]


# Everywhere


@pytest.mark.parametrize("context_options", [PHONE], ids=["phone"])
def test_a_phone_holds_it(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,deep&matrix=ov_copying&by=layer")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    hit = page.locator(".atlas-pane .atlas-hit").first
    hit.scroll_into_view_if_needed()
    box = hit.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 1.5 / 6, box["y"] + box["height"] * 2.5 / 4)
    value = float(_read(page)["Model one"][0])
    assert value == pytest.approx(_matrix(site, "one", "ov_copying").values[1, 2], rel=1e-3)
    shown = page.locator(".atlas-readout").bounding_box()
    assert shown["x"] >= 0
    assert shown["x"] + shown["width"] <= 390
    page.locator(".atlas-summary").tap()
    assert page.locator(".atlas-readout").is_hidden(), "a tap elsewhere closes it"


@pytest.mark.parametrize(
    "context_options", [{"viewport": {"width": 390, "height": 480}}], ids=["small"]
)
def test_panels_are_painted_at_once_and_live_once_in_sight(page: Any, site: Site) -> None:
    _open(page, site, "?models=one,deep&matrix=rms")
    assert page.evaluate("typeof Bokeh") == "undefined", "nothing in sight needs it"
    stills = page.locator(".atlas-pane .atlas-frame canvas")
    for name in ("rms", "outlier"):
        page.get_by_label("Quantity").select_option(name)
        _shown(page, matrix=name)
        matrices = [_matrix(site, slug, name) for slug in ("one", "deep")]
        grid = alignment.align(matrices)
        pooled = compare.pooled(matrices, grid)
        palette = heatmap.colours(pooled)
        blocks = heatmap.shares(pooled).reshape(2, 16, -1)
        for panel in range(2):
            has = [[one is not None for one in side.places[panel]]
                   for side in (grid.rows, grid.columns)]  # fmt: skip
            shares = blocks[panel][np.ix_(*map(np.flatnonzero, has))]
            found = stills.nth(panel).evaluate(PIXELS)
            pixels = np.array(found).reshape(*shares.shape, 4)
            assert ((pixels[..., 3] == 0) == np.isnan(shares)).all()
            for row, column in zip(*np.nonzero(np.isfinite(shares)), strict=True):
                at = round(round(shares[row, column] * 254) / 254 * (len(palette) - 1))
                near = {
                    palette[max(0, at - 1)],
                    palette[at],
                    palette[min(len(palette) - 1, at + 1)],
                }
                assert "#{:02X}{:02X}{:02X}".format(*pixels[row, column, :3]) in near
    page.locator(".atlas-pane .atlas-stage").first.scroll_into_view_if_needed()
    page.wait_for_selector(".atlas-pane:first-child .atlas-frame:not(:has(canvas))")
    assert page.evaluate("Bokeh.documents.length") >= 1


@pytest.mark.parametrize("context_options", [{"java_script_enabled": False}], ids=["no scripts"])
def test_without_scripts_the_page_links_the_models(page: Any, site: Site) -> None:
    page.goto(f"{site.url}compare/")
    assert page.locator(".atlas-compare noscript p").is_visible()
    assert not page.locator('[data-role="controls"]').is_visible()
    page.get_by_role("link", name="Model one").click()
    assert page.url.endswith("/models/one/")


def test_dark_and_light_follow_the_page(page: Any, site: Site) -> None:
    _open(page, site)
    page.locator("label.md-header__button[for^=__palette]:visible").click()
    page.wait_for_selector('body[data-md-color-scheme="slate"]')
    wanted = page.evaluate(
        "getComputedStyle(document.body).getPropertyValue('--atlas-text').trim()"
    )
    colour = """() => Bokeh.documents.map((shown) =>
      shown.get_model_by_name("rows").major_label_text_color)"""
    for _ in range(100):
        if page.evaluate(colour) == [wanted] * 2:
            break
        page.wait_for_timeout(50)
    assert page.evaluate(colour) == [wanted] * 2
