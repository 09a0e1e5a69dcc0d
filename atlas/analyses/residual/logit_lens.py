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
    """Means over positions, (layer,), in bits.

    `entropy` of each layer's prediction; `divergence` of the model's own prediction from it.
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
    cap = getattr(model.live.config, "final_logit_softcapping", None)
    return found if cap is None else cap * (found / cap).tanh()


@torch.inference_mode()
def lens(model: LiveModel, states: Sequence[torch.Tensor], progress: Progress) -> Lens:
    """The lens on every layer. `states`: (position, d_model) after each layer, the last included.

    The last layer gives the model's own prediction. `progress` counts layers of chunks of
    positions.
    """
    count, layers = len(states[0]), len(states)
    chunk = max(1, LOGITS // model.geometry.vocabulary)
    chunks = math.ceil(count / chunk)
    weight = model.live.get_submodule(model.architecture.live("unembedding")).weight
    assert isinstance(weight, torch.Tensor)
    entropy = torch.zeros(layers, dtype=torch.float64)
    divergence = torch.zeros(layers, dtype=torch.float64)
    for number in range(chunks):
        rows = slice(number * chunk, (number + 1) * chunk)
        final = logits(model, states[-1][rows].to(weight.device)).log_softmax(-1)
        share = final.exp()
        certainty = _dot(share, final)
        entropy[-1] -= certainty
        progress(number * layers + 1, chunks * layers)
        for layer in range(layers - 1):
            said = logits(model, states[layer][rows].to(weight.device)).log_softmax(-1)
            divergence[layer] += certainty - _dot(share, said)
            entropy[layer] -= _dot(said.exp(), said)
            progress(number * layers + layer + 2, chunks * layers)
    scale = 1 / (count * math.log(2))
    return Lens(entropy.clamp_min(0) * scale, divergence.clamp_min(0) * scale)


def _dot(x: torch.Tensor, y: torch.Tensor) -> float:
    """Sum over rows of their inner products, added up in double precision."""
    return math.fsum(torch.linalg.vecdot(x, y).tolist())
