"""One model of an atlas: its matrices, facts and heads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from atlas.errors import AtlasError, suggest
from atlas.library.labelled import LabelledArray, Scalars
from atlas.library.tables import Table
from atlas.profiles.matrix import Matrix
from atlas.profiles.model_row import ModelRow
from atlas.profiles.profile_file import Profile

Items = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class Model:
    """A model with what was measured on it; a profile is read when it is asked for.

    `about`: what its entry states, a row of `Atlas.models`.
    """

    about: ModelRow
    _read: Callable[[str], Profile] = field(repr=False)
    _part: Callable[[str, str], Items] = field(repr=False)

    @property
    def slug(self) -> str:
        return self.about.slug

    @property
    def name(self) -> str:
        return self.about.name

    @property
    def analyses(self) -> tuple[str, ...]:
        """The analyses that were measured."""
        return self.about.analyses

    def matrices(self, analysis: str) -> tuple[str, ...]:
        """The names of an analysis' matrices. Raises `AtlasError` where it was not measured."""
        return tuple(one.name for one in self.profile(analysis).matrices)

    def matrix(self, analysis: str, name: str) -> LabelledArray:
        """A matrix by its name, `model.matrix("attention", "induction")`.

        Raises `AtlasError` for an analysis that was not measured and a name that there is not, and
        for files that are damaged or of a newer format.
        """
        profile = self.profile(analysis)
        return labelled(profile, found(profile, name))

    def facts(self, analysis: str) -> Scalars:
        """The single numbers and words of an analysis, by name."""
        return dict(self.profile(analysis).facts)

    def heads(self) -> Table[Any]:
        """Every score of every attention head: a row for each head, with the columns `model`,
        `layer`, `head` and one for each score, such as `attention/induction`."""
        from atlas.library import heads
        from atlas.profiles import tidy

        profiles = [self.profile(name) for name in self.analyses]
        return heads.table_of([(one.analysis, tidy.cells([one])) for one in profiles])

    def profile(self, analysis: str) -> Profile:
        """The profile of an analysis. It is not part of what is stable."""
        if analysis not in self.analyses:
            raise AtlasError(
                f"{self.slug} has no analysis {analysis!r}",
                remedy=suggest(analysis, self.analyses),
            )
        return self._read(analysis)

    def part(self, analysis: str, name: str) -> Items:
        """The items of a part of a profile. It is not part of what is stable."""
        return self._part(analysis, name)

    def __repr__(self) -> str:
        return f"<Model {self.slug}: {', '.join(self.analyses) or 'nothing measured yet'}>"


def found(profile: Profile, name: str) -> Matrix:
    """The matrix of that name. Raises `AtlasError` where there is none."""
    known = {one.name: one for one in profile.matrices}
    if name not in known:
        raise AtlasError(
            f"{profile.model.slug} {profile.analysis}: there is no matrix {name!r}",
            remedy=suggest(name, list(known)),
        )
    return known[name]


def labelled(profile: Profile, matrix: Matrix) -> LabelledArray:
    """A matrix of a profile as it is handed out."""
    return LabelledArray(
        model=profile.model.slug,
        analysis=profile.analysis,
        version=profile.version,
        digest=profile.model.digest,
        protocol=dict(profile.protocol),
        conditions=dict(profile.conditions),
        _matrix=matrix,
    )
