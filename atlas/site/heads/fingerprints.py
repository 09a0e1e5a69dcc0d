"""The fingerprints of all heads of an atlas, and the file that holds their nearest heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.matrix import Matrix, rounded
from atlas.site.heads import nearest as fingerprints
from atlas.site.heads.nearest import Nearest
from atlas.site.heads.scores import Groups, Listed, Score

NONE = 2**32 - 1
"""In the place of a head where there are no more."""


@dataclass(frozen=True)
class Print:
    """A score of fingerprints: measured with the version and protocol of that group."""

    analysis: str
    name: str
    title: str
    group: int


@dataclass(frozen=True)
class Prints:
    """The fingerprints of all heads: `values` (head, score) in [0, 1], NaN where a head lacks one;
    `sets`: places of the scores of each model."""

    scores: tuple[Print, ...]
    values: NDArray[np.float64]
    sets: tuple[tuple[int, ...], ...]
    first: tuple[int, ...]

    @property
    def bases(self) -> tuple[tuple[int, ...], ...]:
        """The sets that models have, each once."""
        return tuple(dict.fromkeys(self.sets))

    def nearest(self, cache: Path) -> Nearest | None:
        """None where no two models can be compared, or where there are too many heads."""
        if len(self.sets) < 2 or not self.scores:
            return None
        return fingerprints.nearest(self.values, self.first, cache)


def prints(listed: Sequence[Listed], scores: Sequence[Score], groups: Groups) -> Prints:
    """The fingerprints of all heads; a score of another version or protocol is another one."""
    columns: dict[Print, dict[int, Matrix]] = {}
    for score in scores:
        for at, matrix in enumerate(score.matrices if score.least else ()):
            if matrix is None or matrix.range != score.first.range:
                continue
            if any(fingerprints.chosen(score.stated.name, (matrix,))):
                group = listed[at].group(score.stated.name, groups)
                one = Print(score.stated.name, matrix.name, score.first.title, group)
                columns.setdefault(one, {})[at] = matrix
    values = np.full((sum(one.count for one in listed), len(columns)), np.nan)
    for place, found in enumerate(columns.values()):
        for at, matrix in found.items():
            first = listed[at].first
            values[first : first + matrix.values.size, place] = fingerprints.shares(matrix).ravel()
    having = [
        tuple(place for place, found in enumerate(columns.values()) if at in found)
        for at in range(len(listed))
    ]
    return Prints(
        tuple(columns), values, tuple(having), (*(one.first for one in listed), len(values))
    )


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
        "scores": [vars(one) for one in known.scores],
        "sets": [list(one) for one in known.bases],
    }
    return told, [rows[start : start + each].tobytes() for start in range(0, len(rows), each)]
