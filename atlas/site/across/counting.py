"""What counts of several models rest on, where each is counted in its own way."""

from __future__ import annotations

from collections.abc import Iterable

from atlas.profiles.profile_file import Profile

SHOWN = 6
"""Names of models that a sentence lists."""


def sentence(measured: Iterable[tuple[str, Profile]]) -> str:
    """At which k each model is judged, and over how many relations; empty for profiles that state
    no k. `measured`: names of models with their profiles."""
    groups: dict[tuple[object, object], list[str]] = {}
    for name, profile in measured:
        if "k" in profile.conditions:
            key = (profile.conditions["k"], profile.facts.get("measurable", 0))
            groups.setdefault(key, []).append(name)
    if not groups:
        return ""
    told = (
        f"k = {k} over {relations} relation{'' if relations == 1 else 's'} ({listed(names)})"
        for (k, relations), names in sorted(groups.items(), key=lambda group: str(group[0]))
    )
    alike = "" if len(groups) == 1 else " Comparing two models counts them again alike."
    return f"Counts and categories are each model's own, as published: {'; '.join(told)}.{alike}"


def listed(names: list[str]) -> str:
    """Names in a sentence, of more than `SHOWN` the first."""
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
