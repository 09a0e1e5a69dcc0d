"""What storing a matrix in blocks is expected to change: a closed form that drift is held against.

A block of these types of ggml is 32 neighbours in a row, whole multiples of one step: the largest
absolute value among them divided by a number of steps. Values between two steps are taken to lie
anywhere there with equal chance, so that the error of each has a mean square of step² / 12; the
largest lies on a step, and has none.
"""

from __future__ import annotations

import torch

from atlas.checkpoints.tensor import FLOATS
from atlas.loaded.checkpoint import Checkpoint

BLOCK = 32
STEPS = {"Q8_0": 127, "Q5_0": 16, "Q4_0": 8}
"""Steps from 0 to the largest absolute value of a block, by the names of ggml's types."""


def steps(checkpoint: Checkpoint, base: Checkpoint) -> int | None:
    """The steps of the one type that all matrices are stored in; None where they are stored in
    several or in another, or where the base's are in blocks as well."""
    types = {one.stored for one in checkpoint.tensors.values() if len(one.shape) > 1}
    plain = all(one.stored in FLOATS for one in base.tensors.values())
    return STEPS.get(types.pop()) if plain and len(types) == 1 else None


def expected_square(base: torch.Tensor, steps: int) -> float:
    """The expected sum of squared errors of a matrix (out, in) that is stored in such blocks."""
    largest = base.reshape(-1, BLOCK).float().abs().amax(dim=1).double()
    return float((BLOCK - 1) / 12 * (largest / steps).square().sum())
