"""What an atlas was: its entries, profiles and claims at a git revision, in a temporary folder.

Only git reads the repository, with a revision that has been resolved to a commit first, and only
plain files are taken out.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from atlas.errors import AtlasError, short
from atlas.paths import Project

REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@^~-]{0,199}")
"""Names, hashes and their ancestors: `main`, `v1.2`, `origin/main~3`, `HEAD^`. Never an option."""

WANTED = ("mkdocs.yml", "docs/models", "docs/claims")
LARGEST = 2 * 1024**3
"""Bytes that are taken out of a repository at most."""


@contextmanager
def opened(project: Project, before: str) -> Iterator[Project]:
    """Another state of a project: a folder that is one itself, or a git revision.

    Raises `AtlasError` for what is neither.
    """
    folder = Path(before)
    if before and (folder / "mkdocs.yml").is_file():
        yield Project(folder.resolve())
        return
    commit = resolve(project.root, before)
    with tempfile.TemporaryDirectory(prefix="atlas-before-") as name:
        root = Path(name).resolve()
        _extract(project.root, commit, root)
        if not (root / "mkdocs.yml").is_file():
            raise AtlasError(
                f"there is no mkdocs.yml at {before!r}",
                file=project.root,
                remedy="name a revision at which this folder was an atlas",
            )
        yield Project(root)


def resolve(root: Path, revision: str) -> str:
    """The full hash of the commit that a revision names in the repository around `root`."""
    if not REVISION.fullmatch(revision) or ".." in revision or "@{" in revision:
        raise AtlasError(
            f"{short(revision)} is neither the folder of an atlas nor a git revision",
            remedy="name a branch, tag or commit such as main or HEAD~1, or a folder",
        )
    command = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    said = _git(root, *command, what=f"{revision!r} is not a commit here").decode("ascii").strip()
    if not re.fullmatch(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", said):
        raise AtlasError(f"git resolved {revision!r} to {short(said)}", file=root)
    return said


def fork(root: Path, base: str) -> str:
    """The full hash of the commit at which what is checked out left `base`."""
    ours, theirs = resolve(root, "HEAD"), resolve(root, base)
    what = f"{base!r} and what is checked out have no commit in common here"
    return _git(root, "merge-base", theirs, ours, what=what).decode("ascii").strip()


def text(root: Path, commit: str, place: Path) -> bytes | None:
    """A file's content at a commit, None where there was no such file; `place` is below `root`."""
    name = place.as_posix()
    listed = _git(root, "ls-tree", "--name-only", "-z", commit, "--", name, what="cannot list")
    if not listed:
        return None
    return _git(root, "cat-file", "blob", f"{commit}:./{name}", what=f"{name} cannot be read")


def changed(root: Path, commit: str, places: Sequence[str]) -> list[str]:
    """The files at or below places that are not as they were at a commit: changed, new or gone;
    both are relative to `root`."""
    asked = ("--name-only", "--relative", "-z", commit, "--", *places)
    told = _git(root, "diff", "--no-ext-diff", *asked, what="cannot compare")
    new = ("ls-files", "--others", "--exclude-standard", "-z", "--", *places)
    told += _git(root, *new, what="cannot list")
    return sorted({name for name in told.decode("utf-8", "replace").split("\0") if name})


def _extract(root: Path, commit: str, into: Path) -> None:
    """What an atlas is made of at a commit, as plain files below `into`."""
    listed = _git(root, "ls-tree", "--name-only", "-z", commit, "--", *WANTED, what="cannot list")
    there = [name for name in listed.decode("utf-8").split("\0") if name]
    if not there:
        return
    raw = _git(root, "archive", "--format=tar", commit, "--", *there, what="cannot be read")
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        if sum(member.size for member in files) > LARGEST:
            raise AtlasError(f"{commit[:12]} holds more than {LARGEST} bytes", file=root)
        archive.extractall(into, members=files, filter="data")


def _git(root: Path, *arguments: str, what: str) -> bytes:
    """What a git command prints; `AtlasError` with its own words where it fails."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, env=environment, check=False
        )
    except FileNotFoundError as error:
        raise AtlasError("git is not installed", remedy="name a folder instead") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise AtlasError(
            f"{what}: {said}" if said else what,
            file=root,
            remedy="name a commit that this clone has; git fetch brings others",
        )
    return done.stdout
