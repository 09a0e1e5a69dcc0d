"""Keys and docstrings of analyses as readers are told them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from markupsafe import Markup, escape

from atlas.analysis import Statement
from atlas.matrix import Matrix

READING = "**How to read it.**"


def fact(key: str, matrices: Iterable[Matrix]) -> str:
    """A fact's key as words: names of matrices are told by their titles.

    `mean_alpha` becomes "Mean tail exponent α" where a matrix `alpha` has that title.
    """
    words = f" {key.replace('_', ' ')} "
    for matrix in sorted(matrices, key=lambda item: -len(item.name)):
        name = f" {matrix.name.replace('_', ' ')} "
        if name in words:
            words = words.replace(name, f" {_low(matrix.title)} ", 1)
            break
    plain = re.sub(r"\b(\w+) \1\b", r"\1", words.strip())  # "largest largest weight"
    return plain[:1].upper() + plain[1:]


def reading(prose: str) -> Markup:
    """The paragraph of an analysis' docstring that says how to read its figures, as HTML.

    Empty where there is none. The paragraph may have `code` and **bold** words.
    """
    for paragraph in prose.split("\n\n"):
        if paragraph.startswith(READING):
            text = str(escape(" ".join(paragraph.removeprefix(READING).split())))
            text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
            return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text))
    return Markup("")


def readings(statements: Iterable[Statement]) -> bytes:
    """`reading.json`: how to read the figures of each analysis that says so, as HTML, by name."""
    found = {stated.name: str(reading(stated.prose)) for stated in statements}
    told = {name: text for name, text in found.items() if text}
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _low(title: str) -> str:
    """A title within a sentence; a word of capitals keeps them."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]
