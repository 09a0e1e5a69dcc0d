"""A drawing of `static/drawing/svg.js` read back: words of each panel, and colours of its cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
RUN = re.compile(r"M(\S+) (\S+)H(\S+)V(\S+)H\S+z")


@dataclass(frozen=True)
class Drawn:
    """A panel: its words (ticks and titles of axes), and its cells as (left, top, right, bottom,
    colour) in points, None for hatched ones, with the width and height of them all."""

    words: list[str]
    cells: list[tuple[float, float, float, float, str | None]]
    width: float
    height: float

    def colour(self, down: float, across: float) -> str | None:
        """Of the cell that lies at shares of the panel's height and width."""
        x, y = across * self.width, down * self.height
        return next(
            colour
            for left, top, right, bottom, colour in self.cells
            if left <= x <= right and top <= y <= bottom
        )


def words(text: str) -> list[str]:
    """All that is written in a drawing, in its order."""
    return [found.text or "" for found in ElementTree.fromstring(text).iter(f"{SVG}text")]


def panels(text: str) -> list[Drawn]:
    """The panels of a drawing that have cells."""
    groups = ElementTree.fromstring(text).iter(f"{SVG}g")
    return [_panel(one) for one in groups if _cells(one) is not None]


def _cells(group: ElementTree.Element) -> ElementTree.Element | None:
    return group.find(f"{SVG}g[@class='cells']")


def _panel(group: ElementTree.Element) -> Drawn:
    found: list[tuple[float, float, float, float, str | None]] = []
    for path in _cells(group) or ():
        fill = path.get("fill", "")
        for left, top, right, bottom in RUN.findall(path.get("d", "")):
            colour = None if fill.startswith("url") else fill.lower()
            found.append((float(left), float(top), float(right), float(bottom), colour))
    return Drawn(
        [text.text or "" for text in group.findall(f"{SVG}text")],
        found,
        max(one[2] for one in found),
        max(one[3] for one in found),
    )


def printed(page: Any, selector: str) -> str:
    """The drawing that stands in place of a figure while the page is printed."""
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    drawing = page.locator(f"{selector} > .atlas-printed svg")
    drawing.wait_for(state="visible")
    text = str(drawing.evaluate("drawing => new XMLSerializer().serializeToString(drawing)"))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    return text


def saved(page: Any, selector: str, kind: str) -> bytes:
    """The file that a button of a figure's line of files, the first on the page, gives."""
    with page.expect_download() as download:
        page.locator(f'{selector} [data-role="{kind}"]').first.click()
    return Path(download.value.path()).read_bytes()
