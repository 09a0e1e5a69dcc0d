"""Which two models a reader is shown who asked for no comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas.profiles import comparable
from atlas.profiles.collection import Model

Quantity = tuple[object, ...]
"""A matrix and all that must agree before its values are subtracted."""


def opening(models: Sequence[Model]) -> tuple[Model, ...]:
    """Two real models with quantities that may be subtracted from each other: a base and what was
    made from it before two of a family, and those before others; of such pairs the one with the
    most quantities in common, the first of several. A base comes first. Empty where no two models
    have anything in common."""
    measured = [(model, frozenset(_quantities(model))) for model in models if model.rank == 0]
    best: tuple[Model, ...] = ()
    most = (0, 0)
    for at, (model, mine) in enumerate(measured):
        for other, theirs in measured[at + 1 :]:
            near = _nearness(model, other)
            # An atlas of hundreds is spared the looking where there cannot be more.
            if (near, min(len(mine), len(theirs))) <= most:
                continue
            count = len(mine & theirs)
            if count and (near, count) > most:
                best, most = (model, other), (near, count)
    return best[::-1] if best and best[0].entry.base == best[1].entry.slug else best


def _nearness(model: Model, other: Model) -> int:
    """2 for a model and its base, 1 for two of a family, 0 for others."""
    one, two = model.entry, other.entry
    if one.base == two.slug or two.base == one.slug:
        return 2
    return int(one.family == two.family)


def _quantities(model: Model) -> Iterator[Quantity]:
    for section in model.sections:
        profile = section.profile
        if profile is None or section.job.state == "stale":
            continue
        terms = tuple(sorted(comparable.terms(profile).items()))
        for matrix in profile.matrices:
            yield profile.analysis, profile.version, terms, matrix.name
