"""The loop over micro-batches: as large as memory holds, halved where it runs out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from atlas.errors import AtlasError
from atlas.loaded import memory, unfinished
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch, Passage, batch
from atlas.profiles.statement import Progress

T = TypeVar("T")


def _unwatched(done: int, total: int) -> None:
    """For work whose progress is not shown."""


def through(
    model: LiveModel,
    passages: Sequence[Passage],
    rows: Sequence[int],
    attempt: Callable[[list[int], Batch], bool],
    tokens: int,
    progress: Progress = _unwatched,
    *,
    doing: str = "with",
    remedy: str = "measure it on a larger device, or on the processor",
) -> int:
    """Run `attempt` on every passage of `rows`, in micro-batches, the longest first: memory that
    suffices at the start suffices to the end, and little is padded.

    `attempt`: (rows of a micro-batch, the batch) -> whether memory held it; where it did not, half
    as many are tried. `tokens`: of the first micro-batch. `progress` counts passages. Returns the
    tokens of a micro-batch that memory holds, for the next call. Raises `AtlasError` where not even
    one passage fits: "out of memory" `doing` "a single passage", with `remedy`.
    """
    order = sorted(rows, key=lambda row: (-len(passages[row].ids), row))
    done = 0
    while done < len(order):
        length = len(passages[order[done]].ids)
        tried = order[done : done + max(1, tokens // length)]
        if attempt(tried, batch(passages, tried)):
            done += len(tried)
            progress(done, len(order))
            continue
        if len(tried) == 1:
            raise AtlasError(
                f"out of memory on {model.device} {doing} a single passage of {length} tokens",
                file=model.folder,
                remedy=remedy,
            )
        tokens = len(tried) // 2 * length
        memory.release(model.device)
    return tokens


def unless_out_of_memory(compute: Callable[[], T]) -> T | None:
    """What `compute` returns; None where memory ran out.

    By then the exception is gone, and with it what its frames held: the memory can be released.
    """
    try:
        return compute()
    except RuntimeError as error:
        if not memory.is_out_of_memory(error):
            raise
        return None


def table(
    model: LiveModel,
    passages: Sequence[Passage],
    columns: int,
    compute: Callable[[Batch], torch.Tensor],
    progress: Progress,
    tokens: int,
    *,
    name: str,
    chosen: bytes = b"",
) -> torch.Tensor:
    """`compute` applied to every passage: (columns, passages), float64, on the processor.

    `compute`: a micro-batch -> (columns, batch), without gradients. What an interrupted run got of
    the table of that `name`, computed with the same that was `chosen`, is not computed again. The
    rest is as in `through`.
    """
    begun = (
        model.unfinished.table(name, passages, columns, chosen)
        if model.unfinished
        else unfinished.empty(passages, columns)
    )
    left = begun.left
    before = len(passages) - len(left)

    def attempt(rows: list[int], held: Batch) -> bool:
        values = unless_out_of_memory(functools.partial(_without_gradients, compute, held))
        if values is not None:
            begun.put(rows, values.numpy())
        return values is not None

    def told(done: int, total: int) -> None:
        progress(before + done, len(passages))

    if before:
        told(0, len(left))
    try:
        through(model, passages, left, attempt, tokens, told)
    finally:
        begun.write()
    return torch.from_numpy(begun.values)


def _without_gradients(compute: Callable[[Batch], torch.Tensor], held: Batch) -> torch.Tensor:
    """(columns, batch), float64, on the processor."""
    with torch.no_grad():
        return compute(held).double().cpu()
