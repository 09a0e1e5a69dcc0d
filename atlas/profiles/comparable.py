"""What two profiles must agree in before their values are subtracted.

Analysis, version and protocol, and the conditions below, which only measuring can tell. Pages group
models by this, and `static/matrix/contrast.js` is its twin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
