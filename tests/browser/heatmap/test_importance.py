"""Figure F1 in a browser: modules by their mean, whole blocks first, on one scale from 0 to 1."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass, replace
from typing import Any

import atlases
import numpy as np
import pytest
import samples

from atlas.profiles import statement
from atlas.profiles.matrix import Matrix
from atlas.site import pages

LIVE = '[data-figure="importance"][data-ready="live"]'
MODULES = ("attn.q", "attn.o", "mlp.up", "norm.attn")


@dataclass(frozen=True)
class Sizes:
    url: str
    taylor: list[Matrix]
    block: list[Matrix]


def _matrices(seed: int, layers: int) -> tuple[Matrix, Matrix]:
    drawn = np.random.default_rng(seed)
    values = np.array([0.2, 0.9, 0.5, 0.05]) * drawn.uniform(0.5, 1.0, (layers, 4))
    skipped = drawn.uniform(size=(layers, 1))
    skipped = (skipped - skipped.min()) / (skipped.max() - skipped.min())
    rows = tuple(map(str, range(layers)))
    taylor = samples.matrix(
        name="taylor",
        title="Importance of modules",
        unit="share of the model's largest",
        kind="sequential",
        range=(0, 1),
        axes=("layer", "module"),
        rows=rows,
        columns=MODULES,
        native=tuple(f"x.{name}" for name in MODULES),
        values=np.round(values / values.max(), 4),
    )
    block = replace(
        taylor,
        name="block",
        title="Importance of blocks",
        unit="share between blocks",
        columns=("block",),
        native=("layers.*",),
        values=np.round(skipped, 4),
    )
    return taylor, block


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Sizes:
    made = atlases.project(tmp_path_factory.mktemp("sizes") / "atlas")
    stated = statement.of("importance")
    drawn = [_matrices(at, layers) for at, layers in enumerate((5, 9))]
    for at, (taylor, block) in enumerate(drawn):
        geometry = {**samples.GEOMETRY, "layers": len(taylor.rows), "parameters": 10 ** (8 + at)}
        atlases.entry(made, f"size-{at}", family="f", geometry=geometry)
        atlases.profile(
            made,
            f"size-{at}",
            analysis="importance",
            version=stated.version,
            protocol=dict(stated.protocol),
            matrices=(
                taylor,
                block,
                replace(taylor, name="free", range=(None, None)),
                replace(
                    taylor, name="heads", axes=("layer", "head"), columns=tuple("0123"), native=None
                ),
            ),
        )
    pages.render(made)
    url = f"{serve(made.root)}/site/"
    atlases.build(made, url)
    return Sizes(url, *map(list, zip(*drawn, strict=True)))


def _by_mean(matrix: Matrix) -> list[int]:
    return [int(at) for at in np.argsort(-matrix.values.mean(axis=0), kind="stable")]


def _figure(page: Any, sizes: Sizes) -> Any:
    page.goto(f"{sizes.url}models/size-0/#importance")
    page.locator('[data-figure="importance"]').scroll_into_view_if_needed()
    page.wait_for_selector(LIVE)
    return page.locator(LIVE)


def _table(figure: Any) -> list[list[str]]:
    table = figure.locator('[data-role="table"]')
    if not table.get_attribute("open"):
        figure.locator('[data-role="table"] > summary').click()
    table.locator("tbody tr").first.wait_for()
    lines: list[list[str]] = [
        row.locator("th, td").all_inner_texts() for row in table.locator("tr").all()
    ]
    return lines


def _columns(figure: Any, first: str) -> list[str]:
    """The columns of the open table, once it is filled anew and begins with that one."""
    heads = figure.locator("thead th")
    figure.locator("thead th:nth-child(2)", has_text=first).wait_for()
    texts: list[str] = heads.all_inner_texts()[1:]
    return texts


def test_a_model_opens_with_modules_by_mean_and_whole_blocks_first(page: Any, sizes: Sizes) -> None:
    figure = _figure(page, sizes)
    matrix, order = sizes.taylor[0], _by_mean(sizes.taylor[0])
    head, *lines = _table(figure)
    assert head[1:] == ["block", *(MODULES[at] for at in order)]
    for row, line in enumerate(lines):
        values = [sizes.block[0].values[row, 0], *matrix.values[row, order]]
        assert [float(text) for text in line[1:]] == pytest.approx(values)
    assert figure.locator('[data-role="scale-text"]').inner_text() == "linear, 0 to 1"
    figure.locator('[data-role="beside"]').uncheck()
    assert _columns(figure, MODULES[order[0]]) == [MODULES[at] for at in order]
    figure.locator('[data-role="order"]').select_option("canonical")
    assert _columns(figure, MODULES[0]) == list(MODULES)


def test_heads_stand_by_number_whatever_was_chosen_for_modules(page: Any, sizes: Sizes) -> None:
    figure = _figure(page, sizes)
    picker, order = (figure.locator(f'[data-role="{role}"]') for role in ("matrix", "order"))
    picker.select_option("heads")
    assert order.input_value() == "canonical"
    picker.select_option("taylor")
    assert order.input_value() == "mean"
    order.select_option("name")
    picker.select_option("heads")
    assert order.input_value() == "canonical"
    order.select_option("mean")
    picker.select_option("free")
    assert order.input_value() == "name"
    picker.select_option("heads")
    assert order.input_value() == "mean"


def test_a_block_tells_its_own_unit_and_rank(page: Any, sizes: Sizes) -> None:
    figure = _figure(page, sizes)
    figure.locator(".atlas-stage").focus()
    page.keyboard.press("ArrowRight")
    tip = figure.locator(".atlas-tip").inner_text()
    assert "Importance of layers, share between blocks" in tip
    assert " of 5" in tip
    assert "share between blocks" in figure.locator(".atlas-voice").inner_text()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    tip = figure.locator(".atlas-tip").inner_text()
    assert "Importance of layers" not in tip
    assert " of 20" in tip
    page.keyboard.press("Enter")
    link = page.evaluate("location.href")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(link).query))
    assert query["column"] == MODULES[_by_mean(sizes.taylor[0])[0]]
    assert "order" not in query  # it is the one that the figure opens with


def test_a_pinned_block_is_found_again(page: Any, sizes: Sizes) -> None:
    page.goto(f"{sizes.url}models/size-0/?figure=importance&matrix=taylor&row=2&column=block")
    tip = page.locator(f"{LIVE} .atlas-tip:visible .atlas-value")
    tip.wait_for()
    assert float(tip.inner_text()) == sizes.block[0].values[2, 0]


def test_a_quantity_on_another_scale_stands_alone(page: Any, sizes: Sizes) -> None:
    figure = _figure(page, sizes)
    figure.locator('[data-role="matrix"]').select_option("free")
    assert figure.locator('[data-role="beside"]').is_hidden()
    assert "block" not in _table(figure)[0]
    assert figure.locator(".atlas-apart").is_hidden()


def test_a_family_shows_its_sizes_so_and_can_do_without_blocks(page: Any, sizes: Sizes) -> None:
    page.goto(f"{sizes.url}families/f/")
    page.wait_for_selector('[data-atlas="family"][data-ready="live"]')
    means = np.mean([matrix.values.mean(axis=0) for matrix in sizes.taylor], axis=0)
    order = [MODULES[at] for at in np.argsort(-means, kind="stable")]
    panels = page.locator(".atlas-panel")
    for at in range(2):
        labels = panels.nth(at).locator(".atlas-panel-columns span")
        assert labels.all_inner_texts() == ["block", *order]
    assert "linear, 0 to 1" in page.locator('[data-role="told"]').inner_text()
    panels.nth(1).locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    tip = page.locator(".atlas-family > .atlas-tip")
    assert float(tip.locator(".atlas-value").inner_text()) == sizes.block[1].values[0, 0]
    assert "Importance of layers" in tip.inner_text()
    page.locator('[data-role="beside"]').uncheck()
    assert panels.first.locator(".atlas-panel-columns span").all_inner_texts() == order
    page.reload()
    page.wait_for_selector('[data-atlas="family"][data-ready="live"]')
    assert panels.first.locator(".atlas-panel-columns span").all_inner_texts() == order
    assert not page.locator('[data-role="beside"]').is_checked()


def test_a_model_names_its_other_sizes(page: Any, sizes: Sizes) -> None:
    page.goto(f"{sizes.url}models/size-0/")
    link = page.locator(".atlas-card-table dd", has_text="Model size-1").locator("a")
    assert link.get_attribute("href").endswith("models/size-1/")
