"""What passes that leave something out share: states kept of the whole pass, from which they begin.

Up to what is left out the model does what it does whole. So the whole pass over a micro-batch keeps
what every layer is given, and the passes after it begin there: the layers before do not run.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch

from atlas.loaded import replaced_forward
from atlas.loaded.live import LiveModel
from atlas.loaded.memory import LENGTH
from atlas.passes.observing import planned_tokens

SCORES = 2**26
"""Elements that the logits of a micro-batch may have."""

STATES = 2**27
"""Elements that the kept states of all layers may have in a micro-batch."""


def planned(model: LiveModel, tensors: int = 1) -> int:
    """Tokens of the first micro-batch where logits are computed and `tensors` states of each layer
    are kept."""
    shape = model.geometry
    states = STATES // tensors // (shape.layers * shape.d_model)
    return max(LENGTH, min(planned_tokens(model), SCORES // shape.vocabulary, states))


class LayerInputs:
    """What every layer was given in the whole pass over a micro-batch, (batch, length, d_model).

    `lengths`: of the tuple that each layer returns, 0 where it returns no tuple.
    """

    def __init__(self, model: LiveModel) -> None:
        self.model = model
        self.inputs: dict[int, torch.Tensor] = {}
        self.lengths: dict[int, int] = {}

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Keep what the layers are given while it lasts."""
        with contextlib.ExitStack() as stack:
            for layer in range(self.model.geometry.layers):
                watch = functools.partial(self._see, layer)
                stack.callback(self.model.layer(layer).register_forward_hook(watch).remove)
            yield

    def _see(self, layer: int, module: torch.nn.Module, given: Any, output: Any) -> None:
        self.inputs[layer] = given[0]
        self.lengths[layer] = tuple_length(output)

    @contextlib.contextmanager
    def begun(self, layer: int, states: torch.Tensor) -> Iterator[None]:
        """While it lasts, the model begins at a layer with these states."""
        with contextlib.ExitStack() as stack:
            for before in range(layer):
                passing = idle(states, self.lengths[before])
                stack.enter_context(replaced_forward.replaced(self.model.layer(before), passing))
            yield

    def forget(self, layer: int) -> None:
        """Drop what only passes from this layer needed."""
        del self.inputs[layer]


def tuple_length(output: Any) -> int:
    """The length of the tuple that a module returned, 0 where it returned no tuple."""
    return len(output) if type(output) is tuple else 0


def idle(states: torch.Tensor, length: int) -> Callable[..., Any]:
    """A module's forward that computes nothing and gives what its caller expects: states, or a
    tuple of that length that begins with them."""

    def forward(*given: Any, **named: Any) -> Any:
        return (states, *[None] * (length - 1)) if length else states

    return forward
