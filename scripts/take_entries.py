"""Take the entries that a commit adds or changes into this checkout, as data; print their slugs.

    take_entries.py BASE COMMIT

Only git reads the commit. What is taken are plain files docs/models/<slug>/model.yml, of limited
size and number, that are valid entries of a pinned model on the hub. Nothing else of the commit
comes here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from atlas.entries import entry
from atlas.errors import AtlasError, Problems
from atlas.files import json_file
from atlas.paths import SLUG, Project

MOST = 8
LARGEST = 64 * 1024
PLACE = re.compile(rf"docs/models/({SLUG.pattern})/model\.yml")
HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def changed(root: Path, base: str, commit: str) -> Iterator[tuple[str, str]]:
    """Slug and blob of every entry that `commit` has otherwise than where it left `base`."""
    for revision in (base, commit):
        if not HASH.fullmatch(revision):
            raise AtlasError(f"{revision!r} is no full commit hash")
    fork = _git(root, "merge-base", base, commit).decode().strip()
    listed = _git(root, "diff-tree", "-r", "-z", "--no-renames", fork, commit, "--", "docs/models")
    fields = listed.decode("utf-8").split("\0")
    for said, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, blob, kind = said.removeprefix(":").split(" ")
        place = PLACE.fullmatch(path)
        if place is None or kind == "D":
            continue
        if mode != "100644":
            raise AtlasError(f"{path!r} is not a plain file: mode {mode}", remedy="replace it")
        yield place[1], blob


def take(project: Project, base: str, commit: str) -> list[str]:
    """Write the changed entries into the project; their slugs.

    Raises `AtlasError` or `Problems` before anything is written, where there are too many, or one
    is no valid entry of a pinned model on the hub.
    """
    found = dict(changed(project.root, base, commit))
    if not 1 <= len(found) <= MOST:
        raise AtlasError(
            f"{len(found)} entries are added or changed", remedy=f"contribute 1 to {MOST} at a time"
        )
    texts = {}
    for slug, blob in found.items():
        if _size(project.root, blob) > LARGEST:
            raise AtlasError(f"the entry of {slug!r} is larger than {LARGEST} bytes")
        texts[slug] = _git(project.root, "cat-file", "blob", blob)
    with tempfile.TemporaryDirectory(prefix="atlas-entries-") as name:
        for slug, text in texts.items():
            _require_pinned(Project(Path(name)).entry(slug), text)
    for slug, text in texts.items():
        json_file.write_atomic(project.entry(slug), text)
    return sorted(texts)


def _require_pinned(path: Path, text: bytes) -> None:
    """Raise `AtlasError` or `Problems` for what is no entry of a pinned model on the hub."""
    json_file.write_atomic(path, text)
    item = entry.load(path)
    if item.source_kind != "hub" or item.revision is None:
        raise AtlasError(
            f"{item.source!r} is no pinned model on the hub",
            file=path,
            remedy="write a hub id and the full commit hash",
        )


def _size(root: Path, blob: str) -> int:
    """Bytes of a blob; one that was too large to be fetched is not here."""
    try:
        return int(_git(root, "cat-file", "-s", blob))
    except AtlasError:
        return LARGEST + 1


def _git(root: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(root), *arguments]
    environment = {**os.environ, "GIT_ALLOW_PROTOCOL": "none"}  # it fetches nothing of itself
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    if done.returncode:
        raise AtlasError(f"git {arguments[0]}: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout


def main() -> None:
    base, commit = sys.argv[1:]
    try:
        slugs = take(Project(Path.cwd()), base, commit)
    except AtlasError as error:
        sys.exit("\n".join(map(str, Problems([error]).problems)))
    sys.stdout.write("\n".join(slugs) + "\n")


if __name__ == "__main__":
    main()
