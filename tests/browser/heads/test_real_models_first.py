"""The page of heads begins with real models; scores with their conditions; the points as a file."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import atlases
import head_atlas
import pytest
import samples

from atlas.profiles import profile_file
from atlas.profiles.shares import wilson
from atlas.site import pages

LIVE = '[data-atlas="heads-page"][data-ready="live"]'
ROWS = """rows => rows.map(row => row.querySelector('th a').getAttribute('href').slice(6))"""
SCORE = "functions/score:capital@10"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> str:
    """A real model judged at another k than two reference models; its twin without attention is
    the nearest of its heads, and one with attention is not."""
    made = atlases.project(tmp_path_factory.mktemp("real") / "atlas")
    head_atlas.model(made, "real", 3, 4, seed=0, source="some-org/real", revision=samples.REVISION)
    pin = profile_file.Pin("real", "some-org/real", samples.REVISION, samples.DIGEST, None)
    for name, drawn in (("attention", head_atlas.attention), ("functions", head_atlas.functions)):
        changes: dict[str, Any] = {"model": pin}
        if name == "functions":
            changes["conditions"] = {"k": 25, "k_copying": 3}
            changes["facts"] = {**head_atlas.NULLS, "chance:capital@10": 0.0312}
        head_atlas.write(made, "real", name, drawn(0, 3, 4), **changes)
    head_atlas.model(made, "twin", 3, 4, seed=0, measured=("functions",))
    head_atlas.model(made, "other", 3, 4, seed=5)
    pages.render(made)
    url = f"{serve(made.root)}/site/"
    atlases.build(made, url)
    return url


def _open(page: Any, address: str, query: str = "") -> list[str]:
    page.goto(f"{address}heads/{query}")
    page.wait_for_selector(LIVE)
    return [str(head) for head in page.eval_on_selector_all("[data-role=table] tbody tr", ROWS)]


def test_real_models_stand_alone_until_others_are_asked_for(page: Any, address: str) -> None:
    rows = _open(page, address)
    assert len(rows) == 12
    assert all(head.startswith("real/") for head in rows)
    _open(page, address, f"?score={SCORE}")
    page.select_option('[data-role="model"]', "")
    page.locator("[data-role=told]", has_text="36 of 36 heads").wait_for()
    assert page.url.endswith(f"/heads/?score={SCORE}&model=")
    page.reload()
    page.wait_for_selector(LIVE)
    assert page.locator("[data-role=table] tbody tr").count() == 36
    rows = _open(page, address, f"?score={SCORE}&model=reference")
    assert {head.partition("/")[0] for head in rows} == {"twin", "other"}
    page.locator("[data-role=clear]").click()
    page.wait_for_url(f"**/heads/?score={SCORE}")


def test_a_share_stands_with_its_interval_and_chance(
    page: Any, address: str, tmp_path: Path
) -> None:
    _open(page, address, f"?score={SCORE}&model=")
    with page.expect_download() as waited:
        page.get_by_role("button", name="CSV of these heads").click()
    waited.value.save_as(tmp_path / "heads.csv")
    lines = list(csv.DictReader((tmp_path / "heads.csv").read_text("utf-8").splitlines()))
    row = page.locator("[data-role=table] tbody tr", has_text="Model real").first
    head = row.locator("th a").get_attribute("href").rpartition(".")[2]
    told = row.locator("td.atlas-right").first.inner_text()
    assert "relations at k = 25" in row.inner_text()
    assert "chance ≤ 0.0312" in told
    line = next(one for one in lines if one["model"] == "real" and one["head"] == head)
    low, high = wilson(float(line[SCORE]), head_atlas.PAIRS)
    assert float(line[f"{SCORE} interval low"]) == pytest.approx(low, abs=0.02)
    assert float(line[f"{SCORE} interval high"]) == pytest.approx(high, abs=0.02)
    assert float(line[f"{SCORE} chance at most"]) == 0.0312


def test_heads_compared_on_more_stand_first(page: Any, address: str) -> None:
    for head in ("real/1.2", "real/0.1", "real/2.3"):
        _open(page, address, f"?head={head}")
        near = page.locator("[data-role=card] tbody tr")
        compared = near.locator("td:nth-child(3)").all_inner_texts()[1:]
        assert len(compared) == 2
        assert "attention" in compared[0]
        assert "attention" not in compared[1]
        assert near.nth(2).locator("td").first.inner_text() == "0"  # the twin does the same
        assert "Model twin" in near.nth(2).inner_text()


def test_the_points_are_a_picture(page: Any, address: str, tmp_path: Path) -> None:
    _open(page, address, f"?score={SCORE}&colour={SCORE}")
    cloud = page.locator("[data-role=cloud]")
    with page.expect_download() as waited:
        cloud.locator('[data-role="svg"]').click()
    waited.value.save_as(tmp_path / "heads.svg")
    picture = ElementTree.fromstring((tmp_path / "heads.svg").read_text("utf-8"))
    words = ["".join(one.itertext()) for one in picture.iter(f"{SVG}text")]
    screen = cloud.locator(".atlas-scatter > svg").first.locator("text").all_text_contents()
    assert len(screen) > 8
    assert all(one in words for one in screen)
    assert len(list(picture.iter(f"{SVG}circle"))) == 12
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert cloud.locator(".atlas-printed circle").count() == 12
    index = json.loads(page.evaluate("fetch('bundle.json').then((answer) => answer.text())"))
    assert [one["ks"] for one in index["models"]] == [[25, 3], [10, 1], [10, 1]]
