"""Which two models have most in common: what a reader is shown who asked for no comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas.profiles import comparable
from atlas.profiles.collection import Model

Quantity = tuple[object, ...]
"""A matrix and all that must agree before its values are subtracted."""


def opening(models: Sequence[Model]) -> tuple[Model, ...]:
    """The two real models with the most quantities that may be subtracted from each other, the
    first ones of several such pairs; empty where no two have any."""
    measured = [(model, frozenset(_quantities(model))) for model in models if model.rank == 0]
    best: tuple[Model, ...] = ()
    most = 0
    for at, (model, mine) in enumerate(measured):
        for other, theirs in measured[at + 1 :]:
            if min(len(mine), len(theirs)) <= most:  # spares an atlas of hundreds the looking
                continue
            count = len(mine & theirs)
            if count > most:
                best, most = (model, other), count
    return best


def _quantities(model: Model) -> Iterator[Quantity]:
    for section in model.sections:
        profile = section.profile
        if profile is None or section.job.state == "stale":
            continue
        terms = tuple(sorted(comparable.terms(profile).items()))
        for matrix in profile.matrices:
            yield profile.analysis, profile.version, terms, matrix.name
