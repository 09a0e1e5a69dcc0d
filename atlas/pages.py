"""Entries + profiles + templates -> generated Markdown and site data.

`render` plans every file that the site needs beside what people wrote and `profile` measured, then
has it published. Profiles are published where they lie: data exist once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import jinja2

from atlas import (
    analysis,
    drawing,
    entry,
    figures,
    plan,
    previews,
    schemas,
    settings,
    store,
    templating,
)
from atlas.analysis import Statement
from atlas.entry import Entry
from atlas.matrix import Matrix
from atlas.paths import Project, static, template_dirs
from atlas.plan import Job
from atlas.publishing import Rendered, digest, publish

ASSETS = "assets/atlas"
SCHEMAS = ("entry", "profile")


@dataclass(frozen=True)
class Option:
    """One matrix in a figure's picker."""

    name: str
    title: str
    box: drawing.Box
    summary: str


@dataclass(frozen=True)
class Figure:
    """A section's figure: what the page says before any script has run."""

    first: Matrix
    preview: str
    scale: str
    limits: tuple[str, str]
    groups: tuple[tuple[str, tuple[Option, ...]], ...]


@dataclass(frozen=True)
class Section:
    """One analysis on a model's page; `profile` and `figure` are None until it is measured."""

    stated: Statement
    job: Job
    profile: store.Profile | None
    figure: Figure | None


@dataclass(frozen=True)
class Card:
    """A model on the home page and in the table of models."""

    entry: Entry
    preview: str | None
    caption: str
    measured: int
    wanted: int
    matrices: int
    values: int


def render(project: Project) -> Rendered:
    """Write the site's pages and data; files that would not change are left alone.

    Raises `AtlasError` or `Problems` for entries, profiles or templates that cannot be used, and
    where a page's path is taken by a file that atlas did not write.
    """
    return publish(project, dict(_outputs(project)))


def _outputs(project: Project) -> Iterator[tuple[str, bytes]]:
    """Every planned file: path below docs/ and content."""
    entries = entry.load_all(project)
    jobs = plan.jobs(project, entries, settings.load(project))
    templates = templating.environment(template_dirs(project))
    by_slug = {slug: list(group) for slug, group in groupby(jobs, lambda job: job.slug)}
    cards, files = [], []
    for item in entries:
        sections = [_section(project, job) for job in by_slug.get(item.slug, [])]
        cards.append(_card(item, sections))
        files += [_file(project, section) for section in sections if section.profile]
        yield from _model(templates, item, sections)
    statements = [analysis.statement(name) for name in analysis.names()]
    yield from _overviews(templates, cards, statements)
    yield from _methods(templates, statements)
    yield from _data(templates, files)
    yield from _assets()


def _section(project: Project, job: Job) -> Section:
    stated = analysis.statement(job.analysis)
    if job.state == "missing":
        return Section(stated, job, None, None)
    profile = store.load(project.profile(job.slug, job.analysis))
    return Section(stated, job, profile, _figure(job.analysis, profile.matrices))


def _figure(name: str, matrices: Sequence[Matrix]) -> Figure:
    """A figure that begins with the first matrix and offers all of them, by their prefix."""
    first = matrices[0]
    low, high = drawing.limits(first)
    groups: dict[str, list[Option]] = {}
    for matrix in matrices:
        prefix = matrix.name.partition(":")[0] if ":" in matrix.name else ""
        option = Option(matrix.name, matrix.title, drawing.box(matrix), drawing.summary(matrix))
        groups.setdefault(prefix, []).append(option)
    return Figure(
        first=first,
        preview=f"previews/{previews.file_name(name, first)}",
        scale=drawing.scale_text(first),
        limits=(templating.number(low), templating.number(high)),
        groups=tuple((prefix, tuple(options)) for prefix, options in groups.items()),
    )


def _model(
    templates: jinja2.Environment, item: Entry, sections: Sequence[Section]
) -> Iterator[tuple[str, bytes]]:
    folder = f"models/{item.slug}"
    for section in sections:
        if section.figure:
            yield f"{folder}/{section.figure.preview}", previews.png(section.figure.first)
    page = templating.render(
        templates, "model.md.j2", entry=item, sections=sections, root="../../", drawing=drawing
    )
    yield f"{folder}/index.md", page


def _card(item: Entry, sections: Sequence[Section]) -> Card:
    """A model's card shows the first figure of its page."""
    shown = next((section for section in sections if section.figure), None)
    figure = shown.figure if shown else None
    profiles = [section.profile for section in sections if section.profile]
    matrices = [matrix for profile in profiles for matrix in profile.matrices]
    return Card(
        entry=item,
        preview=f"models/{item.slug}/{figure.preview}" if figure else None,
        caption=f"{figure.first.title}, {' × '.join(figure.first.axes)}" if figure else "",
        measured=len(profiles),
        wanted=len(sections),
        matrices=len(matrices),
        values=sum(int((matrix.values == matrix.values).sum()) for matrix in matrices),
    )


def _overviews(
    templates: jinja2.Environment, cards: Sequence[Card], statements: Sequence[Statement]
) -> Iterator[tuple[str, bytes]]:
    values = {"cards": cards, "statements": statements}
    yield "index.md", templating.render(templates, "home.md.j2", root="", **values)
    yield "models/index.md", templating.render(templates, "models.md.j2", root="../", **values)
    fields = [
        {**stated, "name": name, "required": name in schemas.load("entry")["required"]}
        for name, stated in schemas.load("entry")["properties"].items()
    ]
    page = templating.render(templates, "contributing.md.j2", root="../", fields=fields)
    yield "contributing.md", page


def _methods(
    templates: jinja2.Environment, statements: Iterable[Statement]
) -> Iterator[tuple[str, bytes]]:
    listed = list(statements)
    page = templating.render(templates, "methods.md.j2", root="../", statements=listed)
    yield "methods/index.md", page
    for stated in listed:
        page = templating.render(templates, "method.md.j2", root="../../", stated=stated)
        yield f"methods/{stated.name}.md", page


def _data(
    templates: jinja2.Environment, files: Sequence[dict[str, Any]]
) -> Iterator[tuple[str, bytes]]:
    index = {"format": 1, "schema": "schemas/profile.schema.json", "profiles": files}
    yield "data/index.json", (json.dumps(index, indent=1, ensure_ascii=False) + "\n").encode()
    for name in SCHEMAS:
        text = json.dumps(schemas.load(name), indent=1, ensure_ascii=False) + "\n"
        yield f"data/schemas/{name}.schema.json", text.encode()
    page = templating.render(
        templates, "data.md.j2", root="../", files=files, schemas=map(schemas.load, SCHEMAS)
    )
    yield "data/index.md", page


def _file(project: Project, section: Section) -> dict[str, Any]:
    """A profile as the index of data lists it; `path` is relative to the site's root."""
    profile = section.profile
    assert profile is not None, "only measured sections have a file"
    content = project.profile(section.job.slug, profile.analysis).read_bytes()
    return {
        "path": f"models/{section.job.slug}/{profile.analysis}.json",
        "sha256": digest(content).removeprefix("sha256:"),
        "bytes": len(content),
        "model": section.job.slug,
        "analysis": profile.analysis,
        "version": profile.version,
        "state": section.job.state,
        "source": profile.model.source,
        "revision": profile.model.revision,
        "digest": profile.model.digest,
        "matrices": [matrix.name for matrix in profile.matrices],
    }


def _assets() -> Iterator[tuple[str, bytes]]:
    """What every page shares: scripts, style, the figure's template and BokehJS itself."""
    for path in sorted(static().iterdir()):
        if path.suffix in (".js", ".css"):
            yield f"{ASSETS}/{path.name}", path.read_bytes()
    name, wheel = figures.script()
    yield f"{ASSETS}/{name}", wheel.read_bytes()
    yield f"{ASSETS}/heatmap.json", figures.template().encode()
