"""How a model tells positions apart, found by trying: no weight holds it, so no row says it.

A wrong one gives other patterns, so that whichever gives the model's own is the right one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch

from atlas.loaded.proofs.case import Case


@dataclass(frozen=True)
class Positions:
    """What is done to queries and keys, or to scores.

    `rotary`: the first `dims` of every head are turned, halves or neighbours (`paired`) making up
    the planes; after the norm of queries and keys, where there is one, or before it. `alibi`:
    scores lowered in proportion to distance (Press et al. 2022). `none`: they are told apart
    elsewhere, by learned positions, or not at all.
    """

    kind: Literal["rotary", "alibi", "none"]
    dims: int = 0
    paired: bool = False
    theta: float = 0.0
    before_norm: bool = False

    def turned(self, x: torch.Tensor) -> torch.Tensor:
        return rotated(x, self.dims, self.paired, self.theta) if self.kind == "rotary" else x

    def lowered(self, scores: torch.Tensor) -> torch.Tensor:
        if self.kind != "alibi":
            return scores
        count = scores.shape[1]
        slopes = 2.0 ** (-8 / count * torch.arange(1, count + 1))
        return scores + slopes[:, None, None] * torch.arange(scores.shape[-1])


def candidates(case: Case) -> Iterator[Positions]:
    """Every kind that is tried, the usual ones first; thetas are those of the model's config."""
    d_head = case.checkpoint.geometry.d_head
    thetas = sorted({float(theta) for theta in _thetas(case.model.config.to_dict())} | {10000.0})
    orders = (False, True) if case.row.has("norm.q") else (False,)
    for before_norm in orders:
        for dims in range(d_head - d_head % 2, 0, -2):
            for theta in thetas:
                for paired in (False, True):
                    yield Positions("rotary", dims, paired, theta, before_norm)
    yield Positions("none")
    yield Positions("alibi")


def _thetas(config: Mapping[str, Any]) -> Iterator[float]:
    for key, value in config.items():
        if isinstance(value, dict):
            yield from _thetas(value)
        elif "theta" in str(key) and isinstance(value, int | float):
            yield value


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
