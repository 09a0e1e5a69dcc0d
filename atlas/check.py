"""What is wrong with a project, in seconds and without torch: every problem in one run."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from atlas import (
    absent,
    analysis,
    architectures,
    claims,
    consistency,
    entry,
    headers,
    licenses,
    parts,
    pins,
    schemas,
    settings,
    store,
    strict_yaml,
    verified,
)
from atlas.entry import Entry
from atlas.errors import AtlasError, Problems, raise_all, short, suggest
from atlas.paths import Project, refuse_link

STILL = re.compile(
    rb'<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 \d+ \d+" preserveAspectRatio="none">'
    rb'<image width="\d+" height="\d+" style="image-rendering:pixelated" '
    rb'href="data:image/png;base64,[A-Za-z0-9+/=]*"/></svg>\n'
)
STILL_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Findings:
    """What a run of `check` finds: problems, by file and line, and notes, which are none."""

    problems: list[AtlasError]
    notes: list[str]


def problems(project: Project) -> list[AtlasError]:
    """Everything wrong with a project's settings, entries and profiles, by file and line; empty
    where all is well."""
    return findings(project).problems


def findings(project: Project) -> Findings:
    """Everything wrong, and what is no problem and worth a line: revisions that are still to be
    pinned, profiles that are stale, claims about models that are not listed."""
    found = _collected(lambda: settings.load(project))
    entries, wrong = entry.load_each(project)
    found += wrong
    for path in sorted(project.models.glob("*/model.yml")):
        found += _name_problems(path)
    for item in entries:
        found += _geometry_problems(project, item)
    found += consistency.duplicates(entries, project)
    by_slug = {item.slug: item for item in entries}
    stale: dict[Path, tuple[str, ...]] = {}
    for folder in sorted(path for path in project.models.glob("[!.]*") if path.is_dir()):
        found += _file_problems(folder, by_slug.get(folder.name), stale)
    stated, wrong = claims.load_each(project)
    found += wrong
    once = {str(problem): problem for problem in found}.values()
    return Findings(
        sorted(once, key=lambda problem: (str(problem.file), schemas.line(problem))),
        [
            *_unpinned(entries, project),
            *_stale(stale, project),
            *claims.unlisted(stated, list(by_slug)),
        ],
    )


def _unpinned(entries: list[Entry], project: Project) -> list[str]:
    unpinned = [item for item in entries if item.source_kind == "hub" and item.revision is None]
    if len(unpinned) > absent.NAMED:
        return [absent.summary("unpinned", [item.slug for item in unpinned])]
    return [
        f"{project.entry(item.slug).relative_to(project.root)}: revision is still to be pinned"
        for item in unpinned
    ]


def _stale(stale: Mapping[Path, tuple[str, ...]], project: Project) -> list[str]:
    """The profiles that an entry or an analysis has left behind; whether weights are still the
    same `atlas plan` tells, which reads them."""
    if len(stale) > absent.NAMED:
        return [f"{len(stale)} profiles are stale; atlas plan tells which and why"]
    return [
        f"{path.relative_to(project.root)}: stale: {'; '.join(reasons)}"
        for path, reasons in stale.items()
    ]


def _collected(step: Callable[[], object]) -> list[AtlasError]:
    """The problems that a step raises."""
    try:
        step()
    except AtlasError as error:
        return Problems([error]).problems
    return []


def _name_problems(path: Path) -> Iterator[AtlasError]:
    """An entry against the architectures and analyses that there are, whatever else is wrong."""
    try:
        refuse_link(path)
        stated = strict_yaml.read(path)
    except AtlasError:  # told by entry.load_each
        return
    architecture, analyses = stated.values.get("architecture"), stated.values.get("analyses")
    if isinstance(architecture, str) and architecture not in architectures.known():
        yield AtlasError(
            f"architecture {short(architecture)} is not known",
            file=path,
            place=schemas.place(("architecture",), stated.lines),
            remedy=suggest(architecture, architectures.known()),
        )
    license = stated.values.get("license")
    if isinstance(license, str) and license and not licenses.known(license):
        yield AtlasError(
            f"license {short(license)} is not known",
            file=path,
            place=schemas.place(("license",), stated.lines),
            remedy=licenses.remedy(license),
        )
    if isinstance(analyses, list):
        place = schemas.place(("analyses",), stated.lines)
        named = [name for name in analyses if isinstance(name, str)]
        yield from settings.unknown_analyses(named, path, place)


def _geometry_problems(project: Project, item: Entry) -> list[AtlasError]:
    """An entry against the model's own files, where they are at hand, else against its row."""
    wrong = _collected(lambda: _require_true_geometry(project, item))
    return wrong or list(consistency.against_row(item, project.entry(item.slug)))


def _require_true_geometry(project: Project, item: Entry) -> None:
    folder = pins.locate(project, item)
    if folder is not None and item.architecture in architectures.known():
        raise_all(_untrue_geometry(project, item, folder))


def _untrue_geometry(project: Project, item: Entry, folder: Path) -> list[AtlasError]:
    file = project.entry(item.slug)
    config = headers.config(folder)
    if config.get("model_type") != item.architecture:
        return [
            AtlasError(
                f"architecture {item.architecture!r}, and the model's config says "
                f"{config.get('model_type')!r}",
                file=file,
                place="architecture",
                remedy=f"write architecture: {config.get('model_type')}",
            )
        ]
    if item.geometry is None:
        return []
    architecture = architectures.lookup(config, folder / "config.json")
    true: dict[str, Any] = asdict(architecture.geometry)
    stored = {name: tensor.elements for name, tensor in headers.read(folder).items()}
    true["parameters"] = architecture.parameters(stored)
    stated = asdict(item.geometry)
    return [
        AtlasError(
            f"{stated[key]} in the entry, {true[key]} in the model's own files",
            file=file,
            place=f"geometry.{key}",
            remedy=f"write {key}: {true[key]}",
        )
        for key in stated
        if stated[key] is not None and true[key] is not None and stated[key] != true[key]
    ]


def _file_problems(
    folder: Path, item: Entry | None, stale: dict[Path, tuple[str, ...]]
) -> Iterator[AtlasError]:
    """A model's folder: its profiles against their schema and the entry (None where it cannot be
    read), and files that do not belong there. Notes in `stale` why profiles are.

    MkDocs publishes every file below docs/ and reads every .md as Markdown, so that a page, a
    script or an image with scripts in it would go live with the contribution.
    """
    if folder.is_symlink():
        yield from _collected(lambda: refuse_link(folder / "model.yml"))
        return
    for path in sorted(folder.rglob("[!.]*")):
        place = path.relative_to(folder)
        if place == Path("verified.json"):
            yield from _collected(functools.partial(verified.load, path))
        elif path.suffix == ".json" and place.parent == Path() and not path.is_dir():
            yield from _profile_problems(path, item, stale)
        elif not (path.is_dir() and not path.is_symlink()) and not _belongs(path, place):
            yield AtlasError(
                f"{path.name!r} is no part of an entry, and would be published",
                file=path,
                remedy="an entry is model.yml and what atlas profile writes; remove it",
            )


def _belongs(path: Path, place: Path) -> bool:
    """Whether a file is an entry or a page that `render` makes, whose place is its own to guard."""
    if place in (Path("model.yml"), Path("index.md")):
        return True
    if place.parent != Path("previews"):
        return False
    return path.suffix == ".png" or (path.suffix == ".svg" and _is_still(path))


def _is_still(path: Path) -> bool:
    """Whether an SVG is what `previews.stretching` writes: a picture, and no script."""
    if path.is_symlink() or path.stat().st_size > STILL_BYTES:
        return False
    return STILL.fullmatch(path.read_bytes()) is not None


def _profile_problems(
    path: Path, item: Entry | None, stale: dict[Path, tuple[str, ...]]
) -> list[AtlasError]:
    """A profile against its schema and its entry, or a file that belongs to none."""
    if not path.with_name("model.yml").exists():
        return [AtlasError("belongs to no entry", file=path, remedy="write a model.yml beside it")]
    name, _, part = path.stem.partition(".")
    if path.stem in analysis.names():
        return _collected(lambda: _require_sound(path, item, stale))
    if name in analysis.names() and parts.exists(name, part):
        return _collected(lambda: parts.load(path))
    return [
        AtlasError(
            f"{path.name!r} belongs to no analysis",
            file=path,
            remedy=f"remove it; {suggest(path.stem, analysis.names())}",
        )
    ]


def _require_sound(path: Path, item: Entry | None, stale: dict[Path, tuple[str, ...]]) -> None:
    profile = store.load(path)
    if item is not None:
        raise_all(list(consistency.against_entry(item, profile, path)))
        if reasons := consistency.stale(item, profile):
            stale[path] = reasons
