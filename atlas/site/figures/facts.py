"""Keys of analyses' facts as readers are told them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from atlas.profiles import validity
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.words import scalar

PLACES = {"_at": "", "_head": "head", "_layer": "layer"}
"""Facts that say where another fact's value is: endings of their keys, and what is said before."""

SEVERAL = re.compile(r"[0-9.]+(, [0-9.]+)+")
"""Several heads or layers that a value cannot be told apart between, `2.3, 2.2`."""

BASELINES = {
    "bits_per_byte": ("bits_per_byte_by_frequency", "from token frequencies alone"),
    "agreement": ("agreement_by_chance", "by chance"),
}
"""Facts that mean nothing without another one: its key, and how it is told behind the first."""

NAMED = 4
"""Heads or layers of such a list that are named; the rest are counted."""


def facts(
    found: Mapping[str, Scalar], matrices: Iterable[Matrix], stated: Mapping[str, str]
) -> dict[str, Scalar]:
    """A profile's facts as a page tells them: by the names that the analysis states, else `fact`'s;
    a number and its place together, "0.907, head 2.3"; of a list of places, the first few. Those
    whose stated name is empty are told elsewhere, as are those of one matrix or relation,
    `chance:capital@10`, and whether the model predicts better than counting does. A number comes
    with its baseline; `{heads}` of a stated name is how many heads the model has.
    """
    matrices = list(matrices)
    heads = next((one.existing for one in matrices if one.axes == ("layer", "head")), 0)
    hidden = {*(key for key, name in stated.items() if not name), *validity.FACTS[1:]}
    plain = {key: value for key, value in found.items() if ":" not in key and key not in hidden}
    numbers = [key for key, value in plain.items() if isinstance(value, (int, float))]
    places = {f"{key}{end}": key for key in numbers for end in PLACES if f"{key}{end}" in plain}
    told: dict[str, Scalar] = {}
    for key, value in plain.items():
        if key in places:
            continue
        name = (stated.get(key) or fact(key, matrices)).format(heads=heads)
        where = [
            place(PLACES[one.removeprefix(key)], plain[one]) for one in places if places[one] == key
        ]
        shown = listed(value) if isinstance(value, str) else value
        baseline, words = BASELINES.get(key, ("", ""))
        if found.get(baseline) is not None and not validity.beaten(found):  # else it is told above
            shown = f"{scalar(value)} ({scalar(found[baseline])} {words})"
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


def _low(title: str) -> str:
    """A title within a sentence; a word of capitals keeps them."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]
