"""One figure alone, in a frame of another page: the one that its address names."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from served import Site

from atlas.profiles import profile_file

MODEL = "models/ref-llama/"


@pytest.fixture
def site(whole_site: Site) -> Site:
    return whole_site


@pytest.mark.parametrize(
    ("path", "figure"),
    [
        (f"{MODEL}?embed=1", '[data-atlas="functions"]'),
        (f"{MODEL}?figure=functions&embed=1", '[data-atlas="functions"]'),
        (f"{MODEL}?figure=heads&embed=1", '[data-atlas="heads"]'),
        (f"{MODEL}?figure=curves&embed=1", '[data-atlas="curves"]'),
        (f"{MODEL}?figure=masks&embed=1", '[data-atlas="masks"]'),
        (f"{MODEL}?figure=weights&matrix=rms&embed=1", '[data-figure="weights"]'),
        ("compare/?models=ref-llama,ref-qwen3&analysis=weights&embed=1", '[data-atlas="compare"]'),
        ("families/reference/?embed=1", '[data-atlas="family"]'),
        ("survey/functions/?embed=1", '[data-atlas="survey"]'),
        ("heads/?embed=1", '[data-atlas="heads-page"]'),
    ],
)
def test_the_figure_of_an_address_stands_alone(
    page: Any, site: Site, path: str, figure: str
) -> None:
    page.goto(site.url + path)
    page.wait_for_selector(f'.atlas-alone{figure}[data-ready="live"]')
    assert page.locator(".atlas-alone").count() == 1
    for one in page.locator("article > *:visible, [data-atlas]:visible").all():
        assert one.evaluate(
            "(one) => one.matches('.atlas-way, .atlas-credit') || !!one.closest('.atlas-alone')"
        ), one.evaluate("(one) => one.outerHTML.slice(0, 120)")
    assert not page.locator(".md-header").is_visible()
    credit = page.locator(".atlas-credit a").get_attribute("href")
    assert credit.rstrip("?") == site.url + path.removesuffix("embed=1").rstrip("&?")


def test_a_pinned_block_of_masks_stands_alone(page: Any, site: Site) -> None:
    """A pin calls the figure otherwise than its page, which has a heatmap of masks too."""
    topic = profile_file.load(site.project.profile("ref-llama", "masks")).matrix("mask:mlp").rows[1]
    pin = urlencode({"figure": "block-masks", "matrix": "mask:mlp", "row": topic, "column": 1})
    page.goto(f"{site.url}{MODEL}?{pin}&embed=1")
    page.wait_for_selector('.atlas-alone[data-atlas="masks"][data-ready="live"]')
    told = page.locator(".atlas-alone .atlas-tip:visible")
    told.wait_for()
    assert "MLP block of layer 1" in told.inner_text() and topic in told.inner_text()
