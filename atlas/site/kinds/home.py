"""The home page: a live map, the figures of the atlas in small, findings, models and the maps of
them, claims, what is new."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from atlas.profiles.collection import Model
from atlas.review import verdicts
from atlas.review.verdicts import Verdict
from atlas.site import cards, newest_changes
from atlas.site.across import (
    front_door,
    map_drawing,
    model_map,
    opening_map,
    thumbnails,
)
from atlas.site.across.map_drawing import Sheet
from atlas.site.across.model_map import Likeness, ModelMap
from atlas.site.contents import Contents, Files


@dataclass(frozen=True)
class Drawn:
    """A map with its drawings, for a desk and for a phone. `name`: of its kind. `apart`: the models
    without a place, and why. `reference`: that of the reference models, where they were measured
    otherwise than the real models that are on the map."""

    name: str
    found: ModelMap
    sheets: tuple[Sheet, Sheet]
    apart: tuple[tuple[Model, str], ...]
    reference: Drawn | None = None


def files(contents: Contents) -> Files:
    """The page, and the pictures of figures on it."""
    opening = opening_map.of(contents.models)
    doors = [
        door
        for door in front_door.doors(contents.models, contents.families)
        if contents.presentation.leads(door.address)
    ]
    for door in doors:
        yield from thumbnails.files(one.thumbnail for one in door.pictures)
    if opening:
        yield from thumbnails.files([opening.picture])
    page = contents.page(
        "home.md.j2",
        root="",
        cards=cards.of(contents),
        opening=opening,
        doors=doors,
        statements=contents.statements,
        titles={stated.name: stated.title for stated in contents.statements},
        references=contents.references,
        claims=contents.verdicts,
        leading=tuple(_leading(contents)),
        findings=[one for one in contents.findings if one.state != "cannot be tested yet"],
        maps=tuple(_maps(contents)),
        changes=newest_changes.newest(contents.project),
    )
    yield "index.md", page


def _leading(contents: Contents) -> Iterator[Verdict]:
    """The claims that hold: of each model one, then of each the next, real models before others."""
    groups = verdicts.by_model(
        [one for one in contents.verdicts if one.state == "holds"], contents.models
    )
    ranks = {model.entry.slug: model.rank for model in contents.models}
    for _, told in itertools.groupby(groups, lambda group: ranks[group.slug]):
        turns = itertools.zip_longest(*(group.verdicts for group in told))
        yield from (one for turn in turns for one in turn if one is not None)


def _maps(contents: Contents) -> Iterator[Drawn]:
    """The maps that have places: what models do, and how they are stored."""
    for likeness in (model_map.DOES, model_map.STORED):
        if drawn := _drawn(contents, contents.models, likeness):
            left = [model for model, _ in drawn.apart if model.entry.is_reference]
            if reference := _drawn(contents, left, likeness):
                apart = tuple(one for one in drawn.apart if one[0] not in left)
                drawn = replace(drawn, apart=apart, reference=reference)
            yield drawn


def _drawn(contents: Contents, models: Sequence[Model], likeness: Likeness) -> Drawn | None:
    """A map of these models; None without places."""
    found = model_map.lay_out(models, contents.statements, likeness)
    if not found.places:
        return None
    sheets = (map_drawing.wide(found), map_drawing.narrow(found))
    return Drawn(likeness.name, found, sheets, found.apart)
