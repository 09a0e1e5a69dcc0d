"""Profiles in the words of today.

Titles, units and directions stand in every profile, for whoever reads its JSON. An analysis may put
them better without measuring anything again: `REWORDED` of its statement gives today's words for
each text that profiles of its version may still have. Files stay as they were measured, so their
digests do; pages say the words of today.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from atlas.profiles import statement
from atlas.profiles.profile_file import Profile
from atlas.profiles.statement import Statement

WORDS = ("title", "unit", "direction")
"""What of a matrix is words alone."""


def today(profile: Profile) -> Profile:
    """A profile in the words that its analysis states now; of another version, it stays as it is.

    Raises `AtlasError` for an analysis that there is not.
    """
    stated = statement.of(profile.analysis)
    if profile.version != stated.version:
        return profile
    matrices = []
    for matrix in profile.matrices:
        said = {key: getattr(matrix, key) for key in WORDS}
        now = {key: stated.reworded.get(text, text) for key, text in said.items()}
        matrices.append(matrix if now == said else replace(matrix, **now))
    return replace(profile, matrices=tuple(matrices))


def published(statements: Iterable[Statement]) -> bytes:
    """`words.json`: by analysis the version that is reworded, and its words. Scripts read profiles
    as they lie, and say what pages say."""
    found: Mapping[str, object] = {
        one.name: {"version": one.version, "words": one.reworded}
        for one in statements
        if one.reworded
    }
    return (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()
