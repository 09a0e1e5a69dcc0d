"""Copies of a small model: the same written down otherwise, or with heads of random weights.

A copy in float32, with heads in reverse order, or with its residual stream turned and norm gains
moved into the weights computes what the model does; random heads compute nothing of it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

Weights = dict[str, torch.Tensor]
Change = Callable[[Weights, dict[str, Any]], None]
"""Changes the weights and the config of a copy in place."""

Part = tuple[str, tuple[int, ...], tuple[int, ...]]
"""A weight of a layer's heads: its name, the shape in which heads have an axis of their own (key
and value heads, then those that share one), and these axes."""


def write(source: Path, target: Path, change: Change) -> Path:
    """A changed copy of a model's folder, stored in float32."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.suffix == ".json":
            shutil.copy(path, target)
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    weights = {name: one.float() for name, one in load_file(source / "model.safetensors").items()}
    config["dtype"] = "float32"
    config.pop("torch_dtype", None)
    change(weights, config)
    (target / "config.json").write_text(json.dumps(config), encoding="utf-8")
    kept = {name: one.contiguous() for name, one in weights.items()}
    save_file(kept, target / "model.safetensors", metadata={"format": "pt"})
    return target


def plain(weights: Weights, config: dict[str, Any]) -> None:
    """The model as it is."""


def permuted(weights: Weights, config: dict[str, Any]) -> None:
    """Heads in reverse order: head h becomes head H - 1 - h."""
    for name, shape, axes in _heads(config):
        whole = weights[name]
        weights[name] = whole.reshape(shape).flip(axes).reshape(whole.shape)


def random_heads(seed: int) -> Change:
    """All heads drawn at random, each weight as large as it was."""
    drawn = torch.Generator().manual_seed(seed)

    def change(weights: Weights, config: dict[str, Any]) -> None:
        for name, *_ in _heads(config):
            whole = weights[name]
            weights[name] = torch.randn(whole.shape, generator=drawn) * whole.std()

    return change


def rebased(seed: int) -> Change:
    """The residual stream turned, norm gains moved into the weights that read it: of models with
    RMSNorm and the names of Llama, whose embedding and unembedding come apart."""
    drawn = torch.Generator().manual_seed(seed)

    def change(weights: Weights, config: dict[str, Any]) -> None:
        width = config["hidden_size"]
        turn = torch.linalg.qr(torch.randn(width, width, generator=drawn, dtype=torch.float64))[0]
        embedding = weights["model.embed_tokens.weight"].double()
        unembedding = weights.get("lm_head.weight", embedding).double()
        gain = weights["model.norm.weight"].double()
        new = {
            "model.embed_tokens.weight": embedding @ turn,
            "lm_head.weight": unembedding * gain @ turn,
            "model.norm.weight": torch.ones(width),
        }
        for layer in range(config["num_hidden_layers"]):
            for norm, readers, writer in (
                ("input_layernorm", ("q_proj", "k_proj", "v_proj"), "self_attn.o_proj"),
                ("post_attention_layernorm", ("gate_proj", "up_proj"), "mlp.down_proj"),
            ):
                at = f"model.layers.{layer}."
                gain = weights[f"{at}{norm}.weight"].double()
                new[f"{at}{norm}.weight"] = torch.ones(width)
                for reader in readers:
                    name = f"{at}{writer.partition('.')[0]}.{reader}.weight"
                    new[name] = weights[name].double() * gain @ turn
                name = f"{at}{writer}.weight"
                new[name] = turn.T @ weights[name].double()
        weights.update({name: one.float() for name, one in new.items()})
        config["tie_word_embeddings"] = False

    return change


def _heads(config: dict[str, Any]) -> Iterator[Part]:
    """The weights of all heads, by layer."""
    kind = config["model_type"]
    if kind == "gpt2":
        layers, heads, width = config["n_layer"], config["n_head"], config["n_embd"]
        parts = _gpt2(heads, width)
    elif kind == "gpt_neox":
        layers, heads = config["num_hidden_layers"], config["num_attention_heads"]
        parts = _neox(heads, config["hidden_size"])
    else:
        layers = config["num_hidden_layers"]
        parts = _llama(config)
    for layer in range(layers):
        yield from ((name.format(layer), shape, axes) for name, shape, axes in parts)


def _gpt2(heads: int, width: int) -> list[Part]:
    each, at = width // heads, "transformer.h.{}.attn."
    return [
        (f"{at}c_attn.weight", (width, 3, heads, each), (2,)),
        (f"{at}c_attn.bias", (3, heads, each), (1,)),
        (f"{at}c_proj.weight", (heads, each, width), (0,)),
    ]


def _neox(heads: int, width: int) -> list[Part]:
    each, at = width // heads, "gpt_neox.layers.{}.attention."
    return [
        (f"{at}query_key_value.weight", (heads, 3, each, width), (0,)),
        (f"{at}query_key_value.bias", (heads, 3, each), (0,)),
        (f"{at}dense.weight", (width, heads, each), (1,)),
    ]


def _llama(config: dict[str, Any]) -> list[Part]:
    heads, width = config["num_attention_heads"], config["hidden_size"]
    shared = config.get("num_key_value_heads") or heads
    each, at = config.get("head_dim") or width // heads, "model.layers.{}.self_attn."
    group = (shared, heads // shared)
    biased = config["model_type"] == "phi"
    out = "dense" if biased else "o_proj"
    parts: list[Part] = [
        (f"{at}q_proj.weight", (*group, each, width), (0, 1)),
        (f"{at}k_proj.weight", (shared, each, width), (0,)),
        (f"{at}v_proj.weight", (shared, each, width), (0,)),
        (f"{at}{out}.weight", (width, *group, each), (1, 2)),
    ]
    if biased:
        parts += [
            (f"{at}q_proj.bias", (*group, each), (0, 1)),
            (f"{at}k_proj.bias", (shared, each), (0,)),
            (f"{at}v_proj.bias", (shared, each), (0,)),
        ]
    return parts
