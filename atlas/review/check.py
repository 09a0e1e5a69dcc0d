"""What is wrong with a project, in seconds and without torch: every problem in one run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from atlas import architectures, schemas
from atlas.entries import entry, licenses, presentation
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, Problems, raise_all, short
from atlas.files import yaml_file
from atlas.paths import Project, refuse_link
from atlas.pinned import corpus
from atlas.pinned.choices import DEFAULT, Choices
from atlas.profiles import (
    freshness,
    profile_file,
    remarks,
    settings,
    side_files,
    soundness,
    statement,
    unavailable,
)
from atlas.profiles.unavailable import Away, Obstacle
from atlas.review import (
    claim_checks,
    claims,
    entry_checks,
    finding_checks,
    published_files,
    records,
    run_code,
)
from atlas.review import findings as findings_of


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


def findings(project: Project, base: str | None = None) -> Findings:
    """Everything wrong, and what is not a problem and worth a line: revisions that are still to be
    pinned, copies of models that are damaged here, profiles that are stale, claims and findings
    about models that are not listed.

    `base`: the git revision that what is checked out is a pull request against, None where it is
    none; what it changes that runs is a note. Raises `AtlasError` where git does not know it.
    """
    found = [*statement.broken(), *architectures.use(project.rows())]
    choices = DEFAULT
    try:
        choices = settings.load(project).choices
        corpus.chosen(choices)
    except AtlasError as error:
        found += Problems([error]).problems
        choices = replace(choices, corpus=DEFAULT.corpus)
    found += _collected(functools.partial(presentation.load, project))
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
    listed = [path.parent.name for path in project.entries()]  # broken ones as well
    stale: dict[Path, tuple[str, ...]] = {}
    for folder in sorted(path for path in project.models.glob("[!.]*") if path.is_dir()):
        found += _file_problems(folder, by_slug.get(folder.name), choices, stale)
    found += published_files.problems(project)
    stated, wrong = claims.load_each(project)
    found += wrong
    read = claim_checks.reader(project, by_slug, choices)
    found += claim_checks.against_profiles(project, stated, read)
    told, wrong = findings_of.load_each(project)
    found += wrong
    found += finding_checks.against_project(project, told, read)
    running: list[str] = []
    if base is not None:
        found += records.against_base(project, base)
        running += run_code.changed(project, base)
    return Findings(
        _sorted(found),
        _sorted(contradictions),
        [
            *running,
            *_unpinned(entries, project),
            *unavailable.lines(damaged),
            *remarks.lines(project, entries),
            *_stale(stale, project),
            *claims.unlisted(stated, listed),
            *findings_of.unlisted(told, listed),
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
        return [f"{len(stale)} profiles are stale; atlas plan shows which and why"]
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
            remedy=architectures.advice(architecture),
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
    """A model's profiles, their parts and its record against their schemas and the entry, which is
    None where it cannot be read. Notes in `stale` why profiles are. `published_files` tells what
    else lies there."""
    if folder.is_symlink() or not (folder / "model.yml").exists():
        return
    for path in sorted(folder.glob("*.json")):
        name, _, part = path.stem.partition(".")
        if path.name == "verified.json":
            yield from _collected(functools.partial(records.require_sound, path))
        elif path.stem in statement.names():
            yield from _collected(functools.partial(_require_sound, path, item, choices, stale))
        elif name in statement.names() and side_files.exists(name, part):
            yield from _collected(functools.partial(_require_sound_part, path, part, item))


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
