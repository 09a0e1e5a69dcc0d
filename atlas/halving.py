"""Passages in micro-batches that memory holds: halved where it runs out, until all are done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from atlas import loading
from atlas.analysis import Progress
from atlas.batches import Batch, Passage, batch
from atlas.model import Model
from atlas.streaming import is_out_of_memory, nothing_fits


def table(
    model: Model,
    passages: Sequence[Passage],
    columns: int,
    compute: Callable[[Batch], torch.Tensor],
    progress: Progress,
    tokens: int,
) -> torch.Tensor:
    """What `compute` gives of every passage: (columns, passages), float64, on the processor.

    `compute`: a micro-batch -> (columns, batch), without gradients. Longest passages first, at most
    `tokens` tokens at a time to begin with. `progress` counts passages. Raises `AtlasError` where
    not even one passage fits.
    """
    found = torch.full((columns, len(passages)), torch.nan, dtype=torch.float64)
    order = sorted(range(len(passages)), key=lambda row: (-len(passages[row].ids), row))
    budget, done = tokens, 0
    while done < len(order):
        length = len(passages[order[done]].ids)
        rows = order[done : done + max(1, budget // length)]
        held = _attempt(compute, batch(passages, rows))
        if held is not None:
            found[:, rows] = held
            done += len(rows)
            progress(done, len(order))
            continue
        if len(rows) == 1:
            raise nothing_fits(model, length)
        budget = len(rows) // 2 * length
        loading.release(model.device)
    return found


def _attempt(compute: Callable[[Batch], torch.Tensor], tokens: Batch) -> torch.Tensor | None:
    """(columns, batch) float64; None where memory ran out, and with the frame goes the exception
    and what its frames hold."""
    try:
        with torch.no_grad():
            return compute(tokens).double().cpu()
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return None
