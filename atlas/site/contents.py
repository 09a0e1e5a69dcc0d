"""What every page is made from: models as pages show them, analyses, claims, findings, and the
templates."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from atlas.entries import family_names, presentation
from atlas.entries.presentation import Presentation
from atlas.files import page_mark
from atlas.paths import Project, template_dirs
from atlas.profiles import collection, settings, statement
from atlas.profiles.collection import Model
from atlas.profiles.statement import Statement
from atlas.review import claims, findings, verdicts
from atlas.review.verdicts import Verdict
from atlas.site import finding_page, model_page, reference_models, templates
from atlas.site.across import families
from atlas.site.across.families import Family
from atlas.site.model_page import Section
from atlas.site.reference_models import Reference

Files = Iterator[tuple[str, bytes]]
"""Files of the site: path below docs/, and content."""


@dataclass(frozen=True)
class Contents:
    """A project, read once for all pages. `statements`: its analyses in the order of its pages;
    `is_ordered`: whether it states that order itself."""

    project: Project
    presentation: Presentation
    templates: jinja2.Environment
    models: tuple[Model, ...]
    statements: tuple[Statement, ...]
    verdicts: tuple[Verdict, ...]
    findings: tuple[finding_page.Shown, ...]
    is_ordered: bool

    @functools.cached_property
    def shown(self) -> tuple[tuple[Model, tuple[Section, ...]], ...]:
        """Each model with its sections as its page shows them."""
        order = [one.name for one in self.statements] if self.is_ordered else []
        return tuple((model, model_page.sections(model, order)) for model in self.models)

    @functools.cached_property
    def families(self) -> list[Family]:
        """Every family with its ladder."""
        return families.load(self.models, self.statements)

    @functools.cached_property
    def references(self) -> list[Reference]:
        """The reference models among them."""
        return reference_models.load(self.models)

    def page(self, template: str, root: str, **values: Any) -> bytes:
        """One page; `root` is the way from it to the site's root, "../" for every folder."""
        return page_mark.marked(templates.render(self.templates, template, root=root, **values))


def load(project: Project) -> Contents:
    """Read a project.

    Raises `AtlasError` or `Problems` for entries, claims, findings or profiles that cannot be used.
    """
    told = presentation.load(project)
    models = collection.load(project)
    chosen = settings.load(project).analyses
    analyses = _analyses(chosen, models)
    names = family_names.of(model.entry for model in models)
    judged = verdicts.judge(claims.load_all(project), models)
    return Contents(
        project=project,
        presentation=told,
        templates=templates.environment(template_dirs(project), names, told, analyses),
        models=tuple(models),
        statements=tuple(statement.of(name) for name in analyses),
        verdicts=tuple(judged),
        findings=finding_page.shown(findings.load_all(project), judged, models),
        is_ordered=chosen is not None,
    )


def _analyses(chosen: Sequence[str] | None, models: Sequence[Model]) -> list[str]:
    """The analyses that pages are about: those that the project chose, in its order, then those
    that entries chose besides."""
    if chosen is None:
        return list(statement.names())
    used = {section.stated.name for model in models for section in model.sections}
    besides = [name for name in statement.names() if name in used and name not in chosen]
    return [*dict.fromkeys(chosen), *besides]
