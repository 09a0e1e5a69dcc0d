"""Pages on paper, as Chromium prints them: every figure whole, with its axes and its key, and no
sheet that is nearly empty.

A kind of page is a line of `CASES`: its address, whether its figures are drawn before it is
printed, and for each figure the texts that stand around its cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import own_atlas
import pytest
from shown import draw_all

pypdfium2 = pytest.importorskip("pypdfium2", reason="reads what was printed: pip install -e .[dev]")

MARGIN = 36
"""Points around what is printed."""

LAYERS = {"large": tuple(str(at) for at in range(0, 80, 2)), "small": tuple(map(str, range(12)))}
MODULES = ("attn.q", "attn.k", "attn.v", "attn.o", "mlp.up", "mlp.gate", "mlp.down", "norm.attn")


@dataclass(frozen=True)
class Case:
    """A page: `around` has the texts of each figure, which stand on one sheet."""

    path: str
    is_drawn: bool
    around: tuple[tuple[str, ...], ...]


def _rms(slug: str) -> tuple[str, ...]:
    return (*LAYERS[slug], *MODULES, "Layer", "Component", "Root mean square, weight units")


CASES = {
    f"{slug} model, {'drawn' if is_drawn else 'before scripts'}": Case(
        f"models/{slug}/", is_drawn, (_rms(slug),)
    )
    for slug in LAYERS
    for is_drawn in (False, True)
}

ALIKE = "compare/?models=ref-llama,ref-llama-instruct&analysis="
COMPARED = {
    "categories side by side": f"{ALIKE}functions",
    "values side by side": f"{ALIKE}weights&view=values",
    "difference": f"{ALIKE}weights&view=difference",
    "masks": f"{ALIKE}masks",
}
"""Comparisons of two models that have a value in every cell."""

KINDS = {**own_atlas.KINDS, **{path: path for path in own_atlas.MORE}, **COMPARED}
"""Every kind of page of the repository's own atlas."""

CONTROLS = ("PNG", "SVG", "Previous", "Next", "Filter")
"""What only a screen can do."""


@dataclass(frozen=True)
class Sheet:
    """A printed page: its words, (left, bottom, right, top) of every character in points, the share
    of its height that is used, and its pixels."""

    words: str
    boxes: list[tuple[float, float, float, float]]
    size: tuple[float, float]
    pixels: np.ndarray

    @property
    def lowest(self) -> float:
        """How far down something is printed, as a share of the page."""
        inked = np.flatnonzero((self.pixels < 200).any(axis=(1, 2)))
        return float(inked[-1] / len(self.pixels)) if len(inked) else 0.0


def printed(page: Any) -> list[Sheet]:
    """The page in sight, printed on A4."""
    margin = dict.fromkeys(("top", "right", "bottom", "left"), f"{MARGIN / 72}in")
    content = page.pdf(format="A4", margin=margin)
    return [_sheet(one) for one in pypdfium2.PdfDocument(content)]


def _sheet(one: Any) -> Sheet:
    text = one.get_textpage()
    boxes = [text.get_charbox(at) for at in range(text.count_chars())]
    words = " ".join(text.get_text_range().split())
    pixels = np.asarray(one.render(scale=1).to_pil().convert("RGB"))
    return Sheet(words, boxes, one.get_size(), pixels)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("context_options", [{"color_scheme": "dark"}], ids=["dark"])
def test_every_figure_is_printed_whole(page: Any, site: Any, case: Case) -> None:
    """From a dark screen, too."""
    page.goto(f"{site.url}{case.path}")
    page.wait_for_load_state("networkidle")
    if case.is_drawn:
        draw_all(page)
    sheets = printed(page)
    for texts in case.around:
        assert any(_has(sheet, texts) for sheet in sheets), texts[-1]
    for sheet in sheets:
        _assert_whole(sheet)


def _assert_whole(sheet: Sheet) -> None:
    """Nothing reaches into the margin, where it would be cut."""
    wide, high = sheet.size
    for left, bottom, right, top in sheet.boxes:
        assert left >= MARGIN - 2, sheet.words
        assert right <= wide - MARGIN + 2, sheet.words
        assert bottom >= MARGIN - 2, sheet.words
        assert top <= high - MARGIN + 2, sheet.words


@pytest.mark.parametrize("path", KINDS.values(), ids=KINDS)
def test_every_kind_of_page_fits_its_sheets(page: Any, whole_site: Any, path: str) -> None:
    """Nothing is cut, no sheet is nearly empty, no heading stands alone at the foot of a sheet, and
    no control is printed."""
    page.goto(f"{whole_site.url}{path}")
    page.wait_for_load_state("networkidle")
    sheets = printed(page)
    for sheet in sheets:
        _assert_whole(sheet)
        assert not set(CONTROLS) & set(sheet.words.split()), sheet.words
    assert all(sheet.lowest > 0.5 for sheet in sheets[:-1]), str([one.lowest for one in sheets])
    for heading in page.locator("h2, h3").all_inner_texts():
        words = " ".join(heading.replace("¶", "").split())
        assert not any(words and sheet.words.endswith(f" {words}") for sheet in sheets), words


@pytest.mark.parametrize("path", COMPARED.values(), ids=COMPARED)
def test_a_comparison_without_holes_has_no_hatching(page: Any, whole_site: Any, path: str) -> None:
    page.goto(f"{whole_site.url}{path}")
    page.wait_for_load_state("networkidle")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    cells = page.locator(".atlas-printed .cells path")
    assert cells.count() > 1
    fills = {one.get_attribute("fill") for one in cells.all()}
    assert not [fill for fill in fills if fill and fill.startswith("url")]


def _has(sheet: Sheet, texts: tuple[str, ...]) -> bool:
    words = sheet.words.split()
    return all(word in words for text in texts for word in text.split())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_no_sheet_is_nearly_empty(page: Any, site: Any, case: Case) -> None:
    page.goto(f"{site.url}{case.path}")
    page.wait_for_load_state("networkidle")
    if case.is_drawn:
        draw_all(page)
    sheets = printed(page)
    assert all(sheet.lowest > 0.5 for sheet in sheets[:-1]), str([one.lowest for one in sheets])
    assert sheets[-1].lowest > 0.1


@pytest.mark.parametrize("is_drawn", [False, True], ids=["before scripts", "drawn"])
def test_cells_with_a_value_are_not_hatched(page: Any, site: Any, is_drawn: bool) -> None:
    """The brightest and the darkest colour of a map without holes are on its sheet, in runs."""
    page.goto(f"{site.url}models/small/")
    page.wait_for_load_state("networkidle")
    if is_drawn:
        draw_all(page)
    found = [sheet for sheet in printed(page) if _has(sheet, _rms("small"))]
    assert found
    for colour in ((0x44, 0x01, 0x54), (0xFD, 0xE7, 0x24)):
        apart = np.abs(found[0].pixels.astype(int) - colour).max(axis=-1)
        near = (apart < 12).astype(int)
        assert near.sum() > 100
        assert (near[:, :-4] * near[:, 2:-2] * near[:, 4:]).any()


def test_what_would_be_cut_is_found(page: Any) -> None:
    """The check can fail: a word beyond the edge, and a sheet with a line on it."""
    page.set_content(
        """<p style="position:absolute;left:-90px;top:0">beyond</p>
        <p style="position:absolute;left:-10px;top:90px">half</p>
        <p style="break-after:page">alone</p><p>more</p>"""
    )
    first, *_ = printed(page)
    assert _has(first, ("alone",))
    assert not _has(first, ("beyond",))
    assert not _has(first, ("half",))
    assert first.lowest < 0.5
