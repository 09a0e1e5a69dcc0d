"""Which categories and which relations every head has, a bit each.

Categories come from the counts in a profile of `functions`, relations from its part
`functions.heads.json`, which knows the chance of every single head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.errors import AtlasError
from atlas.files import json_file
from atlas.paths import Project
from atlas.pinned.relations import CATEGORIES
from atlas.profiles import side_files
from atlas.profiles.matrix import Matrix
from atlas.site.across.shared_scale import MISSING
from atlas.site.heads.scores import FUNCTIONS, Listed, Score, asked

Bytes = NDArray[np.uint8]


def classes(listed: Sequence[Listed]) -> Bytes | None:
    """Which categories each head has: bit b of a byte for category b, MISSING for heads of models
    of which it is not known; None where it is known of none."""
    counts = [_counts(one) for one in listed]
    if not any(counts):
        return None
    return np.concatenate(
        [_bits(one, known) for one, known in zip(listed, counts, strict=True)], dtype=np.uint8
    )


def _bits(one: Listed, counts: Sequence[Matrix]) -> Bytes:
    if not counts:
        return np.full(one.count, MISSING, dtype=np.uint8)
    has = np.stack([matrix.values.reshape(-1) > 0 for matrix in counts], axis=1)
    return np.packbits(has, axis=1, bitorder="little")[:, 0]


def _counts(one: Listed) -> list[Matrix]:
    """Relations of each category; none where they were not counted."""
    profile = one.profile(FUNCTIONS)
    named = {matrix.name: matrix for matrix in profile.matrices} if profile else {}
    found = [one.fitting(named.get(f"relations:{name}")) for name in CATEGORIES]
    known = [matrix for matrix in found if matrix is not None]
    return known if len(known) == len(CATEGORIES) else []


@dataclass(frozen=True)
class Relations:
    """Which relations each head has.

    `titles` by name; `asked`: of each model, places of those that its tokenizer can express;
    `pairs`: of how many pairs each of these was scored; `planes`: a byte a head and 8 relations,
    first those that it raises, then those that it pushes down.
    """

    titles: tuple[tuple[str, str], ...]
    asked: tuple[tuple[int, ...], ...]
    pairs: tuple[tuple[int, ...], ...]
    planes: tuple[Bytes, ...]


def load(project: Project, listed: Sequence[Listed], scores: Sequence[Score]) -> Relations:
    """The relations of all heads.

    Raises `AtlasError` where the part of a profile that holds them is missing or of other heads.
    """
    titles: dict[str, str] = {}
    known: list[dict[str, int]] = [{} for _ in listed]
    for score in scores:
        prefix, _, name = asked(score.first.name)[0].partition(":")
        if score.stated.name != FUNCTIONS or prefix != "score":
            continue
        titles.setdefault(name, score.first.title.rpartition(":")[0] or name)
        for names, matrix in zip(known, score.matrices, strict=True):
            if matrix is not None:
                names[name] = matrix.n or 0
    places = {name: at for at, name in enumerate(titles)}
    has = np.zeros((sum(one.count for one in listed), 2, len(places)), dtype=bool)
    for one, names in zip(listed, known, strict=True):
        if names:
            _fill(has[one.first : one.first + one.count], project, one, places)
    bits = np.packbits(has, axis=2, bitorder="little").reshape(len(has), -1)
    sorted_names = [sorted(names, key=places.__getitem__) for names in known]
    return Relations(
        titles=tuple(titles.items()),
        asked=tuple(tuple(places[name] for name in names) for names in sorted_names),
        pairs=tuple(
            tuple(counts[name] for name in names)
            for names, counts in zip(sorted_names, known, strict=True)
        ),
        planes=tuple(np.ascontiguousarray(plane) for plane in bits.T),
    )


def _fill(has: NDArray[np.bool_], project: Project, one: Listed, places: dict[str, int]) -> None:
    """Note what the heads of a model have, (head, raised or pushed down, relation): above chance,
    at the k that the model is judged at."""
    profile = one.profile(FUNCTIONS)
    assert profile is not None, "relations were measured"
    ks = {profile.conditions.get(key) for key in ("k", "k_copying")}
    where = side_files.path(project.profile(one.slug, FUNCTIONS), "heads")
    for each in _read(where):
        at = _number(each, one)
        if at is None:
            raise AtlasError(
                f"{str(each)[:60]!r} is none of the model's {one.count} heads",
                file=where,
                remedy="measure it again",
            )
        for name, (_, low, _, by_chance) in each["relations"].items():
            plain, k = asked(name)
            sign, _, relation = plain.partition(":")
            if k in ks and low > by_chance and relation in places:
                has[at, int(sign != "score"), places[relation]] = True


def _number(each: Any, one: Listed) -> int | None:
    """The number of a head within its model."""
    layer, head = (each.get(key) for key in ("layer", "head")) if isinstance(each, dict) else (0, 0)
    if not isinstance(layer, int) or not isinstance(head, int) or "relations" not in each:
        return None
    inside = 0 <= layer < one.layers and 0 <= head < one.heads
    return layer * one.heads + head if inside else None


def _read(where: Path) -> list[Any]:
    """The items of a part. `atlas check` holds them to their schema; here only what is used is
    looked at, for those of large models take long."""
    if not where.is_file():
        raise AtlasError("is missing", file=where, remedy=f"measure {FUNCTIONS} again")
    document = json_file.read_json(where)
    heads = document.get("heads") if isinstance(document, dict) else None
    if not isinstance(heads, list):
        raise AtlasError("has no list of heads", file=where, remedy=f"measure {FUNCTIONS} again")
    return heads
