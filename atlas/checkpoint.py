"""Weights streamed from disk, one block at a time, under canonical names.

The model is never built and never whole in memory: a block's tensors are read from their shards
into memory of their own (no mapped pages that would linger), fused projections are split, Conv1D
is transposed, so that every weight is (out, in), in the dtype that is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from atlas import architectures, headers
from atlas.entry import Geometry
from atlas.errors import AtlasError, suggest
from atlas.layout import Architecture, Slot
from atlas.rows import OUTSIDE, Source
from atlas.shard import Tensor

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


@dataclass(frozen=True)
class Heads:
    """One block's attention, per query head; grouped key/value heads stand once per query head.

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


@dataclass(frozen=True)
class Checkpoint:
    """A folder of weights that a row of `architectures.py` describes."""

    folder: Path
    config: dict[str, object]
    architecture: Architecture
    geometry: Geometry
    tensors: dict[str, Tensor]
    names: dict[str, str]

    @classmethod
    def open(cls, folder: Path) -> Checkpoint:
        """Read config and headers, and hold every tensor against the row: no weights yet.

        Raises `AtlasError`: unknown architecture, damaged shard, a tensor missing or of another
        shape than the config says.
        """
        config = headers.config(folder)
        architecture = architectures.lookup(config, folder / "config.json")
        tensors = headers.read(folder)
        stored = {name: tensor.elements for name, tensor in tensors.items()}
        parameters = architecture.parameters(stored)
        checkpoint = cls(
            folder=folder,
            config=config,
            architecture=architecture,
            geometry=replace(architecture.geometry, parameters=parameters),
            tensors=tensors,
            names=architecture.plain_names(tensors),
        )
        checkpoint._check()
        return checkpoint

    def block(self, layer: int, modules: Iterable[str] | None = None) -> dict[str, torch.Tensor]:
        """The tensors of one block, or of some of its modules: `attn.q.weight`, `norm.mlp.bias`...

        Weights are (out, in), in the dtype that is stored. Only these tensors are read.
        """
        if not 0 <= layer < self.geometry.layers:
            raise AtlasError(f"no layer {layer} of {self.geometry.layers}", file=self.folder)
        wanted = set(self.architecture.modules if modules is None else modules)
        for name in sorted(wanted - set(self.architecture.modules)):
            raise AtlasError(
                f"no module {name!r}",
                file=self.folder,
                remedy=suggest(name, self.architecture.modules),
            )
        slots = self.architecture.slots(layer)
        return self._read([slot for slot in slots if slot.module in wanted])

    def outside(self, module: str) -> dict[str, torch.Tensor]:
        """A module outside the blocks: its `weight` and `bias`; empty where it does not exist.

        `embedding`, `positions`, `token_types`, `embedding_norm`, `final_norm`, `unembedding`.
        """
        held = self._read(self.architecture.outside(module))
        return {name.rpartition(".")[2]: tensor for name, tensor in held.items()}

    def embedding(self) -> torch.Tensor:
        """The token embedding as stored, (vocabulary, d_model)."""
        return self.outside("embedding")["weight"]

    def unembedding(self) -> torch.Tensor:
        """The matrix that reads logits, (vocabulary, d_model); the embedding where they are tied.

        Raises `AtlasError` where none is stored and the config says that they are not tied.
        """
        slot = self.architecture.outside("unembedding")[0]
        if slot.name in self.names:
            return self._tensor(slot)
        if self.architecture.tied is False:
            raise AtlasError(
                f"no unembedding is stored: tensor {slot.name!r} is missing, and "
                "tie_word_embeddings is false",
                file=self.folder,
                remedy="save the model with its language-model head",
            )
        return self.embedding()

    def final_norm(self) -> dict[str, torch.Tensor]:
        """`weight` (d_model,) and `bias` of the norm before the unembedding; empty without one."""
        return self.outside("final_norm")

    def positions(self) -> dict[str, torch.Tensor]:
        """`weight` (positions, d_model) of learned positions; empty without them."""
        return self.outside("positions")

    def heads(self, layer: int) -> Heads:
        """The attention of one block, per query head."""
        modules = ("attn.q", "attn.k", "attn.v", "attn.o")
        block = self.block(layer, modules)
        shape = self.geometry
        group = shape.heads // shape.kv_heads

        def per_head(name: str, times: int) -> torch.Tensor:
            tensor = block[name]
            tensor = tensor.reshape(-1, shape.d_head, *tensor.shape[1:])
            return tensor if times == 1 else tensor.repeat_interleave(times, dim=0)

        biases = {
            name: per_head(f"{name}.bias", times) if f"{name}.bias" in block else None
            for name, times in zip(modules[:3], (1, group, group), strict=True)
        }
        W_O = block["attn.o.weight"].reshape(-1, shape.heads, shape.d_head)
        return Heads(
            W_Q=per_head("attn.q.weight", 1),
            W_K=per_head("attn.k.weight", group),
            W_V=per_head("attn.v.weight", group),
            W_O=W_O.movedim(1, 0),
            B_Q=biases["attn.q"],
            B_K=biases["attn.k"],
            B_V=biases["attn.v"],
            B_O=block.get("attn.o.bias"),
        )

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names on disk that the row does not read: heads for other tasks, buffers, adapters."""
        known = self.architecture.known_names()
        return tuple(disk for plain, disk in self.names.items() if plain not in known)

    def _check(self) -> None:
        """Hold every tensor that the row names against the headers."""
        slots = [
            slot for layer in range(self.geometry.layers) for slot in self.architecture.slots(layer)
        ]
        for module in OUTSIDE:
            # A tied unembedding need not be stored, and a model's body has none.
            optional = module == "unembedding"
            outside = self.architecture.outside(module)
            slots += [slot for slot in outside if not optional or slot.name in self.names]
        for slot in slots:
            self._find(slot)

    def _find(self, slot: Slot) -> Tensor:
        """Where a slot is stored, its shape and dtype checked."""
        row = f"the row {self.architecture.model_type!r} in atlas/architectures.py"
        if slot.name not in self.names:
            raise AtlasError(
                f"tensor {slot.name!r} ({slot.canonical}) is missing",
                file=self.folder,
                remedy=f"{row} expects it: complete the weights, or correct the row",
            )
        tensor = self.tensors[self.names[slot.name]]
        fits = len(tensor.shape) == len(slot.shape) and all(
            wanted in (-1, held) for wanted, held in zip(slot.shape, tensor.shape, strict=True)
        )
        if not fits:
            raise AtlasError(
                f"{slot.canonical} has shape {list(tensor.shape)}, expected {list(slot.shape)}",
                file=tensor.file,
                place=tensor.name,
                remedy=f"config.json and weights disagree, or {row} is wrong for this model",
            )
        if tensor.dtype not in DTYPES:
            raise AtlasError(
                f"stored as {tensor.dtype}; atlas reads {', '.join(DTYPES)}",
                file=tensor.file,
                place=tensor.name,
                remedy="quantised weights are not profiled: take the original ones",
            )
        return tensor

    def _read(self, slots: list[Slot]) -> dict[str, torch.Tensor]:
        """Read slots; a tensor that several share is read once."""
        fused: dict[str, torch.Tensor] = {}
        held: dict[str, torch.Tensor] = {}
        for slot in slots:
            if slot.source.part is None:
                held[slot.canonical] = self._tensor(slot)
                continue
            if slot.name not in fused:
                fused[slot.name] = self._tensor(slot)
            held[slot.canonical] = share(fused[slot.name], slot.source, self.geometry)
        return held

    def _tensor(self, slot: Slot) -> torch.Tensor:
        tensor = load(self._find(slot))
        if slot.source.transposed and tensor.ndim == 2:
            return tensor.T.contiguous()
        return tensor


def load(tensor: Tensor) -> torch.Tensor:
    """The values of one stored tensor, in memory of their own."""
    if tensor.size == 0:
        return torch.empty(tensor.shape, dtype=DTYPES[tensor.dtype])
    content = bytearray(tensor.size)
    with tensor.file.open("rb") as stream:
        stream.seek(tensor.start)
        if stream.readinto(content) != tensor.size:
            raise AtlasError(
                "ends before this tensor does",
                file=tensor.file,
                place=tensor.name,
                remedy="the file changed while it was read; fetch it again",
            )
    return torch.frombuffer(content, dtype=DTYPES[tensor.dtype]).reshape(tensor.shape)


def share(fused: torch.Tensor, source: Source, shape: Geometry, dim: int = 0) -> torch.Tensor:
    """The share `source.part` of a fused projection's output features, which lie along `dim`.

    Works on weights (out, in), biases (out,), gradients, and with `dim` -1 on outputs.
    """
    if source.part is None:
        return fused
    if source.part in ("gate", "up"):
        return fused.chunk(2, dim)[source.part == "up"]
    group = shape.heads // shape.kv_heads
    if source.split == "grouped":
        first = dim % fused.ndim
        before, after = fused.shape[:first], fused.shape[first + 1 :]
        parts = fused.reshape(*before, shape.kv_heads, group + 2, shape.d_head, *after)
        lengths = {"q": (0, group), "k": (group, 1), "v": (group + 1, 1)}
        return parts.narrow(first + 1, *lengths[source.part]).flatten(first, first + 2)
    q, kv = shape.heads * shape.d_head, shape.kv_heads * shape.d_head
    lengths = {"q": (0, q), "k": (q, kv), "v": (q + kv, kv)}
    return fused.narrow(dim, *lengths[source.part])
