"""The page of heads in a browser: ranks, filters, addresses, keys, and the nearest heads."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import atlases
import head_atlas
import numpy as np
import pytest

from atlas.profiles.matrix import Matrix
from atlas.site import pages

SHAPES = {"alpha": (6, 8), "beta": (4, 6), "gamma": (3, 4)}
LIVE = '[data-atlas="heads-page"][data-ready="live"]'
COPY = ("alpha", (2, 3)), ("beta", (0, 1))
SILENT = (5, 7)
"""A head of the first model."""
ROWS = """rows => rows.map(row => row.querySelector('th a').getAttribute('href').slice(6))"""


READ = """async () => {
  const script = new URL("../assets/atlas/head-bundle.js", location.href);
  const { HeadBundle } = await import(script.href);
  const bundle = await HeadBundle.load(new URL("bundle.json", location.href));
  const heads = Array.from({ length: bundle.count }, (_, at) => at);
  const apart = bundle.models.map((one) => [one.slug, bundle.apart(one).map(({ slug }) => slug)]);
  return {
    functions: await Promise.all(heads.map((at) => bundle.functionOf(at))),
    nearest: await Promise.all(heads.map((at) => bundle.nearest(at))),
    apart: Object.fromEntries(apart),
  };
}"""


@dataclass(frozen=True)
class Heads:
    url: str
    matrices: dict[str, dict[str, Matrix]]
    files: dict[str, bytes]

    def ranked(self, name: str, slugs: tuple[str, ...] = tuple(SHAPES)) -> list[str]:
        """Heads by a score of [0, 1], as the page rounds it, the highest first."""
        found = []
        for slug in slugs:
            matrix = self.matrices[slug].get(name)
            if matrix is not None:
                layers, heads = SHAPES[slug]
                found += [
                    (f"{slug}/{layer}.{head}", round(matrix.values[layer, head] * 254))
                    for layer in range(layers)
                    for head in range(heads)
                ]
        return [head for head, _ in sorted(found, key=lambda item: -item[1])]


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Heads:
    """Three models, the last one without functions and of a sly name; a head of the first one is
    copied into the second, and another one of it does nothing."""
    made = atlases.project(tmp_path_factory.mktemp("heads") / "atlas")
    matrices = {}
    for at, (slug, shape) in enumerate(SHAPES.items()):
        measured = ("attention",) if slug == "gamma" else ("attention", "functions")
        name = "<img src=x onerror=alert(1)> & co" if slug == "gamma" else f"Model {slug}"
        head_atlas.model(
            made, slug, *shape, seed=at, measured=measured, name=name, family=f"fam-{at // 2}"
        )
        found: tuple[Matrix, ...] = ()
        for analysis in measured:
            drawn = getattr(head_atlas, analysis)
            own = drawn(at, *shape)
            if slug == "alpha":
                own = _silenced(own, SILENT)
                head_atlas.write(made, slug, analysis, own)
            if slug == "beta":
                own = head_atlas.copied(own, drawn(0, *SHAPES["alpha"]), {COPY[1][1]: COPY[0][1]})
                head_atlas.write(made, slug, analysis, own)
            found += own
        matrices[slug] = {matrix.name: matrix for matrix in found}
    pages.render(made)
    url = f"{serve(made.root)}/site/"
    atlases.build(made, url)
    files = {one.name: one.read_bytes() for one in (made.docs / "heads").glob("*")}
    return Heads(url, matrices, files)


def _silenced(matrices: tuple[Matrix, ...], head: tuple[int, int]) -> tuple[Matrix, ...]:
    """The same with a head that does nothing; how sharply and how far it attends stays."""
    found = []
    for one in matrices:
        values = one.values.copy()
        if one.name not in ("entropy", "sink", "distance"):
            values[head] = 0.05 if one.kind == "sequential" else 0
        found.append(replace(one, values=values))
    return tuple(found)


def _open(page: Any, heads: Heads, query: str = "") -> None:
    page.goto(f"{heads.url}heads/{query}")
    page.wait_for_selector(LIVE)


def _rows(page: Any) -> list[str]:
    return [str(head) for head in page.eval_on_selector_all("[data-role=table] tbody tr", ROWS)]


def _choose(page: Any, role: str, value: str) -> None:
    page.select_option(f'[data-role="{role}"]', value)


def _wait(page: Any, first: str) -> None:
    """Until that head stands in the first row."""
    page.wait_for_selector(f'[data-role=table] tbody tr:first-child a[href="?head={first}"]')


def _told(page: Any, count: int) -> None:
    """Until so many heads fit."""
    page.locator("[data-role=told]", has_text=f"{count} of 84 heads").wait_for()


def _first_back(page: Any) -> None:
    """The first step back on a page; the theme fetches the page anew at that one alone."""
    page.locator(LIVE).evaluate("element => (element.dataset.left = 'yes')")
    page.go_back()
    page.wait_for_selector(f"{LIVE}:not([data-left])")


def test_heads_are_ranked_fifty_at_a_time(page: Any, heads: Heads) -> None:
    _open(page, heads)
    wanted = heads.ranked("induction")
    assert len(wanted) == 84 and _rows(page) == wanted[:50]
    caption = page.locator("[data-role=table] caption")
    assert caption.inner_text() == "Heads 1 to 50 of 84, by induction, highest first"
    page.get_by_role("button", name="Next").click()
    _wait(page, wanted[50])
    assert _rows(page) == wanted[50:] and page.url.endswith("?page=2")
    assert page.get_by_role("button", name="Next").is_disabled()
    _first_back(page)
    _wait(page, wanted[0])
    assert page.url.endswith("/heads/")


def test_filters_stand_in_the_address_and_the_way_back_undoes_them(page: Any, heads: Heads) -> None:
    _open(page, heads)
    _choose(page, "model", "beta")
    own = heads.ranked("induction", ("beta",))
    _wait(page, own[0])
    assert _rows(page) == own
    _choose(page, "depth", "4")
    deep = [head for head in own if head.startswith("beta/3.")]
    _wait(page, deep[0])
    assert _rows(page) == deep and page.url.endswith("?model=beta&depth=4")
    assert "6 of 84 heads" in page.locator("[data-role=told]").inner_text()
    _first_back(page)
    _wait(page, own[0])
    assert page.locator("[data-role=depth]").input_value() == ""
    page.go_forward()
    _wait(page, deep[0])
    page.reload()
    page.wait_for_selector(LIVE)
    assert _rows(page) == deep
    page.locator("[data-role=clear]").click()
    _wait(page, heads.ranked("induction")[0])
    assert page.url.endswith("/heads/")
    _choose(page, "model", "family:fam-0")
    both = heads.ranked("induction", ("alpha", "beta"))
    _told(page, 72)
    assert _rows(page) == both[:50]


def test_limits_of_a_score(page: Any, heads: Heads) -> None:
    _open(page, heads, "?score=attention/sink")
    page.locator("[data-role=from]").fill("0.9")
    high = {
        f"{slug}/{layer}.{head}"
        for slug, found in heads.matrices.items()
        for (layer, head) in _places(slug)
        if round(found["sink"].values[layer, head] * 254) >= round(0.9 * 254)
    }
    _told(page, len(high))
    assert set(_rows(page)) == high and 0 < len(high) < 30
    page.locator("[data-role=to]").fill("0.5")
    page.wait_for_selector("[data-role=none]:not([hidden])")
    assert _rows(page) == []
    page.locator("[data-role=reset]").click()
    _told(page, 84)


def _places(slug: str) -> list[tuple[int, int]]:
    layers, heads = SHAPES[slug]
    return [(layer, head) for layer in range(layers) for head in range(heads)]


def test_heads_of_a_category_and_of_a_relation(page: Any, heads: Heads) -> None:
    _open(page, heads, "?category=knowledge")
    counted = {
        f"{slug}/{layer}.{head}"
        for slug in ("alpha", "beta")
        for layer, head in _places(slug)
        if heads.matrices[slug]["relations:knowledge"].values[layer, head] > 0
    }
    assert set(_rows(page)) == counted
    _choose(page, "category", "")
    _choose(page, "relation", "capital")
    have = {
        f"{slug}/{layer}.{head}"
        for slug in ("alpha", "beta")
        for layer, head in _places(slug)
        for sign in ("score", "suppressive")
        if heads.matrices[slug][f"{sign}:capital@10"].values[layer, head] > 0.15
    }
    _told(page, len(have))
    assert set(_rows(page)) == have


def test_columns_are_added_sorted_and_left_out(page: Any, heads: Heads) -> None:
    _open(page, heads)
    _choose(page, "add", "attention/entropy")
    header = page.locator("th", has=page.get_by_role("button", name="Entropy", exact=True))
    header.wait_for()
    assert header.get_attribute("aria-sort") == "none"
    header.get_by_role("button", name="Entropy", exact=True).click()
    wanted = heads.ranked("entropy")
    _wait(page, wanted[0])
    assert _rows(page) == wanted[:50] and header.get_attribute("aria-sort") == "descending"
    assert page.evaluate("document.activeElement.dataset.sort") == "attention/entropy"
    page.keyboard.press("Enter")
    _wait(page, heads.ranked("entropy")[-1])
    assert (
        header.get_attribute("aria-sort") == "ascending" and "sort=-attention/entropy" in page.url
    )
    page.get_by_role("button", name="Leave out the column Entropy").click()
    _wait(page, heads.ranked("induction")[0])
    assert page.url.endswith("/heads/") and header.count() == 0


def test_a_head_opens_with_its_copy_as_the_nearest(page: Any, heads: Heads) -> None:
    slug, place = COPY[0]
    name = f"{slug}/{place[0]}.{place[1]}"
    _open(page, heads, "?score=attention/sink&model=alpha")
    page.locator(f'[data-role=table] a[href="?head={name}"]').click()
    card = page.locator("[data-role=card]")
    card.get_by_role("heading", name="Head 2.3 of Model alpha").wait_for()
    assert page.evaluate("document.activeElement.id") == "atlas-head-card"
    assert page.url.endswith(f"?score=attention/sink&model=alpha&head={name}")
    rows = card.locator("tbody tr")
    assert rows.count() == 2  # the head itself, then one of each model that has enough in common
    nearest = [cell.strip() for cell in rows.nth(1).locator("th, td").all_inner_texts()]
    assert nearest[:3] == ["Model beta 0.1", "0", "45 scores: 42 functions, 3 attention"]
    apart = card.locator("p", has_text="Too little in common").inner_text()
    assert "fewer than 8 relations" in apart and "<img src=x onerror=alert(1)> & co." in apart
    rows.nth(1).locator("th a").click()
    card.get_by_role("heading", name="Head 0.1 of Model beta").wait_for()
    _first_back(page)
    card.get_by_role("heading", name="Head 2.3 of Model alpha").wait_for()
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    assert page.url.endswith("?score=attention/sink&model=alpha")
    page.wait_for_selector(f'[data-role=table] a[href="?head={name}"]:focus')
    page.go_back()
    card.get_by_role("heading", name="Head 2.3 of Model alpha").wait_for()


def test_a_head_has_an_address_and_a_page(page: Any, heads: Heads) -> None:
    _open(page, heads, "?head=gamma/1.2")
    card = page.locator("[data-role=card]")
    assert "Head 1.2 of <img" in card.inner_text()
    link = card.get_by_role("link", name="All that was measured of it").get_attribute("href")
    assert link.endswith("models/gamma/?figure=attention&matrix=entropy&row=1&column=2#attention")
    _open(page, heads, "?head=gamma/1.9")
    assert "There is no such head in this atlas." in card.inner_text()
    _open(page, heads, "?head=alpha/2.3")
    card.get_by_role("link", name="All that was measured of it").click()
    page.wait_for_url("**/models/alpha/?head=2.3**")
    near = page.locator('.atlas-head-nearest[data-ready="2.3"]')
    near.wait_for()
    assert "Model beta 0.1" in near.inner_text()
    more = near.get_by_role("link", name="Side by side").get_attribute("href")
    assert more.endswith("/heads/?head=alpha/2.3")


def test_a_head_that_does_nothing_says_so_and_is_compared_with_none(
    page: Any, heads: Heads
) -> None:
    _open(page, heads, "?head=alpha/5.7")
    card = page.locator("[data-role=card]")
    assert "No function found" in card.inner_text() and card.locator("table").count() == 0
    card.get_by_role("link", name="All that was measured of it").click()
    near = page.locator('.atlas-head-nearest[data-ready="5.7"]')
    near.wait_for()
    assert "No function found" in near.inner_text() and near.locator("li").count() == 0
    page.goto(f"{heads.url}heads/")
    assert "no function found. That is the case for" in page.locator("article").inner_text()
    _open(page, heads, "?head=gamma/1.2")
    assert "Its model has too little in common with every other." in card.inner_text()
    assert "No function found" not in card.inner_text()


def test_the_page_reads_what_was_written(page: Any, heads: Heads) -> None:
    """Of every head: whether it has a function, the nearest heads, and which models are too far."""
    files = heads.files
    index = json.loads(files["bundle.json"])
    _open(page, heads)
    read = page.evaluate(READ)
    part, offset = index["functions"]
    assert read["functions"] == list(files[index["parts"][part]][offset : offset + 84])
    near = index["nearest"]
    size = near["count"] * 5
    for at, told in enumerate(read["nearest"]):
        record = files[near["parts"][at // near["rows"]]][at % near["rows"] * size :][:size]
        places = np.frombuffer(record, "<u4", near["count"])
        steps = np.frombuffer(record, np.uint8, offset=4 * near["count"])
        there = places < 84
        assert [one["head"] for one in told] == places[there].tolist()
        wanted = (steps[there] / 255) ** 2
        assert [one["distance"] for one in told] == pytest.approx(wanted.tolist())
    assert read["apart"] == {"alpha": ["gamma"], "beta": ["gamma"], "gamma": ["alpha", "beta"]}


def test_keys_read_the_table_and_the_points(page: Any, heads: Heads) -> None:
    _open(page, heads)
    wanted = heads.ranked("induction")
    page.locator("[data-role=table] tbody a").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    told = page.evaluate("document.activeElement.getAttribute('href')")
    assert told == f"?head={wanted[2]}"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**?head={wanted[2]}")
    page.keyboard.press("Escape")
    page.wait_for_url("**/heads/")
    page.locator(".atlas-scatter").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    lowest = heads.ranked("induction")
    steps = {head: index for index, head in enumerate(lowest)}
    spoken = page.locator(".atlas-scatter .atlas-voice").inner_text()
    assert "Induction 0.0" in spoken
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-role=card]:not([hidden])")
    name = page.url.partition("?head=")[2]
    assert steps[name] >= len(lowest) - 3  # equal steps may stand in another order


def test_points_answer_a_pointer(page: Any, heads: Heads) -> None:
    _open(page, heads, "?across=attention/sink")
    stage = page.locator(".atlas-scatter")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    canvas = page.locator(".atlas-scatter canvas")
    inked = canvas.evaluate(
        """(canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          for (let at = 3; at < data.length; at += 4)
            if (data[at] === 255) {
              const pixel = (at - 3) / 4, zoom = canvas.width / canvas.clientWidth;
              return [(pixel % canvas.width) / zoom, Math.floor(pixel / canvas.width) / zoom];
            }
        }"""
    )
    page.mouse.move(box["x"] + inked[0], box["y"] + inked[1])
    tip = page.locator(".atlas-tip:visible")
    assert "head " in tip.inner_text() and "Induction" in tip.inner_text()
    page.mouse.click(box["x"] + inked[0], box["y"] + inked[1])
    page.wait_for_url("**head=**")
    page.wait_for_selector(".atlas-scatter-held", state="attached")
    assert page.locator(".atlas-scatter-near").count() >= 1


def test_what_is_shown_is_a_file(page: Any, heads: Heads, tmp_path: Path) -> None:
    _open(page, heads, "?model=gamma&score=attention/sink")
    with page.expect_download() as waited:
        page.get_by_role("button", name="CSV of these heads").click()
    waited.value.save_as(tmp_path / "heads.csv")
    text = (tmp_path / "heads.csv").read_text(encoding="utf-8")
    lines = list(csv.DictReader(text.splitlines()))
    wanted = heads.ranked("sink", ("gamma",))
    assert [f"{line['model']}/{line['layer']}.{line['head']}" for line in lines] == wanted
    for line in lines:
        value = heads.matrices["gamma"]["sink"].values[int(line["layer"]), int(line["head"])]
        assert float(line["attention/sink"]) == pytest.approx(value, abs=0.5 / 254 + 5e-4)


@pytest.mark.parametrize("context_options", [{"viewport": {"width": 390, "height": 800}}])
def test_a_phone_scrolls_the_table_and_not_the_page(page: Any, heads: Heads) -> None:
    _open(page, heads, "?head=alpha/2.3")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".atlas-scatter canvas").bounding_box()["width"] <= 390


@pytest.mark.parametrize("context_options", [{"java_script_enabled": False}])
def test_without_scripts_the_highest_heads_are_told(page: Any, heads: Heads) -> None:
    page.goto(f"{heads.url}heads/")
    assert not page.locator(".atlas-heads-page").is_visible()
    row = page.locator("tr", has=page.get_by_role("link", name="Induction"))
    slug, _, place = heads.ranked("induction")[0].partition("/")
    link = row.get_by_role("link", name=place, exact=True).get_attribute("href")
    assert link.startswith(f"../models/{slug}/?")
