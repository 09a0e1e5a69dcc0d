"""A model taken out of an atlas: what lies in its folder, and what is remembered of it.

What others say of it stays as it is. Only files that the atlas knows are removed, the entry last:
where that is interrupted, the model is still listed, and the same command goes on.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from atlas.drafting import mentions, renaming
from atlas.drafting.mentions import Mentions
from atlas.errors import from_os
from atlas.paths import Project, refuse_link
from atlas.profiles import account, side_files, statement


@dataclass(frozen=True)
class Removal:
    """What would go with a model: its files, measured ones among them, their bytes; and who names
    it."""

    slug: str
    files: tuple[Path, ...]
    profiles: int
    bytes: int
    named: Mentions


def planned(project: Project, slug: str) -> Removal:
    """What would go with a model. Raises `AtlasError` where it is just being measured, and for
    what cannot be read."""
    refuse_link(project.entry(slug))
    account.require_idle(project, slug)
    folder = project.folder(slug)
    files = [path for path in sorted(folder.glob("[!.]*.json")) if _is_measured(path)]
    profiles = sum(path.stem in statement.names() for path in files)
    files.append(project.entry(slug))
    size = sum(path.lstat().st_size for path in files)
    return Removal(slug, tuple(files), profiles, size, mentions.of(project, slug))


def _is_measured(path: Path) -> bool:
    """Whether a file is a profile, a part of one, or the record of verification."""
    name, _, part = path.stem.partition(".")
    known = path.stem in (*statement.names(), "verified")
    return known or (name in statement.names() and side_files.exists(name, part))


def remove(project: Project, removal: Removal) -> tuple[Path, ...]:
    """Remove a model, for one who holds the project's lock; what is left in its folder, which the
    atlas does not know."""
    folder = project.folder(removal.slug)
    try:
        renaming.drop_generated(project, removal.slug)
        for place in (project.outcome, project.unfinished):
            shutil.rmtree(place(removal.slug, "any").parent, ignore_errors=True)
        for path in removal.files:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise from_os(error, "cannot be removed", file=folder) from error
    with contextlib.suppress(OSError):  # something of somebody's is in it
        folder.rmdir()
    return tuple(sorted(folder.rglob("*"))) if folder.exists() else ()
