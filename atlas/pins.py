"""What an entry's source is on this machine: its folder, and the digests that pin it.

The digest of weights costs a read of every byte, so it is kept in the project's cache under the
files' names, sizes and times, and taken again when any of them changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas import headers, json_file
from atlas.entry import Entry
from atlas.errors import AtlasError, from_os, short
from atlas.paths import Project


@dataclass(frozen=True)
class Found:
    """A model's files as far as they are at hand: folder, digest of weights, of the tokenizer."""

    folder: Path
    digest: str
    tokenizer: str | None


def locate(project: Project, entry: Entry) -> Path | None:
    """The folder of an entry's model, or None where it is not on this machine.

    Raises `AtlasError` for a place that cannot be looked at.
    """
    try:
        return headers.locate(entry.source, entry.revision, project.root)
    except OSError as error:
        what = f"source {short(entry.source)} cannot be looked at"
        raise from_os(error, what, file=project.entry(entry.slug)) from error
    except RuntimeError as error:  # links that lead in a circle
        raise AtlasError(str(error), file=project.entry(entry.slug), place="source") from error


def find(
    project: Project, entry: Entry, progress: Callable[[int, int], None] | None = None
) -> Found | None:
    """An entry's model on this machine, None where it is not here.

    `progress` is called with bytes read and all bytes where the digest is not known yet.
    Raises `AtlasError` for files that are there but corrupt.
    """
    folder = locate(project, entry)
    if folder is None:
        return None
    try:
        return Found(folder, _digest(project, folder, progress), headers.tokenizer_digest(folder))
    except OSError as error:
        raise from_os(error, file=folder) from error


def _digest(project: Project, folder: Path, progress: Callable[[int, int], None] | None) -> str:
    state = [
        [file.name, file.stat().st_size, file.stat().st_mtime_ns]
        for file in sorted(folder.glob("*.safetensors*"))
    ]
    cache = _cache(project)
    key = str(folder.resolve())
    kept = cache.get(key)
    if (
        isinstance(kept, dict)
        and kept.get("files") == state
        and isinstance(kept.get("digest"), str)
    ):
        return str(kept["digest"])
    digest = headers.digest(folder, progress)
    cache[key] = {"files": state, "digest": digest}
    json_file.keep(project.digests, json.dumps(cache, indent=1, sort_keys=True) + "\n")
    return digest


def _cache(project: Project) -> dict[str, Any]:
    try:
        document = json_file.read_json(project.digests)
    except AtlasError:  # a cache that cannot be read is worth nothing, and costs one more digest
        return {}
    return document if isinstance(document, dict) else {}
