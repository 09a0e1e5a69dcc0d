"""What of several profiles is the same quantity, and what they say of it together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from atlas.profiles import comparable
from atlas.profiles.matrix import Matrix, rounded
from atlas.profiles.profile_file import Profile
from atlas.site.across.shared_scale import STEPS


def told(profiles: Sequence[Profile]) -> list[dict[str, Any]]:
    """The groups of profiles as bundles have them: version, terms, and in words what keeps each
    apart from the first."""
    groups = comparable.grouped(profiles)
    found = []
    for version, terms in groups:
        of_it = (
            one for one in profiles if (one.version, comparable.terms(one)) == (version, terms)
        )
        apart = comparable.apart(next(of_it), groups[0])
        found.append({"version": version, "protocol": terms, "apart": apart})
    return found


def named(profiles: Sequence[Profile]) -> dict[str, list[Matrix | None]]:
    """Each matrix name with every profile's matrix of it, None for profiles without.

    Names stand in the order of the profiles' own; only matrices that are the same quantity as
    most profiles' are kept, and only those whose categories have a step each.
    """
    table = [
        {item.name: item for item in profile.matrices if len(item.categories or ()) <= STEPS}
        for profile in profiles
    ]
    found: dict[str, list[Matrix | None]] = {}
    for name in dict.fromkeys(name for named in table for name in named):
        items = [named.get(name) for named in table]
        known = Counter(same_quantity(item) for item in items if item is not None)
        wanted = known.most_common(1)[0][0]
        found[name] = [item if item and same_quantity(item) == wanted else None for item in items]
    return found


def same_quantity(matrix: Matrix) -> Hashable:
    """What two matrices of one name must agree in to be shown on one scale."""
    return matrix.kind, matrix.unit, matrix.axes, matrix.scale, matrix.categories


def spread(matrix: Matrix, columns: tuple[str, ...]) -> Matrix:
    """The same matrix with these columns; those that it lacks have no values."""
    if matrix.columns == columns:
        return matrix
    values = np.full((len(matrix.rows), len(columns)), np.nan)
    for at, column in enumerate(columns):
        if column in matrix.columns:
            values[:, at] = matrix.values[:, matrix.columns.index(column)]
    undefined = tuple((row, column) for row, column in matrix.undefined if column in columns)
    return replace(
        matrix,
        columns=columns,
        values=values,
        native=None,
        spread=None,
        largest_share=None,
        undefined=undefined,
    )


def mean(matrix: Matrix) -> float | int | None:
    """The mean of the values that exist, None for categories and where there are none."""
    known = matrix.values[np.isfinite(matrix.values)]
    return rounded(float(known.mean())) if known.size and matrix.kind != "categorical" else None


def highest(matrix: Matrix) -> float | int | None:
    """The highest value, None for categories and where there are none."""
    known = matrix.values[np.isfinite(matrix.values)]
    return rounded(float(known.max())) if known.size and matrix.kind != "categorical" else None
