"""The home page: the maps of models, their cards, reference models, claims, what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from atlas.site import cards, newest_changes
from atlas.site.across import map_drawing, model_map
from atlas.site.across.map_drawing import Sheet
from atlas.site.across.model_map import ModelMap
from atlas.site.contents import Contents, Files


@dataclass(frozen=True)
class Drawn:
    """A map with its drawings, for a desk and for a phone. `name`: of its kind."""

    name: str
    found: ModelMap
    sheets: tuple[Sheet, Sheet]


def files(contents: Contents) -> Files:
    """The page."""
    page = contents.page(
        "home.md.j2",
        root="",
        cards=cards.of(contents),
        statements=contents.statements,
        titles={stated.name: stated.title for stated in contents.statements},
        references=contents.references,
        claims=contents.verdicts,
        maps=tuple(_maps(contents)),
        changes=newest_changes.newest(contents.project),
    )
    yield "index.md", page


def _maps(contents: Contents) -> Iterator[Drawn]:
    """The maps that have places: what models do, and how they are stored."""
    for likeness in (model_map.DOES, model_map.STORED):
        found = model_map.lay_out(contents.models, contents.statements, likeness)
        if found.places:
            sheets = (map_drawing.wide(found), map_drawing.narrow(found))
            yield Drawn(likeness.name, found, sheets)
