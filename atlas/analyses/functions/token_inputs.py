"""What heads read of a single token, from stored weights: no attention, no positions.

Heads of the first layer read the embedding. Later ones are taken to read what the first MLP makes
of it, E' = MLP_0(norm(E)), without the residual (after Elhelo & Geva, ACL 2025).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from atlas.analyses.functions import salient_mappings
from atlas.analyses.functions.attention_block import AttentionBlock, HeadInputs, Unembedding
from atlas.architectures.architecture import Architecture
from atlas.errors import AtlasError
from atlas.loaded import stored_mlp
from atlas.loaded.checkpoint import Checkpoint

TOKENS = 8192
"""Tokens that go through the first MLP at a time."""


@dataclass(frozen=True)
class Options:
    """Choices beside the protocol: `later`, what heads of later layers read; `fold`, whether the
    gains of the heads' input norm and of the final norm are multiplied in."""

    later: Literal["first MLP", "embedding"] = "first MLP"
    fold: bool = False


class AttentionBlocks:
    """A model's attention blocks one after the other, and its unembedding.

    `sources`: ids of the tokens that heads attend to in questions. `core`: U^T E, as
    `salient_mappings.copying_core` gives it. Raises `AtlasError` where there is no unembedding,
    and for weights that are infinite or NaN, with the layer.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        sources: torch.Tensor,
        options: Options,
        device: torch.device,
    ) -> None:
        self.checkpoint, self.options, self.device = checkpoint, options, device
        self.sources = sources.cpu()
        matrix = checkpoint.unembedding()
        if options.fold and checkpoint.architecture.has("final_norm"):
            norm = gain(checkpoint.architecture, checkpoint.final_norm()["weight"])
            matrix = (matrix.double() * norm).float()
        self.U = Unembedding(matrix, device)
        self._require_finite(self.U.largest_norm, "unembedding")
        self.x = self._entering(torch.float32)
        self.core = salient_mappings.copying_core(self.U, self.x)

    def __iter__(self) -> Iterator[tuple[AttentionBlock, torch.Tensor]]:
        """Every layer's heads with what they read of the sources, and of all tokens with norm 1."""
        reads = HeadInputs.of(self._entering(torch.float64, self.sources))
        self.x = salient_mappings.unit_rows(self.x)
        for layer in range(self.checkpoint.geometry.layers):
            if layer == 1 and self.options.later == "first MLP":
                self.x = self.x[:0]  # not both at once
                self.x = after_first_mlp(self.checkpoint, self._entering(torch.float32))
                self.x = salient_mappings.unit_rows(self.x)
                exact = after_first_mlp(
                    self.checkpoint, self._entering(torch.float64, self.sources)
                )
                reads = HeadInputs.of(exact)
            block = AttentionBlock(reads, *self._heads(layer))
            self._require_finite(block.largest, f"layer {layer}")
            yield block, self.x

    def _entering(self, dtype: torch.dtype, sources: torch.Tensor | None = None) -> torch.Tensor:
        return entering(self.checkpoint, sources, dtype, self.device)

    def _heads(self, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """W_V (kv head, d_head, d_model) and W_O (head, d_model, d_head) of a layer."""
        architecture, shape = self.checkpoint.architecture, self.checkpoint.geometry
        norm = architecture.row.attn_input if self.options.fold else None
        held = self.checkpoint.layer(layer, ["attn.v", "attn.o", *([norm] if norm else [])])
        W_V, W_O = held["attn.v.weight"], held["attn.o.weight"]
        if norm:
            W_V = (W_V.double() * gain(architecture, held[f"{norm}.weight"])).float()
        W_V = W_V.reshape(shape.kv_heads, shape.d_head, shape.d_model)
        W_O = W_O.reshape(shape.d_model, shape.heads, shape.d_head).movedim(1, 0)
        return W_V.to(self.device), W_O.to(self.device)

    def _require_finite(self, largest: float, place: str) -> None:
        if not math.isfinite(largest):
            raise AtlasError(
                f"the weights hold values that are not finite (largest norm {largest})",
                file=self.checkpoint.folder,
                place=place,
                remedy="the weights are damaged: fetch or train them again",
            )


def entering(
    checkpoint: Checkpoint,
    tokens: torch.Tensor | None,
    dtype: torch.dtype,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """Embeddings as they enter the first layer, (token, d_model), of some tokens or all.

    With the family's factor and norm of the embedding, without positions.
    """
    stored = checkpoint.embedding()
    x = (stored if tokens is None else stored[tokens]).to(device, dtype, copy=True)
    x *= checkpoint.architecture.embedding_scale
    held = checkpoint.outside("embedding_norm")
    if held:
        x = norm(checkpoint.architecture, x, held["weight"], held.get("bias"))
    return x


def after_first_mlp(checkpoint: Checkpoint, x: torch.Tensor) -> torch.Tensor:
    """E' of entering embeddings x (token, d_model), written over x, which is returned.

    Through the norm that the first MLP reads through, where there is one; a norm after the MLP is
    not applied, the residual is not added. A mixture gives its routed output.
    """
    read_through = checkpoint.architecture.row.mlp_input
    held = checkpoint.layer(0, [read_through]) if read_through else {}
    for start in range(0, len(x), TOKENS):
        part = x[start : start + TOKENS]
        if read_through:
            part = module_norm(checkpoint.architecture, part, held, read_through)
        x[start : start + TOKENS] = stored_mlp.output(checkpoint, 0, part)
    return x


def module_norm(
    architecture: Architecture, x: torch.Tensor, layer: Mapping[str, torch.Tensor], name: str
) -> torch.Tensor:
    """A norm of a layer, `norm.mlp`, applied to x (..., d_model)."""
    return norm(architecture, x, layer[f"{name}.weight"], layer.get(f"{name}.bias"))


def norm(
    architecture: Architecture, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
) -> torch.Tensor:
    """A family's norm with that stored weight and bias (d_model,), applied to x (..., d_model)."""
    if architecture.row.norm.kind == "layer":
        x = x - x.mean(-1, keepdim=True)
    x = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + architecture.norm_eps)
    x = x * gain(architecture, weight).to(x)
    return x if bias is None else x + bias.to(x)


def gain(architecture: Architecture, weight: torch.Tensor) -> torch.Tensor:
    """What a norm multiplies with: the stored weight and the family's offset, in float64."""
    return weight.double() + architecture.row.norm.offset
