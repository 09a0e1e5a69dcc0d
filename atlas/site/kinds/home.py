"""The home page: the map of models, their cards, reference models, claims, what is new."""

from __future__ import annotations

from atlas.site import cards, newest_changes
from atlas.site.across import map_drawing, model_map
from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The page."""
    found = model_map.lay_out(contents.models, contents.statements)
    page = contents.page(
        "home.md.j2",
        root="",
        cards=cards.of(contents),
        statements=contents.statements,
        titles={stated.name: stated.title for stated in contents.statements},
        references=contents.references,
        claims=contents.verdicts,
        found=found,
        sheets=(map_drawing.wide(found), map_drawing.narrow(found)) if found.places else (),
        changes=newest_changes.newest(contents.project),
    )
    yield "index.md", page
