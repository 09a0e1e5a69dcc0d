"""What of a profile of `attention` must agree with what; held by `profiles/soundness.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from atlas.profiles.matrix import Matrix
    from atlas.profiles.profile_file import Profile

ROUNDING = 1e-3


def problems(profile: Profile) -> Iterator[str]:
    """The strongest head of a kind has the score that the fact tells, and none of those beside it
    more; the mean sink is that of the matrix."""
    sink, stated = profile.matrix("sink").values, profile.facts.get("mean_sink")
    mean = float(np.nanmean(sink)) if np.isfinite(sink).any() else None
    if mean is not None and not np.isclose(mean, float(str(stated or 0)), rtol=ROUNDING, atol=1e-9):
        yield f"the fact mean_sink is {stated}, and the mean of matrix 'sink' {mean:.4g}"
    for matrix in profile.matrices:
        score = profile.facts.get(f"strongest_{matrix.name}")
        heads = profile.facts.get(f"strongest_{matrix.name}_head")
        if isinstance(score, (int, float)) or heads is not None:
            yield from _unlike(matrix, score, str(heads))


def _unlike(matrix: Matrix, score: object, heads: str) -> Iterator[str]:
    known = {
        f"{layer}.{head}": float(matrix.values[row, column])
        for row, layer in enumerate(matrix.rows)
        for column, head in enumerate(matrix.columns)
    }
    named = heads.split(", ")
    if unknown := [head for head in named if head not in known]:
        yield f"the fact strongest_{matrix.name}_head names {unknown[0]!r}, and there is none"
        return
    values = [known[head] for head in named]
    if not isinstance(score, (int, float)) or not np.isclose(values[0], score, rtol=ROUNDING):
        yield f"the fact strongest_{matrix.name} is {score}, and head {named[0]} has {values[0]}"
    elif max(values) > values[0] * (1 + ROUNDING):
        yield f"the fact strongest_{matrix.name}_head does not name the highest first"
