"""Parts of a profile that are no matrices, measured again: lists of items, number by number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from atlas.errors import short
from atlas.profiles import agreement, side_files, statement
from atlas.profiles.agreement import Difference
from atlas.profiles.matrix import rounded
from atlas.profiles.profile_file import Profile

Unlike = tuple[str, float, str | None]
"""Where something differs, by how much relative to its size, and in words if it is no number."""


def compare(
    profile: Path, committed: Profile, again: Profile, measured: Mapping[str, side_files.Items]
) -> list[Difference]:
    """A verdict on each part of a profile that is not a matrix: those beside `profile`, where the
    committed one lies, and those that were measured again.

    Numbers may differ as those of matrices may: by a share of what they are, or, where the analysis
    states it, of another number of their item, which they are differences of. Everything else,
    labels, tokens and their order, has to be the same. Raises `AtlasError` for a committed part
    that cannot be read.
    """
    allowed = agreement.allowed(committed, again)
    there = {path.stem.partition(".")[2] for path in profile.parent.glob(f"{profile.stem}.*.json")}
    verdicts = []
    for name in sorted(
        {*measured, *(one for one in there if side_files.exists(profile.stem, one))}
    ):
        if name not in measured or name not in there:
            problem = "is only " + ("measured now" if name in measured else "committed")
            verdicts.append(Difference(again.analysis, f"part {name}", None, allowed, "", problem))
            continue
        old = side_files.load(side_files.path(profile, name))[name]
        sizes = statement.of(again.analysis).sizes.get(name, {})
        found = list(_unlike(old, measured[name], name, sizes))
        verdicts.append(_verdict(again.analysis, f"part {name}", found, allowed))
    return verdicts


def _verdict(analysis: str, name: str, found: Sequence[Unlike], allowed: float) -> Difference:
    problem = next((f"{where} {said}" for where, _, said in found if said), None)
    if problem is not None:
        return Difference(analysis, name, None, allowed, "", problem)
    where, largest, _ = max(found, key=lambda one: one[1], default=("", 0.0, None))
    return Difference(analysis, name, largest, allowed, where)


def _unlike(
    old: Any, new: Any, where: str, sizes: Mapping[str, str], size: float = 0.0
) -> Iterator[Unlike]:
    """Every number that differs, and what is not the same at all. `new` is not rounded yet: what is
    a float there was measured, and a whole number was counted.

    `sizes`: keys of what numbers of an item are differences of, by their own key; `size`: what
    these numbers are differences of.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old.keys() == new.keys():
        for key in old:
            inner = abs(float(old[sizes[key]])) if key in sizes else size
            yield from _unlike(old[key], new[key], f"{where}.{key}", sizes, inner)
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from _unlike(*pair, f"{where}[{index}]", sizes, size)
    elif isinstance(new, float) and type(old) in (int, float) and not math.isnan(new):
        apart = abs(old - (rounded(new) or 0.0))
        if apart:
            yield where, apart / max(abs(old), abs(new), size), None
    else:
        value = rounded(new) if isinstance(new, float) else new
        if type(old) is not type(value) or old != value:
            yield where, 0.0, f"is {short(old)} as committed, {short(value)} measured now"
