"""Attention patterns from stored queries and keys, as the papers define them, in float64.

Positions are no part of a row, since no weight holds them (learned ones aside): which model turns
what is stated in `tiny.py` and read from the config.
"""

from __future__ import annotations

import live_cases
import tiny
import torch
from live_cases import Case

from atlas.loaded.attention_heads import Heads


def rotated(x: torch.Tensor, dims: int, paired: bool, theta: float = 10000.0) -> torch.Tensor:
    """Rotary position embedding (Su et al. 2021) of (..., position, d_head).

    Halves of the head make up the planes, or neighbours where `paired`.
    """
    half = dims // 2
    if paired:
        planes = x[..., :dims].reshape(*x.shape[:-1], half, 2).transpose(-2, -1)
        x = torch.cat((planes.reshape(*x.shape[:-1], dims), x[..., dims:]), dim=-1)
    angle = torch.outer(
        torch.arange(x.shape[-2]).double(), theta ** (-torch.arange(half).double() / half)
    )
    first, second, rest = x[..., :half], x[..., half:dims], x[..., dims:]
    turned = (
        first * angle.cos() - second * angle.sin(),
        second * angle.cos() + first * angle.sin(),
    )
    return torch.cat((*turned, rest), dim=-1)


def pattern(case: Case, layer: int, heads: Heads, x: torch.Tensor) -> torch.Tensor:
    """Attention of one layer on its input x (batch, position, d_model), from stored weights."""
    queries = torch.einsum("hed,bpd->bhpe", heads.W_Q.double(), x) + bias(heads.B_Q)
    keys = torch.einsum("hed,bpd->bhpe", heads.W_K.double(), x) + bias(heads.B_K)
    if case.at(layer).has("norm.q"):
        queries, keys = (normed(case, layer, *part) for part in (("q", queries), ("k", keys)))
    if case.row.model_type not in tiny.UNTURNED and has_positions(case, layer):
        dims = int(heads.W_Q.shape[1] * tiny.PARTLY.get(case.row.model_type, 1))
        paired = case.row.model_type in tiny.PAIRED
        queries = rotated(queries, dims, paired, theta(case, layer))
        keys = rotated(keys, dims, paired, theta(case, layer))
    scores = queries @ keys.transpose(-2, -1) * case.row.attention_scale
    cap = case.setting("attn_logit_softcapping")
    if cap is not None:
        scores = cap * (scores / cap).tanh()
    if case.row.model_type in tiny.ALIBI:
        count = scores.shape[1]
        slopes = 2.0 ** (-8 / count * torch.arange(1, count + 1))
        scores = scores + slopes[:, None, None] * torch.arange(scores.shape[-1])
    if case.row.kind == "decoder":
        ahead = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(ahead, -torch.inf)
    if case.row.has("attn.sinks"):
        sinks = case.layer(layer)["attn.sinks.weight"][:, None, None]
        scores = torch.cat((scores, sinks.expand(*scores.shape[:-1], 1)), dim=-1)
        return scores.softmax(-1)[..., :-1]
    return scores.softmax(-1)


def normed(case: Case, layer: int, part: str, x: torch.Tensor) -> torch.Tensor:
    """Queries or keys (batch, query head, position, d_head) after their norm.

    The norm is over a head with one gain for all heads, over a head with a gain for each, or over
    all heads at once.
    """
    tensors, shape = case.layer(layer), case.checkpoint.geometry
    name = f"norm.{part}"
    weight = tensors[f"{name}.weight"]
    if weight.shape == (shape.d_head,):
        return live_cases.normed(case.row, x, tensors, name)
    times = 1 if part == "q" else shape.heads // shape.kv_heads
    if weight.ndim == 1:
        # Repeated keys leave the mean of squares over all heads as it is.
        flat = live_cases.standardised(case.row, x.transpose(1, 2).flatten(-2))
        x = flat.reshape(*flat.shape[:-1], shape.heads, shape.d_head).transpose(1, 2)
    else:
        x = live_cases.standardised(case.row, x)
    gains = live_cases.gain(case.row, tensors, name).reshape(-1, 1, shape.d_head)
    return x * gains.repeat_interleave(times, dim=0)


def has_positions(case: Case, layer: int) -> bool:
    """Whether the layer tells positions apart: some of SmolLM3's do not."""
    layers = case.setting("no_rope_layers")
    return layers is None or bool(layers[layer])


def theta(case: Case, layer: int) -> float:
    """The base of the layer's rotation frequencies; Gemma 3 has one for each kind of layer."""
    rope = case.setting("rope_parameters") or {"rope_theta": 10000.0}
    if "rope_theta" not in rope:
        rope = rope[case.setting("layer_types")[layer]]
    return float(rope["rope_theta"])


def bias(stored: torch.Tensor | None) -> torch.Tensor:
    """A bias per head, (head, 1, d_head), or zero."""
    return torch.zeros(()) if stored is None else stored.double()[:, None, :]
