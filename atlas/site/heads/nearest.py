"""Which heads of other models are most like a head, by what was measured of both.

`templates/heads.md.j2` tells readers what a fingerprint is made of and how two are compared.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from atlas.files import json_file
from atlas.profiles.matrix import Matrix

VERSION = 1
"""Raised where the same scores would give other neighbours."""

ANALYSES = ("attention", "functions")
"""What a fingerprint is made of."""

NEAREST = 8
"""Models in the list of a head."""

DOUBT = 0.01
"""What is added to the sum of squares, so that a match on few scores counts for less."""

STEPS = 500
"""Steps of a score's range when the nearest head of a model is looked for."""

EXACT = 2**24
"""Whole numbers below it, and their sums, are exact in float32: whatever the machine and its
number of threads, the same heads are found."""

LIMIT = 100_000
"""Heads of an atlas beyond which the nearest ones are not looked for: the work grows with their
square."""

ROWS = 2048
"""Heads that are compared at a time."""

PAIRS = 4096
"""Pairs of heads that the usual distance is taken from."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Nearest:
    """The nearest heads of every head, (head, NEAREST) each, the nearest first.

    `heads`: their numbers, -1 where there are no more. `distances`: root mean square difference of
    the shared scores, in [0, 1]. `counts`: how many scores are shared. `usual`: the median distance
    of two heads of different models, drawn evenly; None where no two can be compared.
    """

    heads: NDArray[np.int32]
    distances: Values
    counts: NDArray[np.int32]
    usual: float | None


def chosen(analysis: str, matrices: Sequence[Matrix]) -> Iterator[Matrix]:
    """The matrices of an analysis that belong to fingerprints."""
    if analysis not in ANALYSES:
        return
    least: dict[str, int] = {}
    for one in matrices:
        name, k = _asked(one.name)
        least[name] = min(k, least.get(name, k))
    for one in matrices:
        name, k = _asked(one.name)
        bounds = one.range or (None, None)
        fixed = one.scale == "linear" and None not in bounds
        ranked = one.axes == ("layer", "head") and one.kind in ("sequential", "diverging")
        if ranked and fixed and k == least[name]:
            yield one


def shares(matrix: Matrix) -> Values:
    """Its values as shares of their range, (layer, head) in [0, 1], NaN where there is none."""
    assert matrix.range is not None, "only scores of a fixed range are chosen"
    low, high = (float(bound or 0.0) for bound in matrix.range)
    return np.asarray(np.clip((matrix.values - low) / (high - low), 0, 1))


def nearest(values: Values, first: Sequence[int], cache: Path | None = None) -> Nearest | None:
    """The nearest heads of all heads in other models.

    `values`: (head, score) in [0, 1], NaN where a head lacks a score or the score was measured
    otherwise. `first`: number of each model's first head, and of all heads. `cache`: a file that
    keeps the answer for the next time. None for more than `LIMIT` heads.
    """
    if len(values) > LIMIT:
        return None
    key = _key(values, first)
    kept = _kept(cache, key)
    if kept is not None:
        return kept
    found = _search(values, first)
    if cache is not None:
        _keep(cache, key, found)
    return found


def _asked(name: str) -> tuple[str, int]:
    """A score's name without its k, and k; 0 for scores that have none."""
    plain, _, k = name.partition("@")
    return plain, int(k) if k.isdigit() else 0


def _search(values: Values, first: Sequence[int]) -> Nearest:
    heads = np.full((len(values), NEAREST), -1, dtype=np.int32)
    order = np.full((len(values), NEAREST), np.inf)
    compared = _Compared.of(values)
    rows = np.arange(len(values))
    for start, end in pairwise(first):
        best, at = compared.best(start, end)
        last = order.argmax(axis=1)
        better = best < order[rows, last]
        order[rows[better], last[better]] = best[better]
        heads[rows[better], last[better]] = at[better]
    sums, counts = _apart(values, heads)
    exact = np.where(counts > 0, (sums + DOUBT) / np.maximum(counts, 1), np.inf)
    turn = np.lexsort((heads, exact), axis=1)
    heads, counts = np.take_along_axis(heads, turn, 1), np.take_along_axis(counts, turn, 1)
    sums = np.take_along_axis(sums, turn, 1)
    distances = np.sqrt(sums / np.maximum(counts, 1))
    return Nearest(heads, distances, counts, _usual(values, first))


@dataclass(frozen=True)
class _Compared:
    """Scores as whole numbers about 0, (head, score) float32, and which of them each head has:
    heads with the same ones have the same place in `sets` (set, score). `range`: steps of a range,
    as many as keep all sums exact."""

    steps: NDArray[np.float32]
    range: int
    sets: NDArray[np.bool_]
    which: NDArray[np.intp]

    @classmethod
    def of(cls, values: Values) -> _Compared:
        known = np.isfinite(values)
        count = min(STEPS, int(np.sqrt((EXACT - 1) / max(1, values.shape[1]))) // 2 * 2)
        whole = np.rint(np.where(known, values, 0.5) * count) - count // 2
        sets, which = np.unique(known, axis=0, return_inverse=True)
        return cls(whole.astype(np.float32), count, sets, which.reshape(-1))

    def best(self, start: int, end: int) -> tuple[Values, NDArray[np.int32]]:
        """Of every head the nearest one among heads `start` to `end`: what heads are ordered by
        and its number; infinity for those heads themselves, and where no score is shared."""
        order = np.full(len(self.steps), np.inf)
        heads = np.full(len(self.steps), -1, dtype=np.int32)
        for theirs in np.unique(self.which[start:end]):
            columns = start + np.flatnonzero(self.which[start:end] == theirs)
            for ours in np.unique(self.which):
                shared = self.sets[ours] & self.sets[theirs]
                if not shared.any():
                    continue
                rows = np.flatnonzero(self.which == ours)
                rows = rows[(rows < start) | (rows >= end)]
                found, at = self._closest(rows, columns, shared)
                better = found < order[rows]
                order[rows[better]] = found[better]
                heads[rows[better]] = columns[at[better]]
        return order, heads

    def _closest(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp], shared: NDArray[np.bool_]
    ) -> tuple[Values, NDArray[np.intp]]:
        """Of every row the nearest column, the first of several: its order and place."""
        every = bool(shared.all())
        theirs = self.steps[columns] if every else self.steps[columns][:, shared]
        square = (theirs * theirs).sum(axis=1, keepdims=True)
        theirs = np.concatenate((-2 * theirs, square), axis=1).T
        found, place = np.empty(len(rows)), np.empty(len(rows), dtype=np.intp)
        for begin in range(0, len(rows), ROWS):
            block = slice(begin, begin + ROWS)
            ours = self.steps[rows[block]]
            ours = ours if every else ours[:, shared]
            lengths = (ours * ours).sum(axis=1)
            one = np.ones((len(ours), 1), dtype=np.float32)
            apart = np.concatenate((ours, one), axis=1) @ theirs
            at = apart.argmin(axis=1)
            least = apart[np.arange(len(at)), at] + lengths
            found[block], place[block] = least / float(self.range**2), at
        return (found + DOUBT) / int(shared.sum()), place


def _apart(values: Values, heads: NDArray[np.int32]) -> tuple[Values, NDArray[np.int32]]:
    """Sums of the squared differences between heads and those listed for them, and over how many
    scores, (head, listed)."""
    sums = np.zeros(heads.shape)
    counts = np.zeros(heads.shape, dtype=np.int32)
    for at in range(heads.shape[1]):
        there = heads[:, at] >= 0
        squares = (values[there] - values[heads[there, at]]) ** 2
        counts[there, at] = np.isfinite(squares).sum(axis=1)
        sums[there, at] = np.nansum(squares, axis=1)
    return sums, counts


def _usual(values: Values, first: Sequence[int]) -> float | None:
    """The median distance of two heads of different models."""
    if not len(values):
        return None
    drawn = np.random.default_rng(0).integers(0, len(values), (2, PAIRS))
    owner = np.searchsorted(np.asarray(first), drawn, side="right")
    one, other = drawn[:, owner[0] != owner[1]]
    squares = (values[one] - values[other]) ** 2
    shared = np.isfinite(squares).sum(axis=1)
    squares, shared = squares[shared > 0], shared[shared > 0]
    return float(np.median(np.sqrt(np.nansum(squares, axis=1) / shared))) if len(shared) else None


def _key(values: Values, first: Sequence[int]) -> str:
    """A digest of all that the answer depends on."""
    content = hashlib.sha256(f"{VERSION} {STEPS} {DOUBT} {NEAREST} {values.shape}".encode())
    content.update(np.asarray(first, dtype=np.int64).tobytes())
    content.update(np.ascontiguousarray(values).tobytes())
    return content.hexdigest()


def _kept(cache: Path | None, key: str) -> Nearest | None:
    """What the cache has, None where it has something else or cannot be read: it is worth no more
    than the time to fill it again."""
    if cache is None:
        return None
    try:
        with np.load(io.BytesIO(cache.read_bytes()), allow_pickle=False) as found:
            if str(found["key"]) != key:
                return None
            usual = float(found["usual"])
            return Nearest(
                found["heads"], found["distances"], found["counts"], None if usual < 0 else usual
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _keep(cache: Path, key: str, found: Nearest) -> None:
    content = io.BytesIO()
    arrays: Mapping[str, NDArray[np.generic]] = {
        "key": np.array(key),
        "heads": found.heads,
        "distances": found.distances,
        "counts": found.counts,
        "usual": np.array(-1.0 if found.usual is None else found.usual),
    }
    np.savez(content, **arrays)  # type: ignore[arg-type]
    json_file.keep(cache, content.getvalue())
