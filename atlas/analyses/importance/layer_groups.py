"""Backward passes over all passages: once, or once for every group of layers that memory holds.

Everything but the norm of the mean gradient comes from a single run. The mean of all passages'
gradients is as large as the weights, in float32; where there is no room for that, it is gathered
for a few layers at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from atlas.analyses.importance.backward import Backward, GradientSums
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import observing
from atlas.profiles.statement import Progress


def layer_groups(model: LiveModel, room: int | None = None) -> list[range]:
    """Layers in groups whose mean gradients fit into `room` bytes, the lowest first.

    `room`: half of what is free if unsaid. A group has at least one layer. The first costs no run
    of its own, since the one that gathers everything goes through all layers anyway; the backward
    pass of another ends at its lowest layer.
    """
    if room is None:
        room = int(observing.room(model))
    layers = model.geometry.layers
    size = 8 if model.dtype == torch.float64 else 4
    each = size * sum(parameter.numel() for parameter in model.layer(0).parameters())
    many = max(1, min(layers, room // each))
    return [range(start, min(start + many, layers)) for start in range(0, layers, many)]


def gather(
    model: LiveModel,
    passages: Sequence[Passage],
    groups: Sequence[range],
    number: int,
    progress: Progress,
    recompute: bool | None = None,
) -> GradientSums:
    """One run over all passages: the first for everything, another for mean gradients alone.

    `progress` counts passages. `recompute` and errors as in `Backward`.
    """
    layers = range(model.geometry.layers) if number == 0 else groups[number]
    with Backward(model, layers, kept=groups[number], recompute=recompute) as backward:
        for row in range(len(passages)):
            backward.add(passages, row)
            progress(row + 1, len(passages))
        return backward.finish()
