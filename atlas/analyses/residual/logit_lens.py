"""The logit lens: what the model would say if it stopped after a layer (nostalgebraist 2020)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from atlas.loaded.live import LiveModel
from atlas.passes.running_statistics import narrow
from atlas.profiles.statement import Progress

LOGITS = 2**23
"""Logits that are computed at a time."""


@dataclass(frozen=True)
class Lens:
    """What every layer says at every position, (layer, position), in bits.

    `entropy` of its prediction; `divergence` of the model's own prediction from it.
    """

    entropy: torch.Tensor
    divergence: torch.Tensor


def exists(model: LiveModel) -> bool:
    """Whether residual states can be read as words: by decoders whose head is stored."""
    return model.architecture.kind == "decoder" and model.has_head


def logits(model: LiveModel, states: torch.Tensor) -> torch.Tensor:
    """Logits of states after a layer: final norm, then unembedding; in float32 or better.

    states: (position, d_model), in the model's dtype -> (position, vocabulary).
    """
    architecture = model.architecture
    if architecture.has("final_norm"):
        states = model.live.get_submodule(architecture.live("final_norm"))(states)
    found: torch.Tensor = model.live.get_submodule(architecture.live("unembedding"))(states)
    found = found.to(narrow(found)) * architecture.logits_scale
    cap = getattr(model.config, "final_logit_softcapping", None)
    return found if cap is None else cap * (found / cap).tanh()


@torch.inference_mode()
def lens(model: LiveModel, states: Sequence[torch.Tensor], progress: Progress) -> Lens:
    """The lens on every layer. `states`: (position, d_model) after each layer, the last included.

    The last layer gives the model's own prediction. `progress` counts layers of chunks of
    positions.
    """
    count, layers = len(states[0]), len(states)
    pieces = _pieces(model, count)
    entropy, divergence = torch.zeros(2, layers, count, dtype=torch.float64)
    for number, rows in enumerate(pieces):
        final = _predicted(model, states[-1][rows])
        share = final.exp()
        certainty = _dot(share, final)
        entropy[-1, rows] = -certainty
        progress(number * layers + 1, len(pieces) * layers)
        for layer in range(layers - 1):
            said = _predicted(model, states[layer][rows])
            divergence[layer, rows] = certainty - _dot(share, said)
            entropy[layer, rows] = -_dot(said.exp(), said)
            progress(number * layers + layer + 2, len(pieces) * layers)
    return Lens(entropy / math.log(2), divergence / math.log(2))


@torch.inference_mode()
def surprise(model: LiveModel, states: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Bits that each token takes when the model predicts it from the state before: (position,).

    states: (position, d_model) after the last layer; tokens: (position,) ids.
    """
    found = []
    for rows in _pieces(model, len(states)):
        said = _predicted(model, states[rows])
        found.append(said.gather(-1, tokens[rows, None].to(said.device))[:, 0].double().cpu())
    return -torch.cat(found) / math.log(2)


def _pieces(model: LiveModel, count: int) -> list[slice]:
    """Positions at a time."""
    step = max(1, LOGITS // model.geometry.vocabulary)
    return [slice(start, start + step) for start in range(0, count, step)]


def _predicted(model: LiveModel, states: torch.Tensor) -> torch.Tensor:
    """Log probabilities of what comes next, (position, vocabulary), where the head is."""
    weight = model.live.get_submodule(model.architecture.live("unembedding")).weight
    assert isinstance(weight, torch.Tensor)
    return logits(model, states.to(weight.device)).log_softmax(-1)


def _dot(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Inner products of rows, on the processor."""
    found: torch.Tensor = torch.linalg.vecdot(x, y)
    return found.double().cpu()
