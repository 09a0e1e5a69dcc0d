"""Another slug for a model: its folder, and everything that names it.

Nothing is measured again. Each file is written whole, by its own bytes but for the slug; the folder
moves last. Where that is interrupted the folder still lies at the old name, and the same steps go
on: a file that has the new slug already stays as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from atlas.drafting import mentions
from atlas.errors import AtlasError, Problems, raise_all
from atlas.files import json_file, page_mark
from atlas.paths import Project, refuse_link
from atlas.profiles import account, profile_file, verified


@dataclass(frozen=True)
class Renamed:
    """What was written: the model's new folder, files elsewhere that named it; and `left`, files of
    the project's own that hold its old address, which only their author changes."""

    folder: Path
    written: tuple[Path, ...]
    left: tuple[Path, ...]


def rename(project: Project, old: str, new: str) -> Renamed:
    """Give a model that is listed another slug, for one who holds the project's lock.

    Raises `AtlasError` or `Problems`, before anything is written, where the new slug is taken or
    none, where the model is just being measured, and for files that cannot be read.
    """
    _require_free(project, new)
    account.require_idle(project, old)
    told = mentions.of(project, old)
    outside = list(_elsewhere(project, told, old, new))
    planned = [*_of_profiles(project, old, old, new), *outside]
    for path, content in planned:
        json_file.write_atomic(path, content)
    _move_cache(project, old, new)
    drop_generated(project, old)
    project.folder(old).rename(project.folder(new))
    written = [path for path, _ in outside]
    return Renamed(project.folder(new), tuple(dict.fromkeys(written)), told.pages)


def _require_free(project: Project, new: str) -> None:
    folder = project.folder(new)
    if folder.exists() or folder.is_symlink():
        raise AtlasError(
            "is there already, and it stays", file=folder, remedy="choose another name"
        )


def _elsewhere(
    project: Project, told: mentions.Mentions, old: str, new: str
) -> Iterator[tuple[Path, bytes]]:
    """Files outside the model's folder as they will be: of those made from it the profiles that are
    held against it, and their entries last, by which they are found again."""
    for path in told.entries:
        yield from _of_profiles(project, path.parent.name, old, new)
    for path in (*told.claims, *told.findings, *told.entries):
        text = mentions.renamed(mentions.read(path), path, old, new)
        yield path, text.encode("utf-8")


def _of_profiles(project: Project, slug: str, old: str, new: str) -> Iterator[tuple[Path, bytes]]:
    """What was measured on a model that is renamed, or whose base is, and the record of that."""
    is_base = slug != old
    kept: dict[bytes, bytes] = {}
    found: list[AtlasError] = []
    for path in sorted(project.folder(slug).glob("[!.]*.json")):
        if path.name == "verified.json":
            continue
        try:
            refuse_link(path)
            raw = path.read_bytes()
            after = _named(raw, path, old, new)
            before = _named(after, path, new, old)
        except AtlasError as error:
            found += Problems([error]).problems
            continue
        moved = path if is_base else project.folder(new) / path.name
        kept.update(zip(_digests(before, path), _digests(after, moved), strict=False))
        if after != raw:
            yield path, after
    raise_all(found)
    record = project.verified(slug)
    if record.exists():
        refuse_link(record)
        raw = after = record.read_bytes()
        for digest in kept:
            after = after.replace(digest, kept[digest])
        after = json_file.with_text(after, record, ("slug",), old, new)
        if after != raw:
            yield record, after


def _named(raw: bytes, path: Path, old: str, new: str) -> bytes:
    """A profile or a part with another slug for its model, or for the base that it is held
    against."""
    raw = json_file.with_text(raw, path, ("model", "slug"), old, new)
    return json_file.with_text(raw, path, ("conditions", "base"), old, new)


def _digests(raw: bytes, path: Path) -> list[bytes]:
    """What a record of verification calls a file by: a part by its bytes, a profile by what was
    measured."""
    found = [f"sha256:{hashlib.sha256(raw).hexdigest()}"]
    with contextlib.suppress(AtlasError):  # of a part, and of what `check` tells of
        found.append(verified.measured(profile_file.parsed(json_file.parse(raw, path), path)))
    return [digest.encode() for digest in found]


def _move_cache(project: Project, old: str, new: str) -> None:
    """What became of analyses that failed, and what long ones have computed so far."""
    for place in (project.outcome, project.unfinished):
        here, there = place(old, "any").parent, place(new, "any").parent
        if here.is_dir():
            shutil.rmtree(there, ignore_errors=True)
            here.rename(there)


def drop_generated(project: Project, slug: str) -> None:
    """Remove the page and the pictures that `render` made of a model; a page that somebody changed
    stays."""
    folder = project.folder(slug)
    page = folder / "index.md"
    if page.is_file() and page_mark.is_ours(page.read_bytes()):
        page.unlink()
    for path in folder.glob("previews/*"):
        path.unlink()
    with contextlib.suppress(OSError):
        (folder / "previews").rmdir()
