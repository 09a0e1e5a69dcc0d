"""What an entry's source is on this machine: its folder, and the digests that pin it.

The digest of weights costs a read of every byte, so it is kept in the project's cache under the
files' names, sizes and times, and taken again when any of them changes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas import headers, store
from atlas.entry import Entry
from atlas.errors import AtlasError
from atlas.paths import Project


@dataclass(frozen=True)
class Found:
    """A model's files as far as they are at hand: folder, digest of weights, of the tokenizer."""

    folder: Path
    digest: str
    tokenizer: str | None


def locate(project: Project, entry: Entry) -> Path | None:
    """The folder of an entry's model, or None where it is not on this machine."""
    return headers.locate(entry.source, entry.revision, project.root)


def find(project: Project, entry: Entry) -> Found | None:
    """An entry's model on this machine, None where it is not here.

    Raises `AtlasError` for files that are there but corrupt.
    """
    folder = locate(project, entry)
    if folder is None:
        return None
    return Found(folder, _digest(project, folder), headers.tokenizer_digest(folder))


def _digest(project: Project, folder: Path) -> str:
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
    digest = headers.digest(folder)
    cache[key] = {"files": state, "digest": digest}
    store.write_atomic(project.digests, json.dumps(cache, indent=1, sort_keys=True) + "\n")
    return digest


def _cache(project: Project) -> dict[str, Any]:
    if not project.digests.is_file():
        return {}
    try:
        document = store.read_json(project.digests)
    except AtlasError:  # a cache that cannot be read is worth nothing, and costs one more digest
        return {}
    return document if isinstance(document, dict) else {}
