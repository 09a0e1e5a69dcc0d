"""Quantities of a profile as curves over relative depth, so that models of any number of layers can
be held against each other.

Each quantity of a module (or sublayer) is a curve; heads have no names that two models share, so a
quantity of heads gives two curves, the mean and the highest of each layer. Curves are on a scale
that is the same for any two models of any atlas: a quantity between two bounds counts as a share of
what lies between them; one without an upper bound, or on a logarithmic scale, in decades.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile
from atlas.site.heads.scores import asked
from atlas.site.heads.strengths import strengths

DEPTHS = np.linspace(0.0, 1.0, 9)
"""Where curves are read: 0 the first layer, 1 the last one."""

FLOOR = 1e-6
"""What a value of 0 counts as where decades are counted."""

Values = NDArray[np.float64]

Curves = Mapping[str, Values]
"""Of one model and quantity: name of the curve -> its places on the fixed scale, (depth,)."""


def of_matrices(profile: Profile) -> dict[str, Curves]:
    """Every quantity of a profile that has curves, by its name."""
    found = {matrix.name: curves(matrix) for matrix in profile.matrices}
    return {name: read for name, read in found.items() if read}


def of_relations(profile: Profile) -> dict[str, Curves]:
    """How strongly heads raise and lower the answers of each relation that was measured, as heads
    are compared by it: at the smaller k, 0 where a head does not have the relation."""
    least: dict[str, int] = {}
    for name, k in (asked(matrix.name) for matrix in profile.matrices):
        least[name] = min(k, least.get(name, k))
    return {
        matrix.name: _by_layer(one.values)
        for matrix in profile.matrices
        for one in strengths(profile.analysis, matrix, profile.facts)
        if one.relation and asked(matrix.name)[1] == least[asked(matrix.name)[0]]
    }


def curves(matrix: Matrix) -> Curves:
    """The curves of a quantity over relative depth; none where its scale is not fixed, or where it
    has no layers in its rows."""
    if matrix.axes[0] != "layer" or matrix.axes[1] == "layer":
        return {}
    values = _fixed(matrix)
    if values is None:
        return {}
    if matrix.axes[1] == "head":
        return {} if np.isnan(values).any() else _by_layer(values)
    named = dict(zip(matrix.columns, values.T, strict=True))
    return {name: _read(curve) for name, curve in named.items() if np.isfinite(curve).all()}


def _by_layer(values: Values) -> Curves:
    """Of (layer, head) the mean and the highest of each layer."""
    return {"mean": _read(values.mean(axis=1)), "highest": _read(values.max(axis=1))}


def _read(curve: Values) -> Values:
    """A value a layer, read at `DEPTHS`."""
    at = np.linspace(0.0, 1.0, len(curve)) if len(curve) > 1 else np.zeros(1)
    return np.interp(DEPTHS, at, curve)


def _fixed(matrix: Matrix) -> Values | None:
    """Values in units of the fixed scale, (row, column); None for a quantity that has none."""
    low, high = matrix.range or (None, None)
    if matrix.kind not in ("sequential", "diverging"):
        return None
    if low is not None and high is not None and matrix.scale == "linear":
        return np.asarray((matrix.values - low) / (high - low))
    if low is not None and low >= 0:
        return np.asarray(np.log10(np.maximum(matrix.values, FLOOR)))
    return None
