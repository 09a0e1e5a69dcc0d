"""Norms, told by what they compute: which one, around what offset, with which epsilon."""

from __future__ import annotations

import torch

from atlas.loaded.derivation.found import NormFound
from atlas.loaded.derivation.recording import Call, close


def of(call: Call) -> NormFound | None:
    """How a module norms what it reads; None where it does not."""
    read, gave, own = call.read, call.gave, call.own
    if read is None or read.shape != gave.shape or len(own) > 2:
        return None
    gains = [tensor for name, tensor in own.items() if name != "bias"]
    if len(gains) > 1 or any(tensor.ndim > 2 for tensor in own.values()):
        return None
    turned = [(t.transpose(1, 2) for t in (read, gave))] if read.ndim == 4 else []
    for x, y in ((read, gave), *turned):
        gain, bias = _spread(gains[0] if gains else None, x), _spread(own.get("bias"), x)
        if (gains and gain is None) or ("bias" in own and bias is None):
            continue
        if found := _fit(call, x.double(), y.double(), gain, bias):
            return found
    return None


def _spread(tensor: torch.Tensor | None, x: torch.Tensor) -> torch.Tensor | None:
    """A gain or bias against what it multiplies; None where it does not fit."""
    fits = tensor is not None and tensor.shape == x.shape[x.ndim - tensor.ndim :]
    return tensor.double() if tensor is not None and fits else None


def _fit(
    call: Call,
    x: torch.Tensor,
    y: torch.Tensor,
    gain: torch.Tensor | None,
    bias: torch.Tensor | None,
) -> NormFound | None:
    shifted = y if bias is None else y - bias
    for kind in ("rms", "layer"):
        middle = x if kind == "rms" else x - x.mean(-1, keepdim=True)
        for offset in (0.0, 1.0) if gain is not None else (0.0,):
            scale = torch.ones(()).double() if gain is None else gain + offset
            plain, square = shifted / scale, middle.pow(2).mean(-1, keepdim=True)
            # plain = middle / sqrt(square + eps), most exact where middle is large
            largest = middle.abs().argmax(-1, keepdim=True)
            share = middle.gather(-1, largest) / plain.gather(-1, largest)
            eps = float((share.pow(2) - square).median())
            if eps > -1e-4 and close(scale * middle / (square + max(eps, 0.0)).sqrt(), shifted):
                own = frozenset(v for v in vars(call.module).values() if type(v) is float)
                return NormFound(kind, offset, gain is not None, bias is not None, eps, own)
    return None
