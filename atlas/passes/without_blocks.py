"""What a model loses without one block, attention or another mixer, or an MLP: its loss with what
that block adds to the residual stream left out, prefixes computed once.

Up to the block that is skipped the model does what it does whole, so what comes before runs once
for all skips, and the block that is skipped does not run at all: with L layers that are about as
many passes, not 2L + 1. A block is what `LiveModel.gates` can close; the order of blocks is
attention of layer 0, MLP of layer 0, attention of layer 1, and so on.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import torch

from atlas.loaded import replaced_forward
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch, Passage
from atlas.passes import kept_states, losses, micro_batches
from atlas.passes.kept_states import LayerInputs, idle, tuple_length
from atlas.profiles.statement import Progress

POINTS: tuple[Literal["attn", "mlp"], ...] = ("attn", "mlp")
"""The two blocks of a layer, in their order."""


def losses_without(
    model: LiveModel, passages: Sequence[Passage], progress: Progress, tokens: int | None = None
) -> torch.Tensor:
    """Loss of every passage, whole and without each block: (1 + 2 layers, passages), float64, nats;
    NaN for a block that its layer has not.

    `tokens`: tokens of the first micro-batch, planned from the free memory if unsaid; halved where
    memory runs out. `progress` counts passages. Every passage must have a scored position. Raises
    `AtlasError` where not even one passage fits.
    """
    return micro_batches.table(
        model,
        passages,
        1 + 2 * model.geometry.layers,
        functools.partial(_losses, model),
        progress,
        tokens if tokens is not None else planned(model),
        name="without blocks",
    )


def gated_losses(
    model: LiveModel,
    passages: Sequence[Passage],
    gates: torch.Tensor,
    progress: Progress,
    tokens: int | None = None,
) -> torch.Tensor:
    """Loss of every passage with each passage's own gates: (passages,), float64, nats.

    `gates`: (passages, 2 layers), a factor of what each block adds. The rest as above.
    """

    def gated(held: Batch) -> torch.Tensor:
        with closed(model, gates[list(held.passages)]):
            return losses.per_passage(model, held)[None]

    budget = tokens if tokens is not None else planned(model)
    chosen = gates.double().cpu().numpy().tobytes()
    return micro_batches.table(
        model, passages, 1, gated, progress, budget, name="gated", chosen=chosen
    )[0]


def existing(model: LiveModel) -> list[bool]:
    """Of every block, in their order, whether its layer has it."""
    layers = range(model.geometry.layers)
    return [point in model.architecture.layer(layer).blocks for layer in layers for point in POINTS]


def planned(model: LiveModel) -> int:
    """Tokens of the first micro-batch: beside the inputs of layers as many elements of what their
    attention gives are kept."""
    return kept_states.planned(model, tensors=2)


def closed(model: LiveModel, gates: torch.Tensor) -> contextlib.AbstractContextManager[None]:
    """Gates of a batch while it lasts: (batch, 2 layers)."""
    layers = range(model.geometry.layers)
    return model.gates(
        attn={layer: gates[:, 2 * layer] for layer in layers},
        mlp={layer: gates[:, 2 * layer + 1] for layer in layers},
    )


def _losses(model: LiveModel, tokens: Batch) -> torch.Tensor:
    """(1 + 2 layers, batch), float64."""
    kept = _KeptStates(model)
    with kept.watched():
        found = [losses.per_passage(model, tokens).double().cpu()]
    for layer in range(model.geometry.layers):
        blocks = model.architecture.layer(layer).blocks
        for point in POINTS:
            if point not in blocks:
                found.append(torch.full_like(found[0], torch.nan))
                continue
            with kept.skipped(layer, point):
                found.append(losses.per_passage(model, tokens).double().cpu())
        kept.forget(layer)
    return torch.stack(found)


class _KeptStates:
    """What one micro-batch's whole pass leaves for those without a block.

    `layers`: the inputs of layers. `attended`: what the attention of each layer gives. `lengths`:
    of the tuple that a module within a layer returns, 0 where it returns no tuple.
    """

    def __init__(self, model: LiveModel) -> None:
        self.model = model
        self.layers = LayerInputs(model)
        self.attended: dict[tuple[int, str], torch.Tensor] = {}
        self.lengths: dict[tuple[int, str], int] = {}

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Keep what passes by while it lasts."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.layers.watched())
            for layer in range(self.model.geometry.layers):
                for point in self.model.architecture.layer(layer).blocks:
                    for name in workers(self.model, layer, point):
                        watch = functools.partial(self._see, layer, point, name)
                        module = self.model.layer(layer).get_submodule(name)
                        stack.callback(module.register_forward_hook(watch).remove)
            yield

    def _see(
        self, layer: int, point: str, name: str, module: torch.nn.Module, given: Any, output: Any
    ) -> None:
        self.lengths[layer, name] = tuple_length(output)
        if point == "attn":
            self.attended[layer, name] = output[0] if type(output) is tuple else output

    @contextlib.contextmanager
    def skipped(self, layer: int, point: Literal["attn", "mlp"]) -> Iterator[None]:
        """While it lasts, the model begins at a layer, and does without one of its blocks."""
        block = self.model.layer(layer)
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.layers.begun(layer, self.layers.inputs[layer]))
            if point == "mlp":  # attention is as in the whole pass
                for name in workers(self.model, layer, "attn"):
                    again = idle(self.attended[layer, name], self.lengths[layer, name])
                    stack.enter_context(replaced_forward.replaced(block.get_submodule(name), again))
            joins = self.model.architecture.layer(layer).joins(point)
            working = workers(self.model, layer, point)
            for name in working:
                worker = block.get_submodule(name)
                adds = any(join.partition(".")[0] == name for join in joins)
                passing = _passing(worker, self.lengths[layer, name], nothing=adds)
                stack.enter_context(replaced_forward.replaced(worker, passing))
            for join in joins:
                if "." not in join and join not in working:  # a norm of what the block gives
                    joined = block.get_submodule(join)
                    passing = _passing(joined, 0, nothing=True)
                    stack.enter_context(replaced_forward.replaced(joined, passing))
            yield

    def forget(self, layer: int) -> None:
        """Drop what only passes without a block of this layer needed."""
        self.layers.forget(layer)
        for name in workers(self.model, layer, "attn"):
            del self.attended[layer, name]


def workers(model: LiveModel, layer: int, point: str) -> tuple[str, ...]:
    """The modules right below a layer's module in which its mixer, or the MLP, is computed."""
    prefixes = {"attn": ("attn.", "mixer."), "mlp": ("mlp.", "router", "shared.")}[point]
    architecture = model.architecture.layer(layer)
    paths = [architecture.live(name) for name in architecture.modules if name.startswith(prefixes)]
    return tuple(dict.fromkeys(path.partition(".")[0] for path in paths))


def _passing(worker: torch.nn.Module, length: int, *, nothing: bool) -> Callable[..., Any]:
    """A forward that computes nothing: it hands on the hidden states that it is given, or, with
    `nothing`, adds nothing to the residual stream.

    Its output is then 0; modules that add to the residual stream themselves return that stream.
    """
    stated = inspect.signature(type(worker).forward)

    def forward(*given: Any, **named: Any) -> Any:
        held = stated.bind(worker, *given, **named).arguments
        states = next(value for value in held.values() if isinstance(value, torch.Tensor))
        if nothing:
            residual = held.get("residual")
            states = torch.zeros_like(states) if residual is None else residual
        return idle(states, length)()

    return forward
