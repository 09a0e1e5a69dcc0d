"""Docstrings of analyses as readers are told them: the text of a method's page, and what is folded
away below a figure.

A part of a docstring begins with words in bold. `**How to read it.**` is about all of its figures;
`**Root mean square**, `rms`.` is about the quantity `rms`, or about all that it names, up to where
the next part begins. What follows a colon in a matrix' name says which of several it is, and not
what was measured: `rms:max` is told as `rms` is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TypedDict

from markupsafe import Markup, escape

from atlas.profiles.statement import Statement
from atlas.site.figures import formulas

READING = "**How to read it.**"

BEGINNING = re.compile(
    r"^\*\*(?P<title>[^*]+?)(?:\.\*\*|\*\*(?P<names>(?:(?:,| and|, and)\s`[^`]+`)+)\.)\s",
    re.MULTILINE,
)
"""How a part begins: its title, and the quantities that it is about."""


class Told(TypedDict):
    """What is said of an analysis: of all of its figures, and of single quantities, as HTML."""

    reading: str
    quantities: dict[str, str]


def page(text: str) -> Markup:
    """An analysis' text as Markdown with typeset formulas, each of its parts under a heading."""
    drawn = formulas.typeset(BEGINNING.sub(_heading, text))
    # At the beginning of a line, Markdown takes any element for a block.
    return Markup(drawn.replace("\n<math", " <math"))


def reading(prose: str) -> Markup:
    """The paragraph of an analysis' docstring that says how to read its figures, as HTML.

    Empty where there is none. The paragraph may have `code`, **bold** words and formulas.
    """
    for paragraph in prose.split("\n\n"):
        if paragraph.startswith(READING):
            return _html(paragraph.removeprefix(READING).strip())
    return Markup("")


def quantities(prose: str) -> dict[str, Markup]:
    """What a docstring says of its quantities, each by its name up to a colon, as HTML."""
    found: dict[str, Markup] = {}
    for names, paragraphs in _parts(prose):
        told = Markup("").join(map(_paragraph, paragraphs))
        found |= {quantity(name): told for name in names}
    return found


def quantity(name: str) -> str:
    """What a matrix' name says of what was measured: `score` of `score:capital@10`."""
    return name.partition(":")[0]


def readings(statements: Iterable[Statement]) -> bytes:
    """`reading.json`: what is said of each analysis, by its name."""
    told: dict[str, Told] = {
        stated.name: {
            "reading": str(reading(stated.prose)),
            "quantities": {key: str(text) for key, text in quantities(stated.prose).items()},
        }
        for stated in statements
    }
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _heading(found: re.Match[str]) -> str:
    """The beginning of a part as a heading, and below it what data call its quantities."""
    names = (found["names"] or "").removeprefix(",").strip()
    return f"## {found['title']}\n\n" + (f"In the data: {names}.\n\n" if names else "")


def _parts(prose: str) -> Iterator[tuple[list[str], list[str]]]:
    """The parts that are about quantities: their names, and the paragraphs."""
    names: list[str] = []
    paragraphs: list[str] = []
    for paragraph in (*prose.split("\n\n"), "**"):
        if paragraph.startswith("**"):
            if names:
                yield names, paragraphs
            begins = BEGINNING.match(paragraph + " ")
            names = re.findall(r"`([^`]+)`", begins["names"] or "") if begins else []
            paragraphs = []
        paragraphs.append(paragraph)


def _paragraph(text: str) -> Markup:
    told = _html(text.strip())
    return told if told.startswith("<div") else Markup("<p>{}</p>").format(told)


def _html(text: str) -> Markup:
    return Markup(formulas.typeset(text, _words))


def _words(text: str) -> str:
    """Text between formulas; the space around it stays, as one."""
    told = re.sub(r"\s+", " ", str(escape(text)))
    told = re.sub(r"`([^`]+)`", r"<code>\1</code>", told)
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", told)
