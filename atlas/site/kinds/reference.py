"""The reference models that were trained for this atlas, where it has any."""

from __future__ import annotations

from atlas.pinned import relations as pinned
from atlas.site import reference_models
from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The page."""
    told = contents.references
    if told:
        relations = reference_models.relations(told)
        titles = {one.name: one.title for one in pinned.load_all()}
        page = contents.page(
            "reference.md.j2", root="../", references=told, relations=relations, titles=titles
        )
        yield "reference.md", page
