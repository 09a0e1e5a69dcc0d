"""What a model loses without a block: its loss with the block bypassed, prefixes computed once.

A bypassed block hands on what it is given. Up to there the model does what it does whole, so its
blocks run once for all bypasses: with L layers half of L passes, not L.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch

from atlas.loaded import replaced_forward
from atlas.loaded.live import LiveModel
from atlas.loaded.memory import LENGTH
from atlas.loaded.passages import Batch, Passage
from atlas.passes import losses, micro_batches
from atlas.passes.observing import planned_tokens
from atlas.profiles.statement import Progress

SCORES = 2**26
"""Elements that the logits of a micro-batch may have."""

STATES = 2**27
"""Elements that the inputs of all blocks, which are kept, may have in a micro-batch."""


def losses_without(
    model: LiveModel, passages: Sequence[Passage], progress: Progress, tokens: int | None = None
) -> torch.Tensor:
    """Loss of every passage, whole and without each block: (1 + layers, passages), float64, nats.

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
        tokens if tokens is not None else planned(model, STATES),
    )


def planned(model: LiveModel, states: int) -> int:
    """Tokens of the first micro-batch where logits are computed and `states` elements of each
    layer's states may be kept."""
    shape = model.geometry
    most = min(SCORES // shape.vocabulary, states // (shape.layers * shape.d_model))
    return max(LENGTH, min(planned_tokens(model), most))


def _losses(model: LiveModel, tokens: Batch) -> torch.Tensor:
    layers = model.geometry.layers
    inputs: dict[int, torch.Tensor] = {}
    lengths: dict[int, int] = {}  # of the tuple that a block gives, 0 where it gives no tuple

    def watch(layer: int) -> Callable[..., None]:
        def seen(module: torch.nn.Module, given: Any, output: Any) -> None:
            inputs[layer] = given[0]
            lengths[layer] = len(output) if type(output) is tuple else 0

        return seen

    with contextlib.ExitStack() as stack:
        for layer in range(layers):
            handle = model.block(layer).register_forward_hook(watch(layer))
            stack.callback(handle.remove)
        whole = losses.per_passage(model, tokens)
    found = [whole.double().cpu()]
    for bypassed in range(layers):
        with contextlib.ExitStack() as stack:
            for layer in range(bypassed + 1):
                passed = idle(inputs[bypassed], lengths[layer])
                stack.enter_context(replaced_forward.replaced(model.block(layer), passed))
            found.append(losses.per_passage(model, tokens).double().cpu())
        del inputs[bypassed]
    return torch.stack(found)


def idle(states: torch.Tensor, length: int) -> Callable[..., Any]:
    """A module's forward that computes nothing and gives what its caller expects: states, or a
    tuple of that length that begins with them."""

    def forward(*given: Any, **named: Any) -> Any:
        return (states, *[None] * (length - 1)) if length else states

    return forward
