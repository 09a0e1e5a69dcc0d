"""Keys and docstrings of analyses as readers are told them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from markupsafe import Markup, escape

from atlas.profiles import validity
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Statement
from atlas.words import scalar

READING = "**How to read it.**"


PLACES = {"_at": "", "_head": "head", "_layer": "layer"}
"""Facts that say where another fact's value is: endings of their keys, and what is said before."""

SEVERAL = re.compile(r"[0-9.]+(, [0-9.]+)+")
"""Several heads or layers that a value cannot be told apart between, `2.3, 2.2`."""

NAMED = 4
"""Heads or layers of such a list that are named; the rest are counted."""


def facts(
    found: Mapping[str, Scalar], matrices: Iterable[Matrix], stated: Mapping[str, str]
) -> dict[str, Scalar]:
    """A profile's facts as a page tells them: by the names that the analysis states, else `fact`'s;
    a number and its place together, "0.907, head 2.3"; of a list of places, the first few. Those
    whose stated name is empty are told elsewhere, as are those of one matrix or relation,
    `chance:capital@10`, and whether the model predicts better than counting does.
    """
    matrices = list(matrices)
    hidden = {*(key for key, name in stated.items() if not name), *validity.FACTS[1:]}
    plain = {key: value for key, value in found.items() if ":" not in key and key not in hidden}
    numbers = [key for key, value in plain.items() if isinstance(value, (int, float))]
    places = {f"{key}{end}": key for key in numbers for end in PLACES if f"{key}{end}" in plain}
    told: dict[str, Scalar] = {}
    for key, value in plain.items():
        if key in places:
            continue
        name = stated.get(key) or fact(key, matrices)
        where = [
            place(PLACES[one.removeprefix(key)], plain[one]) for one in places if places[one] == key
        ]
        shown = listed(value) if isinstance(value, str) else value
        told[key if name in told else name] = (
            f"{scalar(value)}, {', '.join(where)}" if where else shown
        )
    return told


def place(axis: str, value: Scalar) -> str:
    """`head 2.3`, or `heads 2.3 and 2.2` where a fact names several."""
    text = str(value)
    several = "s" if axis and SEVERAL.fullmatch(text) else ""
    return f"{axis}{several} {listed(text)}".strip()


def listed(text: str) -> str:
    """A list of heads or layers as a sentence has it; any other text as it is."""
    if not SEVERAL.fullmatch(text):
        return text
    named = text.split(", ")
    if len(named) > NAMED + 1:
        return f"{', '.join(named[:NAMED])} and {len(named) - NAMED} more"
    return f"{', '.join(named[:-1])} and {named[-1]}"


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
