"""Where a model lies on this machine: a reference model, a local folder, a GGUF file, or the hub's
cache.

Never touches the network.
"""

from __future__ import annotations

import re
from pathlib import Path

from atlas.checkpoints import gguf_folder, hub_settings
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
        return folder(entry.source, entry.revision, project.root, entry.file)
    except OSError as error:
        what = f"source {short(entry.source)} cannot be looked at"
        raise from_os(error, what, file=project.entry(entry.slug)) from error
    except RuntimeError as error:  # links that lead in a circle
        raise AtlasError(str(error), file=project.entry(entry.slug), place="source") from error


def folder(source: str, revision: str | None, root: Path, file: str | None = None) -> Path | None:
    """The folder with a model's config.json, or None where this machine does not have it.

    `source` as an entry states it: `zoo:<name>`, a local folder or GGUF file (relative to `root`,
    the project's folder) or a hub id, looked up in the hub's cache on disk at that revision (a
    commit hash or a branch; None: `main`). `file`: the GGUF file there that is the model. Of a GGUF
    file, that of a reference model too, it is the folder in the project's cache that stands for it.
    """
    kind = kind_of(source)
    if kind == "zoo":
        name = source.removeprefix("zoo:")
        if not NAME.fullmatch(name):
            raise AtlasError(f"{short(source)} names no reference model", remedy="zoo:<name>")
        place = zoo_folder(name)
    elif kind == "hub":
        place = snapshot(source, revision or "main")
    else:
        place = (root / source).resolve()
    if kind == "zoo" and (place / gguf_folder.NAME).is_file():
        file = gguf_folder.NAME
    if kind == "file" or file is not None:
        return gguf_folder.of_file(Project(root), place / (file or ""))
    return place if (place / "config.json").is_file() else None


def snapshot(source: str, revision: str) -> Path:
    """Where the hub's client keeps a model at a commit or branch, whether it is there or not.

    Raises `AtlasError` for what is no hub id or no revision.
    """
    if not HUB_ID.fullmatch(source) or not NAME.fullmatch(revision):
        raise AtlasError(
            f"{short(source)} at {short(revision)} is not a hub id with a revision",
            remedy="write org/name, and a full commit hash as the revision",
        )
    model = hub_settings.cache() / f"models--{source.replace('/', '--')}"
    reference = model / "refs" / revision
    if reference.is_file():
        revision = reference.read_text(encoding="utf-8").strip()
        if not NAME.fullmatch(revision):
            raise AtlasError(f"{short(revision)} is not a commit hash", file=reference)
    return model / "snapshots" / revision
