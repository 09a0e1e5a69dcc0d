"""What a command works on: the project, its entries, and the plan for those that were named."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.errors import AtlasError, short, suggest
from atlas.paths import Project, find_project

if TYPE_CHECKING:
    from atlas.entries.entry import Entry
    from atlas.pinned.choices import Choices
    from atlas.profiles.plan import Job


@dataclass(frozen=True)
class Planned:
    """Every entry of a project, the planned jobs of those that were named, or of all, and what the
    atlas chose to measure on."""

    project: Project
    entries: list[Entry]
    jobs: list[Job]
    choices: Choices


def opened(project: Path | None) -> Project:
    """The project that was named, which must be one itself, or the nearest one upwards; its derived
    rows are taken, and `check` tells what is wrong with them."""
    from atlas import architectures

    found = find_project(project or Path.cwd())
    if project is not None and found.root != project.resolve():
        raise AtlasError(
            "holds no mkdocs.yml", file=project, remedy="name a project's own folder with --project"
        )
    architectures.use(found.rows())
    return found


def require_checked(project: Project) -> None:
    """Raise `AtlasError` or `Problems` for what is wrong with what is committed."""
    from atlas.errors import raise_all
    from atlas.review import check

    raise_all(check.findings(project).problems)


def named(project: Project, models: Sequence[str]) -> list[str]:
    """The slugs that names and patterns such as `smollm*` stand for, in the project's order; none
    where nothing is named. Raises `AtlasError` for what stands for no model."""
    slugs = [path.parent.name for path in project.entries()]
    found: set[str] = set()
    for word in models:
        matching = fnmatch.filter(slugs, word.lower()) if _is_pattern(word) else [word]
        if not matching or matching[0] not in slugs:
            raise _unknown(project, word, slugs)
        found.update(matching)
    return [slug for slug in slugs if slug in found]


def one_named(project: Project, word: str) -> str:
    """The only slug that a name or a pattern stands for; `AtlasError` where there are more."""
    found = named(project, [word])
    if len(found) > 1:
        raise AtlasError(
            f"{short(word)} matches {len(found)} models",
            remedy=f"name one: {', '.join(found[:12])}",
        )
    return found[0]


def _is_pattern(word: str) -> bool:
    return any(char in word for char in "*?[")


def _unknown(project: Project, word: str, slugs: Sequence[str]) -> AtlasError:
    """What to tell of a word that stands for no model; that it is an entry's name or source as
    well, for people have those at hand."""
    if _is_pattern(word):
        near = suggest(word.strip("*?"), slugs)
        return AtlasError(f"no model matches {short(word)}", remedy=near)
    from atlas.entries import entry

    for item in entry.load_each(project)[0]:
        if word.strip().lower() in (item.name.lower(), item.source.lower()):
            return AtlasError(
                f"there is no model {short(word)}", remedy=f"did you mean {item.slug!r}?"
            )
    return AtlasError(f"there is no model {short(word)}", remedy=suggest(word, slugs))


def planned(
    project: Project, models: Sequence[str], only: Sequence[str], corpus: str | Path | None = None
) -> Planned:
    """The plan for the models and analyses named, or for all; `corpus`: what to measure on instead
    of what the project and its entries chose."""
    from dataclasses import replace

    from atlas.entries import entry
    from atlas.pinned import corpus as texts
    from atlas.profiles import plan, settings, statement

    entries = entry.load_all(project)
    slugs = named(project, models)
    for name in only:
        statement.of(name)
    stated = settings.load(project)
    if corpus is not None:
        stated = replace(stated, choices=replace(stated.choices, corpus=corpus))
        entries = [item.without_choice("corpus") for item in entries]
    texts.chosen(stated.choices)  # what is wrong with it is told before anything begins
    chosen = [item for item in entries if not models or item.slug in slugs]
    jobs = plan.jobs(project, chosen, stated, cores=os.cpu_count() or 1)
    wanted = [job for job in jobs if not only or job.analysis in only]
    return Planned(project, entries, wanted, stated.choices)
