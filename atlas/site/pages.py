"""Entries + profiles + templates -> generated Markdown and site data.

`render` plans every file that the site needs beside what people wrote and `profile` measured, then
has it published. Profiles are published where they lie: data exist once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from atlas import schemas
from atlas.entries.entry import Entry
from atlas.paths import Project, template_dirs
from atlas.pinned import relations
from atlas.profiles import collection, statement
from atlas.profiles.collection import Model
from atlas.profiles.statement import Statement
from atlas.review import claims, verdicts
from atlas.review.verdicts import Verdict
from atlas.site import assets, data_index, model_page, newest_changes, reference_models
from atlas.site import templates as templating
from atlas.site.across import families, map_drawing, model_map, surveys
from atlas.site.figures import facts, heatmap, previews
from atlas.site.heads import index as head_index
from atlas.site.heads import nearest
from atlas.site.publishing import Rendered, publish
from atlas.site.reference_models import Reference

SCHEMAS = (
    "entry",
    "profile",
    "claim",
    "verified",
    "functions.heads",
    "masks.clusters",
    "masks.losses",
)


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

    @property
    def size(self) -> int:
        """Its parameters, 0 where its entry does not say."""
        return (self.entry.geometry.parameters or 0) if self.entry.geometry else 0


def render(project: Project) -> Rendered:
    """Write the site's pages and data; files that would not change are left alone.

    Raises `AtlasError` or `Problems` for entries, profiles or templates that cannot be used, and
    where a page's path is taken by a file that atlas did not write.
    """
    return publish(project, dict(_outputs(project)))


def _outputs(project: Project) -> Iterator[tuple[str, bytes]]:
    """Every planned file: path below docs/ and content; last the index of them."""
    models = collection.load(project)
    templates = templating.environment(template_dirs(project))
    planned = dict(_pages(project, templates, models))
    yield from planned.items()
    yield from _data(templates, data_index.index(project, models, planned))


def _pages(
    project: Project, templates: jinja2.Environment, models: Sequence[Model]
) -> Iterator[tuple[str, bytes]]:
    judged = verdicts.judge(claims.load_all(project), models)
    cards = []
    for model in models:
        shown = model_page.sections(model)
        yield from _model(templates, model, shown, judged)
        cards.append(_card(model, shown))
    statements = [statement.of(name) for name in statement.names()]
    told = reference_models.load(models)
    found = model_map.lay_out(models, statements)
    values = {
        "cards": cards,
        "statements": statements,
        "references": told,
        "claims": judged,
        "found": found,
        "sheets": (map_drawing.wide(found), map_drawing.narrow(found)) if found.places else (),
        "changes": newest_changes.newest(project),
        "titles": {stated.name: stated.title for stated in statements},
    }
    yield from _overviews(templates, values)
    yield from _references(templates, told)
    yield from _claims(templates, models, judged)
    yield from _surveys(templates, surveys.load(models, statements))
    yield from _families(templates, families.load(models, statements))
    yield from _compare(templates, models, statements)
    yield from _heads(templates, head_index.load(project, models, statements))
    yield from _methods(templates, statements)
    yield from _schemas()
    yield from assets.files()
    yield f"{assets.FOLDER}/reading.json", facts.readings(statements)


def _model(
    templates: jinja2.Environment,
    model: Model,
    shown: Sequence[model_page.Section],
    judged: Sequence[Verdict],
) -> Iterator[tuple[str, bytes]]:
    for section in shown:
        for path, picture in section.pictures():
            yield f"{model.folder}/{path}", previews.stretching(picture)
    page = templating.render(
        templates,
        "model.md.j2",
        entry=model.entry,
        sections=shown,
        model=model,
        claims=verdicts.about(model.entry.slug, judged),
        root="../../",
        drawing=heatmap,
    )
    yield f"{model.folder}/index.md", page


def _card(model: Model, sections: Sequence[model_page.Section]) -> Card:
    figure = model_page.leading(sections)
    profiles = [section.profile for section in sections if section.profile]
    matrices = [matrix for profile in profiles for matrix in profile.matrices]
    return Card(
        entry=model.entry,
        preview=f"{model.folder}/{figure.preview}" if figure else None,
        caption=f"{figure.first.title}, {' × '.join(figure.first.axes)}" if figure else "",
        measured=len(profiles),
        wanted=len(sections),
        matrices=len(matrices),
        values=sum(int((matrix.values == matrix.values).sum()) for matrix in matrices),
    )


def _overviews(
    templates: jinja2.Environment, values: Mapping[str, Any]
) -> Iterator[tuple[str, bytes]]:
    yield "index.md", templating.render(templates, "home.md.j2", root="", **values)
    yield "models/index.md", templating.render(templates, "models.md.j2", root="../", **values)
    fields = [
        {**stated, "name": name, "required": name in schemas.load("entry")["required"]}
        for name, stated in schemas.load("entry")["properties"].items()
    ]
    page = templating.render(templates, "contributing.md.j2", root="../", fields=fields)
    yield "contributing.md", page


def _references(
    templates: jinja2.Environment, told: Sequence[Reference]
) -> Iterator[tuple[str, bytes]]:
    if told:
        page = templating.render(
            templates,
            "reference.md.j2",
            root="../",
            references=told,
            relations=reference_models.relations(told),
        )
        yield "reference.md", page


def _claims(
    templates: jinja2.Environment, models: Sequence[Model], judged: Sequence[Verdict]
) -> Iterator[tuple[str, bytes]]:
    page = templating.render(
        templates,
        "claims.md.j2",
        root="../",
        groups=verdicts.by_model(judged, models),
        counts=verdicts.counts(judged),
    )
    yield "claims/index.md", page


def _surveys(
    templates: jinja2.Environment, listed: Sequence[surveys.Survey]
) -> Iterator[tuple[str, bytes]]:
    page = templating.render(
        templates, "surveys.md.j2", root="../", surveys=listed, about=surveys.described()
    )
    yield "survey/index.md", page
    for survey in listed:
        page = templating.render(templates, "survey.md.j2", root="../../", survey=survey)
        yield f"{survey.folder}/index.md", page
        for name, content in survey.files:
            yield f"{survey.folder}/{name}", content


def _families(
    templates: jinja2.Environment, listed: Sequence[families.Family]
) -> Iterator[tuple[str, bytes]]:
    page = templating.render(templates, "families.md.j2", root="../", families=listed)
    yield "families/index.md", page
    for family in listed:
        page = templating.render(templates, "family.md.j2", root="../../", family=family)
        yield f"{family.folder}/index.md", page
        yield f"{family.folder}/ladder.json", family.ladder


def _compare(
    templates: jinja2.Environment, models: Sequence[Model], statements: Sequence[Statement]
) -> Iterator[tuple[str, bytes]]:
    values = {"models": models, "statements": statements}
    yield "compare/index.md", templating.render(templates, "compare.md.j2", root="../", **values)


def _heads(templates: jinja2.Environment, heads: head_index.Heads) -> Iterator[tuple[str, bytes]]:
    about = {
        "nearest": nearest.described(),
        "limit": nearest.LIMIT,
        "files": head_index.described(),
    }
    page = templating.render(templates, "heads.md.j2", root="../", heads=heads, about=about)
    yield f"{head_index.FOLDER}/index.md", page
    for name, content in heads.files:
        yield f"{head_index.FOLDER}/{name}", content


def _methods(
    templates: jinja2.Environment, statements: Iterable[Statement]
) -> Iterator[tuple[str, bytes]]:
    listed = list(statements)
    page = templating.render(templates, "methods.md.j2", root="../", statements=listed)
    yield "methods/index.md", page
    for stated in listed:
        asked = relations.load_all() if "relations" in stated.own_protocol else ()
        page = templating.render(
            templates, "method.md.j2", root="../../", stated=stated, asked=asked
        )
        yield f"methods/{stated.name}.md", page


def _schemas() -> Iterator[tuple[str, bytes]]:
    for name in SCHEMAS:
        text = json.dumps(schemas.load(name), indent=1, ensure_ascii=False) + "\n"
        yield f"data/schemas/{name}.schema.json", text.encode()


def _data(templates: jinja2.Environment, index: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    yield "data/index.json", data_index.text(index)
    values = {"index": index, "schemas": map(schemas.load, SCHEMAS)}
    page = templating.render(
        templates, "data.md.j2", root="../", ladder=families.described(), **values
    )
    yield "data/index.md", page
