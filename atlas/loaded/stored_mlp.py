"""The MLP of one layer, computed from its stored weights, experts and their routing included."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch.nn import functional

from atlas.architectures.architecture import Architecture, Routing
from atlas.loaded.checkpoint import Checkpoint

Activation = Callable[[torch.Tensor], torch.Tensor]


def output(checkpoint: Checkpoint, layer: int, x: torch.Tensor) -> torch.Tensor:
    """What the MLP of a layer gives for x (token, d_model), in x's dtype and shape.

    x is what the MLP reads, after the norm before it (`row.mlp_input`); a norm after it
    (`norm.mlp_after`) is not applied, nor is the residual scale. Of a mixture, every token goes to
    the experts that the router chooses for it, and one expert's weights are in memory at a time.
    """
    view = checkpoint.architecture.layer(layer)
    routing = view.routing
    if routing is None:
        (dense,) = checkpoint.experts(layer)
        return _expert(view, dense, x)
    router = checkpoint.layer(layer, ["router"])
    shares = routed(x, router, routing)
    added = torch.zeros_like(x)
    for number, expert in enumerate(checkpoint.experts(layer)):
        tokens = shares[:, number].nonzero().flatten()
        if len(tokens):
            added[tokens] += shares[tokens, number, None] * _expert(view, expert, x[tokens])
    return added


def routed(x: torch.Tensor, router: Mapping[str, torch.Tensor], routing: Routing) -> torch.Tensor:
    """The weight of every expert's output for every token, (token, expert), most of them 0."""
    scores = functional.linear(x, *_cast(router, "router", x)).softmax(-1)
    largest, chosen = scores.topk(routing.active, dim=-1)
    if routing.renormalised:
        largest = largest / largest.sum(-1, keepdim=True)
    return torch.zeros_like(scores).scatter(-1, chosen, largest)


def _expert(
    architecture: Architecture, weights: Mapping[str, torch.Tensor], x: torch.Tensor
) -> torch.Tensor:
    up = functional.linear(x, *_cast(weights, "mlp.up", x))
    if not architecture.has("mlp.gate"):
        inner = _activation(architecture.activation)(up)
    else:
        gate = functional.linear(x, *_cast(weights, "mlp.gate", x))
        if architecture.clamp is None:
            inner = _activation(architecture.activation)(gate) * up
        else:
            alpha, limit = architecture.clamp
            gate, up = gate.clamp(max=limit), up.clamp(-limit, limit)
            inner = (up + 1) * gate * torch.sigmoid(alpha * gate)
    return functional.linear(inner, *_cast(weights, "mlp.down", x))


def _cast(
    weights: Mapping[str, torch.Tensor], module: str, x: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """A module's weight and bias in x's dtype, where x is."""
    bias = weights.get(f"{module}.bias")
    return weights[f"{module}.weight"].to(x), None if bias is None else bias.to(x)


def _activation(name: str) -> Activation:
    """An activation by the name that configs give it. transformers is slow to import."""
    from transformers.activations import ACT2FN

    found: Activation = ACT2FN[name]
    return found
