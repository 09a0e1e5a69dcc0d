"""What an analysis promises of its matrices: stated once, in `MATRICES` of its `__init__.py`.

A statement is plain data, name -> what is the same for every model. `run.py` builds its matrices
from it, and `profiles/soundness.py` holds profiles to it, so that no title, unit or range is
written down twice. The keys are the fields of `Quantity`; `title`, `unit`, `direction` and `axes`
are required.

A name may have places in braces, `score:{relation}@{k}`: {relation} stands for a pinned relation,
{category} for one of their categories, {k} for a number. Other texts repeat them; {Relation} is a
relation's title, {Category} a category with a capital.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from atlas.architectures.row import CANONICAL
from atlas.pinned import relations
from atlas.pinned.relations import CATEGORIES
from atlas.profiles.matrix import BINARY, Estimate, Kind, Matrix, Scale, cells

Range = tuple[float | None, float | None]
Constructed = Literal["last row", "diagonal"]


@dataclass(frozen=True)
class Quantity:
    """What all matrices of one name have in common.

    `unit`: of a binary one, what its two values mean, `1 kept, 0 pruned`; figures then have these
    words. `columns`: labels of columns in their order, where geometry does not give them;
    `lacking`: those of them that some models have not. `kinds`: the kinds of architecture that have
    it. `when`: in which case a profile has it, "" for always; matrices of one such case come
    together. `n`: the condition or fact that counts what is behind a value, `conditions.tokens`.
    `spread`: what gives a value's standard error (`Matrix.estimate`), "" where the analysis does.
    `gaps`: single cells may stand for what does not exist in an architecture; else a null is a
    value that cannot be defined, and marked as such, but for models whose layers differ
    (`soundness.may_lack`). `constructed`: values that no model could have
    otherwise, which are no finding: those of the "last row", or of the "diagonal". `same_as`: the
    quantity that this one is a function of, so that a finding about both is told once; of a
    pattern, what it shares with others of it.

    What follows tells how far values may move by rounding alone (`profiles/floors.py`). `of_size`:
    the size that it is a share of, where that is larger than a value: of what was subtracted to get
    it, or of the whole that it is a small part of; a number, or the fact that has it,
    `facts.bits_per_byte`. `scaled_by`: the matrix by whose span (largest less smallest value) such
    a difference is divided. `chosen_by`: of a matrix of choices, the matrices whose smallest values
    of a row are chosen together, that of its own cells first. `leaders`: the fact that names cells
    whose values are the highest, or the lowest.
    """

    name: str
    title: str
    unit: str
    direction: str
    axes: tuple[str, str]
    kind: Kind = "sequential"
    scale: Scale = "linear"
    range: Range | None = None
    columns: tuple[str, ...] | None = None
    lacking: tuple[str, ...] = ()
    categories: tuple[str, ...] | None = None
    kinds: tuple[str, ...] = ("decoder", "encoder")
    when: str = ""
    n: str | None = None
    spread: Estimate = ""
    gaps: bool = False
    constructed: Constructed | None = None
    same_as: str | None = None
    of_size: str | float | None = None
    scaled_by: str | None = None
    chosen_by: tuple[str, ...] = ()
    leaders: str | None = None

    @property
    def is_pattern(self) -> bool:
        """Whether it stands for several matrices."""
        return "{" in self.name

    def filled(self, **words: object) -> Quantity:
        """The quantity of one matrix of a pattern: words in the place of braces."""
        texts = ("name", "title", "unit", "direction", "when", "n", "same_as")
        known = {key: getattr(self, key) for key in texts}
        return replace(self, **{key: text and text.format(**words) for key, text in known.items()})

    def matrix(
        self,
        values: NDArray[np.float64],
        *,
        rows: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        native: Sequence[str] | None = None,
        n: int | None = None,
        undefined: NDArray[np.bool_] | None = None,
        spread: NDArray[np.float64] | None = None,
        largest_share: NDArray[np.float64] | None = None,
    ) -> Matrix:
        """The matrix of these values, (row, column); unsaid labels are those that are stated, and
        numbers from 0 where none are. `undefined`: where a value cannot be defined. `spread` and
        `largest_share` as in `Matrix`."""
        wide = self.columns if columns is None else tuple(columns)
        across = counted(values.shape[1]) if wide is None else wide
        down = counted(values.shape[0]) if rows is None else tuple(rows)
        return Matrix(
            name=self.name,
            title=self.title,
            unit=self.unit,
            kind=self.kind,
            axes=self.axes,
            rows=down,
            columns=across,
            values=values,
            direction=self.direction,
            scale=self.scale,
            range=self.range,
            native=None if native is None else tuple(native),
            categories=self.categories,
            n=n,
            undefined=() if undefined is None else cells(down, across, undefined),
            spread=spread,
            estimate=self.spread,
            largest_share=largest_share,
        )

    def by_module(
        self,
        found: Mapping[tuple[str, int, str], float | None],
        layers: int,
        native: Mapping[str, str],
        n: int | None = None,
        spread: Mapping[tuple[str, int, str], float | None] | None = None,
        largest_share: Mapping[tuple[str, int, str], float | None] | None = None,
    ) -> Matrix:
        """The matrix from `found`: (name, layer, module) -> value, None where it cannot be defined;
        `spread` and `largest_share` in the same way, None for all where they are not told.

        `native`: the modules that may have a column, in order, with their native names; those that
        no layer has a value for, or that are not stated, get none. What a layer has no value for
        does not exist there.
        """
        stated = native if self.columns is None else self.columns
        held = {module for name, _, module in found if name == self.name}
        columns = [one for one in native if one in stated and one in held]
        labels = [native[column] for column in columns]

        def table(known: Mapping[tuple[str, int, str], float | None]) -> NDArray[np.float64]:
            values = [
                [known.get((self.name, row, column)) for column in columns] for row in range(layers)
            ]
            return np.array(values, dtype=np.float64)  # None becomes NaN

        marked = [
            [found.get((self.name, row, one), 0.0) is None for one in columns]
            for row in range(layers)
        ]
        return self.matrix(
            table(found),
            columns=columns,
            native=labels,
            n=n,
            undefined=np.array(marked),
            spread=None if spread is None else table(spread),
            largest_share=None if largest_share is None else table(largest_share),
        )


def counted(count: int) -> tuple[str, ...]:
    """The labels 0, 1, 2 ... of layers and heads."""
    return tuple(map(str, range(count)))


def read(stated: Mapping[str, Mapping[str, Any]]) -> dict[str, Quantity]:
    """The quantities of a statement by name. Raises `ValueError` for what is none."""
    made = {name: _quantity(name, dict(one)) for name, one in stated.items()}
    for name, one in made.items():
        if one.same_as not in (None, *made) and not one.is_pattern:
            raise ValueError(f"{name!r} is the same as {one.same_as!r}, which is not stated")
        others = one.chosen_by + ((one.scaled_by,) if one.scaled_by else ())
        for unknown in (other for other in others if other not in made):
            raise ValueError(f"{name!r} rests on {unknown!r}, which is not stated")
    return made


def find(quantities: Mapping[str, Quantity], name: str) -> Quantity | None:
    """The quantity of a matrix of that name, its places filled; None where none is stated."""
    known = quantities.get(name)
    if known is not None and not known.is_pattern:
        return known
    for one in quantities.values():
        match = re.fullmatch(_expression(one.name), name) if one.is_pattern else None
        if match and match.groupdict().get("relation") in (None, *_titles()):
            return one.filled(**_words(match.groupdict()))
    return None


def defined(value: float) -> float | None:
    """A value, None where it cannot be defined: NaN of what is known to be finite itself."""
    return None if math.isnan(value) else value


def _quantity(name: str, stated: dict[str, Any]) -> Quantity:
    known = {field.name for field in fields(Quantity)} - {"name"}
    for key in ("title", "unit", "direction", "axes"):
        if key not in stated:
            raise ValueError(f"{name!r} states no {key}")
    if unknown := sorted(set(stated) - known):
        raise ValueError(f"{name!r} states {unknown[0]!r}; known: {', '.join(sorted(known))}")
    made = Quantity(name=name, **stated)
    for key in ("axes", "range", "columns", "categories", "kinds", "lacking", "chosen_by"):
        if not isinstance(getattr(made, key), (tuple, type(None))):
            raise ValueError(f"{name!r} states a {key} that is no tuple")
    sound = made.kind in get_args(Kind) and made.scale in get_args(Scale) and len(made.axes) == 2
    if not sound or (made.range is not None and len(made.range) != 2):
        raise ValueError(f"{name!r} states a kind, scale, pair of axes or range that is none")
    if made.kind == "binary" and not BINARY.fullmatch(made.unit):
        raise ValueError(f"{name!r} states a unit that does not say what 1 and 0 mean")
    if made.constructed not in (None, *get_args(Constructed)):
        raise ValueError(f"{name!r} states {made.constructed!r} by construction")
    if isinstance(made.of_size, str) and not made.of_size.startswith("facts."):
        raise ValueError(f"{name!r} states a size {made.of_size!r} that is no number and no fact")
    return made


PLACES: Mapping[str, str] = {"k": "[1-9][0-9]*", "category": "|".join(CATEGORIES)}
"""What may stand in a place of a name; a relation may be any of the pinned ones."""


def _expression(name: str) -> str:
    """The regular expression of the names that a pattern stands for."""
    return "".join(
        f"(?P<{piece}>{PLACES.get(piece, '[a-z][a-z0-9-]*')})" if at % 2 else re.escape(piece)
        for at, piece in enumerate(re.split(r"[{}]", name))
    )


def _words(found: dict[str, str]) -> dict[str, str]:
    """What the places of a name hold, with the words that a reader is told instead."""
    if "relation" in found:
        found = {**found, "Relation": _titles()[found["relation"]]}
    if "category" in found:
        found = {**found, "Category": found["category"].capitalize()}
    return found


@functools.cache
def _titles() -> dict[str, str]:
    return {one.name: one.title for one in relations.load_all()}


def modules(quantity: Quantity) -> tuple[str, ...]:
    """The columns that a quantity may have, in their order, where they are not counted."""
    if quantity.columns is not None:
        return quantity.columns
    return CANONICAL if quantity.axes[1] == "module" else ()
