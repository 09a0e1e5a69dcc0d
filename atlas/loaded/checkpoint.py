"""Weights streamed from disk, one layer at a time, under canonical names.

The model is never built and never whole in memory: a layer's tensors are read from their shards
into memory of their own (no mapped pages that would linger), fused projections are split, Conv1D
is transposed, so that every weight is (out, in), in the dtype that is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

import torch

from atlas import architectures
from atlas.architectures.architecture import Architecture, Slot
from atlas.architectures.row import EXPERT_MODULES, OUTSIDE
from atlas.checkpoints import headers
from atlas.checkpoints.gguf_file import GgufTensor
from atlas.checkpoints.tensor import FLOATS, Tensor, unread
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError, short, suggest
from atlas.loaded import attention_heads, fused, gguf_values
from atlas.loaded.attention_heads import Heads
from atlas.loaded.unfinished import Unfinished
from atlas.pinned.choices import DEFAULT, Choices

DTYPES = dict(zip(FLOATS, (torch.float32, torch.float16, torch.bfloat16), strict=True))


@dataclass(frozen=True)
class Checkpoint:
    """A folder of weights that a row of `architectures` describes.

    `choices`: how it is to be measured, where an atlas or an entry chose. `unfinished`: where what
    layers give is kept while an analysis runs, if anywhere.
    """

    folder: Path
    config: dict[str, object]
    architecture: Architecture
    geometry: Geometry
    tensors: dict[str, Tensor]
    names: dict[str, str]
    choices: Choices = DEFAULT
    unfinished: Unfinished | None = None

    @classmethod
    def open(cls, folder: Path, choices: Choices = DEFAULT) -> Checkpoint:
        """Read config and headers, and check every tensor against the row: no weights yet.

        Raises `AtlasError`: unknown architecture, damaged shard, a tensor missing or of another
        shape than the config says.
        """
        config = headers.config(folder)
        architecture = architectures.lookup(config, folder / "config.json")
        tensors = headers.read(folder)
        architecture.require_single(tensors, folder)
        stored = {name: tensor.elements for name, tensor in tensors.items()}
        parameters = architecture.parameters(stored)
        names = architecture.plain_names(tensors)
        checkpoint = cls(
            folder=folder,
            config=config,
            architecture=architecture.laid_out(names),
            geometry=replace(architecture.geometry, parameters=parameters),
            tensors=tensors,
            names=names,
            choices=choices,
        )
        checkpoint._check()
        return checkpoint

    @property
    def loaded(self) -> Geometry:
        """Its shape with the parameters of all that is in memory when it runs: other parts too."""
        held = {name: tensor.elements for name, tensor in self.tensors.items()}
        assert self.geometry.parameters is not None
        others = self.architecture.other_parts(held)
        return replace(self.geometry, parameters=self.geometry.parameters + others)

    def layer(self, number: int, modules: Iterable[str] | None = None) -> dict[str, torch.Tensor]:
        """The tensors of one layer, or of some of its modules: `attn.q.weight`, `norm.mlp.bias`...

        Weights are (out, in), in the dtype that is stored. Only these tensors are read. A mixture's
        `mlp.*` are all experts at once, (expert, out, in), their biases (expert, out). Where layers
        differ, what a layer has not is left out.
        """
        if not 0 <= number < self.geometry.layers:
            raise AtlasError(f"no layer {number} of {self.geometry.layers}", file=self.folder)
        wanted = set(self.architecture.modules if modules is None else modules)
        for name in sorted(wanted - set(self.architecture.modules)):
            raise AtlasError(
                f"no module {name!r}",
                file=self.folder,
                remedy=suggest(name, self.architecture.modules),
            )
        slots = self.architecture.slots(number)
        return self._read([slot for slot in slots if slot.module in wanted])

    def experts(
        self, layer: int, modules: Iterable[str] | None = None
    ) -> Iterator[dict[str, torch.Tensor]]:
        """The MLP of one layer, or some of its modules, one expert at a time, in their order.

        Every one is `mlp.up.weight` (d_mlp, d_model) and so on, as `layer` has them for a dense
        MLP, which is the only expert of its layer here. Only one expert is in memory. A layer
        without an MLP has none.
        """
        view = self.architecture.layer(layer)
        wanted = set(EXPERT_MODULES if modules is None else modules)
        wanted &= set(view.modules) & set(EXPERT_MODULES)
        if view.routing is None:
            if "mlp" in view.blocks:
                yield self.layer(layer, wanted)
            return
        slots = [slot for slot in view.slots(layer) if slot.module in wanted]
        for expert in range(view.routing.experts):
            yield self._read(slots, expert)

    def outside(self, module: str) -> dict[str, torch.Tensor]:
        """A module outside the layers: its `weight` and `bias`; empty where it is not stored.

        `embedding`, `positions`, `token_types`, `embedding_norm`, `final_norm`, `unembedding`.
        """
        slots = self.architecture.outside(module)
        if module == "unembedding":
            # A tied one need not be stored.
            slots = [slot for slot in slots if slot.names[0] in self.names]
        held = self._read(slots)
        return {name.rpartition(".")[2]: tensor for name, tensor in held.items()}

    def embedding(self) -> torch.Tensor:
        """The token embedding as stored, (vocabulary, d_model)."""
        return self.outside("embedding")["weight"]

    def unembedding(self) -> torch.Tensor:
        """The matrix that reads logits, (vocabulary, d_model); the embedding where they are tied.

        Raises `AtlasError` where none is stored and the config says that they are not tied.
        """
        slot = self.architecture.outside("unembedding")[0]
        if slot.names[0] in self.names:
            return self._tensor(slot)
        if not self.architecture.tied:
            raise AtlasError(
                f"no unembedding is stored: tensor {slot.names[0]!r} is missing, and "
                "tie_word_embeddings is not true",
                file=self.folder,
                remedy="save the model with its language-model head",
            )
        return self.embedding()

    def final_norm(self) -> dict[str, torch.Tensor]:
        """`weight` (d_model,) and `bias` of the norm before the unembedding; empty without one."""
        return self.outside("final_norm")

    def positions(self) -> dict[str, torch.Tensor]:
        """`weight` (positions, d_model) of learned positions, from 0; empty without them."""
        return self.outside("positions")

    def heads(self, layer: int) -> Heads:
        """The attention of one layer, per query head."""
        shape = self.architecture.layer(layer).geometry
        return Heads.of(self.layer(layer, attention_heads.MODULES), shape)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names on disk that nothing reads: heads for other tasks, adapters."""
        return self.architecture.unread(self.tensors)

    def slots(self) -> Iterator[tuple[Slot, str | None]]:
        """Every tensor that the row reads, and its path in the live model where that holds it as it
        is stored, None where it lies there otherwise."""
        architecture = self.architecture
        for layer in range(self.geometry.layers):
            place = f"{architecture.live_layers}.{layer}."
            view = architecture.layer(layer)
            for slot in view.slots(layer):
                name = view.live_as_stored(slot)
                yield slot, None if name is None else place + name
        for module in OUTSIDE:
            for slot in architecture.outside(module):
                # A tied unembedding need not be stored, and a model's body has none.
                if module != "unembedding" or slot.names[0] in self.names:
                    yield slot, architecture.live_as_stored(slot)

    def _check(self) -> None:
        """Check every tensor that the row names against the headers."""
        for slot, _ in self.slots():
            for name in slot.names:
                self._find(slot, name)

    def _find(self, slot: Slot, name: str) -> Tensor:
        """Where a slot, or one piece of it, is stored; its shape and dtype checked."""
        row = f"the row {self.architecture.model_type!r} in atlas/architectures"
        if name not in self.names:
            if self.config.get("quantization_config") is not None:
                raise self._quantised(name)
            raise AtlasError(
                f"tensor {name!r} ({slot.canonical}) is missing",
                file=self.folder,
                remedy=f"{row} expects it: complete the weights, or correct the row",
            )
        tensor = self.tensors[self.names[name]]
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
            raise unread(tensor)
        return tensor

    def _quantised(self, name: str) -> AtlasError:
        found = self.config["quantization_config"]
        method = found.get("quant_method") if isinstance(found, dict) else found
        return AtlasError(
            f"the weights are stored quantised ({short(method)}): there is no tensor {name!r}",
            file=self.folder / "config.json",
            place="quantization_config",
            remedy="quantised weights are not profiled: take the original ones, or load them with "
            "transformers, dequantised, and save them",
        )

    def _read(self, slots: list[Slot], expert: int | None = None) -> dict[str, torch.Tensor]:
        """Read slots, all experts or one of them; a tensor that several share is read once."""
        whole: dict[str, torch.Tensor] = {}
        found: dict[str, torch.Tensor] = {}
        for slot in slots:
            if slot.source.part is None or slot.source.pieces:
                found[slot.canonical] = self._tensor(slot, expert)
                continue
            name = slot.names[0]
            if name not in whole:
                whole[name] = self._tensor(slot, expert)
            found[slot.canonical] = fused.part(whole[name], slot.source, self.geometry, slot.axis)
        return found

    def _tensor(self, slot: Slot, expert: int | None = None) -> torch.Tensor:
        """A slot's values as (out, in), before its share is taken; pieces are stacked."""
        if slot.source.pieces and expert is None:
            pieces = [self._find(slot, name) for name in slot.names]
            dtype = reduce(torch.promote_types, (DTYPES[piece.dtype] for piece in pieces))
            tensor = torch.empty(len(pieces), *pieces[0].shape, dtype=dtype)
            for number, piece in enumerate(pieces):
                tensor[number] = load(piece)
        elif slot.source.pieces:
            tensor = load(self._find(slot, slot.names[expert or 0]))
        else:
            stored = self._find(slot, slot.names[0])
            tensor = load(stored if expert is None else stored.part(expert))
        if slot.source.transposed and slot.canonical.endswith("weight"):
            tensor = tensor.transpose(-2, -1).contiguous()
        return tensor[slot.source.skip :]


def load(tensor: Tensor) -> torch.Tensor:
    """The values of one stored tensor, in memory of their own."""
    if isinstance(tensor, GgufTensor):
        return gguf_values.load(tensor)
    if tensor.size == 0:
        return torch.empty(tensor.shape, dtype=DTYPES[tensor.dtype])
    return torch.frombuffer(tensor.read(), dtype=DTYPES[tensor.dtype]).reshape(tensor.shape)
