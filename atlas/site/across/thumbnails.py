"""Thumbnails: measured maps in small, a pixel a cell, where pages list models, figures and surveys.

Heads run down and layers across, as on the pages that thumbnails lead to. A thumbnail has no colour
bar, so its scale is the robust one of surveys: a few extreme values leave the rest its colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.collection import Model, Section
from atlas.profiles.matrix import Matrix
from atlas.site.across import shared_scale
from atlas.site.across.shared_scale import MISSING, STEPS, Scale
from atlas.site.figures import column_order, palettes, previews

LEVELS = 64
"""Colours of a scale, of the 256 that a figure has."""

TELLING = (
    ("functions", "categories"),
    ("importance", "taylor"),
    ("attention", "induction"),
    ("attention", "previous"),
)
"""What tells most about a model, best first: what its heads do, which components matter, which
heads copy. Any other measured map stands in after them."""

Colours = Sequence[str]


@dataclass(frozen=True)
class Thumbnail:
    """A small picture of a matrix. `path`: its file, relative to the site's root; `axes`: what runs
    which way, in words."""

    path: str
    analysis: str
    matrix: str
    title: str
    axes: str
    picture: bytes = field(repr=False)


class Labelled(NamedTuple):
    """A thumbnail and what stands above it."""

    label: str
    thumbnail: Thumbnail


def of(
    model: Model,
    analysis: str,
    matrix: Matrix,
    scale: Scale | None = None,
    shown: Colours = (),
    name: str = "",
) -> Thumbnail:
    """The thumbnail of a matrix. `scale`: one that it shares with others; `shown`: colours other
    than those of its kind; `name`: of its file, where a matrix has several."""
    file = previews.plain(name or matrix.name)
    return Thumbnail(
        path=f"{model.folder}/previews/small.{analysis}.{file}.svg",
        analysis=analysis,
        matrix=matrix.name,
        title=matrix.title,
        axes=axes(matrix),
        picture=drawn(laid(matrix, scale), shown or colours(matrix)),
    )


def axes(matrix: Matrix) -> str:
    """What runs which way, in words."""
    down, across = matrix.axes[::-1] if _is_turned(matrix) else matrix.axes
    return f"{_plural(across)} across, {_plural(down)} down"


def _plural(axis: str) -> str:
    return f"{column_order.axis_title(axis, False).lower()}s"


def _is_turned(matrix: Matrix) -> bool:
    return matrix.axes == column_order.HEADS


def laid(matrix: Matrix, scale: Scale | None = None) -> NDArray[np.uint8]:
    """The steps of a matrix on a scale, its own where none is given, as rows and columns lie in the
    picture."""
    steps = (scale or shared_scale.over([matrix])).steps(matrix)
    return steps.T if _is_turned(matrix) else steps


def colours(matrix: Matrix) -> Colours:
    """A colour a class, else as many as a thumbnail has of the scale of its kind."""
    palette = palettes.by_kind()[matrix.kind]
    if matrix.kind in ("categorical", "binary"):
        return palette
    return [palette[round(at * (len(palette) - 1) / (LEVELS - 1))] for at in range(LEVELS)]


def drawn(steps: NDArray[np.uint8], shown: Colours) -> bytes:
    """Steps of a scale, (row, column), as a picture that fills what it is put into; cells without a
    value are transparent."""
    index = np.where(steps == MISSING, -1, indexed(steps, len(shown)).astype(np.int64))
    return previews.stretching(previews.of_index(index, shown))


def indexed(steps: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Which of so many colours each step has, the one after the last where there is no value."""
    if count == LEVELS:
        index = np.round(steps.astype(float) * (LEVELS - 1) / STEPS).astype(np.uint8)
    else:
        index = steps % np.uint8(count)
    return np.where(steps == MISSING, np.uint8(count), index)


def telling(sections: Sequence[Section]) -> tuple[str, Matrix] | None:
    """The analysis and the matrix that tell most about a model: the first of `TELLING` in which not
    all cells are alike, else its first map; None until something is measured."""
    measured = {one.stated.name: one.profile for one in sections if one.profile}
    for analysis, name in TELLING:
        for matrix in measured[analysis].matrices if analysis in measured else ():
            if matrix.name == name and _differs(matrix):
                return analysis, matrix
    return next(((name, one.matrices[0]) for name, one in measured.items()), None)


def _differs(matrix: Matrix) -> bool:
    known = matrix.values[np.isfinite(matrix.values)]
    return bool(known.size and (known != known[0]).any())


def most_telling(model: Model) -> Thumbnail | None:
    """The thumbnail of the map that tells most about a model; None until something is measured."""
    found = telling(model.sections)
    return of(model, *found) if found else None


def wall(analysis: str, models: Sequence[Model], most: int) -> tuple[Labelled, ...]:
    """One quantity of at most so many models, on one scale: what `TELLING` has of the analysis, or
    the first that was measured."""
    measured = [(model, one.matrices) for model in models if (one := model.profile(analysis))]
    told = [name for one, name in TELLING if one == analysis]
    name = next(
        (one for one in told if any(one == item.name for _, each in measured for item in each)),
        measured[0][1][0].name if measured else "",
    )
    shown = [(model, item) for model, each in measured for item in each if item.name == name]
    shown = [pair for pair in shown if pair[1].kind == shown[0][1].kind][:most]
    scale = shared_scale.over([item for _, item in shown]) if shown else None
    return tuple(
        Labelled(model.entry.name, of(model, analysis, item, scale, name=f"{name}-in-survey"))
        for model, item in shown
    )


def files(shown: Iterable[Thumbnail]) -> Iterable[tuple[str, bytes]]:
    """Where the pictures lie, and what is in them."""
    return ((one.path, one.picture) for one in shown)
