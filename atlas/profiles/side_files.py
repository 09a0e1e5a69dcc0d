"""Parts of a profile that are not matrices, each in a file of its own: `<analysis>.<part>.json`.

A page fetches a part when somebody asks for it: `functions.heads.json` holds what every single head
does. A part names the model and the version that it was measured with, as its profile does, and has
a list of items under its own name, an item a line. Its schema is `<analysis>.<part>.schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from atlas import paths, schemas
from atlas.errors import AtlasError, raise_all
from atlas.files import json_file
from atlas.profiles import matrix, profile_file
from atlas.profiles.profile_file import Profile

FORMAT = 1

Items = Sequence[Mapping[str, Any]]


def path(profile: Path, part: str) -> Path:
    """Where a part lies: beside its profile."""
    return profile.with_name(f"{profile.stem}.{part}.json")


def exists(analysis: str, part: str) -> bool:
    """Whether an analysis has a part of that name: there is a schema for it."""
    return bool(part) and paths.schema(f"{analysis}.{part}").is_file()


def text(profile: Profile, part: str, items: Items) -> str:
    """A part as the text of its file; numbers to 4 significant digits, like a profile's."""
    head: dict[str, Any] = {
        "format": FORMAT,
        "analysis": profile.analysis,
        "version": profile.version,
        "model": asdict(profile.model),
    }
    lines = [
        f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)},"
        for key, value in head.items()
    ]
    rows = ",\n".join(f"  {json.dumps(_rounded(item), ensure_ascii=False)}" for item in items)
    return "\n".join(["{", *lines, f" {json.dumps(part)}: [", f"{rows}]", "}", ""])


def save(profile_path: Path, profile: Profile, part: str, items: Items) -> None:
    """Write a part beside its profile, whole or not at all; nothing that `load` would refuse."""
    where = path(profile_path, part)
    content = text(profile, part, items)
    _checked(json_file.parse(content, where), where)
    json_file.write_atomic(where, content)


def load(where: Path) -> dict[str, Any]:
    """Read a part; `AtlasError` or `Problems` for what breaks its schema or lies elsewhere, and
    where its profile is missing or was measured on another model or with another version."""
    return load_beside(where)[1]


def load_beside(where: Path) -> tuple[Profile, dict[str, Any]]:
    """Read a part as `load` does, and the profile beside it."""
    paths.refuse_link(where)
    document = _checked(json_file.read_json(where), where)
    analysis, _, _ = where.stem.partition(".")
    profile_path = where.with_name(f"{analysis}.json")
    if not profile_path.is_file():
        raise AtlasError(f"there is no {profile_path.name!r}", file=where, remedy="remove it")
    profile = profile_file.load(profile_path)
    if (document["version"], document["model"]) != (profile.version, asdict(profile.model)):
        raise AtlasError(
            f"was not measured together with {profile_path.name!r}",
            file=where,
            remedy="measure it again",
        )
    return profile, document


def _checked(document: Any, where: Path) -> dict[str, Any]:
    raise_all(schemas.problems(document, where.stem, where))
    found: dict[str, Any] = document
    slug = found["model"]["slug"]
    if slug != where.parent.name:
        raise AtlasError(
            f"{slug!r} in a file that lies at {where.parent.name!r}",
            file=where,
            place="model.slug",
            remedy="move the file or measure again",
        )
    return found


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return matrix.rounded(value)
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, (list, tuple)) else value
