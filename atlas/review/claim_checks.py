"""Claims held against the profiles that are there: what they name has to exist.

Only fresh profiles count. A stale one is about to be measured again, and may then have what a claim
names; until then the claim's verdict says that it cannot be tested.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence

from atlas import schemas
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, short, suggest
from atlas.files import yaml_file
from atlas.paths import Project
from atlas.pinned.choices import Choices
from atlas.profiles import freshness, profile_file
from atlas.profiles.profile_file import Profile
from atlas.review import verdicts
from atlas.review.claims import Claim, Comparison, Quantity

Read = Callable[[str, str], Profile | None]


def reader(project: Project, entries: Mapping[str, Entry], choices: Choices) -> Read:
    """What reads the fresh profile of a model and an analysis, each once; None where there is
    none."""

    @functools.cache
    def read(slug: str, analysis: str) -> Profile | None:
        path = project.profile(slug, analysis)
        if slug not in entries or not path.is_file():
            return None
        try:
            profile = profile_file.load(path)
        except AtlasError:  # told as a problem of that file
            return None
        stale = freshness.without_files(profile, entries[slug], choices)
        return None if stale else profile

    return read


def against_profiles(project: Project, claims: Sequence[Claim], read: Read) -> Iterator[AtlasError]:
    """Matrices, labels and cells that a claim names and its model's profile does not have."""
    for claim in claims:
        found = [
            (keys, *one) for keys, compared in claim.comparisons for one in _absent(compared, read)
        ]
        path = project.claims / f"{claim.name}.yml"
        lines = yaml_file.read(path).lines if found else {}
        for keys, side, problem, remedy in found:
            place = schemas.place((*keys, side), lines)
            yield AtlasError(problem, file=path, place=place, remedy=remedy)


def _absent(compared: Comparison, read: Read) -> Iterator[tuple[str, str, str]]:
    """The side of a comparison that names what is not there, the problem and its remedy."""
    sides = {"left": compared.left, "right": compared.right}
    for side, operand in sides.items():
        other = sides["right" if side == "left" else "left"]
        if isinstance(operand, Quantity) and (profile := read(operand.model, operand.analysis)):
            if lacking := verdicts.lacking(operand, profile, operand.model):
                yield side, *lacking
        elif isinstance(operand, str) and isinstance(other, Quantity):
            yield from _no_cell(side, operand, other, read)


def _no_cell(side: str, wanted: str, taken: Quantity, read: Read) -> Iterator[tuple[str, str, str]]:
    """A cell in words, which a quantity is to be the same as, that its matrix does not have."""
    profile = read(taken.model, taken.analysis)
    if profile is None or verdicts.lacking(taken, profile, taken.model):
        return
    matrix = profile.matrix(taken.matrix)
    there = [
        verdicts.cell(matrix, row, column)
        for row in range(len(matrix.rows))
        for column in range(len(matrix.columns))
    ]
    if wanted not in there:
        problem = f"{taken.matrix} of {taken.model} has no cell {short(wanted)}"
        yield side, problem, suggest(wanted, there, 2)
