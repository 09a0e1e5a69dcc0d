"""Writing what was planned into docs/, and nothing else.

The manifest lists every file that `render` wrote, with its sha256. A file that somebody changed
since is a person's: it is never overwritten and never removed. So is a file that the manifest does
not list, but for what is recognised as our own: a page that bears its mark, and a file that no
person writes, where such a file has to go. A manifest may be lost, and is never believed where it
names what `render` cannot make.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from atlas import paths
from atlas.errors import AtlasError, from_os, raise_all
from atlas.files import json_file, page_mark
from atlas.paths import Project

WRITERS = 8
"""How many files are written at a time."""

Outputs = Mapping[str, bytes]
"""What is planned: path below docs/, with forward slashes -> content."""


@dataclass(frozen=True)
class Rendered:
    """What a run did, as paths below docs/: `left` are files that it would have removed, had
    nobody changed them since."""

    written: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]
    left: tuple[str, ...] = ()


def publish(project: Project, outputs: Outputs) -> Rendered:
    """Write the outputs that differ from what lies in docs/, remove what is no longer planned.

    Raises `AtlasError` or `Problems`, before anything is written, where a planned path is taken
    by a file that atlas did not write or that was changed since.
    """
    assert all(map(paths.is_generated, outputs)), "what is made is listed in paths.GENERATED"
    raise_all(list(_links_in_the_way(project.docs, outputs)))
    known = _manifest(project)
    planned = {path: digest(content) for path, content in sorted(outputs.items())}
    state = {path: _digest_of(project.docs, path) for path in {*planned, *known}}
    raise_all(list(_conflicts(project, planned, known, state)))
    written = tuple(path for path in planned if state[path] != planned[path])
    kept = tuple(path for path in planned if state[path] == planned[path])
    dropped = [path for path in sorted(known) if path not in planned and state[path] is not None]
    removed = tuple(path for path in dropped if state[path] in known[path])
    if written or removed or {path: [sha] for path, sha in planned.items()} != known:
        # First what may come to lie there: a crash half-way leaves no file without its mark.
        _save(project, {path: {sha, *known.get(path, ())} for path, sha in planned.items()}, known)
        _write(project.docs, outputs, written)
        for path in removed:
            _remove(project.docs, path)
        _save(project, {path: {sha} for path, sha in planned.items()}, {})
    left = tuple(path for path in dropped if path not in removed)
    return Rendered(written, kept, removed, left)


def unlisted(project: Project) -> list[str]:
    """What lies below docs/ where only `render` puts anything, and the last one did not: left by
    another version of it, or put there by somebody."""
    known = _manifest(project)
    found = []
    for file in sorted(project.docs.rglob("[!.]*")):
        path = file.relative_to(project.docs).as_posix()
        if paths.is_generated(path) and path not in known and file.is_file():
            found.append(path)
    return found


def digest(content: bytes) -> str:
    """`sha256:...` of a file's content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _write(docs: Path, outputs: Outputs, which: Sequence[str]) -> None:
    """Write files whole, several at a time: most of the time goes into waiting for the disk.

    Raises the `AtlasError` of the first that cannot be written.
    """
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda path: json_file.write_atomic(docs / path, outputs[path]), which))


def _conflicts(
    project: Project,
    planned: Mapping[str, str],
    known: Mapping[str, list[str]],
    state: Mapping[str, str | None],
) -> Iterator[AtlasError]:
    for path, wanted in planned.items():
        lies = state[path]
        if lies is None or lies == wanted or lies in known.get(path, ()):
            continue
        if _is_ours(project.docs, path, path in known):
            continue
        if path in known:
            problem = "was written by atlas render and changed since"
        else:
            problem = "was not written by atlas render, which needs this path"
        yield AtlasError(
            problem,
            file=project.docs / path,
            remedy="move your text to another name, or remove the file and render again",
        )


def _links_in_the_way(docs: Path, planned: Iterable[str]) -> Iterator[AtlasError]:
    for link in sorted({link for path in planned for link in _links(docs, path)}):
        yield AtlasError(
            "is a symbolic link, which may lead out of docs/", file=link, remedy="remove it"
        )


def _links(docs: Path, path: str) -> Iterator[Path]:
    """What on the way from docs/ to a path is a symbolic link, itself included."""
    here = docs
    for part in PurePosixPath(path).parts:
        here = here / part
        if here.is_symlink():
            yield here


def _is_ours(docs: Path, path: str, listed: bool) -> bool:
    """Whether a file is our own by what it is: a page with its mark; or a file that no manifest
    lists and no person writes, data or a picture in a folder that is all ours."""
    if path.endswith(".md"):
        return page_mark.is_ours((docs / path).read_bytes())
    return not listed


def _digest_of(docs: Path, path: str) -> str | None:
    """The digest of what lies at a path below docs/, None for nothing and for a link."""
    if any(_links(docs, path)):
        return None
    try:
        json_file.require_file(docs / path)
        return digest((docs / path).read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise from_os(error, file=docs / path) from error


def _remove(docs: Path, path: str) -> None:
    """Remove a file, and the folders that it leaves empty."""
    (docs / path).unlink()
    for folder in (docs / path).parents:
        if folder == docs or any(folder.iterdir()):
            return
        folder.rmdir()


def _manifest(project: Project) -> dict[str, list[str]]:
    """Path -> the digests of what render wrote there; without a manifest the pages with a mark."""
    if not project.manifest.exists():
        return dict(_marked_pages(project.docs))
    again = "remove it; what was rendered will be recognised"
    document = json_file.read_json(project.manifest, remedy=again)
    files = document.get("files") if isinstance(document, dict) else None
    if not isinstance(files, dict) or not all(_sound(path, shas) for path, shas in files.items()):
        raise AtlasError(
            "is not the manifest of what was rendered",
            file=project.manifest,
            remedy=again,
        )
    return files


def _sound(path: str, digests: Any) -> bool:
    """Whether a manifest's line names what render can make: a removal acts on it."""
    listed = isinstance(digests, list) and all(isinstance(sha, str) for sha in digests)
    return listed and paths.is_generated(path)


def _marked_pages(docs: Path) -> Iterator[tuple[str, list[str]]]:
    """Every page that bears its mark where render makes pages, and its digest."""
    for file in docs.rglob("*.md"):
        path = file.relative_to(docs).as_posix()
        if paths.is_generated(path) and file.is_file() and not any(_links(docs, path)):
            content = file.read_bytes()
            if page_mark.is_ours(content):
                yield path, [digest(content)]


def _save(
    project: Project, planned: Mapping[str, set[str]], known: Mapping[str, list[str]]
) -> None:
    files = {**known, **{path: sorted(shas) for path, shas in planned.items()}}
    text = json.dumps({"format": 1, "files": files}, indent=1, sort_keys=True) + "\n"
    json_file.write_atomic(project.manifest, text)
