"""The five figures of the atlas, as the home page shows them.

Each figure is shown in small, drawn of measured values, and leads to the page where it stands. A
figure of which nothing was measured is left out. Models stand in order of their rank, so that
reference models are shown where no real one was measured.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from atlas.pinned.relations import CATEGORIES
from atlas.profiles.collection import Model
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile
from atlas.site.across import families, opening_map, shared_scale, thumbnails
from atlas.site.across.families import Family
from atlas.site.across.thumbnails import Labelled, Thumbnail
from atlas.site.figures import masks
from atlas.site.figures.palettes import BINARY_COLOURS, CATEGORY_COLOURS

MOST = 4
"""Pictures of one figure at most."""

PARTLY = ("effective_rank", "spectral_norm")
"""Quantities of components of which a picture shows structure; any other stands in."""


@dataclass(frozen=True)
class Door:
    """A figure: its title, what it shows, of whom, its pictures, and the address of its page,
    relative to the site's root."""

    name: str
    title: str
    text: str
    source: str
    address: str
    pictures: tuple[Labelled, ...]


def doors(models: Sequence[Model], listed: Sequence[Family]) -> list[Door]:
    """The five figures, those of which something was measured."""
    makers: tuple[Callable[[], Door | None], ...] = (
        lambda: _heads(models),
        lambda: _masks(models),
        lambda: _ladder(listed),
        lambda: _components(models),
        lambda: _side_by_side(models),
    )
    return [door for make in makers if (door := make())]


def _heads(models: Sequence[Model]) -> Door | None:
    """Figure F3: what each head does, a panel a category."""
    shown = opening_map.of(models)
    if not shown:
        return None
    profile = shown.model.profile("functions")
    found = {one.name: one for one in profile.matrices} if profile else {}
    pictures = [
        Labelled(
            f"{name.capitalize()}: {int((matrix.values > 0).sum()) or 'none'}",
            _where(shown.model, matrix, colour),
        )
        for name, colour in zip(CATEGORIES, CATEGORY_COLOURS[1:], strict=False)
        if (matrix := found.get(f"relations:{name}"))
    ]
    return Door(
        name="functions",
        title="What each head does",
        text="Which attention heads turn a country into its capital, a verb into its past tense "
        "or a word into its first letter, judged by their weights.",
        source=shown.model.entry.name,
        address=f"{shown.model.folder}/#functions",
        pictures=tuple(pictures[:MOST]),
    )


def _where(model: Model, matrix: Matrix, colour: str) -> Thumbnail:
    """Where a matrix is above 0, in one colour."""
    scale = shared_scale.Scale("binary", "whole", 0.0, 0.0)
    kept = replace(
        matrix, kind="binary", values=(matrix.values > 0).astype(float), range=None, spread=None
    )
    return thumbnails.of(model, "functions", kept, scale, (CATEGORY_COLOURS[0], colour))


def _masks(models: Sequence[Model]) -> Door | None:
    """Figure F0: which blocks each topic needs."""
    model, profile = _largest(models, "masks")
    if model is None or profile is None:
        return None
    pictures = [
        Labelled(title, thumbnails.of(model, "masks", matrix, shown=BINARY_COLOURS))
        for name, title in masks.titles(profile).items()
        for matrix in profile.matrices
        if matrix.name == f"mask:{name}"
    ]
    return Door(
        name="masks",
        title="Which blocks each topic needs",
        text="A block that one topic can do without may matter to another. "
        "Dark: kept; light: pruned.",
        source=model.entry.name,
        address=f"{model.folder}/#masks",
        pictures=tuple(pictures),
    ) if pictures else None  # fmt: skip


def _ladder(listed: Sequence[Family]) -> Door | None:
    """Figure F1: importance across the sizes of a family, on one scale."""
    for family in listed:
        rungs = [rung for rung in family.rungs if rung.stated.name == "importance"]
        for rung in rungs:
            shown = [
                (model, matrix)
                for model in _apart(rung.members)
                if (profile := model.profile("importance"))
                for matrix in profile.matrices
                if matrix.name == "taylor"
            ]
            if len(shown) > 1:
                return _ladder_door(family, shown)
    return None


def _ladder_door(family: Family, shown: Sequence[tuple[Model, Matrix]]) -> Door:
    scale = shared_scale.over([matrix for _, matrix in shown])
    is_ladder = families.is_ladder(model for model, _ in shown)
    return Door(
        name="importance",
        title="Importance across sizes" if is_ladder else "Importance across models",
        text="How strongly the loss depends on each component of each layer, on one scale.",
        source=f"{shown[0][0].entry.name} to {shown[-1][0].entry.name}",
        address=f"{family.folder}/",
        pictures=tuple(
            Labelled(
                model.entry.name,
                thumbnails.of(model, "importance", matrix, scale, name="taylor-in-family"),
            )
            for model, matrix in shown
        ),
    )


def _apart(members: Sequence[Model]) -> list[Model]:
    """At most `MOST` of a family's members, from the smallest to the largest, evenly chosen."""
    if len(members) <= MOST:
        return list(members)
    return [members[round(at * (len(members) - 1) / (MOST - 1))] for at in range(MOST)]


def _components(models: Sequence[Model]) -> Door | None:
    """Figure F2: any quantity, layer by component."""
    model, profile = _largest(models, "weights")
    if model is None or profile is None:
        return None
    by_name = {one.name: one for one in profile.matrices if one.axes == ("layer", "module")}
    name = next((one for one in PARTLY if one in by_name), next(iter(by_name), ""))
    if not name:
        return None
    return Door(
        name="components",
        title="Any quantity, layer by component",
        text="Size, rank, outliers and rounding error of every weight matrix.",
        source=model.entry.name,
        address=f"{model.folder}/?{urlencode({'figure': 'weights', 'matrix': name})}#weights",
        pictures=(Labelled(by_name[name].title, thumbnails.of(model, "weights", by_name[name])),),
    )


def _side_by_side(models: Sequence[Model]) -> Door | None:
    """Figure F4: the category maps of several models."""
    found = sorted(opening_map.classified(models), key=lambda pair: -pair[1].values.size)[:MOST]
    if len(found) < 2:
        return None
    slugs = ",".join(model.entry.slug for model, _ in found)
    asked = {"models": slugs, "analysis": "functions", "matrix": "categories"}
    return Door(
        name="side-by-side",
        title="Several models side by side",
        text="The categories of all heads, or any other quantity, for up to four models.",
        source=", ".join(model.entry.name for model, _ in found),
        address=f"compare/?{urlencode(asked, safe=',')}",
        pictures=tuple(
            Labelled(model.entry.name, thumbnails.of(model, "functions", matrix))
            for model, matrix in found
        ),
    )


def _largest(models: Sequence[Model], analysis: str) -> tuple[Model | None, Profile | None]:
    """Of the models of the first rank in which any was measured, the one with the most values."""
    for _, ranked in itertools.groupby(models, lambda model: model.rank):
        found = [(model, one) for model in ranked if (one := model.profile(analysis))]
        if found:
            return max(found, key=lambda pair: pair[1].matrices[0].values.size)
    return None, None
