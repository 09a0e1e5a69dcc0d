"""Norm gains folded into a head's weights, which leaves what the model computes as it is.

Beside its direction a norm gives a vector a length, which moves no entry of a row past another, and
a bias, which is left out like every bias. What remains is linear: the mean that a LayerNorm takes
away, and the gain.
"""

from __future__ import annotations

import torch

from atlas.architectures.architecture import Architecture
from atlas.loaded.checkpoint import Checkpoint


def input_norm(architecture: Architecture) -> str | None:
    """The norm that heads read through, None without."""
    return architecture.row.attn_input


def output_norm(architecture: Architecture) -> str | None:
    """The norm that what a head writes passes through on its way to the stream, None without.

    In `post-norm` models it is that of the sum of stream and attention.
    """
    if architecture.residual == "post-norm":
        return "norm.attn"
    return "norm.attn_after" if architecture.has("norm.attn_after") else None


def folded(
    checkpoint: Checkpoint, layer: int, W_V: torch.Tensor, W_O: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """W_V and W_O of a layer with the norms around them folded in, float64.

    W_V: (kv head, d_head, d_model); W_O: (head, d_model, d_head). W_V takes the input norm. W_O
    takes the norm after attention, then the final one: a row of E' W_V W_O U is the same whether U
    or W_O is multiplied with a gain and centred.
    """
    architecture = checkpoint.architecture.layer(layer)
    read, written = input_norm(architecture), output_norm(architecture)
    held = checkpoint.layer(layer, [name for name in (read, written) if name])
    W_V, W_O = W_V.double(), W_O.double()
    if read:
        W_V = _centred(architecture, W_V * gain(architecture, held.get(f"{read}.weight")), -1)
    after = [held.get(f"{written}.weight")] if written else []
    if architecture.has("final_norm"):
        after.append(checkpoint.final_norm().get("weight"))
    for weight in after:
        W_O = _centred(architecture, W_O, 1) * gain(architecture, weight).reshape(-1, 1)
    return W_V, W_O


def gain(architecture: Architecture, weight: torch.Tensor | None) -> torch.Tensor:
    """What a norm multiplies with: the stored weight and the family's offset, in float64; 1 where
    nothing is stored."""
    if weight is None:
        return torch.ones((), dtype=torch.double)
    return weight.double() + architecture.row.norm.offset


def _centred(architecture: Architecture, matrix: torch.Tensor, axis: int) -> torch.Tensor:
    """Without the mean over d_model, where the family's norms take it away."""
    if architecture.row.norm.kind == "rms":
        return matrix
    return matrix - matrix.mean(axis, keepdim=True)
