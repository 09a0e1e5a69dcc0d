"""What two profiles must agree in before their values are subtracted.

Analysis, version and protocol, and the conditions below, which only measuring can tell. Pages group
models by this, the Python interface refuses by it, and `static/matrix/contrast.js` is its twin.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atlas import words
from atlas.entries import source
from atlas.profiles.profile_file import Profile, Scalar

BINDING = ("scored_bytes", "shortened", "estimator")
"""Conditions that must agree: what of the corpus was scored, that some of it the model cannot read,
and a stand-in for an estimate."""


def terms(profile: Profile) -> dict[str, Scalar]:
    """The protocol of a profile, and those of its conditions that bind like a protocol."""
    return {**profile.protocol, **binding(profile)}


def binding(profile: Profile) -> dict[str, Scalar]:
    """The conditions of a profile that bind like a protocol."""
    return {key: profile.conditions[key] for key in BINDING if key in profile.conditions}


def apart(profile: Profile, among: tuple[int, Mapping[str, Scalar]]) -> str:
    """What keeps a profile from being compared with those of that version and those terms, in
    words: `scored bytes: 98,334 against 134,201, another corpus, reference`. Empty where nothing
    does. A corpus is called by its name where the profile says it: a digest says nothing."""
    return ", ".join(_differences(profile, *among))


def _differences(
    profile: Profile, other_version: int, other: Mapping[str, Scalar]
) -> Iterator[str]:
    version, own = profile.version, terms(profile)
    if version != other_version:
        yield f"version {version} instead of {other_version}"
    for key in sorted({*own, *other}):
        mine, theirs, name = own.get(key), other.get(key), key.replace("_", " ")
        if mine == theirs:
            continue
        if _is_number(mine) and _is_number(theirs):
            yield f"{name}: {mine:,} against {theirs:,}"
        elif key == "shortened":
            yield str(mine or theirs)
        else:
            yield f"another {name}"
            if key == "corpus" and "corpus" in profile.conditions:
                yield str(profile.conditions["corpus"])


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def group_key(profile: Profile) -> str:
    """The same text for all profiles whose values may be subtracted from each other's."""
    return json.dumps([profile.version, terms(profile)], sort_keys=True)


def grouped(profiles: Sequence[Profile]) -> list[tuple[int, dict[str, Any]]]:
    """The (version, terms) that profiles were measured with. First those of most real models, where
    at least two have them, however many reference models were measured otherwise; then those of
    most profiles; of equally many, the newer version."""
    members: dict[str, list[Profile]] = {}
    for profile in profiles:
        members.setdefault(group_key(profile), []).append(profile)

    def place(key: str) -> tuple[int, int, int, str]:
        real = sum(source.kind_of(one.model.source) != "zoo" for one in members[key])
        lead = real if real > 1 else 0
        return -lead, -len(members[key]), -members[key][0].version, key

    return [(members[key][0].version, terms(members[key][0])) for key in sorted(members, key=place)]


@dataclass(frozen=True)
class Differs:
    """One thing that two profiles do not have in common, and how it is with either."""

    what: str
    first: str
    second: str


def obstacles(first: Profile, second: Profile, name: str) -> tuple[Differs, ...]:
    """What forbids subtracting the matrix `name` of two profiles; empty where nothing does.

    Analysis, version and every key of the protocol must agree, and the matrices must be the same
    quantity: unit, kind, axes. Raises `KeyError` where a profile has no such matrix.
    """
    pair = (first, second)
    found = [*_differing("analysis", *(profile.analysis for profile in pair))]
    found += _differing("version of the method", *(profile.version for profile in pair))
    found += (_by_name(one, *pair) for one in _entries("protocol", first.protocol, second.protocol))
    found += _entries("", *(binding(profile) for profile in pair))
    ours, theirs = (profile.matrix(name) for profile in pair)
    found += _differing("unit", ours.unit, theirs.unit)
    found += _differing("kind of values", ours.kind, theirs.kind)
    axes = (" by ".join(matrix.axes).replace("_", " ") for matrix in (ours, theirs))
    return (*found, *_differing("axes", *axes))


def _by_name(one: Differs, first: Profile, second: Profile) -> Differs:
    """What differs, a corpus called by its name where the profile says it."""
    if one.what != "protocol corpus":
        return one
    names = [f"{each.conditions['corpus']}, " if "corpus" in each.conditions else ""
             for each in (first, second)]  # fmt: skip
    return Differs(one.what, names[0] + one.first, names[1] + one.second)


def conditions(first: Profile, second: Profile) -> tuple[Differs, ...]:
    """What was otherwise when two profiles were measured, and forbids no comparison; the corpus is
    told with the protocol."""
    return tuple(_entries("", *(_free(profile) for profile in (first, second))))


def _free(profile: Profile) -> dict[str, Scalar]:
    """The conditions that do not bind."""
    told = {*BINDING, "corpus"}
    return {key: value for key, value in profile.conditions.items() if key not in told}


def _entries(prefix: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Differs]:
    for key in sorted({*first, *second}):
        what = f"{prefix} {key.replace('_', ' ')}".strip()
        yield from _differing(what, first.get(key), second.get(key))


def _differing(what: str, first: Any, second: Any) -> Iterator[Differs]:
    """True is not 1 here; 1.0 is, for JSON has one kind of number."""
    if first != second or isinstance(first, bool) != isinstance(second, bool):
        yield Differs(what, _told(first), _told(second))


def _told(value: Any) -> str:
    """A scalar as people read it, with all of its digits; those of large whole numbers in
    groups, also where JSON has them with a point."""
    if isinstance(value, float) and abs(value) < 2**53 and value == int(value):
        value = int(value)
    return words.scalar(value)
