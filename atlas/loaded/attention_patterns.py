"""Attention patterns of a live model, seen inside the layer: none outlives the callback.

transformers lets a model choose its attention function by name. Ours does what the family's own
eager attention does, bit for bit, and shows the weights on the way: after rotary embedding, masks,
sliding windows, learned sinks and soft-capping. Some families compute attention in code of their
own; there the attention module is wrapped, which gives the weights beside its output.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch

from atlas.errors import AtlasError

if TYPE_CHECKING:
    from atlas.loaded.live import LiveModel

NAME = "atlas_patterns"
"""What the attention function, and the eager mask that goes with it, are registered as."""


@dataclass(frozen=True)
class Pattern:
    """What the heads of one layer attend to, on one micro-batch.

    `weights`: (batch, head, query, key), in the model's dtype; they sum to 1 over keys but for
    rounding and what a learned sink takes. `visible`: (batch, query), how many keys each query may
    attend to, whatever it does with them.
    """

    weights: torch.Tensor
    visible: torch.Tensor


Callback = Callable[[Pattern], None]

_CALLBACKS: WeakKeyDictionary[torch.nn.Module, Callback] = WeakKeyDictionary()


@contextlib.contextmanager
def watched(model: LiveModel, callbacks: Mapping[int, Callback]) -> Iterator[None]:
    """Call back with the patterns of some layers whenever the model runs; without any, nothing.

    The model's outputs are those of eager attention, whichever implementation it was loaded with.
    A pattern must not be changed, and is gone once its callback has returned. Layers without
    attention have none.
    """
    attending = model.architecture.attending
    callbacks = {layer: one for layer, one in callbacks.items() if layer in attending}
    if not callbacks:
        yield
        return
    module = _heads(model, next(iter(callbacks)))
    with contextlib.ExitStack() as stack:
        if not hasattr(sys.modules[type(module).__module__], "eager_attention_forward"):
            stack.enter_context(_implementation(model, "eager"))
            for layer, callback in callbacks.items():
                stack.callback(_wrap(_heads(model, layer), model.folder, callback).remove)
        else:
            _register()
            stack.enter_context(_implementation(model, NAME))
            for layer, callback in callbacks.items():
                for module in model.layer(layer).modules():  # one of them has the heads
                    _CALLBACKS[module] = callback
                    stack.callback(_CALLBACKS.pop, module)
        yield


def _heads(model: LiveModel, layer: int) -> torch.nn.Module:
    """The module that holds what writes the heads' output."""
    path = model.architecture.layer(layer).live("attn.o").rpartition(".")[0]
    return model.layer(layer).get_submodule(path)


def _wrap(module: torch.nn.Module, folder: Path, callback: Callback) -> Any:
    """Show the weights that an attention module of its own code returns, and drop them."""

    def seen(_: Any, inputs: Any, options: Mapping[str, Any], output: Any) -> Any:
        attended, *others = output if isinstance(output, tuple) else (output,)
        weights = others[0] if others else None
        if not isinstance(weights, torch.Tensor) or weights.ndim != 4:
            told = "computes attention in code of its own, which shows no weights"
            raise AtlasError(told, file=folder, remedy="its patterns cannot be measured")
        mask = options.get("attention_mask")
        visible = _before(weights) if mask is None else _visible(mask, weights)
        callback(Pattern(weights, visible))
        return attended, None

    return module.register_forward_hook(seen, with_kwargs=True)


def _before(weights: torch.Tensor) -> torch.Tensor:
    """How many keys each query may see where every earlier one is visible, (batch, query)."""
    batch, _, queries, _ = weights.shape
    return torch.arange(1, queries + 1, device=weights.device).expand(batch, queries)


@contextlib.contextmanager
def _implementation(model: LiveModel, name: str) -> Iterator[None]:
    """Run with another attention function; families read its name whenever they run."""
    config: Any = model.live.config
    before = config._attn_implementation
    config._attn_implementation = name
    try:
        yield
    finally:
        config._attn_implementation = before


def _register() -> None:
    """Make the attention function known to transformers, with the mask that eager attention has."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import eager_mask

    AttentionInterface.register(NAME, _attention)
    AttentionMaskInterface.register(NAME, eager_mask)


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The eager attention of the module's family; weights go to the callback, and nowhere else."""
    if getattr(module, "reorder_and_upcast_attn", False):  # GPT-2's eager attention in float32
        precise: Any = module._upcast_and_reordered_attn
        output, weights = precise(query, key, value, attention_mask)
    else:
        eager = sys.modules[type(module).__module__].eager_attention_forward
        output, weights = eager(module, query, key, value, attention_mask, **options)
    callback = _CALLBACKS.get(module)
    if callback is not None:
        callback(Pattern(weights, _visible(attention_mask, weights)))
    return output, None


def _visible(mask: torch.Tensor | None, weights: torch.Tensor) -> torch.Tensor:
    """How many keys each query may see, (batch, query), from a mask that is added to scores.

    Where it lets through it is 0, or the bias of an ALiBi; where not, the lowest number there is.
    """
    batch, _, queries, keys = weights.shape
    if mask is None:
        return torch.full((batch, queries), keys, device=weights.device)
    lowest = torch.finfo(mask.dtype).min
    return (mask[:, 0] > lowest / 2).sum(-1).expand(batch, queries)
