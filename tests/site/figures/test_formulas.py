"""Formulas of the analyses' texts as browsers draw them."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree

import markdown  # type: ignore[import-untyped]
import pytest

from atlas.profiles import statement
from atlas.site.figures import explanations, formulas


def drawn(page: str) -> list[ElementTree.Element]:
    found = re.findall(r"<math.*?</math>", page, re.DOTALL)
    return [ElementTree.fromstring(one) for one in found]


def test_a_formula_in_a_line_and_one_below_it() -> None:
    page = formulas.typeset(
        "The ratio $a_1 / b$ of\n\n$$c = \\frac{a}{b}\n\\qquad d * e$$\n\nboth."
    )
    inline, first, second = drawn(page)
    assert [one.get("display") for one in (inline, first, second)] == ["inline", "block", "block"]
    assert "".join(inline.itertext()) == "a1/b"
    assert first.find(".//mfrac") is not None and "".join(second.itertext()) == "d*e"
    assert page.startswith("The ratio <math") and page.endswith("</div>\n\nboth.")
    assert formulas.typeset("costs $5 more") == "costs $5 more"


def test_text_between_formulas_is_treated_on_its_own() -> None:
    page = formulas.typeset("x < 1 and $e' < 1$", html.escape)
    assert page.startswith("x &lt; 1 and <math") and "′" in html.unescape(page)


@pytest.mark.parametrize("name", statement.names())
def test_formulas_survive_markdown(name: str) -> None:
    """Every formula of a page is what was typeset, and none is left as it was written."""
    text = statement.of(name).text
    page = markdown.markdown(explanations.page(text))
    assert [ElementTree.tostring(one) for one in drawn(page)] == [
        ElementTree.tostring(one) for one in drawn(formulas.typeset(text))
    ]
    assert drawn(page), "a method has a formula"
    assert not re.search(r"(?:^|</p>)\s*<math", page, re.MULTILINE), "it stands in its sentence"
    outside = re.sub(r"<math.*?</math>", "", page, flags=re.DOTALL)
    assert "$" not in outside and "\\" not in outside and "<em>" not in page
    assert all("\\" not in "".join(one.itertext()) for one in drawn(page))
