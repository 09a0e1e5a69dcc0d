"""What heads read of a single token, from stored weights: no attention, no positions.

Heads of the first layer read the embedding. Later ones are taken to read what the first MLP makes
of it, E' = MLP_0(norm(E)), without the residual (after Elhelo & Geva, ACL 2025).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch

from atlas.analyses.functions import folding, salient_mappings
from atlas.analyses.functions.attention_block import AttentionBlock, HeadInputs, Unembedding
from atlas.architectures.architecture import Architecture
from atlas.errors import AtlasError
from atlas.loaded import stored_mlp
from atlas.loaded.checkpoint import Checkpoint
from atlas.pinned.choices import Choices

TOKENS = 8192
"""Tokens that go through the first MLP at a time."""


@dataclass(frozen=True)
class Layer:
    """The heads of one layer, as they are and with norm gains folded in; `x` (token, d_model) is
    what they read of all tokens, rows of norm 1."""

    plain: AttentionBlock
    folded: AttentionBlock
    x: torch.Tensor

    def block(self, fold: bool) -> AttentionBlock:
        """Its heads under a choice of `fold`."""
        return self.folded if fold else self.plain


class AttentionBlocks:
    """A model's attention blocks one after the other, and its unembedding.

    `sources`: ids of the tokens that heads attend to in questions. `cores`: U^T E as
    `salient_mappings.copying_cores` gives it, with both centred and literally. Raises `AtlasError`
    where there is no unembedding, and for weights that are infinite or NaN, with the layer.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        sources: torch.Tensor,
        choices: Choices,
        device: torch.device,
    ) -> None:
        self.checkpoint, self.later, self.device = checkpoint, choices.later, device
        self.sources = sources.cpu()
        self.U = Unembedding(checkpoint.unembedding(), device)
        self._require_finite(self.U.largest_norm, "unembedding")
        self.x = self._entering(torch.float32)
        self.cores = salient_mappings.copying_cores(self.U, self.x)

    def __iter__(self) -> Iterator[Layer]:
        """Every layer that attends, in its order."""
        return self.of(self.checkpoint.architecture.attending)

    def of(self, layers: Iterable[int]) -> Iterator[Layer]:
        """Some of them, in their order."""
        reads = HeadInputs.of(self._entering(torch.float64, self.sources))
        self.x = salient_mappings.unit_rows(self.x)
        later = False
        for layer in layers:
            if layer > first_mlp(self.checkpoint) and not later and self.later == "mlp":
                later = True
                self.x = self.x[:0]  # not both at once
                self.x = after_first_mlp(self.checkpoint, self._entering(torch.float32))
                self.x = salient_mappings.unit_rows(self.x)
                exact = after_first_mlp(
                    self.checkpoint, self._entering(torch.float64, self.sources)
                )
                reads = HeadInputs.of(exact)
            W_V, W_O = self._heads(layer)
            found = Layer(
                self._block(layer, reads, W_V, W_O),
                self._block(layer, reads, *folding.folded(self.checkpoint, layer, W_V, W_O)),
                self.x,
            )
            yield found

    def _block(
        self, layer: int, reads: HeadInputs, W_V: torch.Tensor, W_O: torch.Tensor
    ) -> AttentionBlock:
        block = AttentionBlock(reads, W_V.to(self.device), W_O.to(self.device))
        self._require_finite(block.largest, f"layer {layer}")
        return block

    def _entering(self, dtype: torch.dtype, sources: torch.Tensor | None = None) -> torch.Tensor:
        return entering(self.checkpoint, sources, dtype, self.device)

    def _heads(self, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """W_V (kv head, d_head, d_model) and W_O (head, d_model, d_head) of a layer, as stored."""
        shape = self.checkpoint.geometry
        held = self.checkpoint.layer(layer, ["attn.v", "attn.o"])
        W_V = held["attn.v.weight"].reshape(shape.kv_heads, shape.d_head, shape.d_model)
        W_O = held["attn.o.weight"].reshape(shape.d_model, shape.heads, shape.d_head)
        return W_V, W_O.movedim(1, 0)

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
    if checkpoint.architecture.has("embedding_norm"):
        held = checkpoint.outside("embedding_norm")
        x = norm(checkpoint.architecture, x, held.get("weight"), held.get("bias"))
    return x


def first_mlp(checkpoint: Checkpoint) -> int:
    """The first layer that has an MLP; its own heads stand before that."""
    architecture = checkpoint.architecture
    layers = range(checkpoint.geometry.layers)
    return next(layer for layer in layers if "mlp" in architecture.layer(layer).blocks)


def after_first_mlp(checkpoint: Checkpoint, x: torch.Tensor) -> torch.Tensor:
    """E' of entering embeddings x (token, d_model), written over x, which is returned.

    Through the norm that the first MLP reads through, where there is one; a norm after the MLP is
    not applied, the residual is not added. A mixture gives its routed output.
    """
    first = first_mlp(checkpoint)
    read_through = checkpoint.architecture.layer(first).row.mlp_input
    held = checkpoint.layer(first, [read_through]) if read_through else {}
    for start in range(0, len(x), TOKENS):
        part = x[start : start + TOKENS]
        if read_through:
            part = module_norm(checkpoint.architecture, part, held, read_through)
        x[start : start + TOKENS] = stored_mlp.output(checkpoint, first, part)
    return x


def module_norm(
    architecture: Architecture, x: torch.Tensor, layer: Mapping[str, torch.Tensor], name: str
) -> torch.Tensor:
    """A norm of a layer, `norm.mlp`, applied to x (..., d_model)."""
    return norm(architecture, x, layer.get(f"{name}.weight"), layer.get(f"{name}.bias"))


def norm(
    architecture: Architecture,
    x: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
) -> torch.Tensor:
    """A family's norm with that stored weight and bias (d_model,), applied to x (..., d_model)."""
    if architecture.row.norm.kind == "layer":
        x = x - x.mean(-1, keepdim=True)
    x = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + architecture.norm_eps)
    x = x * folding.gain(architecture, weight).to(x)
    return x if bias is None else x + bias.to(x)
