"""Passages in micro-batches that memory holds: halved where it runs out, until all are done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from atlas.errors import AtlasError
from atlas.loaded import memory
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch, Passage, batch
from atlas.profiles.statement import Progress


def through(
    model: LiveModel,
    passages: Sequence[Passage],
    rows: Sequence[int],
    attempt: Callable[[list[int], Batch], bool],
    progress: Progress,
    tokens: int,
) -> None:
    """Have every passage of `rows` attempted, in micro-batches, the longest first: memory that
    suffices at the start suffices to the end, and little is padded.

    `attempt`: the rows of a micro-batch, and the batch -> whether memory held it; where it did not,
    half as many are tried. `tokens` are tried at first. `progress` counts passages. Raises
    `AtlasError` where not even one passage fits.
    """
    order = sorted(rows, key=lambda row: (-len(passages[row].ids), row))
    budget, done = tokens, 0
    while done < len(order):
        length = len(passages[order[done]].ids)
        tried = order[done : done + max(1, budget // length)]
        if attempt(tried, batch(passages, tried)):
            done += len(tried)
            progress(done, len(order))
            continue
        if len(tried) == 1:
            raise AtlasError(
                f"out of memory on {model.device} with a single passage of {length} tokens",
                file=model.folder,
                remedy="measure it on a larger device, or on the processor",
            )
        budget = len(tried) // 2 * length
        memory.release(model.device)


def table(
    model: LiveModel,
    passages: Sequence[Passage],
    columns: int,
    compute: Callable[[Batch], torch.Tensor],
    progress: Progress,
    tokens: int,
) -> torch.Tensor:
    """What `compute` gives of every passage: (columns, passages), float64, on the processor.

    `compute`: a micro-batch -> (columns, batch), without gradients. The rest is as in `through`.
    """
    found = torch.full((columns, len(passages)), torch.nan, dtype=torch.float64)

    def attempt(rows: list[int], tokens: Batch) -> bool:
        held = _computed(compute, tokens)
        if held is not None:
            found[:, rows] = held
        return held is not None

    through(model, passages, range(len(passages)), attempt, progress, tokens)
    return found


def _computed(compute: Callable[[Batch], torch.Tensor], tokens: Batch) -> torch.Tensor | None:
    """(columns, batch) float64; None where memory ran out, and with the frame goes the exception
    and what its frames hold."""
    try:
        with torch.no_grad():
            return compute(tokens).double().cpu()
    except RuntimeError as error:
        if not memory.is_out_of_memory(error):
            raise
        return None
