"""What was measured, published and read back: numbers have 4 digits then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atlas.profiles import profile_file, side_files, soundness, statement
from atlas.profiles.profile_file import Pin, Profile
from atlas.profiles.statement import Measured

PIN = Pin("one", "zoo:one", None, "sha256:" + "0" * 64, None)

Parts = dict[str, list[dict[str, Any]]]


def published(
    folder: Path, analysis: str, found: Measured, protocol: Mapping[str, Any] | None = None
) -> tuple[Profile, Parts]:
    """A profile and its parts, written below a folder and read again, held to their schemas.

    `protocol`: what differs from what the analysis states.
    """
    stated = statement.of(analysis)
    made = Profile(
        analysis=analysis,
        version=stated.version,
        model=PIN,
        protocol={**stated.protocol, **(protocol or {})},
        conditions=found.conditions,
        facts=found.facts,
        matrices=found.matrices,
        made_by={"atlas": "0"},
    )
    path = folder / PIN.slug / f"{analysis}.json"
    path.parent.mkdir(exist_ok=True)
    profile_file.save(path, made)
    for name, items in found.parts.items():
        side_files.save(path, made, name, items)
    names = found.parts
    return profile_file.load(path), {
        name: side_files.load(side_files.path(path, name))[name] for name in names
    }


def told(profile: Profile, parts: Parts, folder: Path) -> list[str]:
    """What is not sound about a profile and its parts."""
    lines = [*soundness.problems(profile, folder)]
    for name, items in parts.items():
        lines += soundness.part_problems(profile, name, items, folder)
    return [str(line) for line in lines]
