"""A new project: what `atlas init` writes.

The files are the repository's own: its mkdocs.yml and its smallest reference model with the
committed profiles. A wheel carries copies of them under `atlas/demo`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from atlas.drafting import project_readme, workflows
from atlas.errors import AtlasError, from_os
from atlas.files import json_file, page_mark, temporary
from atlas.paths import GENERATED, Project, demo, is_generated

MODEL = "ref-llama"
STYLE = "assets/atlas/atlas.css"
"""What the mkdocs.yml of every atlas names."""


def gitignore() -> str:
    """What a project's .gitignore keeps out of git: what `atlas build` makes, and what it leaves
    behind where it is killed."""
    made = [f"/docs/{path}" for path in GENERATED]
    left = ["# what a killed one leaves", temporary.IGNORED]
    return "\n".join(["# what `atlas build` makes", "/site/", "/.atlas/", *made, "", *left, ""])


@dataclass(frozen=True)
class Laid:
    """What came of writing a project: files that were written, lines that .gitignore lacked, files
    that were there and left alone, and pages of somebody's own where `render` makes pages.
    `is_other_site`: a mkdocs.yml that was there is not that of an atlas."""

    written: tuple[Path, ...]
    is_in_git: bool
    is_other_site: bool
    ignored: tuple[str, ...] = ()
    left: tuple[Path, ...] = ()
    in_the_way: tuple[Path, ...] = ()


def write(folder: Path, host: str | None = None) -> Laid:
    """Write a new project into a folder that is empty or not there, or add what is missing of one
    to a git repository, in which all of it can be undone. Nothing that is there is overwritten.
    `host`: whose workflow it gets to publish it, `github` or `gitlab`.

    Raises `AtlasError` for any other folder that holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        _require_repository(folder)
    target = Project(folder)
    files = _files(target, host)
    written = [path for path in files if not os.path.lexists(path)]
    for path in written:
        json_file.write_atomic(path, files[path])
    ignore = target.root / ".gitignore"
    return Laid(
        written=tuple(written),
        is_in_git=_is_in_git(folder),
        is_other_site=not _is_atlas(target),
        ignored=() if ignore in written else _ignore(ignore),
        left=tuple(path for path in files if path not in (*written, ignore)),
        in_the_way=tuple(_in_the_way(target)),
    )


def _is_atlas(target: Project) -> bool:
    """Whether there is a mkdocs.yml, and it is that of an atlas."""
    file = target.mkdocs_yml
    return file.is_file() and STYLE in file.read_text("utf-8", "replace")


def _is_in_git(folder: Path) -> bool:
    here = folder.resolve()
    return any((one / ".git").exists() for one in (here, *here.parents))


def _require_repository(folder: Path) -> None:
    if folder.is_dir() and _is_in_git(folder):
        return
    raise AtlasError(
        "is not an empty folder",
        file=folder,
        remedy="name a new one: atlas init FOLDER; to add an atlas to what is there, make it a git "
        "repository first, in which that can be undone: git init",
    )


def _files(target: Project, host: str | None) -> dict[Path, bytes]:
    """What a project is made of; the model to look at only in a new atlas that has no other."""
    source = Project(demo())
    name = target.root.resolve().name
    files: dict[Path, bytes] = {
        target.mkdocs_yml: mkdocs_yml(name).encode(),
        target.root / "README.md": project_readme.text(name, MODEL).encode(),
        target.root / ".gitignore": gitignore().encode(),
    }
    if not _is_atlas(target) and not target.entries():
        for path in sorted(source.folder(MODEL).iterdir()):
            if path.name == "model.yml" or path.suffix == ".json":
                files[target.folder(MODEL) / path.name] = path.read_bytes()
    if host is not None:
        place, text = workflows.of(host)
        files[target.root / place] = text.encode()
    return files


def _ignore(file: Path) -> tuple[str, ...]:
    """Add the lines that a .gitignore lacks at its end; which those are."""
    try:
        there = file.read_text(encoding="utf-8")
    except OSError as error:
        raise from_os(error, file=file) from error
    except UnicodeDecodeError as error:
        raise AtlasError("is not UTF-8", file=file, remedy="save it as UTF-8") from error
    known = {line.strip() for line in there.splitlines()}
    wanted = [line for line in gitignore().splitlines() if line and not line.startswith("#")]
    lacking = tuple(line for line in wanted if line not in known)
    if lacking:
        end = "" if there.endswith("\n") or not there else "\n"
        json_file.write_atomic(
            file, "\n".join([f"{there}{end}\n# what `atlas` makes", *lacking, ""])
        )
    return lacking


def _in_the_way(target: Project) -> Iterator[Path]:
    """Pages of somebody's own where `render` makes its pages."""
    for path in sorted(target.docs.rglob("*.md")) if target.docs.is_dir() else []:
        taken = is_generated(path.relative_to(target.docs).as_posix()) and path.is_file()
        if taken and not page_mark.is_ours(path.read_bytes()):
            yield path


def mkdocs_yml(name: str) -> str:
    """The repository's mkdocs.yml with another name, and without what is true of it alone."""
    own = ("site_name:", "site_url:", "repo_url:", "repo_name:", "edit_uri:", "copyright:")
    kept: list[str] = []
    for line in Project(demo()).mkdocs_yml.read_text(encoding="utf-8").splitlines():
        if line.startswith(own):
            while kept and kept[-1].startswith("#"):  # what was said of it
                kept.pop()
        else:
            kept.append(line)
    return "\n".join([f"site_name: {json.dumps(name)}", *kept, ""])
