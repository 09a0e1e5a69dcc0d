"""A built site as a folder for any static host: what is published and nothing else.

What the folder held of an earlier time goes; a repository's own `.git` and a `CNAME` stay, for
folders are often what a host deploys from. Another folder that holds something is refused.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from atlas.entries.entry import Entry
from atlas.errors import AtlasError, from_os, short
from atlas.files import json_file, temporary
from atlas.paths import Project

MARK = ".nojekyll"
"""Keeps GitHub from taking the folder for a Jekyll site; by what it says, we know our own."""

SAYS = "made by atlas publish\n"
OWN = (".git", "CNAME")
"""What belongs to the host of a folder and not to the site."""


@dataclass(frozen=True)
class Prepared:
    """What a folder holds now."""

    files: int
    bytes: int


def require_address(url: str) -> str:
    """The address of a site with a slash at its end; `AtlasError` for what is none."""
    parts = urlsplit(url)
    plain = re.fullmatch(r"https?://[^\s\"'<>\\?#]+", url)
    if not plain or not parts.netloc or parts.username is not None:
        raise AtlasError(
            f"--url {short(url)} is not the address of a site",
            remedy="write all of it, such as https://example.org/atlas/",
        )
    return url if url.endswith("/") else f"{url}/"


def require_free(project: Project, folder: Path) -> None:
    """Raise `AtlasError` for a folder that holds something else, or that the project lies in."""
    here, root = folder.resolve(), project.root.resolve()
    if here.is_relative_to(project.docs.resolve()):
        raise AtlasError(
            "lies in docs/, all of which is published",
            file=folder,
            remedy="name another folder, such as public",
        )
    if here == root or here in root.parents:
        raise AtlasError(
            "holds the atlas itself", file=folder, remedy="name another folder, such as public"
        )
    if here == project.site.resolve():
        raise AtlasError(
            "is where atlas build puts the site", file=folder, remedy="name another, such as public"
        )
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise AtlasError("is not a folder", file=folder, remedy="name a folder")
    if folder.is_dir() and not _is_ours(folder):
        held = next((path for path in sorted(folder.iterdir()) if path.name not in OWN), None)
        if held is not None:
            raise AtlasError(
                f"holds {held.name!r}, which atlas publish did not put there",
                file=folder,
                remedy="name a new folder, or empty this one",
            )


def _is_ours(folder: Path) -> bool:
    mark = folder / MARK
    return mark.is_file() and mark.read_text("utf-8", "replace") == SAYS


def prepare(project: Project, folder: Path) -> Prepared:
    """Make a folder hold the built site, with a page for addresses that lead nowhere. Where that is
    interrupted the same command makes it whole."""
    wanted = {path.relative_to(project.site): path for path in _public(project.site)}
    for page in (Path("index.html"), Path("404.html")):
        if page not in wanted:
            raise AtlasError(f"there is no {page}", file=project.site, remedy="run atlas build")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        json_file.write_atomic(folder / MARK, SAYS)
        for place, path in wanted.items():
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        _remove_others(folder, {*wanted, Path(MARK)})
        size = sum(path.stat().st_size for path in wanted.values())
    except OSError as error:
        raise from_os(error, "cannot be written", file=error.filename or folder) from error
    return Prepared(len(wanted), size)


def knows_address(project: Project) -> bool:
    """Whether the built site was told where it will be served."""
    home = (project.site / "index.html").read_text("utf-8", "replace")
    return '<link rel="canonical" href="http' in home


def _public(folder: Path) -> Iterator[Path]:
    """The files of a built site: no link, nothing hidden, nothing half written."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink() or path.match(temporary.IGNORED):
            continue
        if path.is_dir():
            yield from _public(path)
        else:
            yield path


def _remove_others(folder: Path, wanted: set[Path]) -> None:
    """Remove what is there beside the wanted files and what belongs to the host."""
    held = sorted(folder.rglob("*"), reverse=True)  # what lies in a folder before the folder
    for path in held:
        place = path.relative_to(folder)
        if place.parts[0] in OWN or place in wanted:
            continue
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        elif not any(path.iterdir()):
            path.rmdir()


def private(project: Project, entries: list[Entry]) -> Iterator[str]:
    """A line for each entry that would tell of this machine's folders."""
    for item in entries:
        if item.source.startswith(("/", "..")):
            path = project.entry(item.slug).relative_to(project.root).as_posix()
            yield f"{path}: the site shows the path {item.source} of this machine"
