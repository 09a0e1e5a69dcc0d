"""The MLP of one layer, computed from its stored weights, experts and their routing included."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch.nn import functional

from atlas.architectures.architecture import Architecture, Routing
from atlas.loaded import loading
from atlas.loaded.checkpoint import Checkpoint

BENDS = ("act.alpha_p", "act.alpha_n")

Activation = Callable[[torch.Tensor], torch.Tensor]


def output(checkpoint: Checkpoint, layer: int, x: torch.Tensor) -> torch.Tensor:
    """What the MLP of a layer gives for x (token, d_model), in x's dtype and shape.

    x is what the MLP reads, after the norm before it (`row.mlp_input`); a norm after it
    (`norm.mlp_after`) is not applied, nor is the residual scale. Of a mixture, every token goes to
    the experts that the router chooses for it and through what all share, and one expert's weights
    are in memory at a time.
    """
    view = checkpoint.architecture.layer(layer)
    routing = view.routing
    if routing is None:
        (dense,) = checkpoint.experts(layer)
        bends = checkpoint.layer(layer, [name for name in view.modules if name in BENDS])
        return _expert(view, {**dense, **bends}, x)
    beside = [name for name in view.modules if name.startswith(("router", "shared"))]
    held = checkpoint.layer(layer, beside)
    shares = routed(x, held, routing)
    added = _shared(view, held, x) if routing.shared else torch.zeros_like(x)
    for number, expert in enumerate(checkpoint.experts(layer)):
        tokens = shares[:, number].nonzero().flatten()
        if len(tokens):
            added[tokens] += shares[tokens, number, None] * _expert(view, expert, x[tokens])
    return added


def _shared(
    architecture: Architecture, held: Mapping[str, torch.Tensor], x: torch.Tensor
) -> torch.Tensor:
    """What every token goes through beside its experts."""
    found = _expert(architecture, held, x, "shared")
    if "shared.router.weight" not in held:
        return found
    return found * functional.linear(x, *_cast(held, "shared.router", x)).sigmoid()


def routed(x: torch.Tensor, router: Mapping[str, torch.Tensor], routing: Routing) -> torch.Tensor:
    """The weight of every expert's output for every token, (token, expert), most of them 0."""
    logits = functional.linear(x, *_cast(router, "router", x))
    scores = logits.softmax(-1) if routing.scores == "softmax" else logits.sigmoid()
    correction = router.get("router.correction.weight")
    chosen = _chosen(scores if correction is None else scores + correction.to(x), routing)
    weights = scores.gather(-1, chosen)
    if routing.renormalised:
        weights = weights / weights.sum(-1, keepdim=True)
    return torch.zeros_like(scores).scatter(-1, chosen, weights * routing.scale)


def _chosen(scores: torch.Tensor, routing: Routing) -> torch.Tensor:
    """The experts of the highest scores, in the groups with the highest sums of two, if any."""
    if routing.groups > 1:
        grouped = scores.reshape(*scores.shape[:-1], routing.groups, -1)
        best = grouped.topk(2, dim=-1).values.sum(-1).topk(routing.active_groups, dim=-1).indices
        closed = torch.ones_like(grouped[..., 0], dtype=torch.bool).scatter(-1, best, False)
        scores = grouped.masked_fill(closed[..., None], -torch.inf).flatten(-2)
    return scores.topk(routing.active, dim=-1).indices


def _expert(
    architecture: Architecture,
    weights: Mapping[str, torch.Tensor],
    x: torch.Tensor,
    name: str = "mlp",
) -> torch.Tensor:
    """The MLP with that name, which has the activation and the gate that the row says."""
    up = functional.linear(x, *_cast(weights, f"{name}.up", x))
    if not architecture.has("mlp.gate"):
        inner = _activation(architecture.activation, weights, x)(up)
    else:
        gate = functional.linear(x, *_cast(weights, f"{name}.gate", x))
        gate = gate * architecture.gives.get(f"{name}.gate", 1.0)
        if architecture.clamp is None:
            limit = architecture.limits[architecture.routing is None or name != "mlp"]
            gate = _activation(architecture.activation, weights, x)(gate).clamp(max=limit)
            inner = gate * up.clamp(-limit, limit)
        else:
            alpha, limit = architecture.clamp
            gate, up = gate.clamp(max=limit), up.clamp(-limit, limit)
            inner = (up + 1) * gate * torch.sigmoid(alpha * gate)
    given = functional.linear(inner, *_cast(weights, f"{name}.down", x))
    return given * architecture.gives.get(f"{name}.down", 1.0)


def _cast(
    weights: Mapping[str, torch.Tensor], module: str, x: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """A module's weight and bias in x's dtype, where x is."""
    bias = weights.get(f"{module}.bias")
    return weights[f"{module}.weight"].to(x), None if bias is None else bias.to(x)


def _activation(name: str, weights: Mapping[str, torch.Tensor], x: torch.Tensor) -> Activation:
    """An activation by the name that configs give it, with the layer's own parameters if it has
    any, for inputs such as x. transformers is slow to import."""
    from transformers.activations import ACT2FN

    with loading.quiet():
        found: torch.nn.Module = ACT2FN[name]
    for module in BENDS:
        if f"{module}.weight" in weights:
            getattr(found, module.partition(".")[2]).data = weights[f"{module}.weight"]
    return found.to(x).requires_grad_(False)
