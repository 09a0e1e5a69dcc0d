"""Where a model lies on this machine: a reference model, a local folder, or the hub's cache.

Never touches the network.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from atlas.entries.entry import Entry
from atlas.entries.source import HUB_ID, kind_of
from atlas.errors import AtlasError, from_os, short
from atlas.paths import Project, zoo_folder

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def of_entry(project: Project, entry: Entry) -> Path | None:
    """The folder of an entry's model, or None where it is not on this machine.

    Raises `AtlasError` for a place that cannot be looked at.
    """
    try:
        return folder(entry.source, entry.revision, project.root)
    except OSError as error:
        what = f"source {short(entry.source)} cannot be looked at"
        raise from_os(error, what, file=project.entry(entry.slug)) from error
    except RuntimeError as error:  # links that lead in a circle
        raise AtlasError(str(error), file=project.entry(entry.slug), place="source") from error


def folder(source: str, revision: str | None, root: Path) -> Path | None:
    """The folder with a model's config.json, or None where this machine does not have it.

    `source` as an entry states it: `zoo:<name>`, a local folder (relative to `root`, the project's
    folder) or a hub id, looked up in the hub's cache on disk at that revision (a commit hash or a
    branch; None: `main`).
    """
    kind = kind_of(source)
    if kind == "zoo":
        name = source.removeprefix("zoo:")
        if not NAME.fullmatch(name):
            raise AtlasError(f"{short(source)} names no reference model", remedy="zoo:<name>")
        found: Path | None = zoo_folder(name)
    elif kind == "folder":
        found = (root / source).resolve()
    else:
        found = _snapshot(source, revision or "main")
    return found if found is not None and (found / "config.json").is_file() else None


def hub_cache() -> Path:
    """Where the hub's client keeps what it has fetched, by the same variables that it reads."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(variable):
            return Path(os.environ[variable]).expanduser()
    if os.environ.get("HF_HOME"):
        return Path(os.environ["HF_HOME"]).expanduser() / "hub"
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "huggingface" / "hub"


def _snapshot(source: str, revision: str) -> Path | None:
    if not HUB_ID.fullmatch(source) or not NAME.fullmatch(revision):
        raise AtlasError(
            f"{short(source)} at {short(revision)} is not a hub id with a revision",
            remedy="write org/name, and a full commit hash as the revision",
        )
    model = hub_cache() / f"models--{source.replace('/', '--')}"
    reference = model / "refs" / revision
    if reference.is_file():
        revision = reference.read_text(encoding="utf-8").strip()
        if not NAME.fullmatch(revision):
            raise AtlasError(f"{short(revision)} is not a commit hash", file=reference)
    return model / "snapshots" / revision
