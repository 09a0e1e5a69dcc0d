"""What of a project is published: only what the atlas knows.

MkDocs publishes every file below docs/, follows links, and reads every .md as Markdown, so that a
page, a script or an image with scripts in it would go live with a contribution. Below docs/ there
is therefore no symbolic link, and below docs/models, docs/claims, docs/findings and docs/assets
nothing but entries, what is measured, claims, findings, what `render` makes, and what people name
in mkdocs.yml or a page of their own. Names that begin with a dot are not published.
"""

from __future__ import annotations

import contextlib
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from atlas.entries import presentation
from atlas.errors import AtlasError, suggest
from atlas.files import page_mark, still_svg
from atlas.paths import Project, is_generated, link_problem
from atlas.profiles import side_files, statement

PICTURES = (".png", ".svg")
ASSETS = (".js", ".css", ".json")
"""How files end that `render` puts into docs/assets/atlas."""


def problems(project: Project) -> Iterator[AtlasError]:
    """A line for each file that would be published and is none of the atlas', and for each symbolic
    link, wherever it leads."""
    watched = _watched(project)
    for path in _published(project.docs):
        if path.is_symlink() and not watched & set(path.parents):
            yield link_problem(path)
    for path in _published(project.models):
        yield from _beside_models(project, path)
    yield from _beside_claims(project)
    yield from _beside_findings(project)
    yield from _assets(project)


def _watched(project: Project) -> set[Path]:
    """The folders in which only what the atlas knows may lie."""
    return {project.models, project.claims, project.findings, project.docs / "assets"}


def _published(folder: Path) -> Iterator[Path]:
    """Every file and link below a folder whose name and whose folders' names begin with no dot; no
    link is followed."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _published(path)
        else:
            yield path


def _beside_models(project: Project, path: Path) -> Iterator[AtlasError]:
    place = path.relative_to(project.models)
    if len(place.parts) == 1:
        if path.is_symlink():
            yield link_problem(path)
        elif place != Path("index.md"):
            yield _stray(path, "a model's folder", "move it out of docs/, or remove it")
    elif path.suffix == ".json" and len(place.parts) == 2:
        yield from _beside_entry(path)
    elif place.parts[1:] == ("model.yml",) and path.is_symlink():
        yield link_problem(path)
    elif not _belongs(path, Path(*place.parts[1:])):
        yield _stray(
            path,
            "part of an entry",
            "an entry is model.yml and what atlas profile writes; keep notes and notebooks outside "
            f"docs/, such as in notes/{place.parts[0]}/, or remove it",
        )


def _beside_claims(project: Project) -> Iterator[AtlasError]:
    for path in _published(project.claims):
        if path == project.claims / "index.md":
            known = _is_file(path) and (any(project.claims.glob("*.yml")) or _is_marked(path))
        else:
            known = path.parent == project.claims and path.suffix == ".yml"
        if not known:
            yield _stray(path, "a claim", "a claim is a file <name>.yml; remove it")
        elif path.is_symlink():
            yield link_problem(path)


def _beside_findings(project: Project) -> Iterator[AtlasError]:
    for path in _published(project.findings):
        if path.suffix == ".md":
            of = "*.yml" if path.stem == "index" else f"{path.stem}.yml"
            known = _is_file(path) and (any(project.findings.glob(of)) or _is_marked(path))
        else:
            known = path.suffix == ".yml"
        if not known or path.parent != project.findings:
            yield _stray(path, "a finding", "a finding is a file <name>.yml; remove it")
        elif path.is_symlink():
            yield link_problem(path)


def _beside_entry(path: Path) -> Iterator[AtlasError]:
    """What lies where profiles, their parts and the record of a model do."""
    name, _, part = path.stem.partition(".")
    known = path.stem in (*statement.names(), "verified") or (
        name in statement.names() and side_files.exists(name, part)
    )
    if not path.with_name("model.yml").exists():
        yield AtlasError("belongs to no entry", file=path, remedy="write a model.yml beside it")
    elif not known:
        yield AtlasError(
            f"{path.name!r} belongs to no analysis",
            file=path,
            remedy=f"remove it; {suggest(path.stem, statement.names())}",
        )
    elif path.is_symlink():
        yield link_problem(path)


def _belongs(path: Path, place: Path) -> bool:
    """Whether a file of a model's folder is its entry, or a page or picture that `render` makes,
    whose place is its own to guard; where there is no entry, it makes none."""
    if place == Path("model.yml"):
        return True
    if not _is_file(path):
        return False
    if place == Path("index.md"):
        return path.with_name("model.yml").exists() or _is_marked(path)
    if place.parent != Path("previews") or path.suffix not in PICTURES:
        return False
    return path.suffix == ".png" or still_svg.is_one(path)


def _assets(project: Project) -> Iterator[AtlasError]:
    """The scripts and styles of the atlas, and what people name themselves, such as a logo."""
    named: str | None = None
    for path in _published(project.docs / "assets"):
        place = path.relative_to(project.docs).as_posix()
        if path.is_symlink():
            yield link_problem(path)
        elif is_generated(place):
            if path.suffix not in ASSETS or not _is_file(path):
                yield _stray(path, "what atlas render makes", "move it out of here, or remove it")
        else:
            named = _own_words(project) if named is None else named
            if not _is_file(path) or not _mentions(named, place):
                yield AtlasError(
                    f"{path.name!r} is named nowhere, and would be published",
                    file=path,
                    remedy=f"name it in mkdocs.yml or in a page of your own, {place}, or remove it",
                )


def _own_words(project: Project) -> str:
    """mkdocs.yml, and the introduction, pages and templates that people wrote for this atlas."""
    files = [project.mkdocs_yml, *project.templates.rglob("*.j2")]
    with contextlib.suppress(AtlasError):  # what is wrong with mkdocs.yml is told elsewhere
        introduction = presentation.introduction_file(project)
        files += [introduction] if introduction else []
    watched = _watched(project)
    for path in _published(project.docs):
        ours = is_generated(path.relative_to(project.docs).as_posix())
        if path.suffix == ".md" and not ours and not watched & set(path.parents):
            files.append(path)
    return "\n".join(path.read_text("utf-8", "replace") for path in files if path.is_file())


def _mentions(text: str, place: str) -> bool:
    names = "|".join(map(re.escape, {place, quote(place)}))
    return re.search(rf"(?<![\w.-])(?:{names})(?![\w.-]*\w)", text) is not None


def _is_file(path: Path) -> bool:
    """Whether it is a plain file itself: no link, pipe or device."""
    return stat.S_ISREG(path.lstat().st_mode)


def _is_marked(path: Path) -> bool:
    return _is_file(path) and page_mark.is_ours(path.read_bytes())


def _stray(path: Path, what: str, remedy: str) -> AtlasError:
    return AtlasError(
        f"{path.name!r} is not {what}, and would be published", file=path, remedy=remedy
    )
