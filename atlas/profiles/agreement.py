"""Measured again: do the committed values come out the same?

Values are compared after rounding to the published 4 digits. The tolerance is that of the dtype
that was computed in (the condition `dtype`; float32 where there is none): what rounding, another
thread count or another device may move. A value that exists in one and not in the other is always
a difference.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from atlas.errors import AtlasError, short, suggest
from atlas.profiles import side_files
from atlas.profiles.matrix import DIGITS, Matrix, Values, rounded
from atlas.profiles.profile_file import Profile, Scalar

TOLERANCE = {"float64": 1e-4, "float32": 1e-4, "float16": 2e-3, "bfloat16": 1e-2}
"""Relative difference that is allowed beside one unit in the last published digit. It concerns
computation in that dtype; the weights tier always computes in float32 or better."""

NOISE = 1e-6
"""What is smaller than this share of a matrix' largest value is compared with that share instead:
beside values of size 1, 1e-17 and 3e-17 are both nothing."""


@dataclass(frozen=True)
class Difference:
    """How far one matrix is from its committed values.

    `largest`: largest difference, relative to the larger of the two values. `where`: the cell.
    """

    analysis: str
    matrix: str
    largest: float | None
    tolerance: float
    where: str
    problem: str | None = None

    @property
    def agrees(self) -> bool:
        return self.largest is not None and self.largest <= self.tolerance


def tolerance(profile: Profile) -> float:
    """The relative difference that is allowed for what was computed as a profile says.

    Raises `AtlasError` for a condition `dtype` that names no dtype with a tolerance.
    """
    dtype = str(profile.conditions.get("dtype", "float32"))
    if dtype not in TOLERANCE:
        raise AtlasError(
            f"there is no tolerance for {dtype!r}",
            place=f"{profile.analysis}: conditions.dtype",
            remedy=suggest(dtype, list(TOLERANCE)),
        )
    return TOLERANCE[dtype] + 10.0 ** (1 - DIGITS)


def compare(committed: Profile, again: Profile) -> list[Difference]:
    """A verdict for every matrix of either profile and every fact that differs, worst first.

    Raises `AtlasError` for a condition `dtype` that names no dtype with a tolerance.
    """
    mine = {matrix.name: matrix for matrix in committed.matrices}
    new = {matrix.name: matrix for matrix in again.matrices}
    allowed = tolerance(again)
    verdicts = [
        _difference(committed, name, mine.get(name), new.get(name), allowed)
        for name in dict.fromkeys([*mine, *new])
    ]
    verdicts += _fact_differences(committed, again, allowed)
    return sorted(verdicts, key=lambda verdict: (verdict.agrees, -(verdict.largest or 0.0)))


def compare_parts(
    profile: Path, again: Profile, measured: Mapping[str, side_files.Items]
) -> list[Difference]:
    """A verdict on each part of a profile that is not a matrix, committed or measured.

    Numbers may differ as those of matrices may. Everything else, labels, tokens and their order,
    has to be the same. Raises `AtlasError` for a committed part that cannot be read.
    """
    allowed = tolerance(again)
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
        new = json.loads(side_files.text(again, name, measured[name]))[name]
        verdicts.append(_part_difference(again.analysis, name, old, new, allowed))
    return verdicts


def _part_difference(analysis: str, part: str, old: Any, new: Any, allowed: float) -> Difference:
    found = list(_unlike(old, new, part))
    problem = next((f"{where} {said}" for where, _, said in found if said), None)
    where, largest, _ = max(found, key=lambda one: one[1], default=("", 0.0, None))
    name = f"part {part}"
    if problem is not None:
        return Difference(analysis, name, None, allowed, "", problem)
    return Difference(analysis, name, largest, allowed, where if largest else "")


def _unlike(old: Any, new: Any, where: str) -> Iterator[tuple[str, float, str | None]]:
    """Every number that differs, with its relative difference, and what is not the same at all."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old.keys() == new.keys():
        for key in old:
            yield from _unlike(old[key], new[key], f"{where}.{key}")
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from _unlike(*pair, f"{where}[{index}]")
    elif isinstance(old, float) or isinstance(new, float):
        if type(old) not in (int, float) or type(new) not in (int, float):
            yield where, 0.0, f"is {short(old)} as committed, {short(new)} measured now"
        elif old != new:
            yield where, abs(old - new) / max(abs(old), abs(new)), None
    elif type(old) is not type(new) or old != new:
        yield where, 0.0, f"is {short(old)} as committed, {short(new)} measured now"


def relative(a: Values, b: Values) -> Values:
    """How far values of one shape are apart, relative to the larger of each two; NaN where either
    is NaN, 0 where both are nothing beside the largest of all."""
    scale = np.maximum(np.abs(a), np.abs(b))
    scale = np.maximum(scale, NOISE * np.nanmax(scale, initial=0.0))
    apart: Values = np.divide(np.abs(a - b), scale, out=np.zeros_like(a), where=scale > 0)
    return apart


def _difference(
    committed: Profile, name: str, old: Matrix | None, new: Matrix | None, tolerance: float
) -> Difference:
    analysis = committed.analysis
    if old is None or new is None:
        problem = "is only " + ("measured now" if old is None else "committed")
        return Difference(analysis, name, None, tolerance, "", problem)
    if (old.rows, old.columns) != (new.rows, new.columns):
        return Difference(analysis, name, None, tolerance, "", "has other labels")
    a, b = old.values, _as_published(new)
    gone = np.isnan(a) != np.isnan(b)
    if gone.any():
        return Difference(
            analysis, name, None, tolerance, _cell(old, gone), "exists on one side only"
        )
    if committed.format > 1 and (unlike := old.is_undefined != new.is_undefined).any():
        problem = "cannot be defined on one side only"
        return Difference(analysis, name, None, tolerance, _cell(old, unlike), problem)
    apart = relative(a, b)
    largest = float(np.nanmax(apart, initial=0.0))
    return Difference(analysis, name, largest, tolerance, _cell(old, apart == largest))


def _fact_differences(committed: Profile, again: Profile, tolerance: float) -> Iterator[Difference]:
    """Numbers with a fraction may differ as matrices may; counts and texts may not."""
    for name in dict.fromkeys([*committed.facts, *again.facts]):
        old, new = committed.facts.get(name), again.facts.get(name)
        new = rounded(new) if isinstance(new, float) else new
        if (name in committed.facts) != (name in again.facts) or not _close(old, new, tolerance):
            problem = f"is {old!r} as committed, {new!r} measured now"
            place = f"fact {name}"
            yield Difference(committed.analysis, place, None, tolerance, "", problem)


def _close(old: Scalar, new: Scalar, tolerance: float) -> bool:
    numbers = isinstance(old, (int, float)) and isinstance(new, (int, float))
    if numbers and float in (type(old), type(new)):
        return math.isclose(float(old or 0), float(new or 0), rel_tol=tolerance)
    return type(old) is type(new) and old == new


def _as_published(matrix: Matrix) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    values = [[rounded(float(value)) for value in row] for row in matrix.values]
    return np.array(values, dtype=np.float64)


def _cell(matrix: Matrix, mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
    places = np.argwhere(mask)
    if not len(places):
        return ""
    row, column = places[0]
    return f"{matrix.axes[0]} {matrix.rows[row]}, {matrix.axes[1]} {matrix.columns[column]}"
