"""Losses of a model with blocks closed, each by a whole pass under a gate: the slow reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tiny
import torch

from atlas import architectures
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage, batch
from atlas.passes import losses, without_blocks

DECODERS = [name for name in architectures.by_hand() if architectures.kind(name) == "decoder"]

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in DECODERS},
    "falcon grouped": ("falcon", {"new_decoder_architecture": True, "num_kv_heads": 2}),
    "falcon sequential": ("falcon", {"multi_query": False, "parallel_attn": False}),
    "gpt_neox sequential": ("gpt_neox", {"use_parallel_residual": False}),
    "llama of one layer": ("llama", {"num_hidden_layers": 1}),
    "opt with norms after": ("opt", {"do_layer_norm_before": False}),
    "stablelm parallel": ("stablelm", {"use_parallel_residual": True}),
}


LENGTHS = (7, 12, 3, 9, 5)


def quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


def opened(folder: Path, variant: str = "llama", **overrides: Any) -> LiveModel:
    model_type, own = VARIANTS[variant]
    return LiveModel.open(tiny.make(folder, model_type, **own, **overrides), "cpu", torch.float64)


def drawn(lengths: tuple[int, ...] = LENGTHS) -> list[Passage]:
    rows = [tiny.tokens(1, length, seed=place)[0].tolist() for place, length in enumerate(lengths)]
    return [Passage(tuple(row), 1, len(row), size(row[1:])) for row in rows]


def size(ids: list[int]) -> int:
    """Bytes of tokens of two, four or six bytes, so that bytes differ from tokens."""
    return sum(2 * (token % 3 + 1) for token in ids)


def by_gates(model: LiveModel, passages: list[Passage]) -> torch.Tensor:
    """(1 + 2 layers, passages): every passage alone, a full pass for each gate."""
    found: list[torch.Tensor] = []
    for closed in [None, *range(2 * model.geometry.layers)]:
        gates = {"attn": {}, "mlp": {}} if closed is None else _closing(closed)
        with torch.no_grad(), model.gates(**gates):
            alone = [losses.per_passage(model, batch([passage], [0])) for passage in passages]
        exists = closed is None or without_blocks.existing(model)[closed]
        found.append(torch.cat(alone) if exists else torch.full_like(found[0], torch.nan))
    return torch.stack(found).double()


def _closing(block: int) -> dict[str, Any]:
    layer, point = divmod(block, 2)
    return {without_blocks.POINTS[point]: {layer: 0.0}}
