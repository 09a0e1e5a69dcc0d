"""A changed digit is found: in every cell of every matrix, every number of a part, every fact.

Only what rounding may do itself is not: the third digit of a difference of two losses that are a
thousand times as large.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atlas.paths import PACKAGE, Project
from atlas.profiles import agreement, part_agreement, profile_file, side_files, statement
from atlas.profiles.matrix import WHOLE, Matrix
from atlas.profiles.profile_file import Profile

PROJECT = Project(PACKAGE.parent)
FOLDER = PROJECT.folder("ref-gpt2")
PATHS = sorted(path for path in FOLDER.glob("*.json") if path.stem.isalpha())
PROFILES = [path for path in PATHS if path.stem != "verified"]
PARTS = sorted(path for path in FOLDER.glob("*.*.json"))
TOLERANCE = 1.1e-3
ONES = ("cka", "cka_literal", "ov_copying", "ov_copying_centred", "taylor_per_weight")
"""Matrices whose values are differences of what has size 1."""
SMALL = 0.05
"""Smaller shares of attention are compared as this one is."""
DRAWN = 10
"""Shares of 400 draws, a few of which may come out otherwise, are compared as if this large."""


def digit_changed(value: float) -> float:
    """The value with another third digit: five more, or five fewer."""
    digits = f"{abs(value):.3e}"
    third = int(digits[3])
    other = (third + 5) % 10
    return math.copysign(float(f"{digits[:3]}{other}{digits[4:]}"), value)


def floor(profile: Profile, matrix: Matrix) -> float:
    """What values may move by whatever their size, where they are differences."""
    if matrix.name in ONES:
        return TOLERANCE
    if profile.analysis == "attention":
        return TOLERANCE * SMALL
    if matrix.name.startswith("certainty"):
        return TOLERANCE * DRAWN
    loss = float(str(profile.facts.get("bits_per_byte", 0)))
    if matrix.name == "block":
        increases = profile.matrix("block_increase").values
        return TOLERANCE * loss / float(increases.max() - increases.min())
    differs = matrix.name.startswith(("delta", "block_increase"))
    return TOLERANCE * loss if differs else 0.0


def mutants(matrix: Matrix, key: str) -> Iterator[tuple[str, Matrix, float]]:
    """Every cell, the matrix with another number there, and by how much that differs."""
    array = getattr(matrix, key)
    for row, column in np.argwhere(~np.isnan(array)):
        value = float(array[row, column])
        whole = matrix.kind in WHOLE and key == "values"
        other = (1 - value if matrix.kind == "binary" else value + 1) if whole else None
        changed = array.copy()
        changed[row, column] = digit_changed(value) if other is None else other
        if value == 0 and not whole:
            continue
        labels = f"{matrix.rows[row]}, {matrix.axes[1]} {matrix.columns[column]}"
        spoilt = replace(matrix, range=None, kind="sequential", scale="linear", **{key: changed})
        yield f"{matrix.axes[0]} {labels}", spoilt, abs(float(changed[row, column]) - value)


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_in_a_cell_of_a_matrix(path: Path) -> None:
    profile = profile_file.load(path)
    for matrix in profile.matrices:
        alone = [one for one in profile.matrices if one.name in ("block_increase", matrix.name)]
        least = floor(profile, matrix)
        for where, spoilt, change in mutants(matrix, "values"):
            held = tuple(spoilt if one.name == matrix.name else one for one in alone)
            verdicts = agreement.compare(
                replace(profile, matrices=tuple(alone)), replace(profile, matrices=held)
            )
            found = [(one.matrix, one.where) for one in verdicts if not one.agrees]
            if matrix.estimate:  # the spread follows the value, and may be found as well
                found = [one for one in found if one != (f"spread of {matrix.name}", where)]
            if change > least:
                assert found == [(matrix.name, where)], f"{matrix.name}: {where}, {change}"


@pytest.mark.parametrize("key", ["spread", "largest_share"])
def test_in_what_tells_how_sure_a_value_is(key: str) -> None:
    """Ten times as loosely: a changed second digit is found."""
    profile = profile_file.load(FOLDER / "attention.json")
    estimates: dict[str, Any] = {key: np.abs(profile.matrix("entropy").values) / 10 + 0.01}
    matrix = replace(profile.matrix("entropy"), n=56_735, **estimates)
    for where, spoilt, _ in mutants(matrix, key):
        tenfold = {key: getattr(matrix, key) + 10 * (getattr(spoilt, key) - getattr(matrix, key))}
        verdicts = agreement.compare(
            replace(profile, matrices=(matrix,)),
            replace(profile, matrices=(replace(matrix, **{key: np.abs(tenfold[key])}),)),
        )
        found = [(one.matrix, one.where) for one in verdicts if not one.agrees]
        assert found == [(f"{key.replace('_', ' ')} of entropy", where)]


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_in_a_fact(path: Path) -> None:
    profile = profile_file.load(path)
    for name, value in profile.facts.items():
        other: Any = f"{value}, and another"
        if isinstance(value, bool):
            other = not value
        elif isinstance(value, (int, float)):
            other = value + 1 if isinstance(value, int) else digit_changed(value)
        verdicts = agreement.compare(
            profile, replace(profile, facts={**profile.facts, name: other})
        )
        assert [one.matrix for one in verdicts if not one.agrees] == [f"fact {name}"]


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_in_a_number_of_a_part(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The committed part is read and checked once, not once for every number."""
    monkeypatch.setattr(side_files, "load", functools.cache(side_files.load))
    analysis, _, part = path.stem.partition(".")
    committed = profile_file.load(PROJECT.profile(FOLDER.name, analysis))
    items = side_files.load(path)[part]
    sizes = statement.of(analysis).sizes.get(part, {})
    place = PROJECT.profile(FOLDER.name, analysis)
    for item in items[:: max(1, len(items) // 8)]:
        for spoilt, change, size in spoilt_items(item, sizes):
            again = {part: [spoilt if one is item else one for one in items]}
            verdicts = part_agreement.compare(place, committed, committed, again)
            [verdict] = [one for one in verdicts if one.matrix == f"part {part}"]
            assert verdict.agrees is (change <= TOLERANCE * size), f"{spoilt}"


def spoilt_items(
    item: dict[str, Any], sizes: Mapping[str, str]
) -> Iterator[tuple[dict[str, Any], float, float]]:
    """An item with one of its numbers changed, by how much, and the size of what it is made of."""
    text = json.dumps(item)
    for key, value in item.items():
        numbers = value if isinstance(value, list) else [value]
        for at, number in enumerate(numbers):
            if type(number) not in (int, float) or number == 0:
                continue
            other = number + 1 if isinstance(number, int) else digit_changed(number)
            spoilt = json.loads(text)
            spoilt[key] = other if value is number else [*value[:at], other, *value[at + 1 :]]
            size = float(item[sizes[key]]) if key in sizes else 0.0
            yield spoilt, abs(other - number), size
