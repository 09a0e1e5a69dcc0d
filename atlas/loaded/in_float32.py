"""A model that is stored in 16 bits, in float32 while it lasts, where that fits into memory.

Every bfloat16 and float16 number is a float32 number: the weights are the same, and what is
computed with them is 16 or 13 bits more exact. Afterwards they are again what they were.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import replace

import torch

from atlas.loaded import memory
from atlas.loaded.live import LiveModel

NARROW = (torch.bfloat16, torch.float16)
WIDE = torch.float32


@contextlib.contextmanager
def where_it_fits(model: LiveModel, fits: bool | None = None) -> Iterator[LiveModel]:
    """The model in float32 if it is narrower and that fits; else as it is.

    `fits`: found out from the free memory if unsaid. The weights are those of `model` itself, which
    must not be used meanwhile.
    """
    if model.dtype not in NARROW or not (has_room(model) if fits is None else fits):
        yield model
        return
    narrow = [(held, held.dtype) for held in _tensors(model.live) if held.dtype in NARROW]
    try:
        for held, _ in narrow:
            held.data = held.data.to(WIDE)
        yield replace(model, dtype=WIDE)
    finally:
        for held, dtype in narrow:
            held.data = held.data.to(dtype)
        memory.release(model.device)


def has_room(model: LiveModel) -> bool:
    """Whether every device has room for its weights in float32, and for a backward pass of one
    passage: its logits, and the gradients of a layer with their mean."""
    free = memory.free_memory(None)
    shape = model.geometry
    layer = max(_elements(model.layer(number)) for number in range(shape.layers))
    size = WIDE.itemsize
    work = memory.working_bytes(shape, size) + size * (
        2 * layer + 4 * memory.LENGTH * shape.vocabulary
    )
    more: dict[str, float] = dict.fromkeys(model.devices, work)
    for held in _tensors(model.live):
        if held.dtype in NARROW:
            name = str(held.device) if held.device.type == "cuda" else held.device.type
            more[name] += memory.SLACK * held.numel() * (size - held.element_size())
    return all(free[name] >= needed for name, needed in more.items())


def _tensors(live: torch.nn.Module) -> Iterator[torch.Tensor]:
    """Parameters, a shared one once, and buffers."""
    return itertools.chain(live.parameters(), live.buffers())


def _elements(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
