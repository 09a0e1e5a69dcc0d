"""Which values the two ends of a colour scale have, and whether it is even in them or in their
logarithms: chosen from the data, so that most values can be told apart.

The scale that is on is the first of these in which no half of the values share a twentieth of the
colours: linear, logarithmic, linear without outliers, logarithmic without outliers. Where none is
so, the one in which they have most. Logarithmic takes values above 0 alone, and comes first where
an analysis asks for it; counts and what has two signs are linear. Scores of heads from 0 to 1 keep
what is possible, so that maps of different scores, and of different models, can be held side by
side. `static/matrix/spans.js` computes the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.matrix import Kind, Matrix

Values = NDArray[np.float64]
Name = Literal["linear", "range", "log", "robust", "log-robust"]

LEAST = 0.05
"""Share of the colours that any half of the values have on a scale that is fit to be first."""

TAIL = 0.005
"""Share of the values that are outliers on either side, of many; of few it is one value."""

FEWEST = 8
"""Values from which on some can be outliers, and a scale is chosen from them."""

WORDS: dict[Name, str] = {
    "linear": "linear",
    "range": "linear over the possible range",
    "log": "logarithmic",
    "robust": "linear without outliers",
    "log-robust": "logarithmic without outliers",
}
"""What a scale is called on a page."""


@dataclass(frozen=True)
class Span:
    """A scale from its lowest to its highest value; how many values lie beyond either end."""

    name: Name
    low: float
    high: float
    below: int = 0
    above: int = 0

    @property
    def is_log(self) -> bool:
        return self.name in ("log", "log-robust")

    def shares(self, values: Values) -> Values:
        """Places on the scale in [0, 1]; NaN stays NaN, and values beyond have that of an end."""
        low, high = self.low, self.high
        if self.is_log:
            values, low, high = np.log(np.maximum(values, low)), np.log(low), np.log(high)
        if high <= low:
            return np.where(np.isnan(values), np.nan, 0.5)
        return np.asarray(np.clip((values - low) / (high - low), 0, 1))


def chosen(matrices: Sequence[Matrix]) -> Span:
    """The scale of a matrix of values, or of the same quantity of several models."""
    first = matrices[0]
    values = np.concatenate([one.values[np.isfinite(one.values)] for one in matrices])
    if not values.size:
        return Span("linear", 0.0, 0.0)
    if fixed(first):
        return Span("range", 0.0, 1.0)
    found = [of(name, first.kind, values) for name in fitting(first.kind, first.scale, values)]
    fit = (one for one in found if told_apart(one, values) >= LEAST)
    return next(fit, max(found, key=lambda one: told_apart(one, values)))


def fixed(matrix: Matrix) -> bool:
    """Whether colours span what is possible: scores of heads from 0 to 1, whichever axis is up."""
    is_linear = matrix.kind == "sequential" and matrix.scale == "linear"
    return is_linear and set(matrix.axes) == {"layer", "head"} and matrix.range == (0, 1)


def fitting(kind: Kind, asked: str, values: Values) -> list[Name]:
    """The scales to choose from, the one that comes first before the others."""
    asks_log = asked == "log" and kind != "diverging" and bool((values > 0).any())
    if asks_log:
        return ["log", "log-robust"] if len(values) >= FEWEST else ["log"]
    if len(values) < FEWEST:
        return ["linear"]
    if kind == "sequential" and (values > 0).all():
        return ["linear", "log", "robust", "log-robust"]
    return ["linear", "robust"]


def of(name: Name, kind: Kind, values: Values) -> Span:
    """A scale of that name over values, of which there are some; of a logarithmic one, some are
    above 0."""
    told = values[values > 0] if name in ("log", "log-robust") else values
    tail = _tail(len(told)) if name in ("robust", "log-robust") else 0.0
    if kind == "diverging":
        bound = float(np.quantile(np.abs(told), 1 - tail))
        low, high = -bound, bound
    else:
        low, high = (float(found) for found in np.quantile(told, (tail, 1 - tail)))
        low = 0.0 if kind == "counts" and told is values else low
    return Span(name, low, high, int((values < low).sum()), int((values > high).sum()))


def told_apart(span: Span, values: Values) -> float:
    """The smallest share of the colours that half of the values lie in; of a logarithmic scale,
    half of those above 0."""
    told = np.sort(span.shares(values[values > 0] if span.is_log else values))
    half = len(told) // 2
    return float((told[half:] - told[: len(told) - half]).min())


def _tail(count: int) -> float:
    """The share of so many values that are outliers on either side."""
    return max(TAIL, 1 / (count - 1)) if count >= FEWEST else 0.0
