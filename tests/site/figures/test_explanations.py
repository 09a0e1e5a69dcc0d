"""What is said of an analysis' figures, from its docstring."""

from __future__ import annotations

import json

import pytest

from atlas.profiles import statement
from atlas.site.figures import explanations

PROSE = r"""Title.

Text.

**How to read it.** A row is `x < 1`, a
**layer**, $n$ of them.

**One quantity**, `one`. First.

$$a = b$$

More of it.

**Two, or three**, `two:a`, `two:b` and `three`. Both.

**No quantity.** Ends it.

Nor is this.
"""


def test_reading_is_the_paragraph_that_says_so() -> None:
    told = explanations.reading(PROSE)
    assert told.startswith("A row is <code>x &lt; 1</code>, a <strong>layer</strong>, <math")
    assert told.endswith("</math> of them.")
    assert explanations.reading("Title.\n\nText.") == ""


def test_a_quantity_has_its_paragraphs_and_no_others() -> None:
    told = explanations.quantities(PROSE)
    assert set(told) == {"one", "two", "three"}
    assert told["two"] == told["three"]
    assert told["two"].startswith("<p><strong>Two, or three</strong>, <code>two:a</code>")
    assert told["two"].endswith(" Both.</p>")
    assert told["one"].startswith("<p><strong>One quantity</strong>, <code>one</code>. First.</p>")
    assert told["one"].endswith("</div><p>More of it.</p>") and told["one"].count("<math") == 1


@pytest.mark.parametrize("name", statement.names())
def test_every_quantity_of_every_analysis_is_explained(name: str) -> None:
    stated = statement.of(name)
    told = json.loads(explanations.readings([stated]))[name]
    assert set(map(explanations.quantity, stated.matrices)) == set(told["quantities"])
    assert len(told["reading"]) > 200
    assert all(len(text) > 40 for text in told["quantities"].values())


def test_parts_have_headings_on_the_page_of_a_method() -> None:
    page = explanations.page(PROSE.partition("\n")[2])
    assert "## How to read it\n\nA row is `x < 1`, a\n**layer**, <math" in page
    assert "## One quantity\n\nIn the data: `one`.\n\nFirst." in page
    assert "## Two, or three\n\nIn the data: `two:a`, `two:b` and `three`.\n\nBoth." in page
    assert "## No quantity\n\nEnds it." in page
