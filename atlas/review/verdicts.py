"""What becomes of claims on the profiles that are there: holds, no longer holds, cannot be tested.

A claim is only held against fresh profiles. They were measured by the current version and protocol
of their analysis, so that values of two models may be compared.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from atlas import words
from atlas.errors import suggest
from atlas.profiles import comparable, validity
from atlas.profiles.matrix import Matrix
from atlas.review.claims import Claim, Combination, Comparison, Operand, Quantity, Statement

if TYPE_CHECKING:
    from atlas.profiles.collection import Model
    from atlas.profiles.profile_file import Profile

State = Literal["holds", "no longer holds", "cannot be tested yet"]
STATES: tuple[State, ...] = ("holds", "no longer holds", "cannot be tested yet")

ORDER: dict[str, Callable[[float, float], bool]] = {
    "above": operator.gt,
    "at least": operator.ge,
    "below": operator.lt,
    "at most": operator.le,
}

TIED = " (shared with"
"""Follows a cell that shares its value with others: no cell is the largest alone, so that it is not
the same as any."""

REDUCE: dict[str, Callable[[NDArray[np.float64]], Any]] = {
    "max": np.nanmax,
    "min": np.nanmin,
    "mean": np.nanmean,
    "cell": np.nanmax,
}


@dataclass(frozen=True)
class Verdict:
    """A claim and what became of it.

    `reasons`: why it cannot be tested, empty where it can. `found`: what each of its comparisons
    found, in words. `listed`: the page of its view is there. `doubts`: why values that it rests on
    say nothing about the model, a line a profile.
    """

    claim: Claim
    state: State
    reasons: tuple[str, ...]
    found: tuple[str, ...]
    listed: bool
    doubts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The state as one word, for style sheets and scripts."""
        return {"holds": "holds", "no longer holds": "fails"}.get(self.state, "untested")


class _Untestable(Exception):  # noqa: N818 - no error: the third answer
    """A quantity that cannot be taken, and why."""


def judge(claims: Iterable[Claim], models: Sequence[Model]) -> list[Verdict]:
    """A verdict for each claim, in the order given."""
    by_slug = {model.entry.slug: model for model in models}
    return [_judge(claim, by_slug) for claim in claims]


@dataclass(frozen=True)
class About:
    """The claims about one model, on the page of claims under `anchor`; `name` is the slug where
    the atlas does not list it."""

    slug: str
    name: str
    listed: bool
    verdicts: tuple[Verdict, ...]

    @property
    def anchor(self) -> str:
        first = self.verdicts[0].claim
        return f"about-{self.slug}" if first.models[0] == self.slug else first.name

    @property
    def counted(self) -> str:
        """How many there are of each state that occurs, in words."""
        return told(self.verdicts)


def about(slug: str, verdicts: Sequence[Verdict]) -> About | None:
    """The claims that a model's page tells of: all that name it; None where none does. Their anchor
    is the first one's."""
    mine = tuple(item for item in verdicts if slug in item.claim.models)
    return About(slug, slug, True, mine) if mine else None


def by_model(verdicts: Sequence[Verdict], models: Sequence[Model]) -> list[About]:
    """Claims under the model that they name first: models with claims that are tested come first,
    in the order of the atlas."""
    names = {model.entry.slug: model.entry.name for model in models}
    slugs = dict.fromkeys([*names, *(item.claim.models[0] for item in verdicts)])
    groups = [
        About(slug, names.get(slug, slug), slug in names, mine)
        for slug in slugs
        if (mine := tuple(item for item in verdicts if item.claim.models[0] == slug))
    ]
    return sorted(groups, key=lambda group: all(one.reasons for one in group.verdicts))


def counts(verdicts: Sequence[Verdict]) -> list[tuple[State, int]]:
    """How many there are of each state."""
    return [(state, sum(item.state == state for item in verdicts)) for state in STATES]


def told(verdicts: Sequence[Verdict]) -> str:
    """How many there are of each state that occurs, in words."""
    plural = {"holds": "hold", "no longer holds": "no longer hold"}
    return ", ".join(
        f"{count} {state if count == 1 else plural.get(state, state)}"
        for state, count in counts(verdicts)
        if count
    )


def _judge(claim: Claim, models: dict[str, Model]) -> Verdict:
    reasons: dict[str, None] = {}
    values: dict[Quantity, float | str] = {}
    for quantity in claim.quantities:
        try:
            values[quantity] = _take(quantity, _matrix(quantity, models))
        except _Untestable as error:
            reasons[str(error)] = None
    if not reasons:
        reasons.update(dict.fromkeys(_unlike(claim, models)))
    path = claim.view.split("?")[0].split("#")[0].split("/")
    listed = path[0] != "models" or path[1] in models
    if reasons:
        return Verdict(claim, "cannot be tested yet", tuple(reasons), (), listed)
    found: list[str] = []
    true = _is_true(claim.holds, values, found)
    state: State = "holds" if true else "no longer holds"
    return Verdict(claim, state, (), tuple(found), listed, _doubts(claim, models))


def _unlike(claim: Claim, models: dict[str, Model]) -> Iterator[str]:
    """Why values that are compared may not be: one analysis, measured otherwise on either model."""
    for _, one in claim.comparisons:
        sides = [side for side in (one.left, one.right) if isinstance(side, Quantity)]
        if len(sides) < 2 or sides[0].analysis != sides[1].analysis:
            continue
        profiles = [_profile(side, models) for side in sides]
        terms = [comparable.terms(profile) for profile in profiles]
        for key in sorted({*terms[0], *terms[1]}):
            if terms[0].get(key) != terms[1].get(key):
                words = key.replace("_", " ")
                names = " and ".join(models[side.model].entry.name for side in sides)
                told = f"{sides[0].analysis} of {names} was measured under different conditions"
                yield f"{told}: {words}"


def _profile(quantity: Quantity, models: dict[str, Model]) -> Profile:
    """The profile that a quantity is taken of, which is there."""
    section = models[quantity.model].section(quantity.analysis)
    assert section is not None and section.profile is not None, "it was taken"
    return section.profile


def _doubts(claim: Claim, models: dict[str, Model]) -> tuple[str, ...]:
    """What of the profiles that a claim rests on says nothing about its model."""
    by_profile = {(one.model, one.analysis): one for one in claim.quantities}
    return tuple(
        f"{models[slug].entry.name} {said}, so its {analysis} says nothing about it"
        for (slug, analysis), quantity in by_profile.items()
        if (said := validity.beaten(_profile(quantity, models).facts))
    )


def _matrix(quantity: Quantity, models: Mapping[str, Model]) -> Matrix:
    """The matrix that a quantity is taken of; `_Untestable` says why there is none to rely on."""
    if absent := absence(quantity, models):
        raise _Untestable(absent)
    section = models[quantity.model].section(quantity.analysis)
    assert section is not None and section.profile is not None, "it is not absent"
    if section.job.state == "stale":
        name, why = models[quantity.model].entry.name, "; ".join(section.job.reasons)
        raise _Untestable(f"the profile of {quantity.analysis} of {name} is stale: {why}")
    return section.profile.matrix(quantity.matrix)


def absence(quantity: Quantity, models: Mapping[str, Model]) -> str:
    """Why there is no such matrix or cell, fresh or stale; empty where there is."""
    model = models.get(quantity.model)
    if model is None:
        return f"the atlas does not list {quantity.model}"
    name = model.entry.name
    section = model.section(quantity.analysis)
    if section is None:
        return f"{quantity.analysis} is not among the analyses of {name}"
    if section.profile is None:
        unpinned = model.entry.source_kind == "hub" and model.entry.revision is None
        because = ", whose revision is not pinned yet," if unpinned else ""
        return f"{name}{because} has no profile of {quantity.analysis} yet"
    if absent := lacking(quantity, section.profile, name):
        problem, remedy = absent
        near, _, _ = remedy.partition("? known")
        hint = f": {near}?" if near.startswith("did you mean") else ""
        return f"{problem}{hint}"
    return ""


def lacking(quantity: Quantity, profile: Profile, name: str) -> tuple[str, str] | None:
    """The matrix or label of a quantity that the profile does not have, and what to write instead;
    None where all is there. `name` is the model's in the message."""
    names = [matrix.name for matrix in profile.matrices]
    if quantity.matrix not in names:
        problem = f"{quantity.analysis} of {name} has no {quantity.matrix!r}"
        return problem, suggest(quantity.matrix, names)
    matrix = profile.matrix(quantity.matrix)
    wanted = (quantity.rows, quantity.columns)
    for axis, chosen, labels in zip(
        matrix.axes, wanted, (matrix.rows, matrix.columns), strict=True
    ):
        for label in chosen or ():
            if label not in labels:
                problem = f"{quantity.matrix} of {quantity.model} has no {axis} {label!r}"
                return problem, suggest(label, labels)
    return None


def _take(quantity: Quantity, matrix: Matrix) -> float | str:
    """The number or the cell that a quantity is."""
    rows = _indices(quantity.rows, matrix.rows)
    columns = _indices(quantity.columns, matrix.columns)
    chosen = matrix.values[np.ix_(rows, columns)]
    if np.isnan(chosen).all():
        vague = matrix.is_undefined[np.ix_(rows, columns)].any()
        what = "cannot be defined for" if vague else "does not exist in"
        raise _Untestable(f"{_about(quantity)} {what} this model")
    if quantity.is_place:
        furthest = np.nanmax(chosen) if quantity.take == "argmax" else np.nanmin(chosen)
        [row, column], *others = np.argwhere(chosen == furthest)
        found = cell(matrix, rows[row], columns[column])
        return f"{found}{TIED} {len(others)} more)" if others else found
    return _number(quantity, chosen, matrix) * (1.0 if quantity.times is None else quantity.times)


def _number(quantity: Quantity, chosen: NDArray[np.float64], matrix: Matrix) -> float:
    if quantity.take == "rank":  # of several with one value, each has the last of their ranks
        return float(np.sum(matrix.values >= chosen[0, 0]))
    if quantity.take == "count":
        assert quantity.above is not None, "claims.load sees to that"
        return float(np.sum(chosen > quantity.above))
    return float(REDUCE[quantity.take](chosen))


def _indices(wanted: tuple[str, ...] | None, labels: tuple[str, ...]) -> list[int]:
    return [labels.index(label) for label in wanted or labels]


def cell(matrix: Matrix, row: int, column: int) -> str:
    """`layer 2, head 3`, `layer 0, mlp.down`: a label that is a number needs its axis."""
    labels = zip(matrix.axes, (matrix.rows[row], matrix.columns[column]), strict=True)
    return ", ".join(f"{axis} {label}" if label.isdigit() else label for axis, label in labels)


def _is_true(statement: Statement, values: dict[Quantity, float | str], found: list[str]) -> bool:
    """Whether a statement is true; every comparison that it rests on is told in `found`."""
    if isinstance(statement, Combination):
        parts = [_is_true(part, values, found) for part in statement.parts]
        if statement.how == "not":
            return not parts[0]
        return all(parts) if statement.how == "all" else any(parts)
    left, right = (_value(side, values) for side in (statement.left, statement.right))
    true = _compare(statement, left, right)
    found.append(_found(statement, left, right, true))
    return true


def _compare(statement: Comparison, left: float | str, right: float | str) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        return left == right and TIED not in str(left)
    if statement.within is not None:
        return abs(left - right) <= statement.within
    return ORDER[statement.relation](left, right)


def _value(operand: Operand, values: dict[Quantity, float | str]) -> float | str:
    return values[operand] if isinstance(operand, Quantity) else operand


def _found(statement: Comparison, left: float | str, right: float | str, true: bool) -> str:
    """`max of induction, ref-llama = 0.9074, above 0.85`."""
    if statement.relation == "same as" and isinstance(statement.right, str):
        wanted = "as claimed" if true else f"not {right}"
    else:
        within = "" if statement.within is None else f" within {words.written(statement.within)}"
        negated = "" if true else "not "
        wanted = f"{negated}{statement.relation} {_told(statement.right, right)}{within}"
    return f"{_told(statement.left, left)}, {wanted}"


def _told(operand: Operand, value: float | str) -> str:
    shown = value if isinstance(value, str) else words.written(words.significant(value, 4))
    return f"{_about(operand)} = {shown}" if isinstance(operand, Quantity) else shown


def _about(quantity: Quantity) -> str:
    """What is taken of what, in words that fit in a line."""
    where = [
        f"{axis} {', '.join(labels)}"
        for axis, labels in (("row", quantity.rows), ("column", quantity.columns))
        if labels is not None
    ]
    above = "" if quantity.above is None else f" above {words.written(quantity.above)}"
    factor = "" if quantity.times is None else f"{words.written(quantity.times)} × "
    place = f" ({'; '.join(where)})" if where else ""
    return f"{factor}{quantity.take}{above} of {quantity.matrix}{place}, {quantity.model}"
