"""Fused projections: the part of one tensor that belongs to one module."""

from __future__ import annotations

import torch

from atlas.architectures.row import Source
from atlas.entries.geometry import Geometry


def part(whole: torch.Tensor, source: Source, shape: Geometry, dim: int = 0) -> torch.Tensor:
    """The part `source.part` of a fused projection; `whole` itself where nothing is fused.

    `dim` is the dimension of the output features: 0 for weights (out, in) and biases (out,) and
    their gradients, -1 for outputs (..., out), -2 for weights of stacked experts (expert, out, in).
    """
    if source.part is None:
        return whole
    dim %= whole.ndim
    before, after = whole.shape[:dim], whole.shape[dim + 1 :]
    if source.split == "paired":
        pairs = whole.reshape(*before, shape.heads, 2, shape.d_head, *after)
        return pairs.select(dim + 1, int(source.part == "gate")).flatten(dim, dim + 1)
    if source.part in ("gate", "up"):
        # Gate comes first.
        if source.split == "interleaved":
            pairs = whole.reshape(*before, -1, 2, *after)
            return pairs.select(dim + 1, int(source.part == "up"))
        return whole.chunk(2, dim)[source.part == "up"]
    group = shape.heads // shape.kv_heads
    if source.split == "grouped":
        groups = whole.reshape(*before, shape.kv_heads, group + 2, shape.d_head, *after)
        lengths = {"q": (0, group), "k": (group, 1), "v": (group + 1, 1)}
        return groups.narrow(dim + 1, *lengths[source.part]).flatten(dim, dim + 2)
    q, kv = shape.heads * shape.d_head, shape.kv_heads * shape.d_head
    lengths = {"q": (0, q), "k": (q, kv), "v": (q + kv, kv)}
    return whole.narrow(dim, *lengths[source.part])
