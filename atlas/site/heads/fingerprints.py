"""The fingerprints of all heads of an atlas, and the file that holds their nearest heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.matrix import rounded
from atlas.site.across.shared_scale import MISSING
from atlas.site.heads import nearest as search
from atlas.site.heads.nearest import Nearest
from atlas.site.heads.scores import Groups, Listed, Score
from atlas.site.heads.strengths import strengths

NONE = 2**32 - 1
"""In the place of a head where there are no more."""

FEWEST = 8
"""Relations that must have been measured of two models, or they have too little in common."""


@dataclass(frozen=True)
class Print:
    """A strength of fingerprints: measured with the version and protocol of that group.
    `relation`: the one that it is about, empty for none."""

    analysis: str
    name: str
    title: str
    group: int
    relation: str


@dataclass(frozen=True)
class Prints:
    """The fingerprints of all heads: `values` (head, strength) in [0, 1], NaN where it was not
    measured of a head; `sets`: places of the strengths of each model; `first`: number of each
    model's first head, and of all heads."""

    scores: tuple[Print, ...]
    values: NDArray[np.float64]
    sets: tuple[tuple[int, ...], ...]
    first: tuple[int, ...]

    @property
    def bases(self) -> tuple[tuple[int, ...], ...]:
        """The sets that models have, each once."""
        return tuple(dict.fromkeys(self.sets))

    @property
    def alike(self) -> NDArray[np.bool_]:
        """(model, model): whether enough relations were measured of both in the same way; of a
        model with itself, whether enough were measured of it."""
        asked = [{self.scores[at] for at in one if self.scores[at].relation} for one in self.sets]
        named = [[{one.relation for one in ours & theirs} for theirs in asked] for ours in asked]
        return np.array([[len(one) >= FEWEST for one in row] for row in named])

    def nearest(self, cache: Path) -> Nearest | None:
        """None where no two models can be compared, or where there are too many heads."""
        if len(self.sets) < 2 or not self.scores:
            return None
        return search.nearest(self.values, self.first, self.alike, cache)


def prints(listed: Sequence[Listed], scores: Sequence[Score], groups: Groups) -> Prints:
    """The fingerprints of all heads; a score of another version or protocol is another one."""
    columns: dict[Print, dict[int, NDArray[np.float64]]] = {}
    for score in scores:
        analysis = score.stated.name
        for at, matrix in enumerate(score.matrices if score.least else ()):
            profile = listed[at].profile(analysis)
            if matrix is None or profile is None:
                continue
            group = listed[at].group(analysis, groups)
            for one in strengths(analysis, matrix, profile.facts):
                title = ": ".join(filter(None, (score.first.title, one.side)))
                column = Print(analysis, matrix.name, title, group, one.relation)
                columns.setdefault(column, {})[at] = one.values
    values = np.full((sum(one.count for one in listed), len(columns)), np.nan)
    for place, found in enumerate(columns.values()):
        for at, each in found.items():
            first = listed[at].first
            values[first : first + each.size, place] = each.ravel()
    having = [
        tuple(place for place, found in enumerate(columns.values()) if at in found)
        for at in range(len(listed))
    ]
    return Prints(
        tuple(columns), values, tuple(having), (*(one.first for one in listed), len(values))
    )


def functions(found: Nearest, known: Prints) -> NDArray[np.uint8]:
    """Whether each head has a function: 1 where one was found, 0 where none was, MISSING for heads
    of models of which too little was measured to say."""
    measured = np.repeat(known.alike.diagonal(), np.diff(known.first))
    return np.where(measured, found.found, MISSING).astype(np.uint8)


def packed(found: Nearest, known: Prints, part: int) -> tuple[dict[str, Any], list[bytes]]:
    """The nearest heads as the description of the bundle has them, without the names of their
    files, and these files: as many whole rows each as `part` bytes hold."""
    places = np.where(found.heads < 0, NONE, found.heads).astype("<u4")
    steps = np.rint(np.sqrt(np.clip(found.distances, 0, 1)) * 255).astype(np.uint8)
    rows = np.concatenate((places.view(np.uint8).reshape(len(places), -1), steps), axis=1)
    each = part // rows.shape[1]
    told = {
        "rows": each,
        "count": found.heads.shape[1],
        "usual": rounded(found.usual),
        "close": rounded(found.close),
        "fewest": FEWEST,
        "scores": [vars(one) for one in known.scores],
        "sets": [list(one) for one in known.bases],
    }
    return told, [rows[start : start + each].tobytes() for start in range(0, len(rows), each)]
