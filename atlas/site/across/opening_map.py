"""The live map that the home page opens with: the category of every head of one model."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from atlas.profiles.collection import Model
from atlas.profiles.matrix import Matrix
from atlas.site.across import thumbnails
from atlas.site.across.thumbnails import Thumbnail
from atlas.site.figures.palettes import CATEGORY_COLOURS


class Class(NamedTuple):
    """Heads of one category: its name, its colour, and how many there are."""

    name: str
    colour: str
    heads: int


@dataclass(frozen=True)
class Opening:
    """The live map: the category of every head. `cells`: a digit a head, its place in
    `classes`, layer after layer; - for a head without a value."""

    model: Model
    picture: Thumbnail
    layers: int
    heads: int
    classes: tuple[Class, ...]
    cells: str

    @property
    def classified(self) -> int:
        """Heads that have a category."""
        return sum(one.heads for one in self.classes[1:])


def of(models: Sequence[Model]) -> Opening | None:
    """The live map: of the models of the first rank in which any head has a category, the one with
    most heads; None where no head of any model has one."""
    found = classified(models)
    if not found:
        return None
    model, matrix = max(found, key=lambda pair: pair[1].values.size)
    values = matrix.values.ravel()
    names = matrix.categories or ()
    counts = np.bincount(values[np.isfinite(values)].astype(int), minlength=len(names))
    return Opening(
        model=model,
        picture=thumbnails.of(model, "functions", matrix),
        layers=len(matrix.rows),
        heads=len(matrix.columns),
        classes=tuple(map(Class, names, CATEGORY_COLOURS, counts.tolist())),
        cells="".join("-" if np.isnan(one) else str(int(one)) for one in values),
    )


def classified(models: Sequence[Model]) -> list[tuple[Model, Matrix]]:
    """The models of the first rank that has any in which some heads have a category, with them."""
    for _, ranked in itertools.groupby(models, lambda model: model.rank):
        found = [
            (model, matrix)
            for model in ranked
            if (profile := model.profile("functions"))
            for matrix in profile.matrices
            if matrix.name == "categories" and (matrix.values > 0).any()
        ]
        if found:
            return found
    return []
