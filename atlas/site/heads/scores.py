"""Heads and their scores: which models have heads, and every quantity that has a value for each.

A score is a matrix of layers and heads that heads can be ranked by; any analysis may have some.
Heads are numbered: model after model, layer after layer.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atlas.profiles import comparable
from atlas.profiles.collection import Model
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile
from atlas.profiles.statement import Statement
from atlas.site.across import quantities

AXES = ("layer", "head")
KINDS = ("sequential", "diverging", "counts")
"""Of matrices that heads can be ranked by."""

FUNCTIONS = "functions"
"""The analysis whose section of a model's page has a panel for each head."""

Groups = Mapping[str, Sequence[tuple[int, dict[str, Any]]]]
"""By analysis, the (version, protocol) that profiles were measured with, those of most first."""


@dataclass(frozen=True)
class Listed:
    """A model with heads: its shape, and the number of its first one."""

    model: Model
    layers: int
    heads: int
    first: int

    @property
    def slug(self) -> str:
        return self.model.entry.slug

    @property
    def count(self) -> int:
        return self.layers * self.heads

    @functools.cached_property
    def profiles(self) -> tuple[Profile, ...]:
        """Its profiles that say something of heads."""
        found = (section.profile for section in self.model.sections)
        return tuple(one for one in found if one is not None and any(numbered(one)))

    def profile(self, analysis: str) -> Profile | None:
        return next((one for one in self.profiles if one.analysis == analysis), None)

    def group(self, analysis: str, groups: Groups) -> int:
        """The place of an analysis' version and protocol among those of all models."""
        profile = self.profile(analysis)
        assert profile is not None, "what has a score was measured"
        return groups[analysis].index((profile.version, comparable.terms(profile)))

    def fitting(self, matrix: Matrix | None) -> Matrix | None:
        """The matrix where it is a score of this model's heads."""
        if matrix is None or matrix.axes != AXES or matrix.kind not in KINDS:
            return None
        return matrix if matrix.values.shape == (self.layers, self.heads) else None

    @property
    def place(self) -> tuple[str, str] | None:
        """The analysis and matrix that show a head on the model's page; None where it has a panel
        for each head."""
        if self.profile(FUNCTIONS) is not None:
            return None
        first = self.profiles[0]
        return first.analysis, next(numbered(first)).name

    def address(self, layer: int, head: int) -> str:
        """Where the model's page shows a head, relative to that page."""
        if self.place is None:
            return f"?head={layer}.{head}#{FUNCTIONS}"
        analysis, name = self.place
        return f"?figure={analysis}&matrix={name}&row={layer}&column={head}#{analysis}"


@dataclass(frozen=True)
class Score:
    """A quantity of heads: its matrix in every listed model, None where it has none. `least`: of
    the several k that a relation is scored at, this is the smallest."""

    stated: Statement
    matrices: tuple[Matrix | None, ...]
    least: bool

    @functools.cached_property
    def known(self) -> tuple[Matrix, ...]:
        return tuple(one for one in self.matrices if one is not None)

    @property
    def first(self) -> Matrix:
        return self.known[0]

    @property
    def id(self) -> str:
        return f"{self.stated.name}/{self.first.name}"

    @property
    def group(self) -> str:
        """What it stands under in a picker: its analysis, and what it shares with others of it."""
        plain, at, _ = self.first.name.partition("@")
        prefix, colon, _ = plain.partition(":")
        if not colon:
            return self.stated.title
        k = (", smaller k" if self.least else ", larger k") if at else ""
        return f"{self.stated.title}: {prefix.replace('_', ' ')}{k}"


def listed(models: Sequence[Model]) -> list[Listed]:
    """The models with heads, in order; the shape of a model is that of its first matrix of them."""
    found: list[Listed] = []
    first = 0
    for model in models:
        profiles = (section.profile for section in model.sections)
        matrices = (one for profile in profiles if profile for one in numbered(profile))
        matrix = next(matrices, None)
        if matrix is not None:
            layers, heads = matrix.values.shape
            found.append(Listed(model, layers, heads, first))
            first += matrix.values.size
    return found


def numbered(profile: Profile) -> Iterator[Matrix]:
    """Matrices of layers and heads that are both numbered from 0."""
    for one in profile.matrices:
        if one.axes == AXES and (one.rows, one.columns) == tuple(map(_counted, one.values.shape)):
            yield one


def scores(found: Sequence[Listed], stated: Statement) -> Iterator[Score]:
    """The scores of an analysis, in the order of its profiles; of one name only those that are the
    same quantity as most models'."""
    profiles = [one.profile(stated.name) for one in found]
    known = [profile for profile in profiles if profile is not None]
    table = quantities.named(known)
    least: dict[str, int] = {}
    for plain, k in map(asked, table):
        least[plain] = min(k, least.get(plain, k))
    for name, items in table.items():
        by_profile = dict(zip(map(id, known), items, strict=True))
        matrices = tuple(
            one.fitting(by_profile.get(id(profile)))
            for one, profile in zip(found, profiles, strict=True)
        )
        plain, k = asked(name)
        if any(matrix is not None for matrix in matrices):
            yield Score(stated, matrices, k == least[plain])


def asked(name: str) -> tuple[str, int]:
    """A matrix' name without its k, and k; 0 for those that have none."""
    plain, _, k = name.partition("@")
    return plain, int(k) if k.isdecimal() else 0


def groups(found: Sequence[Listed], statements: Sequence[Statement]) -> Groups:
    """Of each analysis that measured heads, versions and protocols."""
    profiles = {
        stated.name: [one for listed in found if (one := listed.profile(stated.name))]
        for stated in statements
    }
    return {name: comparable.grouped(known) for name, known in profiles.items() if known}


def _counted(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(count)))
