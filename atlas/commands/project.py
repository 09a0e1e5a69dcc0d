"""What a command works on: the project, its entries, and the plan for those that were named."""

from __future__ import annotations

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


def require_known(project: Project, models: Sequence[str]) -> None:
    """Raise `AtlasError` for the name of a model that the project does not list."""
    slugs = [path.parent.name for path in project.entries()]
    for slug in models:
        if slug not in slugs:
            raise AtlasError(f"there is no model {short(slug)}", remedy=suggest(slug, slugs))


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
    require_known(project, models)
    for name in only:
        statement.of(name)
    stated = settings.load(project)
    if corpus is not None:
        stated = replace(stated, choices=replace(stated.choices, corpus=corpus))
        entries = [item.without_choice("corpus") for item in entries]
    texts.chosen(stated.choices)  # what is wrong with it is told before anything begins
    chosen = [item for item in entries if not models or item.slug in models]
    jobs = plan.jobs(project, chosen, stated, cores=os.cpu_count() or 1)
    wanted = [job for job in jobs if not only or job.analysis in only]
    return Planned(project, entries, wanted, stated.choices)
