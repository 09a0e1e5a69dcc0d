"""Conditions in which models of one figure were measured differently, and that move values.

They forbid no comparison, as those of `atlas/profiles/comparable.py` do; but who reads a trend or a
row of panels must know them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas.profiles.profile_file import Profile, Scalar
from atlas.site.across import counting

CONDITIONS = {
    "stored_dtype": "weights stored as",
    "dtype": "computed in",
    "attention": "attention implementation",
}
"""By key, what is said of its values. How a corpus falls into tokens is the tokenizer's, and the
device changes nothing that is published."""


def sentences(measured: Sequence[tuple[str, Profile]]) -> Iterator[str]:
    """What differs between profiles, each named by its model: a sentence a condition."""
    for key, words in CONDITIONS.items():
        groups: dict[Scalar, list[str]] = {}
        for name, profile in measured:
            groups.setdefault(profile.conditions.get(key), []).append(name)
        if len(groups) > 1:
            told = (
                f"{value or 'not stated'} ({counting.listed(names)})"
                for value, names in groups.items()
            )
            yield f"Unequal conditions, {words}: {'; '.join(told)}."
    if counted := counting.sentence(measured):
        yield counted
