"""Where the files of a model lie that an entry is drafted of, as the entry states it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from atlas.checkpoints import headers, locate
from atlas.drafting import hub
from atlas.entries.source import kind_of
from atlas.errors import AtlasError
from atlas.paths import Project

SNAPSHOT = re.compile(
    rf"models--(?P<org>[^/]+?)--(?P<name>[^/]+)/snapshots/{hub.COMMIT.pattern}", re.ASCII
)
"""The end of a path in the hub's cache, where a folder's own name is a commit."""


@dataclass(frozen=True)
class Origin:
    """Where a model's files are: the source, revision and GGUF file for its entry, and its name
    there."""

    source: str
    revision: str | None
    name: str
    remarks: tuple[str, ...] = field(default=())
    file: str | None = None


def local(source: str) -> Path | None:
    """The folder or GGUF file that a source names; None for a hub id."""
    place = Path(source).expanduser()
    is_path = source.startswith((".", "/", "~")) or place.is_dir() or is_gguf(place)
    return place if is_path else None


def of_local(project: Project, place: Path) -> Origin:
    """That of a local folder or GGUF file."""
    return of_file(project, place) if is_gguf(place) else of_folder(project, place)


def of_folder(project: Project, folder: Path) -> Origin:
    """That of a local folder; one of the hub's cache is the hub id at that revision.

    A snapshot that lies elsewhere stays a folder, for a hub id would not be found in the cache; it
    is called as its repository, and the remarks say what pins it.
    """
    if not folder.is_dir():
        raise AtlasError("is not a folder", file=folder, remedy="name a hub id or a model's folder")
    here = _typed_folder(folder)
    source = relative(project, here)
    remark = (
        f"source: the folder {source} is on this machine only; a hub id can be measured anywhere"
    )
    snapshot = SNAPSHOT.fullmatch("/".join(here.parts[-3:]))
    if snapshot is None:
        return Origin(source, None, here.name, (remark,))
    hub_id = f"{snapshot['org']}/{snapshot['name']}"
    cached = locate.folder(hub_id, here.name, project.root)
    if cached is not None and cached.resolve() == here.resolve():
        return Origin(hub_id, here.name, snapshot["name"])
    pinned = f"source: this is {hub_id}; atlas new that --revision {here.name} pins it"
    return Origin(source, None, snapshot["name"], (remark, pinned))


def is_gguf(place: Path) -> bool:
    """Whether there is a file whose name ends as that of a GGUF file."""
    return kind_of(f"./{place.name}") == "file" and place.is_file()


def of_file(project: Project, file: Path) -> Origin:
    """That of a local GGUF file."""
    here = _typed_folder(file)
    source = relative(project, here)
    remark = f"source: {source} is on this machine only; a file on the hub can be had anywhere"
    return Origin(source, None, here.stem, (remark,))


def relative(project: Project, here: Path) -> str:
    """A path as an entry states it: from the project's folder."""
    relative = Path(os.path.relpath(here, project.root.resolve())).as_posix()
    return relative if relative.startswith("..") else f"./{relative}"


def _typed_folder(folder: Path) -> Path:
    """A folder's full path, its own name as it was typed: what a link leads to is often a store
    whose names are hashes."""
    if folder.name in ("", ".", ".."):
        return folder.resolve()
    return folder.parent.resolve() / folder.name


def in_cache(
    project: Project, name: str, revision: str | None, file: str | None
) -> tuple[Origin, Path] | None:
    """A model in the hub's cache, and the folder that holds it or stands for it; None for none.

    Raises `AtlasError` where only a part of it is there.
    """
    commit = locate.snapshot(name, revision or "main").name
    folder = locate.folder(name, revision, project.root, file)
    if folder is None or not hub.COMMIT.fullmatch(commit):
        return None
    try:
        headers.read(folder)
    except AtlasError as error:
        if file is not None or headers.whole(folder):
            raise
        remedy = f"hf download {name} --revision {commit}"
        raise AtlasError(f"only a part of {name} is on this machine", remedy=remedy) from error
    remarks = ("revision: the newest on this machine, for the hub cannot be reached",)
    named = name.partition("/")[2] if file is None else Path(file).stem
    return Origin(name, commit, named, remarks, file), folder
