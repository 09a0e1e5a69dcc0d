"""What of a profile of `importance` must agree with what; held by `profiles/soundness.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from atlas.profiles.profile_file import Profile

ROUNDING = 1e-3
"""What 4 digits of the increases may move a share of their range."""


def problems(profile: Profile) -> Iterator[str]:
    """The largest importance is 1, and that of blocks is their increase of the loss, scaled."""
    taylor = profile.matrix("taylor").values
    if np.isfinite(taylor).any() and abs(np.nanmax(taylor) - 1) > ROUNDING:
        yield f"the largest value of matrix 'taylor' is {np.nanmax(taylor):.4g}, not 1"
    names = {matrix.name for matrix in profile.matrices}
    increase = profile.matrix("block_increase").values
    span = float(increase.max() - increase.min())
    if "block" in names:
        scaled = (increase - increase.min()) / span if span else increase * np.nan
        allowed = ROUNDING * (1 + float(np.abs(increase).max()) / (span or 1))
        if not (np.abs(profile.matrix("block").values - scaled) <= allowed).all():
            yield "matrix 'block' is not matrix 'block_increase' scaled from 0 to 1"
    elif span:
        yield "matrix 'block' is missing, and blocks are not all alike"
