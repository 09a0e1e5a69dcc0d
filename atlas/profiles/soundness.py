"""Whether a profile is what its analysis promises: the contract of `contract.py`, held.

Form is the business of `profile_file`: a number where a number belongs. Here it is meaning: the
matrices that the analysis makes and no others, each with its unit, kind, range and direction, with
the labels that the model's geometry gives, and with the parts beside the profile. What ties values
to each other an analysis says in its folder, as in
`atlas/analyses/functions/sound.py`:

problems(profile) -> Iterator[str]              what does not agree inside the profile
part_problems(profile, part, items) -> the same for a part and the profile beside it

A profile of another version is held to its geometry alone: what it promised is not known here.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from atlas import architectures
from atlas.architectures.row import CANONICAL
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, cut, short, suggest
from atlas.profiles import contract, statement, validity
from atlas.profiles.contract import Quantity
from atlas.profiles.matrix import Matrix, cells
from atlas.profiles.profile_file import Profile, Scalar
from atlas.profiles.rewording import WORDS

MOST = 100
"""How many problems of one profile are told in one run."""

AGAIN = "measure it again"

Items = Sequence[Mapping[str, Any]]


def problems(profile: Profile, file: Path, entry: Entry | None = None) -> list[AtlasError]:
    """Everything in which a profile is not what its analysis promises.

    `entry`: the model that it was measured on, where that is known; its geometry and architecture
    give the labels. Raises `AtlasError` for an analysis that there is not.
    """
    found = [*_labels(profile, entry)]
    if profile.version == statement.of(profile.analysis).version:
        found += [*_matrices(profile, entry)]
        found = found or [_wrong(line) for line in _rules(profile)]
    return _told(found, file)


def part_problems(profile: Profile, part: str, items: Items, file: Path) -> list[AtlasError]:
    """Everything in which a part does not agree with the profile, sound itself, beside it."""
    stated = statement.of(profile.analysis)
    if profile.version != stated.version:
        return []
    if part not in stated.parts:
        line = f"{profile.analysis} has no part {part!r}"
        return [AtlasError(line, file=file, remedy="remove it")]
    rules = statement.rules(profile.analysis)
    lines = _applied(lambda: rules.part_problems(profile, part, items)) if rules else ()
    return _told(map(_wrong, lines), file)


def _applied(rule: Callable[[], Iterable[str]]) -> Iterator[str]:
    """What a rule finds; a rule that fails on what is there has found something, too."""
    try:
        yield from rule()
    except Exception as error:  # a profile can hold anything that has the form of one
        told = f"{type(error).__name__}: {error}"
        yield f"holds values that do not belong together: {cut(told, 100)}"


def _told(found: Iterable[AtlasError], file: Path) -> list[AtlasError]:
    """The first of them, with the file that they are about."""
    told = list(itertools.islice(found, MOST))
    if len(told) == MOST:
        told.append(AtlasError(f"{MOST} problems or more", remedy="mend these first"))
    for error in told:
        error.file = file
    return told


def _wrong(line: str, matrix: str | None = None, remedy: str = AGAIN) -> AtlasError:
    place = None if matrix is None else f"matrix {matrix!r}"
    return AtlasError(line, place=place, remedy=remedy)


def _labels(profile: Profile, entry: Entry | None) -> Iterator[AtlasError]:
    """Layers and heads are counted from 0, as many as the model has."""
    shape = entry.geometry if entry is not None else None
    lengths = {} if shape is None else {"layer": shape.layers, "head": shape.heads}
    for matrix in profile.matrices:
        for axis, labels in zip(matrix.axes, (matrix.rows, matrix.columns), strict=True):
            if axis not in ("layer", "head"):
                continue
            if axis in lengths and len(labels) != lengths[axis]:
                told = f"{len(labels)} {axis}s, and the entry says {lengths[axis]}"
                yield _wrong(told, matrix.name, f"{AGAIN}, or correct the entry's geometry")
            elif labels != contract.counted(len(labels)):
                told = f"{axis}s are called {short(labels)}, not 0, 1, 2 and so on"
                yield _wrong(told, matrix.name)


def _matrices(profile: Profile, entry: Entry | None) -> Iterator[AtlasError]:
    """The matrices that are promised and no others, each as it is promised."""
    stated = statement.of(profile.analysis).matrices
    kind = _kind(entry)
    found: dict[str, Quantity] = {}
    for matrix in profile.matrices:
        quantity = contract.find(stated, matrix.name)
        if quantity is None:
            known = suggest(matrix.name, list(stated))
            yield _wrong(f"{profile.analysis} has no matrix of that name: {known}", matrix.name)
        elif kind is not None and kind not in quantity.kinds:
            yield _wrong(f"does not exist in {kind}s", matrix.name)
        else:
            found[matrix.name] = quantity
            lines = (
                *_unlike(quantity, matrix, profile, entry),
                *_unsaid(quantity, matrix, profile),
            )
            yield from (_wrong(line, matrix.name) for line in lines)
    yield from _missing(stated.values(), found, kind)


def _unsaid(quantity: Quantity, matrix: Matrix, profile: Profile) -> Iterator[str]:
    """A null that is no value that cannot be defined, where every model has the quantity: what
    failed to be measured is an error, never a gap. Format 1 does not tell."""
    unsaid = np.isnan(matrix.values) & ~matrix.is_undefined
    if profile.format > 1 and not may_lack(quantity, profile.conditions) and unsaid.any():
        [(row, column), *_] = cells(matrix.rows, matrix.columns, unsaid)
        where = f"{matrix.axes[0]} {row}, {matrix.axes[1]} {column}"
        yield f"{int(unsaid.sum())} of its values are not a number, the first at {where}"


def may_lack(quantity: Quantity, conditions: Mapping[str, Scalar]) -> bool:
    """Whether single values may be those of something that does not exist: in a quantity that says
    so, and wherever layers are counted in a model whose layers differ."""
    return quantity.gaps or ("kinds_of_layers" in conditions and "layer" in quantity.axes)


def _missing(
    stated: Iterable[Quantity], found: Mapping[str, Quantity], kind: str | None
) -> Iterator[AtlasError]:
    """What is promised for every model, and what comes with something that is there."""
    cases = {one.when for one in found.values()}
    kinds = [set(one.kinds) for one in found.values()]
    fitting = {kind} if kind else set.intersection({"decoder", "encoder"}, *kinds)
    for one in stated:
        wanted = not one.when or one.when in cases
        if one.is_pattern or one.name in found or not wanted or not fitting <= set(one.kinds):
            continue
        because = f": {one.when}, as other matrices say" if one.when else ""
        yield _wrong(f"is missing{because}", one.name)


def _unlike(
    quantity: Quantity, matrix: Matrix, profile: Profile, entry: Entry | None
) -> Iterator[str]:
    """In what a matrix is not the quantity that it is named after; words of today, or those that
    it was measured with."""
    reworded = statement.of(profile.analysis).reworded
    for key in (*WORDS, "axes", "kind", "scale", "range", "categories"):
        said, promised = getattr(matrix, key), getattr(quantity, key)
        if said != promised and (key not in WORDS or reworded.get(said) != promised):
            yield f"{key} is {short(said)}, and {profile.analysis} promises {short(promised, 120)}"
    if matrix.axes == quantity.axes:
        yield from _unlike_columns(quantity, matrix, entry)
    if matrix.estimate != quantity.spread:
        yield f"spread is {matrix.estimate!r}, and {profile.analysis} promises {quantity.spread!r}"
    if quantity.n is not None and (told := _count(profile, quantity.n)) != matrix.n:
        yield f"n is {matrix.n}, and {quantity.n} is {short(told)}"


def _count(profile: Profile, name: str) -> Scalar:
    part, _, key = name.partition(".")
    scalars: Mapping[str, Scalar] = getattr(profile, part)
    return scalars.get(key)


def _unlike_columns(quantity: Quantity, matrix: Matrix, entry: Entry | None) -> Iterator[str]:
    """Columns that are not counted: those that are known, in their order, none left out."""
    known = contract.modules(quantity)
    if not known:
        if matrix.native is not None:
            yield f"{matrix.axes[1]}s have no native names, and {short(matrix.native)} stand there"
        return
    unknown = [label for label in matrix.columns if label not in known]
    if unknown:
        yield f"there is no {matrix.axes[1]} {unknown[0]!r}; {suggest(unknown[0], known, 15)}"
    elif list(matrix.columns) != [label for label in known if label in matrix.columns]:
        yield f"{matrix.axes[1]}s {short(matrix.columns)} are not in the order {short(known, 120)}"
    if quantity.columns is not None:
        lacking = set(quantity.columns) - set(matrix.columns) - set(quantity.lacking)
        if lacking:
            yield f"has no {matrix.axes[1]} {sorted(lacking)[0]!r}"
    yield from _unlike_native(quantity, matrix, entry)


def _unlike_native(quantity: Quantity, matrix: Matrix, entry: Entry | None) -> Iterator[str]:
    """Modules that the architecture has not, or that its code calls otherwise."""
    if quantity.axes[1] != "module":
        if matrix.native is not None:
            yield f"{matrix.axes[1]}s have no native names, and {short(matrix.native)} stand there"
        return
    names = _names(entry.architecture) if entry is not None else {}
    if entry is None or not names:
        return
    for label, native in zip(matrix.columns, matrix.native or matrix.columns, strict=True):
        if label not in names and label in CANONICAL:
            yield f"{entry.architecture} has no module {label!r}"
        elif label in names and matrix.native and not names[label].issuperset(native.split(" or ")):
            told = " or ".join(sorted(names[label]))
            yield f"{entry.architecture} calls {label!r} {told}, not {short(native)}"


@functools.cache
def _names(architecture: str) -> Mapping[str, frozenset[str]]:
    """Canonical module -> what models of that architecture call it; empty where it has no row."""
    if architecture not in architectures.known():
        return {}
    row = architectures.row(architecture)
    found: dict[str, set[str]] = {}
    several = [row.modules, *(one.columns.get("modules", {}) for one in row.variants)]
    for modules in (*several, *(kind.modules for kind in row.layer_kinds)):
        for name, source in modules.items():
            if source is not None:
                found.setdefault(name, set()).add(source.label)
    return {name: frozenset(labels) for name, labels in found.items()}


def _kind(entry: Entry | None) -> str | None:
    if entry is None or entry.architecture not in architectures.known():
        return None
    return architectures.kind(entry.architecture)


def _rules(profile: Profile) -> Iterator[str]:
    yield from validity.problems(profile.facts)
    rules = statement.rules(profile.analysis)
    if rules is not None:
        yield from _applied(lambda: rules.problems(profile))
