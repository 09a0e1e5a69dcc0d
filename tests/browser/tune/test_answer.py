"""A tune's page begins with how it differs from its base, and leads to the difference itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from served import Site

ANSWER = '[data-atlas="tune"]'
SLUG = "ref-llama-instruct"


@pytest.fixture(scope="module")
def site(whole_site: Site) -> Site:
    return whole_site


def test_the_page_opens_with_the_answer(page: Any, site: Site) -> None:
    """Above every figure, in the words of the file, and in sight at once."""
    file = site.project.site / "data" / "from-base" / f"{SLUG}.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    page.goto(f"{site.url}models/{SLUG}/")
    page.wait_for_selector(f"{ANSWER} h2")
    assert page.locator("article h2").first.inner_text() == told["title"]
    assert page.locator(f"{ANSWER} h2").bounding_box()["y"] < 600
    lines = page.locator(f"{ANSWER} dt").all_inner_texts()
    assert lines == [line["about"] for line in told["lines"]]
    assert {"Drift", "Moved most", "Attention", "Functions of heads", "Did not move"} <= {*lines}
    assert "0.49" in page.locator(f"{ANSWER} dd").first.inner_text()


def test_a_head_leads_to_its_difference(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/{SLUG}/")
    head = page.locator(f"{ANSWER} dd li a").first
    text = head.inner_text()
    assert text.startswith("head 3.2: Induction, 0.311 → 0.602 (± ")
    head.click()
    page.wait_for_selector('[data-atlas="compare"][data-ready="live"]')
    chosen = page.locator('[data-role="chosen"] li > span').all_inner_texts()
    assert chosen == ["Reference Llama", "Reference Llama Instruct"], "the base is the baseline"
    assert page.locator('[data-role="view"]').input_value() == "difference"
    assert page.locator('[data-role="matrix"]').input_value() == "induction"
    assert "row=3&column=2" in page.evaluate("location.search")
    assert "0.291" in page.locator("article").inner_text(), "0.602 less 0.311"


def test_a_model_without_a_base_has_none(page: Any, site: Site) -> None:
    page.goto(f"{site.url}models/ref-llama/")
    page.wait_for_selector("[data-atlas=heatmap]")
    assert page.locator(ANSWER).count() == 0
