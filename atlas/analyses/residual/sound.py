"""What of a profile of `residual` must agree with what; held by `profiles/soundness.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from atlas.profiles.matrix import Matrix
    from atlas.profiles.profile_file import Profile

ROUNDING = 1e-3


def problems(profile: Profile) -> Iterator[str]:
    """A layer is like itself, as much like another as that is like it, and the last says all."""
    influence = profile.matrix("block_influence")
    least = float(np.nanmin(influence.values[:, influence.columns.index("block")]))
    stated = profile.facts.get("least_influence")
    if not isinstance(stated, (int, float)) or not np.isclose(stated, least, rtol=ROUNDING):
        yield f"the fact least_influence is {stated}, and the least of the layers {least:.4g}"
    for matrix in profile.matrices:
        if matrix.axes == ("layer", "layer"):
            yield from _unlike_itself(matrix)
        if matrix.name == "lens_kl" and matrix.values[-1, 0] > 0:
            yield f"matrix 'lens_kl' is {matrix.values[-1, 0]:.4g} at the last layer, not 0"


def _unlike_itself(matrix: Matrix) -> Iterator[str]:
    for array in (matrix.values, matrix.spread):
        if array is not None and not np.allclose(
            array, array.T, rtol=ROUNDING, atol=ROUNDING, equal_nan=True
        ):
            yield f"matrix {matrix.name!r} is not symmetric"
    own = matrix.values.diagonal()
    if (np.abs(own - 1) > ROUNDING).any():
        yield f"matrix {matrix.name!r} says that a layer is not like itself"
