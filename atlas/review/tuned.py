"""How a model differs from the one that it was made from, as far as both were measured.

Its weights moved by what `drift` measured. Of its heads a score counts as changed where it lies
further from the base's than rounding moves it, and than chance makes of as many comparisons: the
difference is held against its standard error, that of two independent readings. Both models have
read the same texts, so that the true error is smaller: a change may be missed, and none is made up.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from atlas.entries.entry import Entry
from atlas.profiles import agreement, comparable, contract, floors, statement
from atlas.profiles.collection import Model, Section
from atlas.profiles.matrix import Matrix, Values
from atlas.profiles.profile_file import Profile

SCORES: Mapping[str, tuple[str, ...]] = {
    "attention": ("*",),
    "functions": ("score:*", "suppressive:*"),
    "importance": ("head_gate",),
}
"""The quantities of heads that are compared, by analysis: those that have a spread."""

FALSELY = 0.05
"""The chance that any head at all is named of a tune whose heads are as they were."""

LEAST = 2.0
"""Standard errors that a difference is always held to, as on the page of comparisons."""

OUTSIDE = {
    "embedding_relative_change": "embedding",
    "unembedding_relative_change": "unembedding",
    "final_norm_relative_change": "final norm",
    "biases_relative_change": "biases of the blocks",
}
"""Facts of `drift` about what its matrix leaves out."""


@dataclass(frozen=True)
class Moved:
    """How far one module of a layer moved, relative to the base's norm."""

    layer: str
    module: str
    change: float


@dataclass(frozen=True)
class HeadChange:
    """A score of a head that changed; `error` is the standard error of the difference, `size` the
    difference as a share of all that the score can differ by."""

    analysis: str
    matrix: str
    title: str
    layer: str
    head: str
    before: float
    after: float
    error: float
    size: float


@dataclass(frozen=True)
class Heads:
    """Of one analysis: how many heads there are, and of each that changed its largest change,
    largest first."""

    analysis: str
    title: str
    count: int
    changed: tuple[HeadChange, ...]


@dataclass(frozen=True)
class Answer:
    """How `model` differs from `base`.

    `drift` and `altered`: relative change of all blocks, and the share of their weights that
    differ, None where that was not measured; `rounding`: what storing it in fewer bits alone would
    give. `moved`: every module of a layer that moved, furthest first; `still`: the modules that
    moved in no layer; `outside`: what moved outside the blocks, by name. `heads`: by analysis.
    `errors`: the standard errors that a difference of scores must exceed. `left`: what could not be
    compared, and why, a sentence each.
    """

    model: Entry
    base: Entry
    drift: float | None
    altered: float | None
    rounding: float | None
    moved: tuple[Moved, ...]
    still: tuple[str, ...]
    outside: Mapping[str, float]
    heads: tuple[Heads, ...]
    errors: float
    left: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether all that was measured is as it was, the weights among it."""
        alike = self.drift == 0 and not any(self.outside.values())
        return alike and not any(one.changed for one in self.heads)


def of(model: Model, base: Model | None) -> Answer | None:
    """How a model differs from its base; None without one, and where nothing of both is known."""
    if base is None or model.entry.base != base.entry.slug:
        return None
    left: list[str] = []
    section = model.section("drift")
    drift = section.profile if section and section.job.state == "fresh" else None
    if drift is None:
        left.append(f"{statement.of('drift').title}: {_awaited(section, 'the model')}.")
    pairs = [_Pair(*both) for name in SCORES if (both := _both(model, base, name, left))]
    errors = surely(sum(int(pair.known.sum()) for one in pairs for pair in one.cells))
    heads = tuple(one.heads(errors) for one in pairs)
    if drift is None and not heads:
        return None
    facts = {} if drift is None else drift.facts
    numbers = {key: float(value) for key, value in facts.items() if isinstance(value, (int, float))}
    moved, still = _moved(drift)
    return Answer(
        model=model.entry,
        base=base.entry,
        drift=numbers.get("relative_change"),
        altered=numbers.get("changed"),
        rounding=numbers.get("expected_relative_change"),
        moved=moved,
        still=still,
        outside={name: numbers[key] for key, name in OUTSIDE.items() if key in numbers},
        heads=heads,
        errors=errors,
        left=tuple(left),
    )


def surely(comparisons: int) -> float:
    """Standard errors beyond which none of so many equal pairs lies, but with a chance of
    `FALSELY` (Bonferroni; either sign)."""
    if comparisons == 0:
        return LEAST
    return max(LEAST, NormalDist().inv_cdf(1 - FALSELY / (2 * comparisons)))


def _moved(drift: Profile | None) -> tuple[tuple[Moved, ...], tuple[str, ...]]:
    """What moved, furthest first, and the modules that moved in no layer."""
    found = [one for one in (drift.matrices if drift else ()) if one.name == "relative_change"]
    if not found:
        return (), ()
    matrix, values = found[0], found[0].values
    moved = [
        Moved(matrix.rows[row], matrix.columns[column], float(values[row, column]))
        for row, column in np.argwhere(np.nan_to_num(values) > 0)
    ]
    known = ~np.isnan(values)
    still = [
        module
        for at, module in enumerate(matrix.columns)
        if known[:, at].any() and not np.nan_to_num(values[:, at]).any()
    ]
    return tuple(sorted(moved, key=lambda one: -one.change)), tuple(still)


def _both(
    model: Model, base: Model, name: str, left: list[str]
) -> tuple[Section, Profile, Profile] | None:
    """The profiles of an analysis that may be compared; else it is added to `left` why not."""
    ours, theirs = model.section(name), base.section(name)
    title = statement.of(name).title
    for section, who in ((ours, "the model"), (theirs, "its base")):
        if section is None or section.profile is None or section.job.state != "fresh":
            if ours is not None or theirs is not None:
                left.append(f"{title}: {_awaited(section, who)}.")
            return None
        if section.doubt:
            left.append(f"{title}, {who}: {section.doubt}")
            return None
    assert ours and theirs and ours.profile and theirs.profile, "looked at above"
    among = theirs.profile.version, comparable.terms(theirs.profile)
    if apart := comparable.apart(ours.profile, among):
        left.append(f"{title}: measured in another way than its base ({apart}).")
        return None
    return ours, ours.profile, theirs.profile


def _awaited(section: Section | None, who: str) -> str:
    if section is None or section.profile is None:
        return f"{who} was not measured"
    return f"the profile of {who} is stale"


@dataclass(frozen=True)
class _Cells:
    """One quantity of both models: values and errors by layer and head. `known`: where there is
    something to compare; `beyond`: where rounding cannot have made the difference."""

    ours: Matrix
    theirs: Matrix
    difference: Values
    error: Values
    known: NDArray[np.bool_]
    beyond: NDArray[np.bool_]

    @property
    def span(self) -> float:
        """What the quantity can differ by: the width of its range, else that of its values."""
        low, high = self.ours.range or (None, None)
        if low is not None and high is not None:
            return high - low
        both = np.stack([self.ours.values, self.theirs.values])
        return float(np.nanmax(both) - np.nanmin(both))

    def changes(self, analysis: str, errors: float) -> Iterator[HeadChange]:
        sure = self.known & self.beyond & (np.abs(self.difference) > errors * self.error)
        for row, column in np.argwhere(sure):
            yield HeadChange(
                analysis,
                self.ours.name,
                self.ours.title,
                self.ours.rows[row],
                self.ours.columns[column],
                before=float(self.theirs.values[row, column]),
                after=float(self.ours.values[row, column]),
                error=float(self.error[row, column]),
                size=abs(float(self.difference[row, column])) / self.span,
            )


class _Pair:
    """An analysis of both models, quantity by quantity."""

    def __init__(self, section: Section, ours: Profile, theirs: Profile) -> None:
        self.stated = section.stated
        self.count = max((one.existing for one in ours.matrices if _is_of_heads(one)), default=0)
        self.cells = tuple(_cells(ours, theirs, self.stated.matrices))

    def heads(self, errors: float) -> Heads:
        largest: dict[tuple[str, str], HeadChange] = {}
        for cells in self.cells:
            for one in cells.changes(self.stated.name, errors):
                place = one.layer, one.head
                if place not in largest or one.size > largest[place].size:
                    largest[place] = one
        changed = sorted(largest.values(), key=lambda one: -one.size)
        return Heads(self.stated.name, self.stated.title, self.count, tuple(changed))


def _cells(
    ours: Profile, theirs: Profile, stated: Mapping[str, contract.Quantity]
) -> Iterator[_Cells]:
    """The quantities that both have, each once: of a score at several k the first, by which heads
    are judged."""
    others = {one.name: one for one in theirs.matrices}
    sizes, allowed = floors.of(ours), agreement.allowed(ours, theirs)
    seen: set[str] = set()
    for matrix in ours.matrices:
        quantity = contract.find(stated, matrix.name)
        root = (quantity and quantity.same_as) or matrix.name
        patterns = SCORES[ours.analysis]
        if root in seen or not any(fnmatch.fnmatchcase(matrix.name, one) for one in patterns):
            continue
        seen.add(root)
        other = others.get(matrix.name)
        if other is None or not _is_alike(matrix, other):
            continue
        assert matrix.spread is not None and other.spread is not None, "looked at"
        difference, error = matrix.values - other.values, np.hypot(matrix.spread, other.spread)
        apart = floors.relative(matrix.values, other.values, sizes.of_values(matrix))
        yield _Cells(
            matrix,
            other,
            difference,
            error,
            known=np.isfinite(difference) & np.isfinite(error),
            beyond=np.nan_to_num(apart) > allowed,
        )


def _is_alike(one: Matrix, other: Matrix) -> bool:
    """Whether two matrices are one quantity of the same heads, with spreads."""
    same = [(m.rows, m.columns, m.axes, m.unit, m.kind) for m in (one, other)]
    spread = one.spread is not None and other.spread is not None
    return _is_of_heads(one) and spread and same[0] == same[1]


def _is_of_heads(matrix: Matrix) -> bool:
    return matrix.axes == ("layer", "head")
