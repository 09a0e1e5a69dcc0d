"""What two profiles must agree in before their values are subtracted.

Analysis, version and protocol, and the conditions below, which only measuring can tell. Pages group
models by this, and `static/matrix/contrast.js` is its twin.
"""

from __future__ import annotations

from atlas.profiles.profile_file import Profile, Scalar

BINDING = ("scored_bytes", "estimator")
"""Conditions that must agree: what of the corpus was scored, and a stand-in for an estimate."""


def terms(profile: Profile) -> dict[str, Scalar]:
    """The protocol of a profile, and those of its conditions that bind like a protocol."""
    held = {key: profile.conditions[key] for key in BINDING if key in profile.conditions}
    return {**profile.protocol, **held}
