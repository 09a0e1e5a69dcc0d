"""Two models compared: what the compare page subtracts, by the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from atlas import words
from atlas.errors import AtlasError
from atlas.library.labelled import LabelledArray
from atlas.library.model import Model, found, labelled
from atlas.profiles import alignment, common_relations, comparable, contrast
from atlas.profiles.alignment import By
from atlas.profiles.matrix import Matrix, Values
from atlas.profiles.profile_file import Profile

View = Literal["difference", "ratio"]


@dataclass(frozen=True)
class Side:
    """A matrix of one of the models that are compared."""

    model: Model
    profile: Profile
    matrix: Matrix


def compared(
    first: Model, second: Model, analysis: str, name: str, view: View, by: By | None
) -> LabelledArray:
    """What the second model has more than the first; see `Atlas.compare`."""
    sides = [
        Side(model, profile := model.profile(analysis), found(profile, name))
        for model in (first, second)
    ]
    _require_comparable(sides, name)
    unlike: dict[str, str] = {}
    if all(common_relations.rests_on_pairs(side.profile, name) for side in sides):
        relation = common_relations.relation_of(name)
        if relation is None:
            sides = _counted_alike(sides)
        else:
            unlike = _unlike_pairs(sides, relation)
    matrices = [side.matrix for side in sides]
    if view == "ratio" and not contrast.has_ratio(matrices[0]):
        told = f"a ratio of {name} says nothing: its values are no amounts"
        raise AtlasError(told, remedy="compare the difference")
    if by is None:
        by = "layer" if _same_layers(matrices) else "depth"
    grid = alignment.align(matrices, by)
    values = alignment.stacked(matrices, grid)
    plain = replace(
        matrices[0],
        rows=grid.rows.labels,
        columns=grid.columns.labels,
        values=values[0],
        categories=alignment.categories(matrices) or None,
        range=None,
        native=None,
        spread=None,
        estimate="",
        largest_share=None,
        n=None,
        undefined=(),
    )
    return _labelled(sides, _contrasted(plain, values, view), unlike)


def _require_comparable(sides: list[Side], name: str) -> None:
    """Raise `AtlasError` for what forbids subtracting the one from the other."""
    first, second = sides
    if obstacles := comparable.obstacles(first.profile, second.profile, name):
        told = "; ".join(f"{one.what}: {one.first} against {one.second}" for one in obstacles)
        raise AtlasError(
            f"{name} of {first.model.slug} and {second.model.slug} cannot be compared: {told}",
            remedy="look at their values side by side, or measure both in the same way",
        )


def _counted_alike(sides: list[Side]) -> list[Side]:
    """Counts of relations over those that both models can express, at one k."""
    shared = common_relations.common([side.profile for side in sides])
    if not shared.needed:
        return sides
    if not shared.relations:
        slugs = " and ".join(side.model.slug for side in sides)
        told = f"there is no relation that both {slugs} can express"
        raise AtlasError(told, remedy="compare another matrix")
    return [
        replace(side, matrix=replace(side.matrix, values=_recounted(side, shared), undefined=()))
        for side in sides
    ]


PAIRED = 3
"""The format of profiles from which on the pairs of relations lie beside them."""


def _unlike_pairs(sides: list[Side], relation: str) -> dict[str, str]:
    """That two scores of a relation were measured on different word pairs, where they were."""
    if any(side.profile.format < PAIRED for side in sides):
        return {}
    ours, theirs = (side.model.part(side.profile.analysis, "pairs") for side in sides)
    share = common_relations.overlap(ours, theirs, relation)
    if share >= common_relations.SAME_PAIRS:
        return {}
    told = f"{words.number(100 * share)}% of the pairs that either can express are the same"
    return {"word pairs": told}


def _recounted(side: Side, shared: common_relations.Common) -> Values:
    pairs = side.model.part(side.profile.analysis, "pairs")
    return common_relations.recounted(side.profile, pairs, side.matrix.name, shared)


def _same_layers(matrices: list[Matrix]) -> bool:
    """Whether models have as many layers as each other."""
    counts = {
        tuple(
            len(labels)
            for axis, labels in zip(one.axes, (one.rows, one.columns), strict=True)
            if axis == alignment.LAYER
        )
        for one in matrices
    }
    return len(counts) == 1


def _contrasted(matrix: Matrix, values: Values, view: View) -> Matrix:
    """The contrast of two models' values, (model, row, column); `matrix` is the first one's."""
    if view == "ratio":
        return replace(
            matrix,
            values=contrast.ratios(values)[0],
            title=f"{matrix.title}, ratio",
            unit="ratio",
            kind="sequential",
            scale="log",
        )
    if matrix.classes:
        return replace(
            matrix,
            values=contrast.changes(values)[0],
            title=f"{matrix.title}, changed",
            unit="1 another class, 0 the same class",
            kind="binary",
            categories=None,
        )
    return replace(
        matrix,
        values=contrast.differences(values)[0],
        title=f"{matrix.title}, difference",
        kind="diverging",
        scale="linear",
    )


def _labelled(sides: list[Side], made: Matrix, unlike: Mapping[str, str]) -> LabelledArray:
    """The outcome, with the conditions in which both were measured otherwise."""
    first, second = (side.profile for side in sides)
    otherwise = {
        one.what: f"{one.first} against {one.second}"
        for one in comparable.conditions(first, second)
    }
    names = f"{second.model.slug} against {first.model.slug}"
    return replace(labelled(second, made), model=names, conditions={**otherwise, **unlike})
