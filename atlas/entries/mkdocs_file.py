"""`mkdocs.yml`, as far as the atlas reads it: MkDocs' own keys, and those under `extra.atlas`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from atlas.errors import AtlasError, from_os, short
from atlas.paths import Project


def read(project: Project) -> dict[str, Any]:
    """All keys of the file. Raises `AtlasError` where it is no mapping or cannot be read."""
    file = project.mkdocs_yml
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=_TaglessLoader)
    except OSError as error:
        raise from_os(error, file=file) from error
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise AtlasError(f"cannot be read: {error}", file=file, remedy="mend the file") from error
    if not isinstance(document, dict):
        raise AtlasError("is not a mapping", file=file, remedy="write `site_name: ...`")
    return document


def stated(document: dict[str, Any], file: Path) -> dict[Any, Any]:
    """What stands under `extra.atlas`; nothing where there is no such key.

    Raises `AtlasError` for what is not a mapping.
    """
    extra = document.get("extra") or {}
    found = extra.get("atlas") if isinstance(extra, dict) else None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise AtlasError(
            f"{short(found)} is not a mapping", file=file, place="extra.atlas", remedy="write keys"
        )
    return found


def pages_of_nav(nav: object) -> Iterator[str]:
    """Every page and address that a navigation names, in its order."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict):
        for inside in nav.values():
            yield from pages_of_nav(inside)
    elif isinstance(nav, list):
        for inside in nav:
            yield from pages_of_nav(inside)


class _TaglessLoader(yaml.SafeLoader):
    """Safe YAML in which MkDocs' own tags (!ENV, !!python/name) read as None."""


_TaglessLoader.add_multi_constructor("", lambda loader, suffix, node: None)
