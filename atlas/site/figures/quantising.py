"""What the drift of a model in fewer bits says, in a sentence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from atlas.entries.entry import Entry
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile
from atlas.words import number

WEIGHTS = " (weights)"
"""What follows the types of matrices where those of vectors are told as well."""


CHANGE = ("expected_relative_change", "relative_change")
"""Facts: how far rounding alone would change all blocks, and how far they did change."""


def told(profile: Profile, entry: Entry) -> Iterator[str]:
    """Of a quantised copy: from which type to which, and which module that moved most; of any
    model: how far rounding alone is expected to change it, where that is known, beside how far it
    did change.
    """
    stored, before = (profile.conditions.get(key) for key in ("stored_dtype", "base_dtype"))
    to = str(stored).partition(WEIGHTS)[0]
    if not stored or not before:
        return
    said = []
    if entry.relation == "quantised":
        moved = "".join(_most(one) for one in profile.matrices if one.name == "relative_change")
        said.append(f"quantising {before} to {to} {moved or 'changed no weight'}")
    expected, found = (profile.facts.get(key) for key in CHANGE)
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        alone = f"rounding to {to} alone would give a relative change of about {number(expected)}"
        said.append(f"{alone}; {number(found)} was measured")
    if said:
        sentence = "; ".join(said)
        yield f"{sentence[0].upper()}{sentence[1:]}."


def _most(matrix: Matrix) -> str:
    """Which module moved most, in the mean over the layers that have it; empty where none did."""
    known = np.isfinite(matrix.values)
    means = np.where(known, matrix.values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return f"moved {matrix.columns[int(means.argmax())]} most" if means.any() else ""
