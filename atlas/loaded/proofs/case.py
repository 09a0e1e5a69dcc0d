"""A saved model opened as a checkpoint, and the same model live, watched while it runs.

What a row says is written down here once more as formulas on stored weights, in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from atlas.architectures.architecture import Architecture
from atlas.architectures.row import Row
from atlas.checkpoints import headers
from atlas.errors import AtlasError
from atlas.loaded import tiny
from atlas.loaded.checkpoint import Checkpoint


class UnprovedError(AtlasError):
    """A row that does not describe its model."""


@dataclass(frozen=True)
class Case:
    """A saved model, opened as a checkpoint, and the same model live in float32."""

    checkpoint: Checkpoint
    model: Any

    @classmethod
    def of(cls, folder: Path) -> Case:
        """The model of a folder, its row looked up."""
        return cls(Checkpoint.open(folder), live(folder, torch.float32))

    @property
    def row(self) -> Architecture:
        return self.checkpoint.architecture

    @property
    def layers(self) -> range:
        return range(self.checkpoint.geometry.layers)

    def at(self, layer: int) -> Architecture:
        """What the row says of one layer."""
        return self.row.layer(layer)

    @property
    def attending(self) -> list[int]:
        """The layers that have attention."""
        return [layer for layer in self.layers if "attn.q" in self.at(layer).modules]

    def layer(self, number: int) -> dict[str, torch.Tensor]:
        return {name: tensor.double() for name, tensor in self.checkpoint.layer(number).items()}

    def tokens(self, batch: int, length: int) -> torch.Tensor:
        """Random token ids, (batch, length), of those that the model has."""
        return tokens(batch, length, below=self.checkpoint.geometry.vocabulary)

    def setting(self, key: str) -> Any:
        """A value of the live model's config, None where it has no such key."""
        return getattr(self.model.config.get_text_config(), key, None)

    def path(self, layer: int, module: str) -> str:
        return f"{self.row.live_layers}.{layer}.{self.at(layer).live(module)}"

    def given(self, seen: Seen, layer: int) -> dict[str, torch.Tensor]:
        """What each block of a layer gives, times the residual scale it is added to the stream."""
        row, place = self.at(layer), f"{self.row.live_layers}.{layer}"
        found: dict[str, torch.Tensor] = {}
        for block in row.blocks:
            joins = row.joins(block).items()
            found[block] = torch.stack([seen[f"{place}.{j}"][1] * by for j, by in joins]).sum(0)
        return found


def live(folder: Path, dtype: torch.dtype | str = "auto") -> Any:
    """The saved model in transformers, with its language-model head and eager attention."""
    auto = tiny.loader(headers.config(folder)["model_type"])
    return auto.from_pretrained(folder, attn_implementation="eager", dtype=dtype).eval()


def measured(row: Row, model: torch.nn.Module) -> list[torch.nn.Parameter]:
    """The parameters of a live model, those of its other parts left out, shared ones once."""
    prefixes = (row.live_prefix, row.outside["unembedding"].disk[1:]) if row.part else ("",)
    return [held for name, held in model.named_parameters() if name.startswith(prefixes)]


def tokens(
    batch: int, length: int, *, seed: int = 0, below: int = tiny.SIZES["vocab_size"]
) -> torch.Tensor:
    """Random token ids, (batch, length), without the special ones."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(
        3, min(below, tiny.SIZES["vocab_size"]), (batch, length), generator=generator
    )


Seen = dict[str, tuple[torch.Tensor, torch.Tensor]]


def watch(case: Case, ids: torch.Tensor) -> tuple[Seen, Any]:
    """What every live module read and gave, by its path, and the model's own output."""
    seen: Seen = {}

    def kept(tensor: torch.Tensor) -> torch.Tensor:
        """Cloned, because some models add in place; batch and position told apart again."""
        if tensor.ndim == 2 and len(tensor) == ids.numel():
            tensor = tensor.reshape(*ids.shape, -1)
        return tensor.double().clone()

    def hook(path: str) -> Callable[..., None]:
        def keep(_: Any, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
            read = inputs[0] if inputs else named.get("hidden_states")
            gave = output[0] if isinstance(output, tuple) else output
            if isinstance(read, torch.Tensor) and isinstance(gave, torch.Tensor):
                seen[path] = (kept(read), kept(gave))

        return keep

    handles = [
        module.register_forward_hook(hook(path), with_kwargs=True)
        for path, module in case.model.named_modules()
    ]
    with torch.no_grad():
        output = case.model(ids, output_attentions=True, use_cache=False)
    for handle in handles:
        handle.remove()
    return seen, output


def require(is_so: bool, told: str) -> None:
    """Raise `UnprovedError` with what is not so."""
    if not is_so:
        raise UnprovedError(told)


def assert_close(found: torch.Tensor, wanted: torch.Tensor, relative: float = 1e-5) -> None:
    """The largest difference, relative to the largest value, is small; else `UnprovedError`."""
    shapes = f"{list(found.shape)} instead of {list(wanted.shape)}"
    require(found.shape == wanted.shape, shapes)
    error = (found - wanted).abs().max() / wanted.abs().max()
    require(bool(error <= relative), f"relative error {error:.1e}")


def normed(
    row: Architecture, x: torch.Tensor, tensors: Mapping[str, torch.Tensor], name: str
) -> torch.Tensor:
    """A norm computed from stored weights as the row describes it."""
    bias = tensors.get(f"{name}.bias", torch.zeros(()))
    return standardised(row, x) * gain(row, tensors, name) + bias


def standardised(row: Architecture, x: torch.Tensor) -> torch.Tensor:
    """A norm without its gain and bias."""
    if row.row.norm.kind == "layer":
        x = x - x.mean(-1, keepdim=True)
    return x / (x.pow(2).mean(-1, keepdim=True) + row.norm_eps).sqrt()


def gain(row: Architecture, tensors: Mapping[str, torch.Tensor], name: str) -> torch.Tensor:
    if not row.row.norm.gain:
        return torch.ones(())
    return row.row.norm.offset + tensors[f"{name}.weight"]
