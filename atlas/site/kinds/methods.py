"""A page an analysis: how it measures, from its docstring, with a figure, and what it was asked."""

from __future__ import annotations

from dataclasses import dataclass

from atlas.entries.entry import Entry
from atlas.pinned import corpus, relations
from atlas.site import glossary
from atlas.site.contents import Contents, Files
from atlas.site.figures import bokeh_figure, explanations
from atlas.site.finding_page import Place
from atlas.site.model_page import Section


@dataclass(frozen=True)
class Example:
    """A model's figure of an analysis, as a method's page shows it."""

    entry: Entry
    section: Section
    place: Place


def files(contents: Contents) -> Files:
    """The list of methods and their pages."""
    listed = contents.statements
    index = contents.page(
        "methods.md.j2", root="../", statements=listed, glossary=glossary.GLOSSARY
    )
    yield "methods/index.md", index
    for stated in listed:
        page = contents.page(
            "method.md.j2",
            root="../../",
            stated=stated,
            text=explanations.page(stated.text),
            example=example(contents, stated.name),
            engine=bokeh_figure.script()[0],
            asked=relations.load_all() if "relations" in stated.own_protocol else (),
            read=_corpora() if "corpus" in stated.own_protocol else (),
        )
        yield f"methods/{stated.name}.md", page


def example(contents: Contents, analysis: str) -> Example | None:
    """The deepest model with an up-to-date profile of the analysis that is in no doubt, a real one
    where there is one; None without any."""
    found = [
        (model, section)
        for model, sections in contents.shown
        for section in sections
        if section.stated.name == analysis and section.job.state == "fresh" and not section.doubt
    ]
    if not found:
        return None
    model, section = min(found, key=lambda one: (one[0].rank, -_layers(one[0].entry)))
    place = Place(analysis, f"../../{model.folder}/", model.entry.name, None)
    return Example(model.entry, section, place)


def _layers(entry: Entry) -> int:
    """0 where the entry does not say."""
    return entry.geometry.layers if entry.geometry else 0


def _corpora() -> list[tuple[str, str, str]]:
    """The corpora that atlas ships: name, what it is, digest."""
    return [(name, about, corpus.digest(name)) for name, about in corpus.SHIPPED.items()]
