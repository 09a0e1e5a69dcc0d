"""What a drawing of a scene says, read from its SVG: panels with labels and colours, and keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

NUMBER = r"(-?[\d.]+)"
PLACE = re.compile(rf"translate\({NUMBER} {NUMBER}\)")
RUN = re.compile(rf"M{NUMBER} {NUMBER}H{NUMBER}V{NUMBER}H{NUMBER}z")
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Panel:
    """A panel: its heading, labels of ticks and titles of axes; `runs` are boxes of one colour,
    None for hatching, (left, top, width, height, colour), in a plot of `size`."""

    heading: str
    columns: list[str]
    rows: list[str]
    axes: list[str]
    size: tuple[float, float]
    runs: list[tuple[float, float, float, float, str | None]]

    def colours(self, rows: int, columns: int) -> list[list[str | None]]:
        """The colour in the middle of each cell, "" where nothing is drawn."""
        wide, high = self.size
        return [
            [
                self._at(wide * (column + 0.5) / columns, high * (row + 0.5) / rows)
                for column in range(columns)
            ]
            for row in range(rows)
        ]

    def _at(self, x: float, y: float) -> str | None:
        found = (
            colour
            for left, top, wide, high, colour in self.runs
            if left <= x <= left + wide and top <= y <= top + high
        )
        return next(found, "")


@dataclass(frozen=True)
class Drawing:
    """A figure on paper: `words` are all texts outside of its panels, `boxes` what colours mean."""

    title: str
    panels: list[Panel]
    words: list[str]
    boxes: dict[str, str]


def read(text: str) -> Drawing:
    """The drawing of an SVG document, or of one inside a page."""
    root = ElementTree.fromstring(text)
    outer = root.find(f"{SVG}g")
    assert outer is not None
    parts = list(outer)
    panels, words, boxes = [], [], {}
    heading: list[str] = []
    for before, part in zip([None, *parts], parts, strict=False):
        if part.tag == f"{SVG}g":
            panels.append(_panel(part, " ".join(heading)))
            heading = []
        elif part.tag == f"{SVG}text":
            said = " ".join(part.itertext())
            words.append(said)
            heading.append(said)
            if before is not None and before.tag == f"{SVG}rect" and before.get("fill"):
                boxes[said] = str(before.get("fill"))
    return Drawing(str(root.findtext(f"{SVG}title")), panels, words, boxes)


def _panel(group: ElementTree.Element, heading: str) -> Panel:
    cells = group.find(f"{SVG}g")
    frame = group.find(f"{SVG}rect")
    assert cells is not None
    assert frame is not None
    texts = group.findall(f"{SVG}text")
    faint = [one for one in texts if one.get("fill")]
    plain = [one for one in texts if not one.get("fill")]
    runs = []
    for path in cells.findall(f"{SVG}path"):
        fill = str(path.get("fill"))
        for run in RUN.findall(str(path.get("d"))):
            left, top, right, bottom, _ = map(float, run)
            box = (left, top, right - left, bottom - top)
            runs.append((*box, None if fill.startswith("url") else fill))
    return Panel(
        heading=heading,
        columns=[str(one.text) for one in plain if _is_below(one)],
        rows=[str(one.text) for one in plain if not _is_below(one)],
        axes=[str(one.text) for one in faint],
        size=(float(str(frame.get("width"))), float(str(frame.get("height")))),
        runs=runs,
    )


def _is_below(text: ElementTree.Element) -> bool:
    """Whether a label is one of a column, upright or turned."""
    return text.get("text-anchor") == "middle" or text.get("transform") is not None
