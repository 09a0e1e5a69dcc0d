"""What of a profile of `functions` must agree with what; held by `profiles/soundness.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from atlas.analyses.functions import categories
from atlas.pinned import relations
from atlas.pinned.relations import CATEGORIES

if TYPE_CHECKING:
    from atlas.profiles.matrix import Matrix
    from atlas.profiles.profile_file import Profile

SIGNS = ("score", "suppressive")
MAPS = 6
"""Of a relation: both signs at both k, and both folded at the smaller one."""
ROUNDING = 6e-4
"""Scores are published with 3 decimals."""


def problems(profile: Profile) -> Iterator[str]:
    """Every measurable relation has its maps, and categories and counts are those of each other."""
    names = {matrix.name for matrix in profile.matrices}
    scored = [name for name in names if name.partition(":")[0].removeprefix("folded_") in SIGNS]
    known = relations.names()
    counts = {one: profile.facts.get(f"pairs:{one}") for one in known}
    able = [one for one, count in counts.items() if _measurable(count)]
    for one in known:
        maps = sorted(name for name in scored if name.partition(":")[2].partition("@")[0] == one)
        if len(maps) != (MAPS if one in able else 0):
            least = relations.MINIMUM_PAIRS
            yield (
                f"the fact pairs:{one} is {counts[one]}, at least {least} make a relation"
                f" measurable, and it has {len(maps)} maps, not {MAPS if one in able else 0}"
            )
    if bool(able) != ("relations" in names):
        yield f"{len(able)} relations can be measured, and the map 'relations' says otherwise"
    elif able:
        yield from _counted(profile)
    for name in scored:
        yield from _shares(profile, name)


def part_problems(profile: Profile, part: str, items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Heads and pairs, each as the maps say."""
    yield from (_heads if part == "heads" else _pairs)(profile, items)


def _heads(profile: Profile, items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """An item for every head in order, whose scores are those of the maps."""
    copying = profile.matrix("ov_copying").values
    layers, heads = copying.shape
    places = [(item["layer"], item["head"]) for item in items]
    if places != [(int(layer), int(head)) for layer, head in np.argwhere(~np.isnan(copying))]:
        yield f"{len(places)} heads, not each of {layers} layers of {heads} heads in their order"
        return
    maps = {matrix.name: matrix for matrix in profile.matrices}
    threshold = float(str(profile.protocol.get("threshold", 0)))
    for item in items:
        place = f"head {item['layer']}.{item['head']}"
        for name, (share, low, high, _) in item["relations"].items():
            if name not in maps:
                yield f"{place}: {name!r} is no map of the profile"
                continue
            value = maps[name].values[item["layer"], item["head"]]
            if not abs(value - share) <= ROUNDING:
                yield f"{place}: {name} is {share}, and {value:.4g} in the profile"
            if not low <= share <= high or share <= threshold:
                yield f"{place}: {name}: {share} is not within {low} to {high}, above {threshold}"


def _pairs(profile: Profile, items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Every relation with its pairs, and a chance wherever a score is above the threshold."""
    known = relations.load_all()
    if [item["relation"] for item in items] != [one.name for one in known]:
        yield f"{len(items)} relations, not each of {len(known)} in their order"
        return
    maps = {matrix.name: matrix for matrix in profile.matrices}
    for one, item in zip(known, items, strict=True):
        if item["category"] != one.category:
            yield f"{one.name} is {one.category}, and not {item['category']}"
        ids, count = item["ids"], profile.facts.get(f"pairs:{one.name}")
        if len(ids) != count or ids != sorted(ids) or (ids and ids[-1] >= len(one.pairs)):
            yield f"{one.name}: {len(ids)} ids of {len(one.pairs)}, and {count} are measurable"
        yield from _chances(profile, maps, one.name, item["chance"])


def _chances(
    profile: Profile, maps: Mapping[str, Matrix], relation: str, chances: Mapping[str, Any]
) -> Iterator[str]:
    """A chance wherever a score is above the threshold, and nowhere else."""
    threshold = float(str(profile.protocol.get("threshold", 0)))
    for name, matrix in maps.items():
        sign, _, of = name.partition(":")
        if sign not in SIGNS or of.partition("@")[0] != relation:
            continue
        shares = np.round(matrix.values * (matrix.n or 1)) / (matrix.n or 1)
        high = {(layer, head) for layer, head in np.argwhere(shares > threshold).tolist()}
        told = {(layer, head) for layer, head, _ in chances.get(name, ())}
        if high != told:
            yield f"{name}: {len(told)} chances, and {len(high)} scores are above {threshold}"
    for name in chances:
        if name not in maps or name.partition(":")[2].partition("@")[0] != relation:
            yield f"{relation}: {name!r} is no map of it"


def _measurable(count: object) -> bool:
    return isinstance(count, int) and count >= relations.MINIMUM_PAIRS


def _counted(profile: Profile) -> Iterator[str]:
    """`relations` is the sum over categories, and `categories` says which of these are there."""
    counts = {name: profile.matrix(f"relations:{name}").values for name in CATEGORIES}
    total = sum(counts.values())
    if not np.array_equal(profile.matrix("relations").values, np.asarray(total), equal_nan=True):
        yield "matrix 'relations' is not the sum of those of each category"
    told = profile.matrix("categories").values
    codes = np.where(np.isnan(np.asarray(total)), np.nan, categories.codes(counts))
    if not np.array_equal(told, codes, equal_nan=True):
        yield "matrix 'categories' is not what the relations of each category say"


def _shares(profile: Profile, name: str) -> Iterator[str]:
    """A score is a share of so many pairs."""
    matrix = profile.matrix(name)
    hits = matrix.values * (matrix.n or 1)
    off = np.abs(hits - np.round(hits)) > ROUNDING * (matrix.n or 1)
    if off.any():
        yield f"matrix {name!r} holds {matrix.values[off][0]:.4g}, no share of {matrix.n} pairs"
