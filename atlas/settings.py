"""Settings of a whole atlas: `extra.atlas` in mkdocs.yml."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import yaml

from atlas import analysis
from atlas.errors import AtlasError, raise_all, short, suggest
from atlas.paths import Project


@dataclass(frozen=True)
class Settings:
    """What holds for every model of the atlas.

    `analyses`: which analyses to run where an entry names none; None for all that fit.
    """

    analyses: tuple[str, ...] | None = None


def load(project: Project) -> Settings:
    """The settings of a project.

    Raises `AtlasError` or `Problems` for unknown keys, wrong types and unknown analyses.
    """
    file = project.mkdocs_yml
    extra = _mkdocs(project).get("extra") or {}
    stated = extra.get("atlas") if isinstance(extra, dict) else None
    if stated is None:
        return Settings()
    if not isinstance(stated, dict):
        raise AtlasError(
            f"{short(stated)} is not a mapping", file=file, place="extra.atlas", remedy="write keys"
        )
    known = [field.name for field in fields(Settings)]
    found = [
        AtlasError(
            f"unknown key {short(key)}",
            file=file,
            place=f"extra.atlas.{key}",
            remedy=suggest(key, known),
        )
        for key in stated
        if key not in known
    ]
    analyses = stated.get("analyses")
    if analyses is not None and not isinstance(analyses, list):
        found.append(
            AtlasError(
                f"{short(analyses)} is not a list",
                file=file,
                place="extra.atlas.analyses",
                remedy=f"write a list of names; known: {', '.join(analysis.names())}",
            )
        )
    elif analyses is not None:
        found += unknown_analyses(analyses, file, "extra.atlas.analyses")
    raise_all(found)
    return Settings(tuple(analyses) if analyses is not None else None)


def unknown_analyses(named: Any, file: Any, place: str) -> list[AtlasError]:
    """An error for each name that is no analysis."""
    return [
        AtlasError(
            f"there is no analysis {short(name)}",
            file=file,
            place=place,
            remedy=suggest(name, analysis.names()),
        )
        for name in named
        if name not in analysis.names()
    ]


def _mkdocs(project: Project) -> dict[str, Any]:
    try:
        document = yaml.load(project.mkdocs_yml.read_text(encoding="utf-8"), Loader=_TaglessLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise AtlasError(
            f"cannot be read: {error}", file=project.mkdocs_yml, remedy="mend the file"
        ) from error
    if not isinstance(document, dict):
        raise AtlasError(
            "is not a mapping", file=project.mkdocs_yml, remedy="write `site_name: ...`"
        )
    return document


class _TaglessLoader(yaml.SafeLoader):
    """Safe YAML in which MkDocs' own tags (!ENV, !!python/name) read as None."""


_TaglessLoader.add_multi_constructor("", lambda loader, suffix, node: None)
