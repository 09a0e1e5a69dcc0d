"""The attention of a layer, per query head, from its stored weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from atlas.entries.geometry import Geometry

MODULES = ("attn.q", "attn.k", "attn.v", "attn.o")


@dataclass(frozen=True)
class Heads:
    """One layer's attention, per query head; grouped key/value heads stand once per query head.

    W_Q, W_K, W_V: (head, d_head, d_model); W_O: (head, d_model, d_head). With x a column:
    query = W_Q x + B_Q, and attention to itself alone adds sum over heads of
    W_O (W_V x + B_V), plus B_O. Biases: (head, d_head), B_O: (d_model,); None where there is none.
    """

    W_Q: torch.Tensor
    W_K: torch.Tensor
    W_V: torch.Tensor
    W_O: torch.Tensor
    B_Q: torch.Tensor | None
    B_K: torch.Tensor | None
    B_V: torch.Tensor | None
    B_O: torch.Tensor | None

    @classmethod
    def of(cls, tensors: Mapping[str, torch.Tensor], shape: Geometry) -> Heads:
        """`tensors`: weights and biases of `MODULES` under canonical names, (out, in), (out,)."""
        group = shape.heads // shape.kv_heads

        def per_head(name: str, times: int) -> torch.Tensor:
            tensor = tensors[name]
            tensor = tensor.reshape(-1, shape.d_head, *tensor.shape[1:])
            return tensor if times == 1 else tensor.repeat_interleave(times, dim=0)

        biases = {
            name: per_head(f"{name}.bias", times) if f"{name}.bias" in tensors else None
            for name, times in zip(MODULES[:3], (1, group, group), strict=True)
        }
        W_O = tensors["attn.o.weight"].reshape(-1, shape.heads, shape.d_head)
        return cls(
            W_Q=per_head("attn.q.weight", 1),
            W_K=per_head("attn.k.weight", group),
            W_V=per_head("attn.v.weight", group),
            W_O=W_O.movedim(1, 0),
            B_Q=biases["attn.q"],
            B_K=biases["attn.k"],
            B_V=biases["attn.v"],
            B_O=tensors.get("attn.o.bias"),
        )
