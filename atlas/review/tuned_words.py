"""How a model differs from its base, in words: the lines of a terminal and of the model's page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from atlas.review.tuned import Answer, HeadChange, Heads
from atlas.words import decimals, number, significant, written

FORMAT = 1

NAMED = 3
"""Heads of an analysis, and modules, that are named; the rest are counted."""


@dataclass(frozen=True)
class Line:
    """A line of the answer: what it is about, what is so, and the heads that it names."""

    about: str
    text: str
    heads: tuple[HeadChange, ...] = ()

    @property
    def whole(self) -> str:
        """The line and its heads as a terminal shows them."""
        return "\n  ".join([f"{self.about}: {self.text}", *map(head, self.heads)])


def title(answer: Answer) -> str:
    return f"How it differs from {answer.base.name}"


def lines(answer: Answer) -> tuple[Line, ...]:
    """The answer, a line for each thing that was measured."""
    found = list(_weights(answer))
    found += [_heads(one) for one in answer.heads]
    found += _still(answer)
    if answer.left:
        found.append(Line("Not compared", " ".join(answer.left)))
    return tuple(found)


def note(answer: Answer) -> str:
    """What a change of a head is, where heads were compared."""
    if not answer.heads:
        return ""
    return (
        f"A head counts as changed if a score differs by more than {decimals(answer.errors, 1)} "
        "standard errors (±): of two models with equal heads, one comparison in twenty would name "
        "any."
    )


def head(change: HeadChange) -> str:
    """`head 2.3: Induction, 0.31 → 0.60 (± 0.017)`."""
    error = written(significant(change.error, 2))
    values = f"{number(change.before)} → {number(change.after)} (± {error})"
    return f"head {change.layer}.{change.head}: {change.title}, {values}"


def comparison(answer: Answer, change: HeadChange | None = None) -> str:
    """The query of the page of comparisons, which opens as a difference: at a change, else at the
    largest that there is."""
    models = f"{answer.base.slug},{answer.model.slug}"
    if change is None:
        named = [one.changed[0] for one in answer.heads if one.changed]
        change = named[0] if named else None
    query = {"models": models, "view": "difference"}
    if change is not None:
        query = {
            "models": models,
            "analysis": change.analysis,
            "matrix": change.matrix,
            "view": "difference",
            "row": change.layer,
            "column": change.head,
        }
    return "?" + urlencode(query, safe=",:@")


def document(answer: Answer) -> dict[str, object]:
    """The answer as the site's file has it: lines for the page, numbers for programs. Of many only
    those that lead: profiles hold all, and a page loads this file at once."""
    return {
        "format": FORMAT,
        "model": answer.model.slug,
        "base": answer.base.slug,
        "title": title(answer),
        "note": note(answer),
        "compare": comparison(answer),
        "lines": [
            {
                "about": line.about,
                "text": line.text,
                "heads": [
                    {"text": head(one), "compare": comparison(answer, one)} for one in line.heads
                ],
            }
            for line in lines(answer)
        ],
        "relative_change": answer.drift,
        "changed": answer.altered,
        "moved": [vars(one) for one in answer.moved[:NAMED]],
        "still": list(answer.still),
        "standard_errors": answer.errors,
        "heads": [
            {
                "analysis": one.analysis,
                "heads": one.count,
                "changed": len(one.changed),
                "most": [vars(change) for change in one.changed[:NAMED]],
            }
            for one in answer.heads
        ],
    }


def _weights(answer: Answer) -> Iterator[Line]:
    if answer.drift is None:
        return
    outside = {name: change for name, change in answer.outside.items() if change}
    if answer.drift == 0:
        yield Line("Drift", "None: every weight of the blocks is as it was")
    else:
        share = "" if answer.altered is None else f"; {_percent(answer.altered)} of them changed"
        alone = (
            ""
            if answer.rounding is None
            else f"; storing them in fewer bits alone would give about {number(answer.rounding)}"
        )
        yield Line(
            "Drift",
            f"The blocks' weights moved by {number(answer.drift)} of their norm{share}{alone}",
        )
    parts = [
        f"{one.module} in layer {one.layer} by {number(one.change)}" for one in answer.moved[:NAMED]
    ]
    if outside:
        told = ", ".join(f"the {name} by {number(change)}" for name, change in outside.items())
        parts.append(f"outside the blocks {told}")
    if parts:
        yield Line("Moved most", "; ".join(parts))


def _heads(heads: Heads) -> Line:
    if not heads.changed:
        return Line(heads.title, f"None of {heads.count} heads changed beyond its spread")
    count = len(heads.changed)
    text = (
        f"{count} of {heads.count} heads changed beyond {'its' if count == 1 else 'their'} spread"
    )
    return Line(heads.title, text, heads.changed[:NAMED])


def _still(answer: Answer) -> Iterator[Line]:
    """What did not move: modules and parts whose weights are all as they were, and heads."""
    if answer.is_same:
        yield Line("Did not move", "Everything that was measured")
        return
    weights = [*answer.still, *(name for name, change in answer.outside.items() if not change)]
    parts = [f"{_listed(weights)}, in every layer that has them"] if weights else []
    within = [
        f"{one.count - len(one.changed)} of {one.count} heads in {one.title}"
        for one in answer.heads
        if one.changed and len(one.changed) < one.count
    ]
    if within:
        parts.append(f"within their spread {_listed(within)}")
    yield Line("Did not move", "; ".join(parts) if parts else "Nothing: all that was measured did")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _percent(share: float) -> str:
    """A share in percent; what is not all never reads 100%, what is not nothing never 0%."""
    for places in (0, 1, 2, 3):
        told = decimals(100 * share, places)
        if float(told) not in (0.0, 100.0) or share in (0.0, 1.0):
            return f"{told}%"
    return "less than 0.001%"  # files have 4 digits: nothing lies so near to all
