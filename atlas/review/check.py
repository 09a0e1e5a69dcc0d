"""What is wrong with a project, in seconds and without torch: every problem in one run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from atlas import architectures, schemas
from atlas.entries import entry, licenses
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, Problems, raise_all, short, suggest
from atlas.files import still_svg, yaml_file
from atlas.paths import Project, refuse_link
from atlas.pinned import corpus
from atlas.pinned.choices import DEFAULT, Choices
from atlas.profiles import (
    freshness,
    profile_file,
    settings,
    side_files,
    soundness,
    statement,
    unavailable,
    verified,
)
from atlas.profiles.unavailable import Away, Obstacle
from atlas.review import claims, entry_checks


@dataclass(frozen=True)
class Findings:
    """What a run of `check` finds, by file and line.

    `problems` of what is committed, which keep an atlas from being built; `contradictions` between
    entries and models' own files on this machine, which keep those models from being measured; and
    notes, which are neither.
    """

    problems: list[AtlasError]
    contradictions: list[AtlasError]
    notes: list[str]


def problems(project: Project) -> list[AtlasError]:
    """Everything wrong with a project's settings, entries and profiles, by file and line; empty
    where all is well."""
    return findings(project).problems


def findings(project: Project) -> Findings:
    """Everything wrong, and what is not a problem and worth a line: revisions that are still to be
    pinned, copies of models that are damaged here, profiles that are stale, claims about models
    that are not listed."""
    found = statement.broken()
    choices = DEFAULT
    try:
        choices = settings.load(project).choices
        if choices.corpus is not None:
            corpus.read(choices.corpus)
    except AtlasError as error:
        found += Problems([error]).problems
        choices = replace(choices, corpus=None)
    entries, wrong = entry.load_each(project)
    found += wrong
    for path in project.entries():
        found += _name_problems(path)
    contradictions: list[AtlasError] = []
    damaged: list[Away] = []
    for item in entries:
        obstacle = _obstacle(project, item)
        if obstacle is not None and obstacle.kind == "unlike":
            contradictions += Problems([obstacle.problem]).problems
        else:
            found += entry_checks.against_row(item, project.entry(item.slug))
        if obstacle is not None and obstacle.kind in ("damaged", "partial"):
            damaged.append(Away(item.slug, obstacle))
    found += entry_checks.duplicates(entries, project)
    by_slug = {item.slug: item for item in entries}
    stale: dict[Path, tuple[str, ...]] = {}
    for folder in sorted(path for path in project.models.glob("[!.]*") if path.is_dir()):
        found += _file_problems(folder, by_slug.get(folder.name), choices, stale)
    stated, wrong = claims.load_each(project)
    found += wrong
    return Findings(
        _sorted(found),
        _sorted(contradictions),
        [
            *_unpinned(entries, project),
            *unavailable.lines(damaged),
            *_stale(stale, project),
            *claims.unlisted(stated, list(by_slug)),
        ],
    )


def _sorted(problems: list[AtlasError]) -> list[AtlasError]:
    """Each problem once, by file and line."""
    once = {str(problem): problem for problem in problems}.values()
    return sorted(once, key=lambda problem: (str(problem.file), schemas.line(problem)))


def _obstacle(project: Project, item: Entry) -> Obstacle | None:
    """What is wrong with a model's own files here; nothing where its architecture has no row, which
    is told anyway."""
    known = item.architecture in architectures.known()
    return unavailable.of_files(project, item) if known else None


def _unpinned(entries: list[Entry], project: Project) -> list[str]:
    unpinned = [item for item in entries if item.source_kind == "hub" and item.revision is None]
    if len(unpinned) > unavailable.NAMED:
        return [unavailable.summary("unpinned", [item.slug for item in unpinned])]
    return [
        f"{project.entry(item.slug).relative_to(project.root)}: revision is still to be pinned"
        for item in unpinned
    ]


def _stale(stale: Mapping[Path, tuple[str, ...]], project: Project) -> list[str]:
    """The profiles that an entry or an analysis has left behind; whether weights are still the
    same `atlas plan` tells, which reads them."""
    if len(stale) > unavailable.NAMED:
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
        stated = yaml_file.read(path)
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


def _file_problems(
    folder: Path, item: Entry | None, choices: Choices, stale: dict[Path, tuple[str, ...]]
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
            yield from _profile_problems(path, item, choices, stale)
        elif not (path.is_dir() and not path.is_symlink()) and not _belongs(path, place):
            yield AtlasError(
                f"{path.name!r} is not part of an entry, and would be published",
                file=path,
                remedy="an entry is model.yml and what atlas profile writes; remove it",
            )


def _belongs(path: Path, place: Path) -> bool:
    """Whether a file is an entry or a page that `render` makes, whose place is its own to guard."""
    if place in (Path("model.yml"), Path("index.md")):
        return True
    if place.parent != Path("previews"):
        return False
    return path.suffix == ".png" or (path.suffix == ".svg" and still_svg.is_one(path))


def _profile_problems(
    path: Path, item: Entry | None, choices: Choices, stale: dict[Path, tuple[str, ...]]
) -> list[AtlasError]:
    """A profile against its schema and its entry, or a file that belongs to none."""
    if not path.with_name("model.yml").exists():
        return [AtlasError("belongs to no entry", file=path, remedy="write a model.yml beside it")]
    name, _, part = path.stem.partition(".")
    if path.stem in statement.names():
        return _collected(lambda: _require_sound(path, item, choices, stale))
    if name in statement.names() and side_files.exists(name, part):
        return _collected(lambda: _require_sound_part(path, part, item))
    return [
        AtlasError(
            f"{path.name!r} belongs to no analysis",
            file=path,
            remedy=f"remove it; {suggest(path.stem, statement.names())}",
        )
    ]


def _require_sound(
    path: Path, item: Entry | None, choices: Choices, stale: dict[Path, tuple[str, ...]]
) -> None:
    profile = profile_file.load(path)
    if item is not None:
        raise_all(list(entry_checks.against_entry(item, profile, path)))
    raise_all([*soundness.problems(profile, path, item), *_parts_missing(path, profile)])
    if item is not None and (reasons := freshness.without_files(profile, item, choices)):
        stale[path] = reasons


def _parts_missing(path: Path, profile: profile_file.Profile) -> Iterator[AtlasError]:
    """The files that belong beside a profile of the version that is known here, and are not."""
    stated = statement.of(profile.analysis)
    for part in stated.parts if profile.version == stated.version else ():
        where = side_files.path(path, part)
        if not where.exists():
            yield AtlasError(f"{where.name!r} is missing", file=path, remedy="measure it again")


def _require_sound_part(path: Path, part: str, item: Entry | None) -> None:
    """A part against its schema and its profile; where that is wrong, it is told of itself."""
    profile, document = side_files.load_beside(path)
    if not soundness.problems(profile, path, item):
        raise_all(soundness.part_problems(profile, part, document[part], path))
