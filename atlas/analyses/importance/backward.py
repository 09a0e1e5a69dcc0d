"""One backward pass a passage, its gradients reduced and freed parameter by parameter.

As soon as a parameter's gradient is complete it becomes a few numbers, is added to the mean where
that is wanted, and leaves memory: there is never more of it than one layer has. Where memory
runs out half-way, or float16 overflows, the pass is repeated with layers recomputed or at a smaller
scale, and only what was not counted yet is counted.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from atlas.analyses.importance import parameter_owners
from atlas.analyses.importance.parameter_owners import OwnedParameter
from atlas.errors import DAMAGED, AtlasError
from atlas.loaded import replaced_forward
from atlas.loaded.live import LiveModel
from atlas.loaded.memory import release, working_bytes
from atlas.loaded.passages import Batch, Passage
from atlas.passes import losses, micro_batches, observing

Key = tuple[int, str]
"""Layer and canonical module."""


def _zeros() -> defaultdict[Key, float]:
    return defaultdict(float)


SCALE = 2.0**14
"""What a loss is multiplied by in float16, whose smallest number is 6e-8, so that gradients do not
become zero; lowered where they become infinite."""


@dataclass
class GradientSums:
    """What passages gave, in nats of their mean losses.

    `each`: of every passage, sums of |g w| over a module's elements, nothing for an expert that was
    not chosen; `gates`: of every passage, |dL / d gate|, (layer, head), 0 in
    layers without attention; `losses`: of every passage,
    mean over its tokens. `square` and `weight_square`, of the layers whose mean gradient was kept:
    the squared norms of it and of the weights; `elements`: a module's number of weights, biases
    among them.
    """

    each: list[dict[Key, float]] = field(default_factory=list)
    gates: list[torch.Tensor] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    square: defaultdict[Key, float] = field(default_factory=_zeros)
    weight_square: defaultdict[Key, float] = field(default_factory=_zeros)
    elements: defaultdict[Key, float] = field(default_factory=_zeros)

    @property
    def passages(self) -> int:
        """How many were counted."""
        return len(self.each)

    @property
    def taylor(self) -> dict[Key, float]:
        """Sums of `each` over passages."""
        return {key: sum(one.get(key, 0.0) for one in self.each) for key in self.elements}

    @property
    def heads(self) -> torch.Tensor:
        """Sums of `gates` over passages, (layer, head)."""
        return torch.stack(self.gates).sum(0)


class Backward:
    """Backward passes over a model, hooks on the parameters of its layers.

    `layers`: those that gradients are wanted of; `kept`: those whose mean gradient is summed up, in
    float32 or better, which takes memory; `recompute`: whether layers are run again in the backward
    pass, None where memory shall decide. Used as a context: without it, the model is as before.
    """

    def __init__(
        self,
        model: LiveModel,
        layers: Sequence[int],
        kept: Sequence[int] = (),
        recompute: bool | None = None,
    ) -> None:
        self.model = model
        self.parameters = [
            held for layer in layers for held in parameter_owners.of_layer(model, layer)
        ]
        self.kept = {*kept}
        self.recompute = recompute
        self.scale = SCALE if model.dtype == torch.float16 else 1.0
        self.gathered = GradientSums()
        self._means: dict[tuple[int, str], torch.Tensor] = {}
        self._gates: dict[int, torch.Tensor] = {}
        self._pending: dict[tuple[int, str], torch.Tensor] = {}
        self._overflowed = False
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Backward:
        wanted = {id(held.parameter) for held in self.parameters}
        for parameter in self.model.live.parameters():
            self._stack.callback(parameter.requires_grad_, parameter.requires_grad)
            parameter.requires_grad_(id(parameter) in wanted)
        for held in self.parameters:
            seen = self._seen(held)
            handle = held.parameter.register_post_accumulate_grad_hook(seen)  # type: ignore[no-untyped-call]
            self._stack.callback(handle.remove)
        attending = {*self.model.architecture.attending}
        for layer in sorted(attending & {held.layer for held in self.parameters}):
            self._stack.callback(self._gate_heads(layer))
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()
        for held in self.parameters:
            held.parameter.grad = None

    def add(self, passages: Sequence[Passage], row: int) -> None:
        """Count one passage.

        Raises `AtlasError` where it does not fit into memory even if layers are recomputed, and
        for a loss or gradients that are infinite or NaN.
        """
        if self.recompute is None:
            self.recompute = not self._fits(len(passages[row].ids))
        self._pending.clear()
        micro_batches.through(self.model, passages, [row], self._attempt, tokens=1)
        gathered, shape = self.gathered, self.model.geometry
        taylor: defaultdict[Key, float] = _zeros()
        for held in self.parameters:
            if (sums := self._pending.get((held.layer, held.path))) is None:
                continue  # nothing that this passage ran through: an expert that was not chosen
            for module, part in held.split(sums, shape):
                value = float(part)
                self._require_finite(value, f"gradient of layer {held.layer}, {module},", row)
                taylor[held.layer, module] += value
        gates = torch.zeros(shape.layers, shape.heads, dtype=torch.float64)
        for layer, gate in self._gates.items():
            assert gate.grad is not None, "every loss depends on every head"
            gates[layer, : len(gate)] = gate.grad.double().abs().cpu() / self.scale
        gathered.each.append(dict(taylor))
        gathered.gates.append(gates)

    def finish(self) -> GradientSums:
        """Everything counted, and the norms of what was kept, whose memory is given back."""
        gathered, shape = self.gathered, self.model.geometry
        for held in self.parameters:
            for module, count in held.elements(shape):
                gathered.elements[held.layer, module] += count
            if held.layer not in self.kept:
                continue
            weight = held.parameter.detach()
            for module, part in held.split(_squares(held.axis, weight), shape):
                gathered.weight_square[held.layer, module] += float(part)
            mean = self._means.pop((held.layer, held.path), None)
            if mean is not None:
                for module, part in held.split(_squares(held.axis, mean), shape):
                    square = float(part) / gathered.passages**2
                    gathered.square[held.layer, module] += square
        return gathered

    def _attempt(self, rows: list[int], tokens: Batch) -> bool:
        """Forward and backward, repeated where float16 overflows; False where memory does not
        suffice even if layers are recomputed."""
        (row,) = rows
        while True:
            self._overflowed = False
            for gate in self._gates.values():
                gate.grad = None
            loss = micro_batches.unless_out_of_memory(functools.partial(self._loss, tokens))
            if loss is None and self.recompute:
                return False
            if loss is None:
                self._recompute_from_now_on()
                continue
            self._require_finite(loss, "loss", row)
            if not self._overflows():
                self.gathered.losses.append(loss)
                return True
            self.scale /= 16

    def _loss(self, tokens: Batch) -> float:
        """The loss of one passage, after a backward pass from it."""
        with contextlib.ExitStack() as stack, torch.enable_grad():
            if self.recompute:
                stack.enter_context(replaced_forward.recomputed(self.model))
            loss = losses.per_passage(self.model, tokens)[0]
            (loss * self.scale).backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def _overflows(self) -> bool:
        """Whether the last pass left float16's range."""
        gates = [gate.grad for gate in self._gates.values() if gate.grad is not None]
        finite = self.scale <= 1 or all(bool(grad.isfinite().all()) for grad in gates)
        return self._overflowed or not finite

    def _recompute_from_now_on(self) -> None:
        self.recompute = True
        for held in self.parameters:
            held.parameter.grad = None
        release(self.model.device)

    def _require_finite(self, value: float, what: str, row: int) -> None:
        if not math.isfinite(value):
            raise AtlasError(
                f"the {what} of passage {row} is {value} in {self.model.dtype}",
                file=self.model.folder,
                remedy=DAMAGED,
            )

    def _seen(self, held: OwnedParameter) -> Callable[[torch.Tensor], None]:
        """A hook that reduces a parameter's gradient as soon as it is complete."""
        place = (held.layer, held.path)

        def seen(parameter: torch.Tensor) -> None:
            gradient, parameter.grad = parameter.grad, None
            if gradient is None or place in self._pending:
                return
            sums = parameter_owners.summed(_products, held.axis, gradient, parameter.detach())
            if self.scale > 1 and not bool(sums.isfinite().all()):
                self._overflowed = True
                return
            self._pending[place] = sums / self.scale
            if held.layer in self.kept:
                if place not in self._means:
                    wide = torch.promote_types(gradient.dtype, torch.float32)
                    self._means[place] = torch.zeros_like(gradient, dtype=wide)
                self._means[place].add_(gradient, alpha=1 / self.scale)

        return seen

    def _gate_heads(self, layer: int) -> Callable[[], None]:
        """Multiply what every head gives, before the output projection, by a gate of 1."""
        architecture = self.model.architecture.layer(layer)
        shape = architecture.geometry
        output = self.model.layer(layer).get_submodule(architecture.live("attn.o"))

        def gated(module: torch.nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
            mixed = inputs[0]
            if layer not in self._gates:
                self._gates[layer] = mixed.new_ones(shape.heads, requires_grad=True)
            heads = mixed.unflatten(-1, (shape.heads, shape.d_head))
            return ((heads * self._gates[layer][:, None]).flatten(-2), *inputs[1:])

        return output.register_forward_pre_hook(gated).remove

    def _fits(self, length: int) -> bool:
        """Whether the activations of all layers fit into half of what is free."""
        one = working_bytes(self.model.geometry, self.model.dtype.itemsize, length)
        return self.model.geometry.layers * one <= observing.room(self.model)


def _products(gradient: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return (gradient * weight).abs_()


def _squares(axis: int | None, tensor: torch.Tensor) -> torch.Tensor:
    return parameter_owners.summed(torch.square, axis, tensor)
