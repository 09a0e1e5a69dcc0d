"""Formulas of texts, typeset: LaTeX between dollars becomes MathML, which browsers draw themselves.

`$a$` stands in a line. `$$a$$`, a paragraph of its own, stands below it; at `\\qquad` it falls into
parts, which go below each other where a line is too short. A page needs no script, font or request
for them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

FORMULA = re.compile(
    r"^\$\$(?P<below>.+?)\$\$$|(?<!\$)\$(?=[^\s$])(?P<within>[^$]+?)(?<=\S)\$(?![\w$])",
    re.MULTILINE | re.DOTALL,
)

NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
"""What a browser knows of an element in a page."""

MARKDOWN = {ord(sign): f"&#{ord(sign)};" for sign in "*_`[]\\"}
"""Signs that Markdown would read, in a way that it leaves alone."""


def typeset(text: str, otherwise: Callable[[str], str] = str) -> str:
    """A text with its formulas as MathML, which Markdown leaves alone. `otherwise`: what becomes of
    the text between them."""
    made, end = "", 0
    for found in FORMULA.finditer(text):
        made += otherwise(text[end : found.start()]) + _drawn(found)
        end = found.end()
    return made + otherwise(text[end:])


def _drawn(found: re.Match[str]) -> str:
    if found["within"]:
        return _mathml(" ".join(found["within"].split()), "inline")
    parts = " ".join(found["below"].split()).split(r"\qquad")
    drawn = "".join(_mathml(part.strip(), "block") for part in parts)
    return f'<div class="atlas-formula" tabindex="0">{drawn}</div>'


@functools.cache
def _mathml(latex: str, display: str) -> str:
    from latex2mathml import converter  # takes longer to import than the rest of the command line

    made = converter.convert(latex, display=display).replace(NAMESPACE, "", 1)
    return made.translate(MARKDOWN)
