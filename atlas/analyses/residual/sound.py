"""What of a profile of `residual` must agree with what; held by `profiles/soundness.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from atlas.profiles.profile_file import Profile

ROUNDING = 1e-3


def problems(profile: Profile) -> Iterator[str]:
    """A layer is like itself, as much like another as that is like it, and the last says all."""
    similarity = profile.matrix("cka").values
    if not np.allclose(similarity, similarity.T, rtol=0, atol=ROUNDING, equal_nan=True):
        yield "matrix 'cka' is not symmetric"
    own = similarity.diagonal()
    if (np.abs(own - 1) > ROUNDING).any():
        yield "matrix 'cka' says that a layer is not like itself"
    for matrix in profile.matrices:
        if matrix.name == "lens_kl" and matrix.values[-1, 0] > 0:
            yield f"matrix 'lens_kl' is {matrix.values[-1, 0]:.4g} at the last layer, not 0"
