"""Attention patterns from stored queries and keys, as the papers define them, in float64."""

from __future__ import annotations

import torch

from atlas.loaded.attention_heads import Heads
from atlas.loaded.proofs import case as cases
from atlas.loaded.proofs.case import Case
from atlas.loaded.proofs.positions import Positions


def pattern(
    case: Case, layer: int, heads: Heads, x: torch.Tensor, positions: Positions
) -> torch.Tensor:
    """Attention of one layer on its input x (batch, position, d_model), from stored weights."""
    queries = torch.einsum("hed,bpd->bhpe", heads.W_Q.double(), x) + bias(heads.B_Q)
    keys = torch.einsum("hed,bpd->bhpe", heads.W_K.double(), x) + bias(heads.B_K)
    queries, keys = (
        prepared(case, layer, *part, positions) for part in (("q", queries), ("k", keys))
    )
    scores = queries @ keys.transpose(-2, -1) * case.row.attention_scale
    cap = case.setting("attn_logit_softcapping")
    if cap is not None:
        scores = cap * (scores / cap).tanh()
    scores = positions.lowered(scores)
    if case.row.kind == "decoder":
        ahead = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(ahead, -torch.inf)
    if case.row.has("attn.sinks"):
        sinks = case.layer(layer)["attn.sinks.weight"][:, None, None]
        scores = torch.cat((scores, sinks.expand(*scores.shape[:-1], 1)), dim=-1)
        return scores.softmax(-1)[..., :-1]
    return scores.softmax(-1)


def prepared(
    case: Case, layer: int, part: str, x: torch.Tensor, positions: Positions
) -> torch.Tensor:
    """Queries or keys (batch, query head, position, d_head) as they are multiplied."""
    x = positions.turned(x) if positions.before_norm else x
    if case.at(layer).has(f"norm.{part}"):
        x = normed(case, layer, part, x)
    return x if positions.before_norm else positions.turned(x)


def normed(case: Case, layer: int, part: str, x: torch.Tensor) -> torch.Tensor:
    """Queries or keys (batch, query head, position, d_head) after their norm.

    The norm is over a head with one gain for all heads, over a head with a gain for each, or over
    all heads at once.
    """
    tensors, shape = case.layer(layer), case.at(layer).geometry
    name = f"norm.{part}"
    weight = tensors[f"{name}.weight"]
    if weight.shape == (shape.d_head,):
        return cases.normed(case.row, x, tensors, name)
    times = 1 if part == "q" else shape.heads // shape.kv_heads
    if weight.ndim == 1:
        # Repeated keys leave the mean of squares over all heads as it is.
        flat = cases.standardised(case.row, x.transpose(1, 2).flatten(-2))
        x = flat.reshape(*flat.shape[:-1], shape.heads, shape.d_head).transpose(1, 2)
    else:
        x = cases.standardised(case.row, x)
    gains = cases.gain(case.row, tensors, name).reshape(-1, 1, shape.d_head)
    return x * gains.repeat_interleave(times, dim=0)


def bias(stored: torch.Tensor | None) -> torch.Tensor:
    """A bias per head, (head, 1, d_head), or zero."""
    return torch.zeros(()) if stored is None else stored.double()[:, None, :]
