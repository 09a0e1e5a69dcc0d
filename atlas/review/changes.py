"""What a change does to an atlas: models, entries, values and claims, before and after.

Values count as moved where they differ by more than `atlas verify` allows, and so do their spreads
and the largest share of a passage. Both states are read by the code that runs: an older profile may
be stale for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from atlas.entries.entry import Entry
from atlas.paths import Project
from atlas.profiles import agreement, collection, comparable, floors, verified
from atlas.profiles.collection import Model, Section
from atlas.profiles.matrix import Matrix, Values
from atlas.profiles.profile_file import Profile
from atlas.review import claims, verdicts
from atlas.review.verdicts import Verdict


@dataclass(frozen=True)
class EntryChange:
    """One key of an entry, with its value before and after."""

    model: str
    key: str
    before: str
    after: str


@dataclass(frozen=True)
class Moved:
    """One matrix whose values are not what they were.

    `cells` of `of` moved; the one at `where` moved furthest, by `largest` relative to the larger
    of its two values. `problem`: why cells could not be compared one by one. `old` and `new` are
    the matrices themselves, None where there is none.
    """

    model: str
    analysis: str
    matrix: str
    cells: int
    of: int
    largest: float | None
    where: str
    values: tuple[float, float] | None
    problem: str | None
    old: Matrix | None
    new: Matrix | None


@dataclass(frozen=True)
class Flipped:
    """A claim whose state changed; before or after is None where the claim did not exist."""

    claim: str
    sentence: str
    before: str | None
    after: str | None
    why: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """Everything that changed. Profiles are named (model, analysis); `other`: what else is said of
    a profile that is still there, such as weights, version or a part that changed."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    entries: tuple[EntryChange, ...]
    measured: tuple[tuple[str, str], ...]
    dropped: tuple[tuple[str, str], ...]
    other: tuple[tuple[str, str, str], ...]
    moved: tuple[Moved, ...]
    claims: tuple[Flipped, ...]

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, field.name) for field in fields(self))


def between(before: Project, after: Project) -> Changes:
    """What changed from one state of an atlas to another.

    Raises `AtlasError` or `Problems` where either cannot be read.
    """
    old = {model.entry.slug: model for model in collection.load(before)}
    new = {model.entry.slug: model for model in collection.load(after)}
    both = [slug for slug in new if slug in old]
    sections = {slug: (_profiles(old.get(slug)), _profiles(new.get(slug))) for slug in new | old}
    other: list[tuple[str, str, str]] = []
    moved: list[Moved] = []
    for slug in both:
        was, now = sections[slug]
        for name in [name for name in now if name in was]:
            paths = before.profile(slug, name), after.profile(slug, name)
            parts = tuple(map(verified.part_digests, paths))
            other += [(slug, name, said) for said in _told(was[name], now[name], *parts)]
            moved += _moved(slug, was[name], now[name])
    return Changes(
        added=tuple(slug for slug in new if slug not in old),
        removed=tuple(slug for slug in old if slug not in new),
        entries=tuple(
            change for slug in both for change in _entry(old[slug].entry, new[slug].entry)
        ),
        measured=tuple(
            (slug, name) for slug, (was, now) in sections.items() for name in now if name not in was
        ),
        dropped=tuple(
            (slug, name) for slug, (was, now) in sections.items() for name in was if name not in now
        ),
        other=tuple(other),
        moved=tuple(moved),
        claims=tuple(
            _flipped(
                verdicts.judge(claims.load_all(before), list(old.values())),
                verdicts.judge(claims.load_all(after), list(new.values())),
            )
        ),
    )


def _profiles(model: Model | None) -> dict[str, Profile]:
    sections: Sequence[Section] = model.sections if model else ()
    return {one.profile.analysis: one.profile for one in sections if one.profile}


def _entry(old: Entry, new: Entry) -> Iterator[EntryChange]:
    for field in fields(Entry):
        was, now = getattr(old, field.name), getattr(new, field.name)
        if was != now:
            yield EntryChange(new.slug, field.name, _written(was), _written(now))


def _written(value: object) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _told(
    old: Profile, new: Profile, was: Mapping[str, str], now: Mapping[str, str]
) -> Iterator[str]:
    """What else than values changed in a profile."""
    if old.version != new.version:
        yield f"version {old.version} is now {new.version}"
    for key in ("source", "revision", "digest", "tokenizer"):
        if getattr(old.model, key) != getattr(new.model, key):
            yield f"measured on another {'model' if key == 'source' else key}"
    for kind, before, after in (
        ("protocol", old.protocol, new.protocol),
        ("condition", comparable.binding(old), comparable.binding(new)),
    ):
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield f"{kind} {key} changed"
    sizes, allowed = floors.of(new), agreement.allowed(old, new)
    estimates = [
        found.matrix
        for was, now in _common(old, new)
        for found in agreement.estimates(sizes, was, now, allowed)
    ]
    if estimates:
        yield f"{', '.join(estimates)} changed"
    for name in sorted({*was, *now}):
        if was.get(name) != now.get(name):
            yield f"part {name} changed"


def _common(old: Profile, new: Profile) -> Iterator[tuple[Matrix, Matrix]]:
    """The matrices that both profiles have, with the same labels."""
    known = {(one.name, one.rows, one.columns): one for one in new.matrices}
    for one in old.matrices:
        if (found := known.get((one.name, one.rows, one.columns))) is not None:
            yield one, found


def _moved(slug: str, old: Profile, new: Profile) -> Iterator[Moved]:
    allowed, sizes = agreement.allowed(old, new), floors.of(new)
    mine = {matrix.name: matrix for matrix in old.matrices}
    other = {matrix.name: matrix for matrix in new.matrices}
    for name in dict.fromkeys([*mine, *other]):
        was, now = mine.get(name), other.get(name)
        if was is None or now is None or (was.rows, was.columns) != (now.rows, now.columns):
            problem = "is new" if was is None else "is gone" if now is None else "has other labels"
            shown = now if now is not None else was
            size = 0 if shown is None else int(shown.values.size)
            yield Moved(slug, new.analysis, name, size, size, None, "", None, problem, was, now)
        else:
            apart = agreement.moved(sizes, mine, other, name, allowed)
            if (found := _cells(slug, new.analysis, was, now, apart, allowed)) is not None:
                yield found


def _cells(
    slug: str, analysis: str, old: Matrix, new: Matrix, apart: Values, allowed: float
) -> Moved | None:
    """What moved in a matrix, by how far its values are apart; None where nothing did."""
    gone = np.isnan(old.values) != np.isnan(new.values)
    beyond = (np.nan_to_num(apart) > allowed) | gone
    if not beyond.any():
        return None
    ranked = np.where(gone, np.inf, np.nan_to_num(apart))
    row, column = (int(index) for index in np.argwhere(ranked == ranked.max())[0])
    largest = float(ranked[row, column])
    return Moved(
        model=slug,
        analysis=analysis,
        matrix=new.name,
        cells=int(beyond.sum()),
        of=int(beyond.size),
        largest=largest if np.isfinite(largest) else None,
        where=verdicts.cell(new, row, column),
        values=(float(old.values[row, column]), float(new.values[row, column])),
        problem=None if np.isfinite(largest) else "exists on one side only",
        old=old,
        new=new,
    )


def _flipped(old: Sequence[Verdict], new: Sequence[Verdict]) -> Iterator[Flipped]:
    was = {item.claim.name: item for item in old}
    now = {item.claim.name: item for item in new}
    for name in dict.fromkeys([*was, *now]):
        before, after = was.get(name), now.get(name)
        state, shown = before.state if before else None, after or before
        then = after.state if after else None
        if state != then and shown is not None:
            why = (*shown.reasons, *shown.found)
            yield Flipped(name, shown.claim.sentence, state, then, why)
