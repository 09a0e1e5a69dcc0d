"""The live model: canonical modules of layers can be watched, contributions of blocks gated.

A layer has two blocks, attention, or another mixer in its place, and the MLP; in a few models it
has only one of them.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch

from atlas.architectures.architecture import Architecture
from atlas.checkpoints import digests
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError, suggest
from atlas.loaded import fused, loading, memory
from atlas.loaded import tokenizer as tokenizers
from atlas.loaded.checkpoint import Checkpoint
from atlas.loaded.passages import Batch
from atlas.loaded.unfinished import Unfinished
from atlas.pinned.choices import DEFAULT, Choices

Gate = float | torch.Tensor
"""A number, a scalar tensor, or one value per sample, (batch,)."""
Side = Literal["input", "output"]
POINTS = ("layer", "attn", "mlp")
"""What can be watched beside canonical modules: the whole layer, and what attention and the MLP
add to the residual stream."""


@dataclass(frozen=True)
class LiveModel:
    """A model that runs. `attention` is the implementation in use, `has_head` whether the weights
    hold its language-model head: without it only the trunk may be run. `choices`: what it is to be
    measured on. `rounded`: whether dequantised weights are rounded to fit into memory.
    `unfinished`: where what takes long is kept as far as it got, if anywhere."""

    folder: Path
    architecture: Architecture
    geometry: Geometry
    live: torch.nn.Module
    dtype: torch.dtype
    attention: str
    has_head: bool
    choices: Choices = DEFAULT
    heads_first: bool = False
    rounded: bool = False
    unfinished: Unfinished | None = None
    _shape: list[int] = field(default_factory=list, repr=False)

    @classmethod
    def open(
        cls,
        folder: Path,
        device: str | None = None,
        dtype: torch.dtype | Literal["stored"] = "stored",
        attention: Literal["eager", "sdpa"] = "eager",
        choices: Choices = DEFAULT,
    ) -> LiveModel:
        """Load a model for evaluation, in the dtype that is stored unless `loading.widened`.

        Raises `AtlasError` for what `Checkpoint.open` refuses, an adapter or a quantised model,
        and a model that does not fit, with what it needs and what is free.
        """
        checkpoint = Checkpoint.open(folder)
        loading.require_plain(checkpoint)
        possible = loading.dtypes(checkpoint) if dtype == "stored" else (dtype,)
        room = memory.free_memory(device)
        needs = [
            (
                memory.needed_bytes(checkpoint.loaded, one.itemsize),
                f"in {loading.dtype_name(one)}",
            )
            for one in possible
        ]
        chosen, devices = memory.place_first(needs, room, folder)
        running = possible[chosen]
        if dtype == "stored":
            running = loading.widened(running, devices, room, checkpoint.loaded)
        live, has_head = loading.load(checkpoint, devices, running, attention)
        model = cls(
            folder=folder,
            architecture=checkpoint.architecture,
            geometry=checkpoint.geometry,
            live=live,
            dtype=running,
            attention=attention,
            has_head=has_head,
            choices=choices,
            rounded=chosen > 0,
        )
        return replace(model, heads_first=model._puts_heads_first())

    @property
    def modules(self) -> tuple[str, ...]:
        """The canonical modules that have an output of their own to watch, in any layer.

        A mixture's experts and attention sinks are parameters that other modules compute with, and
        routers give logits in one family and probabilities in the next.
        """
        layers = range(self.geometry.layers)
        held = {name for layer in layers for name in self.modules_of(layer)}
        return tuple(name for name in self.architecture.modules if name in held)

    def modules_of(self, layer: int) -> tuple[str, ...]:
        """Those of one layer."""
        view = self.architecture.layer(layer)
        own = filter(view.own_module, view.modules)
        return tuple(name for name in own if not name.startswith("router"))

    def width(self, layer: int, module: str) -> int:
        """How many values a module of a layer puts out at one position, all heads together."""
        view = self.architecture.layer(layer)
        module = {"norm.index_q": "index.q", "norm.index_k": "index.k"}.get(module, module)
        if module.startswith(("mixer.", "index.")):  # no geometry says how wide it is
            (path,) = view.live_parameters(module)
            return len(self.layer(layer).get_parameter(path))
        return view.features(module)

    @property
    def device(self) -> torch.device:
        """Where token ids go: the device of the embedding."""
        weight = self.live.get_submodule(self.architecture.live("embedding")).weight
        assert isinstance(weight, torch.Tensor)
        return weight.device

    @property
    def devices(self) -> tuple[str, ...]:
        """Every device that holds weights, named as in `free_memory`."""
        held = {parameter.device for parameter in self.live.parameters()}
        return tuple(
            sorted(str(device) if device.type == "cuda" else device.type for device in held)
        )

    @property
    def config(self) -> Any:
        """transformers' config of what is measured: of a model of several parts, of that part."""
        part = self.architecture.row.part
        whole: Any = self.live.config
        return whole if part is None else getattr(whole, part.key)

    @property
    def positions(self) -> int | None:
        """How many tokens the model was made to read at once, None where it does not say: as many
        as learned positions, where it has these."""
        if self.architecture.has("positions"):
            table = self.live.get_submodule(self.architecture.live("positions"))
            skipped = self.architecture.row.outside["positions"].skip
            return int(table.get_parameter("weight").shape[0]) - skipped
        stated = getattr(self.config, "max_position_embeddings", None)
        return int(stated) if isinstance(stated, int) else None

    @functools.cached_property
    def tokenizer(self) -> Any:
        """The transformers tokenizer stored beside the weights; `AtlasError` without one."""
        return tokenizers.load_transformers(self.folder)

    @functools.cached_property
    def conditions(self) -> dict[str, str]:
        """What profiles record of how the model ran, and of its tokenizer where it has one."""
        found = {
            "dtype": loading.dtype_name(self.dtype),
            "device": self.device.type,
            "attention": self.attention,
        }
        if self.rounded:
            found["rounded"] = f"to {found['dtype']}: in float32 it does not fit into memory"
        if digests.tokenizer_files(self.folder):
            found |= tokenizers.conditions(self.tokenizer, self.folder)
        return found

    def trunk(self, batch: Batch) -> torch.Tensor:
        """Run the model without its language-model head: final hidden states
        (batch, length, d_model), after the final norm."""
        trunk = self.live.base_model
        assert isinstance(trunk, torch.nn.Module)
        self._shape[:] = batch.ids.shape
        output = trunk(
            input_ids=batch.ids.to(self.device),
            attention_mask=batch.mask.to(self.device, torch.int64),
            use_cache=False,
        )
        states: torch.Tensor = output.last_hidden_state
        return states

    def layer(self, number: int) -> torch.nn.Module:
        """The live module of one layer; `AtlasError` where there is no such layer."""
        if not 0 <= number < self.geometry.layers:
            raise AtlasError(f"no layer {number} of {self.geometry.layers}", file=self.folder)
        return self.live.get_submodule(f"{self.architecture.live_layers}.{number}")

    @contextlib.contextmanager
    def hook(
        self,
        layer: int,
        module: str,
        callback: Callable[[torch.Tensor], None],
        side: Side = "output",
    ) -> Iterator[None]:
        """Call back with a module's output, or input, whenever the model runs.

        `module`: canonical, or one of `POINTS`. The tensor is (batch, length, width), and
        (batch, length, heads, d_head) for norms of single heads; of a fused projection's output
        it is the module's share; `attn` and `mlp` come with the factor that the family puts on
        them where they are added. The tensor must not be changed.
        """
        held: list[torch.Tensor] = []
        modules = self._modules(layer, module)

        def seen(factor: float, tensor: Any) -> None:
            # Layers of some families return the hidden states as the first of a tuple.
            tensor = tensor[0] if type(tensor) is tuple else tensor
            tensor = self._canonical(layer, module, tensor, side)
            held.append(tensor if factor == 1 else tensor * factor)
            if len(held) == len(modules):
                whole = functools.reduce(torch.add, held)
                held.clear()
                callback(whole)

        with contextlib.ExitStack() as stack:
            for live, factor in modules:
                tell = functools.partial(seen, factor)
                if side == "input":
                    handle = live.register_forward_pre_hook(lambda _, given, tell=tell: tell(given))
                else:
                    handle = live.register_forward_hook(lambda *given, tell=tell: tell(given[2]))
                stack.callback(handle.remove)
            yield

    @contextlib.contextmanager
    def gates(
        self, attn: Mapping[int, Gate] | None = None, mlp: Mapping[int, Gate] | None = None
    ) -> Iterator[None]:
        """Multiply contributions of blocks where they join the residual stream, by layer.

        0 removes a contribution, 1 leaves it bit for bit. A tensor may carry gradients. Hooks on
        `attn` and `mlp` see the gated contribution when they are set within. `attn` is whatever
        mixer a layer has. A gate on a block that a layer has not does nothing.
        """
        with contextlib.ExitStack() as stack:
            for point, gates in (("attn", attn or {}), ("mlp", mlp or {})):
                for layer, gate in gates.items():
                    if point not in self.architecture.layer(layer).blocks:
                        continue
                    for module, _ in self._modules(layer, point):
                        handle = module.register_forward_hook(functools.partial(_gated, gate))
                        stack.callback(handle.remove)
            yield

    def _modules(self, layer: int, module: str) -> list[tuple[torch.nn.Module, float]]:
        """The live modules, each with its factor, that together are what is asked for."""
        whole, view = self.layer(layer), self.architecture.layer(layer)
        for block in view.blocks:
            if module == block:
                return [(whole.get_submodule(n), factor) for n, factor in view.joins(block).items()]
        modules = self.modules_of(layer)
        if module not in ("layer", *modules):
            known = ("layer", *view.blocks, *modules)
            raise AtlasError(
                f"no module {module!r}", file=self.folder, remedy=suggest(module, known)
            )
        return [(whole if module == "layer" else whole.get_submodule(view.live(module)), 1.0)]

    def _canonical(self, layer: int, module: str, tensor: torch.Tensor, side: Side) -> torch.Tensor:
        """A tensor as the model's code has it -> (batch, length, ...), fused ones split."""
        if tensor.ndim == 2:  # some families run parts of a layer on (batch x length, width)
            tensor = tensor.reshape(*self._shape, -1)
        if module == "layer":
            return tensor
        if module in POINTS:
            scale = self.architecture.residual_scale
            return tensor if scale == 1 else tensor * scale
        if tensor.ndim == 4 and self.heads_first:
            return tensor.transpose(1, 2)
        if side == "input":
            return tensor
        source = self.architecture.layer(layer).live_source(module)
        return fused.part(tensor, source, self.geometry, dim=-1)

    def _puts_heads_first(self) -> bool:
        """Whether norms of queries run on (batch, heads, length, d_head).

        Seen on a sequence that is longer than there are heads; the pass ends at the first of them.
        """
        having = (
            layer
            for layer in range(self.geometry.layers)
            if "norm.q" in self.architecture.layer(layer).modules
        )
        if (first := next(having, None)) is None:
            return False
        length = self.geometry.heads + 1
        ids = torch.zeros(1, length, dtype=torch.int64)
        seen: list[tuple[int, ...]] = []

        def stop(module: torch.nn.Module, inputs: Any, output: torch.Tensor) -> None:
            seen.append(tuple(output.shape))
            raise _Enough

        handle = self._modules(first, "norm.q")[0][0].register_forward_hook(stop)
        try:
            with torch.inference_mode(), contextlib.suppress(_Enough):
                self.trunk(Batch(ids, torch.ones_like(ids, dtype=torch.bool), (0,), ((1, length),)))
        finally:
            handle.remove()
        return len(seen[0]) == 4 and seen[0][2] == length


class _Enough(Exception):  # noqa: N818 - no error: it ends a pass that has shown what it should
    """Ends a forward pass."""


def _gated(gate: Gate, module: torch.nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
    if isinstance(gate, torch.Tensor):
        gate = gate.to(output)
        if gate.ndim and output.ndim == 2:  # (batch x length, width)
            gate = gate.repeat_interleave(len(output) // len(gate))
        gate = gate.reshape(-1, *[1] * (output.ndim - 1)) if gate.ndim else gate
    return output * gate
