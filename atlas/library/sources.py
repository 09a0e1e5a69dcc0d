"""Where the files of an atlas lie: in a project, in a built site, or at an address.

Whatever it is, a file is asked for by its path below the site's root and comes as a file on this
machine, so that it is read, and refused, as everywhere else. Paths are only ever made of slugs and
names of analyses, never taken from an index.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from atlas.entries import entry
from atlas.errors import AtlasError, from_os, short
from atlas.files import json_file
from atlas.paths import SLUG, Project
from atlas.profiles import model_row, statement
from atlas.profiles.model_row import ModelRow
from atlas.site.data_index import FORMAT

INDEX = "data/index.json"
LARGEST = json_file.LARGEST


class Source(Protocol):
    """An atlas' files. `where` is what people call it: a folder or an address."""

    @property
    def where(self) -> str: ...

    def models(self) -> Sequence[ModelRow]:
        """Every model of the atlas."""

    def file(self, path: str) -> Path:
        """A file by its path below the site's root. Raises `AtlasError` where it is not there."""

    def has(self, path: str) -> bool:
        """Whether the atlas has a file of that path."""


@dataclass(frozen=True)
class ProjectSource:
    """A project's folder: what was measured, whether or not it was rendered."""

    project: Project

    @property
    def where(self) -> str:
        return str(self.project.root)

    def models(self) -> Sequence[ModelRow]:
        return [
            model_row.of(item, self._analyses(item.slug)) for item in entry.load_all(self.project)
        ]

    def file(self, path: str) -> Path:
        found = self.project.docs / path
        if not found.is_file():
            raise AtlasError("there is no such file", file=found, remedy="atlas profile writes it")
        return found

    def has(self, path: str) -> bool:
        return path.startswith("models/") and (self.project.docs / path).is_file()

    def _analyses(self, slug: str) -> list[str]:
        stems = {path.stem for path in self.project.folder(slug).glob("*.json")}
        known = [name for name in statement.names() if name in stems]
        return known + sorted(name for name in stems - {*known, "verified"} if "." not in name)


class Store(Protocol):
    """What gives the bytes of a site's files."""

    @property
    def where(self) -> str: ...

    def index(self) -> Path:
        """The index of data as it is now."""

    def file(self, path: str, size: int, sha256: str) -> Path:
        """A file of that size and digest."""


@dataclass(frozen=True)
class Folder:
    """A built site on this machine."""

    root: Path

    @property
    def where(self) -> str:
        return str(self.root)

    def index(self) -> Path:
        return self.root / INDEX

    def file(self, path: str, size: int, sha256: str) -> Path:
        found = self.root / path
        try:
            json_file.require_file(found)
            require_digest(found.read_bytes(), sha256, found)
        except OSError as error:
            raise from_os(error, file=found, remedy="build the site again") from error
        return found


def digest(content: bytes) -> str:
    """The SHA-256 of a file's content, as an index has it."""
    return hashlib.sha256(content).hexdigest()


def require_digest(content: bytes, sha256: str, file: Path | str) -> None:
    """Raise `AtlasError` for what is not the file that an index lists."""
    if digest(content) != sha256:
        raise AtlasError(
            f"is not the file that {INDEX} lists",
            file=file,
            remedy="open the atlas again: it may have been published anew; else it is damaged",
        )


class SiteSource:
    """A built site, in a folder or at an address: what its index lists, and nothing else."""

    def __init__(self, store: Store) -> None:
        self.store = store
        path = store.index()
        try:
            self._read(json_file.read_object(path, LARGEST, "build the site again"))
        except AtlasError as error:
            raise told_of(error, path, f"{store.where.rstrip('/')}/{INDEX}") from error

    @property
    def where(self) -> str:
        return self.store.where

    def models(self) -> Sequence[ModelRow]:
        return self._models if self._models is not None else self._from_entries()

    def file(self, path: str) -> Path:
        if path not in self._files:
            raise AtlasError(f"the index of data lists no {path}", file=self.where)
        item = self._files[path]
        return self.store.file(path, item["bytes"], item["sha256"])

    def has(self, path: str) -> bool:
        return path in self._files

    def _read(self, index: Mapping[str, Any]) -> None:
        """Take what an index says, as far as it has the form of one."""
        number = index.get("format")
        if not isinstance(number, int):
            raise AtlasError(f"has format {short(number)}", remedy="is it an atlas?")
        if number > FORMAT:
            raise AtlasError(
                f"format {number} is newer than this atlas, which reads up to {FORMAT}",
                place="format",
                remedy="upgrade: pip install --upgrade model-atlas",
            )
        profiles = [one for one in _items(index, "profiles") if _is_profile(one)]
        listed = [*profiles, *_items(index, "files")]
        listed += [part for one in profiles for part in _items(one, "parts")]
        self._files = {str(item["path"]): item for item in listed if _is_file(item)}
        self._analyses: dict[str, list[str]] = {}
        for one in profiles:
            self._analyses.setdefault(one["model"], []).append(one["analysis"])
        self._models: list[ModelRow] | None = None
        if "models" in index:
            self._models = [
                model_row.read(one, self._analyses.get(str(one.get("slug")), ()))
                for one in _items(index, "models")
            ]

    def _from_entries(self) -> list[ModelRow]:
        """The models of an index that does not list them, from their entries."""
        paths = (path for path, item in self._files.items() if item.get("kind") == "entry")
        slugs = sorted(path.split("/")[1] for path in paths if _is_entry(path))
        entries = (entry.load(self.file(f"models/{slug}/model.yml")) for slug in slugs)
        self._models = [model_row.of(one, self._analyses.get(one.slug, ())) for one in entries]
        return self._models


def told_of(error: AtlasError, path: Path, shown: str) -> AtlasError:
    """The same error with the file called by the name that people know it by."""
    for one in getattr(error, "problems", [error]):
        if one.file is None or Path(one.file) == path:
            one.file = shown
    return error


def _items(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = document.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise AtlasError("is not a list of mappings", place=key, remedy="is it an atlas?")
    return found


def _is_file(item: Mapping[str, Any]) -> bool:
    sha, size = item.get("sha256"), item.get("bytes")
    return isinstance(item.get("path"), str) and isinstance(sha, str) and type(size) is int


def _is_profile(item: Mapping[str, Any]) -> bool:
    """Whether a profile is where it has to be; an analysis may be one that is not known here."""
    slug, name = str(item.get("model")), str(item.get("analysis"))
    sound = SLUG.fullmatch(slug) and statement.NAME.fullmatch(name)
    return bool(sound) and item.get("path") == f"models/{slug}/{name}.json"


def _is_entry(path: str) -> bool:
    _, slug, *_ = [*path.split("/"), ""]
    return bool(SLUG.fullmatch(slug)) and path == f"models/{slug}/model.yml"
