"""Families: the sizes of a model side by side on one scale, and who was made from whom.

A family page draws its panels from the models' own published profiles; this module adds what only
all sizes together can say, in `ladder.json` beside the page. What is in it is told in
`templates/parts/formats/family_ladder.txt`, which the page of data shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from atlas.entries.entry import Entry
from atlas.profiles import alignment, comparable, validity
from atlas.profiles.collection import Model
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile
from atlas.profiles.statement import Statement
from atlas.site.across import bundles, counting, quantities, shared_scale, unequal
from atlas.site.figures import column_order

FORMAT = 1
FIRST = "importance"
"""The analysis that family pages are there for: which components of each layer matter, by size."""

LADDER = 1.7
"""How many times larger the largest measured model of a family is than the smallest, at least, if
they are called sizes. Architectures that somebody made about equally large differ by less."""

TABLE = 12
"""Quantities of an analysis whose means a page states in a table; the figure has all of them."""

WIDEST = 40
"""Members from which on a table of means can no longer be read."""


@dataclass(frozen=True)
class Node:
    """A model in the tree of who was made from whom, and how far it moved from its base."""

    entry: Entry
    drift: float | None
    inside: bool
    children: tuple[Node, ...]


@dataclass(frozen=True)
class Rung:
    """An analysis on the ladder: `means` by quantity, one of each member, None without one;
    `counting` says what each member's counts rest on. `doubts`: slugs of members whose values say
    little about them, each with why. `unequal`: sentences on conditions in which members differ."""

    stated: Statement
    members: tuple[Model, ...]
    apart: tuple[tuple[Model, str], ...]
    matrices: tuple[dict[str, Any], ...] = field(repr=False)
    version: int
    counting: str = ""
    doubts: tuple[tuple[str, str], ...] = ()
    unequal: tuple[str, ...] = ()

    @property
    def is_ladder(self) -> bool:
        """Whether its members are sizes of one model: the largest at least `LADDER` times the
        smallest."""
        return is_ladder(self.members)

    @property
    def means(self) -> list[dict[str, Any]]:
        """The quantities whose means the page states in a table, none for too large a family."""
        if len(self.members) > WIDEST:
            return []
        return [item for item in self.matrices if item["transform"] != "whole"][:TABLE]


@dataclass(frozen=True)
class Family:
    """The models of one family in order of size, its lineage and its measured analyses."""

    name: str
    models: tuple[Model, ...]
    lineage: tuple[Node, ...]
    rungs: tuple[Rung, ...]

    @property
    def folder(self) -> str:
        """Where its page lies, relative to docs/ and to the site's root."""
        return f"families/{self.name}"

    @property
    def offered(self) -> list[Rung]:
        """Its analyses, those that most of its models have first: with these a page opens. Of
        equally many, it opens with `FIRST`."""
        return sorted(self.rungs, key=lambda rung: (-len(rung.members), rung.stated.name != FIRST))

    @property
    def is_ladder(self) -> bool:
        """Whether any analysis was measured on models of different sizes."""
        return any(rung.is_ladder for rung in self.rungs)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of parameters that are known, each once, ascending."""
        return tuple(sorted({size for size in map(parameters, self.models) if size}))

    @property
    def ladder(self) -> bytes:
        """The file that the page's figure reads."""
        return bundles.dumped(
            {
                "format": FORMAT,
                "family": self.name,
                "models": [
                    {
                        "slug": model.entry.slug,
                        "name": model.entry.name,
                        "parameters": parameters(model),
                        "layers": model.entry.geometry.layers if model.entry.geometry else None,
                    }
                    for model in self.models
                ],
                "analyses": [
                    {
                        "name": rung.stated.name,
                        "title": rung.stated.title,
                        "version": rung.version,
                        "ladder": rung.is_ladder,
                        "members": [self.models.index(model) for model in rung.members],
                        "apart": [[model.entry.slug, why] for model, why in rung.apart],
                        "matrices": rung.matrices,
                        "beside": rung.stated.shown.get("beside"),
                        "doubts": [[slug, why] for slug, why in rung.doubts],
                        "unequal": list(rung.unequal),
                    }
                    for rung in self.rungs
                ],
            }
        )


def load(models: Sequence[Model], statements: Sequence[Statement]) -> list[Family]:
    """Every family by the rank of its first model and by name, its models in order of size."""
    by_name: dict[str, list[Model]] = {}
    for model in sorted(models, key=lambda model: (model.rank, model.entry.family)):
        by_name.setdefault(model.entry.family, []).append(model)
    return [
        _family(name, sorted(members, key=_size), models, statements)
        for name, members in by_name.items()
    ]


def parameters(model: Model) -> int | None:
    """A model's number of parameters, None where its entry does not state it."""
    return model.entry.geometry.parameters if model.entry.geometry else None


def is_ladder(models: Iterable[Model]) -> bool:
    """Whether models are of different sizes, as far as these are known."""
    sizes = [size for size in map(parameters, models) if size]
    return bool(sizes) and max(sizes) >= LADDER * min(sizes)


def lineage(members: Iterable[Model], models: Sequence[Model]) -> tuple[Node, ...]:
    """The trees of who was made from whom that members stand in, without those who stand alone."""
    inside = {model.entry.slug for model in members}
    by_slug = {model.entry.slug: model.entry for model in models}
    made: dict[str, list[Model]] = {}
    for model in models:
        if model.entry.base is not None:
            made.setdefault(model.entry.base, []).append(model)
    own = {model.entry.slug: model for model in models}
    roots = dict.fromkeys(_root(by_slug[slug], by_slug).slug for slug in sorted(inside))
    return tuple(_node(own[slug], made, inside) for slug in roots if slug in made)


def _root(entry: Entry, by_slug: Mapping[str, Entry]) -> Entry:
    while entry.base is not None:  # a circle of bases is refused with the entries
        entry = by_slug[entry.base]
    return entry


def _node(model: Model, made: Mapping[str, list[Model]], inside: set[str]) -> Node:
    slug = model.entry.slug
    children = tuple(_node(child, made, inside) for child in made.get(slug, ()))
    return Node(model.entry, model.drift, slug in inside, children)


def _size(model: Model) -> tuple[float, bool, str]:
    """Order on the ladder: parameters, then what has no base before what has one, then names."""
    return parameters(model) or float("inf"), model.entry.base is not None, model.entry.name


def _family(
    name: str, members: Sequence[Model], models: Sequence[Model], statements: Sequence[Statement]
) -> Family:
    return Family(
        name=name,
        models=tuple(members),
        lineage=lineage(members, models),
        rungs=tuple(_rungs(members, statements)),
    )


def _rungs(members: Sequence[Model], statements: Sequence[Statement]) -> Iterator[Rung]:
    for stated in statements:
        measured = [
            (model, section.profile)
            for model in members
            if (section := model.section(stated.name)) and section.profile
        ]
        if measured:
            yield _rung(stated, measured)


def _rung(stated: Statement, measured: Sequence[tuple[Model, Profile]]) -> Rung:
    """The profiles that most members agree on in version and protocol, newest version on a tie."""
    groups = comparable.grouped([profile for _, profile in measured])
    version, _ = groups[0]
    own = [pair for pair in measured if (pair[1].version, comparable.terms(pair[1])) == groups[0]]
    found = quantities.named([pair[1] for pair in own])
    first = found.get(stated.shown.get("beside", ""), [None] * len(own))
    matrices = [_quantity(items, first) for items in found.values()]
    return Rung(
        stated=stated,
        version=version,
        members=tuple(model for model, _ in own),
        apart=tuple(
            (model, comparable.apart(profile, groups[0]))
            for model, profile in measured
            if (profile.version, comparable.terms(profile)) != groups[0]
        ),
        matrices=tuple(matrices),
        counting=counting.sentence((model.entry.name, profile) for model, profile in own),
        doubts=tuple(
            (model.entry.slug, why)
            for model, profile in own
            if (why := " and ".join(filter(None, _doubts(profile))))
        ),
        unequal=tuple(unequal.sentences([(model.entry.name, profile) for model, profile in own])),
    )


def _doubts(profile: Profile) -> tuple[str, str]:
    """What a model fails at, as `validity` words it."""
    return validity.beaten(profile.facts), validity.shortened(profile)


def _quantity(items: Sequence[Matrix | None], beside: Sequence[Matrix | None]) -> dict[str, Any]:
    """What the ladder says about one quantity; `items` are its matrices, one a member, `beside`
    those whose column stands first."""
    shown = [item for item in items if item is not None]
    joined = [
        column_order.joined(item, other) for item, other in zip(items, beside, strict=True) if item
    ]
    first = shown[0]
    modules = first.axes[1] == "module"
    return {
        "name": first.name,
        "title": first.title,
        "unit": first.unit,
        "direction": first.direction,
        "axes": list(first.axes),
        **bundles.told_scale(shared_scale.over(joined), joined),
        "columns": list(ordered(shown)) if modules else [],
        "block": list(alignment.joined([item.columns for item in shown])) if modules else [],
        "mean": [quantities.mean(item) if item is not None else None for item in items],
        "shown": [item is not None for item in items],
    }


def ordered(matrices: Sequence[Matrix]) -> tuple[str, ...]:
    """The columns of several matrices by their mean over all of them, the highest first.

    A model counts with its mean of the column's values that exist; equal means stay in the order
    in which columns first appear.
    """
    means: dict[str, list[float]] = {}
    for matrix in matrices:
        for at, column in enumerate(matrix.columns):
            values = matrix.values[:, at]
            known = values[np.isfinite(values)]
            means.setdefault(column, []).extend([float(known.mean())] if known.size else [])
    total = {column: np.mean(found) if found else -np.inf for column, found in means.items()}
    return tuple(sorted(total, key=lambda column: -total[column]))
