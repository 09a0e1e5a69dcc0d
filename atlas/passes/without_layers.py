"""What a model loses without a layer: its loss with the layer bypassed, prefixes computed once.

A bypassed layer hands on what it is given. Up to there the model does what it does whole, so its
layers run once for all bypasses: with L layers half of L passes, not L.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch

from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch, Passage
from atlas.passes import kept_states, losses, micro_batches
from atlas.profiles.statement import Progress


def losses_without(
    model: LiveModel, passages: Sequence[Passage], progress: Progress, tokens: int | None = None
) -> torch.Tensor:
    """Loss of every passage, whole and without each layer: (1 + layers, passages), float64, nats.

    `tokens`: tokens of the first micro-batch, planned from the free memory if unsaid; halved where
    memory runs out. `progress` counts passages. Every passage must have a scored position. Raises
    `AtlasError` where not even one passage fits.
    """
    return micro_batches.table(
        model,
        passages,
        1 + model.geometry.layers,
        functools.partial(_losses, model),
        progress,
        tokens if tokens is not None else kept_states.planned(model),
        name="without layers",
    )


def _losses(model: LiveModel, tokens: Batch) -> torch.Tensor:
    """(1 + layers, batch), float64."""
    kept = kept_states.LayerInputs(model)
    with kept.watched():
        found = [losses.per_passage(model, tokens).double().cpu()]
    for bypassed in range(model.geometry.layers):
        with kept.begun(bypassed + 1, kept.inputs[bypassed]):
            found.append(losses.per_passage(model, tokens).double().cpu())
        kept.forget(bypassed)
    return torch.stack(found)
