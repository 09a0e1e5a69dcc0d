"""Which heads of other models are most like a head, by what each of them does.

`templates/heads.md.j2` tells readers how two heads are compared; `strengths.py` says what is
compared. Most heads do few things, and two heads are alike only where they do the same: the search
visits, of each thing that a head does, the heads that do it too.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from atlas.files import json_file

VERSION = 2
"""Raised where the same strengths would give other neighbours."""

NEAREST = 8
"""Models in the list of a head."""

LEAST = 0.1
"""A head whose strengths add up to less has no function that was found, and is not listed."""

STEPS = 2**16
"""Strengths are counted in so many steps."""

EXACT = 2**24
"""Whole numbers up to it, and their sums, are exact in float32: the same heads are found whatever
the machine, and a copy is at distance 0."""

MANY = 4
"""What more than 1 in so many heads do is added for all of them: faster than to pick them."""

LIMIT = 100_000
"""Heads with a function beyond which the nearest ones are not looked for: the work grows with their
square."""

CELLS = 2**21
"""Pairs of heads that are compared at a time."""

PAIRS = 4096
"""Pairs of heads that the usual distance is taken from."""

CLOSE = 0.05
"""Share of these pairs that are closer than what is called close."""

Values = NDArray[np.float64]
Steps = NDArray[np.float32]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Nearest:
    """The nearest heads of every head, (head, NEAREST) each, the nearest first.

    `heads`: their numbers, -1 where there are no more. `distances`: in [0, 1], 0 for heads that do
    the same and 1 for those that share nothing, which are not listed. `found` (head,): whether a
    function was found. `usual`: the median distance of two heads of different models that have a
    function, drawn evenly, and `close` what 1 in 20 of these pairs are within; None where no two
    can be compared.
    """

    heads: NDArray[np.int32]
    distances: Values
    found: NDArray[np.bool_]
    usual: float | None
    close: float | None


def nearest(
    values: Values, first: Sequence[int], alike: NDArray[np.bool_], cache: Path | None = None
) -> Nearest | None:
    """The nearest heads of all heads in other models.

    `values`: (head, strength) in [0, 1], NaN where it was not measured, or measured otherwise.
    `first`: number of each model's first head, and of all heads. `alike` (model, model): whether
    enough was measured of both; of a model with itself, whether enough was measured of it. `cache`:
    a file that keeps the answer for the next time. None for more than `LIMIT` heads to compare.
    """
    key = _key(values, first, alike)
    kept = _kept(cache, key)
    if kept is not None:
        return kept
    compared = _Compared.of(values, first, alike)
    if len(compared.heads) > LIMIT:
        return None
    found = _search(compared)
    if cache is not None:
        _keep(cache, key, found)
    return found


@dataclass(frozen=True)
class _Compared:
    """The heads that have a function and belong to a model of which enough was measured.

    `heads`: their numbers, `owner` the model of each. `steps` (strength, head): whole numbers, 0
    where it was not measured; `doing`: of each strength, the heads that have any of it. `which`: a
    set of strengths for each head, those that were measured of it; `sums` (set, head): its
    strengths, over those of a set. `found`: of every head of the atlas, whether it has a function.
    """

    heads: Places
    owner: Places
    alike: NDArray[np.bool_]
    steps: Steps
    doing: tuple[Places, ...]
    which: Places
    sums: Steps
    found: NDArray[np.bool_]

    @classmethod
    def of(cls, values: Values, first: Sequence[int], alike: NDArray[np.bool_]) -> _Compared:
        known = np.isfinite(values)
        count = min(STEPS, EXACT // (2 * max(1, values.shape[1])))
        steps = np.rint(np.where(known, values, 0.0) * count).astype(np.float32)
        found = steps.sum(axis=1) >= np.float32(LEAST * count)
        owner = np.repeat(np.arange(len(alike)), np.diff(first))
        heads = np.flatnonzero(found & alike.diagonal()[owner])
        steps = steps[heads]
        sets, which = np.unique(known[heads], axis=0, return_inverse=True)
        sums = [steps[:, one].sum(axis=1) for one in sets]
        return cls(
            heads=heads,
            owner=owner[heads],
            alike=alike,
            steps=np.ascontiguousarray(steps.T),
            doing=tuple(np.flatnonzero(column) for column in steps.T),
            which=which.reshape(-1),
            sums=np.stack(sums) if sums else np.zeros((0, 0), dtype=np.float32),
            found=found,
        )

    def models(self) -> Iterator[tuple[int, slice]]:
        """Each model that has such heads, and where these are."""
        models, starts = np.unique(self.owner, return_index=True)
        ends = (*starts, len(self.owner))[1:]
        for model, start, end in zip(models, starts, ends, strict=True):
            yield int(model), slice(int(start), int(end))

    def blocks(self) -> Iterator[tuple[int, slice]]:
        """The same, no more heads at a time than can be compared with all at once."""
        rows = max(1, CELLS // max(1, len(self.heads)))
        for model, own in self.models():
            for begin in range(own.start, own.stop, rows):
                yield model, slice(begin, min(begin + rows, own.stop))

    def likeness(self, block: slice) -> Steps:
        """How like some heads are to each of all, (head of the block, head) in [0, 1]: over what
        was measured of both, the sum of the lesser strengths over that of the greater ones."""
        found = np.zeros((block.stop - block.start, len(self.heads)), dtype=np.float32)
        greater = np.empty(len(self.heads), dtype=np.float32)
        for row, lesser in enumerate(found, block.start):
            self._add_lesser(row, lesser, greater)
            ours = self.sums[:, row]
            both = ours[self.which] if len(ours) > 1 else ours
            np.add(both, self.sums[self.which[row]], out=greater)
            np.subtract(greater, lesser, out=greater)
            np.maximum(greater, 1, out=greater)  # where neither has any of what both were asked
            np.divide(lesser, greater, out=lesser)
        return found

    def _add_lesser(self, row: int, total: Steps, room: Steps) -> None:
        """Add up, over what one head does, the lesser strength of it and of each head."""
        for place in np.flatnonzero(self.steps[:, row]):
            own, theirs, doing = self.steps[place, row], self.steps[place], self.doing[place]
            if len(doing) * MANY > len(total):
                total += np.minimum(theirs, own, out=room)
            else:
                total[doing] += np.minimum(theirs[doing], own)


def _search(compared: _Compared) -> Nearest:
    heads = np.full((len(compared.found), NEAREST), -1, dtype=np.int32)
    distances = np.ones((len(compared.found), NEAREST))
    for model, block in compared.blocks():
        best, at = _best(compared, model, block)
        turn = np.lexsort((at, -best), axis=1)[:, :NEAREST]
        best, at = np.take_along_axis(best, turn, 1), np.take_along_axis(at, turn, 1)
        rows, listed = compared.heads[block], slice(best.shape[1])
        heads[rows, listed] = np.where(best > 0, compared.heads[at], -1)
        distances[rows, listed] = 1 - best.astype(np.float64)
    return Nearest(heads, distances, compared.found, *_usual(compared))


def _best(compared: _Compared, model: int, block: slice) -> tuple[Steps, Places]:
    """Of some heads of a model, the likest one of each other model, the first of equals: how like
    it is and its place, (head of the block, model)."""
    likeness = compared.likeness(block)
    rows = np.arange(len(likeness))
    best = [np.zeros(len(rows), dtype=np.float32)]
    places = [np.zeros(len(rows), dtype=np.intp)]
    for other, theirs in compared.models():
        if other != model and compared.alike[model, other]:
            at = theirs.start + likeness[:, theirs].argmax(axis=1)
            best.append(likeness[rows, at])
            places.append(at)
    return np.stack(best, axis=1), np.stack(places, axis=1)


def _usual(compared: _Compared) -> tuple[float | None, float | None]:
    """The median distance of two heads of different models, and what the closest are within."""
    if not len(compared.heads):
        return None, None
    one, other = np.random.default_rng(0).integers(0, len(compared.heads), (2, PAIRS))
    owner = compared.owner
    fair = (owner[one] != owner[other]) & compared.alike[owner[one], owner[other]]
    one, other = one[fair], other[fair]
    if not len(one):
        return None, None
    lesser = np.minimum(compared.steps[:, one], compared.steps[:, other]).sum(axis=0)
    sums = compared.sums[compared.which[other], one] + compared.sums[compared.which[one], other]
    far = 1 - lesser / np.maximum(sums - lesser, 1)
    return float(np.median(far)), float(np.quantile(far, CLOSE))


def _key(values: Values, first: Sequence[int], alike: NDArray[np.bool_]) -> str:
    """A digest of all that the answer depends on."""
    rule = f"{VERSION} {STEPS} {LEAST} {NEAREST} {PAIRS} {CLOSE} {values.shape}"
    content = hashlib.sha256(rule.encode())
    content.update(np.asarray(first, dtype=np.int64).tobytes())
    content.update(np.ascontiguousarray(values).tobytes())
    content.update(np.ascontiguousarray(alike).tobytes())
    return content.hexdigest()


def _kept(cache: Path | None, key: str) -> Nearest | None:
    """What the cache has, None where it has something else or cannot be read: it is worth no more
    than the time to fill it again."""
    if cache is None:
        return None
    try:
        with np.load(io.BytesIO(cache.read_bytes()), allow_pickle=False) as kept:
            if str(kept["key"]) != key:
                return None
            usual = [None if value < 0 else float(value) for value in kept["usual"]]
            return Nearest(kept["heads"], kept["distances"], kept["found"], usual[0], usual[1])
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile):
        return None


def _keep(cache: Path, key: str, found: Nearest) -> None:
    content = io.BytesIO()
    arrays: Mapping[str, NDArray[np.generic]] = {
        "key": np.array(key),
        "heads": found.heads,
        "distances": found.distances,
        "found": found.found,
        "usual": np.array([-1.0 if one is None else one for one in (found.usual, found.close)]),
    }
    np.savez(content, **arrays)  # type: ignore[arg-type]
    json_file.keep(cache, content.getvalue())
