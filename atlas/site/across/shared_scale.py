"""One colour scale for the same quantity of several models, and its 255 steps.

What a survey or a family page shows side by side must be read by one key: the scale is computed
once over all models that are shown, and every value has its place on it.
`static/panels/canvas.js` paints from these steps, and `static/matrix/scales.js` computes the same
steps and turns them back into values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.matrix import Kind, Matrix, rounded
from atlas.site.figures import spans
from atlas.words import number

STEPS = 254
"""The highest step; the lowest is 0, so that there are 255 of them."""

MISSING = 255
"""The byte of a value that does not exist."""

Transform = Literal["linear", "log", "whole"]


@dataclass(frozen=True)
class Scale:
    """The scale of one quantity over several models.

    `low` and `high` are the values of the first and the last step, in the unit of the values;
    `below` and `above`: there are values beyond, which have the colour of that end. A `whole` scale
    has a step a category instead.
    """

    kind: Kind
    transform: Transform
    low: float
    high: float
    below: bool = False
    above: bool = False
    categories: tuple[str, ...] = ()

    def steps(self, matrix: Matrix) -> NDArray[np.uint8]:
        """The steps of a matrix' values, (row, column) uint8; MISSING where there is no value."""
        absent = np.isnan(matrix.values)
        if self.transform == "whole":
            known = np.where(absent, 0, matrix.values).astype(int)
            shares = known / STEPS
        else:
            shares = self._shares(np.where(absent, self.low, matrix.values))
        steps = np.floor(shares * STEPS + 0.5).astype(np.uint8)  # halves up, as in the browser
        return np.where(absent, np.uint8(MISSING), steps)

    def _shares(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        low, high = self.low, self.high
        if self.transform == "log":
            values, low, high = np.log(np.maximum(values, low)), np.log(low), np.log(high)
        if high <= low:
            return np.full_like(values, 0.5)
        return np.asarray(np.clip((values - low) / (high - low), 0, 1))

    @property
    def text(self) -> str:
        """What the colours mean, in words."""
        if self.kind == "binary":
            return "dark {1}, light {0}".format(*self.categories)
        if self.transform == "whole":
            return "one colour per category"
        kind = "logarithmic" if self.transform == "log" else "linear"
        beyond = self.below or self.above
        tail = "; values beyond take the end colour" if beyond else ""
        return f"{kind}, {number(self.low)} to {number(self.high)}{tail}"


def over(matrices: Sequence[Matrix]) -> Scale:
    """The scale that the same quantity of several models shares, chosen from all of its values as
    `figures/spans.py` says; they are of one kind and have the same categories."""
    kind = matrices[0].kind
    if kind in ("categorical", "binary"):
        return Scale(kind, "whole", 0.0, 0.0, categories=matrices[0].classes)
    span = spans.chosen(matrices)
    ends = _short(span.low), _short(span.high)
    transform: Transform = "log" if span.is_log else "linear"
    return Scale(kind, transform, *ends, below=span.below > 0, above=span.above > 0)


def _short(value: float) -> float:
    """A number with the digits that profiles have."""
    short = rounded(float(value))
    assert short is not None, "a limit is a number"
    return float(short)
