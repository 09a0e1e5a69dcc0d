"""Tiny models as GGUF files, made as llama.cpp's converter does, with the `gguf` package alone.

Names are those of the package's own map, and what the converter does to values is written down here
once more, so that atlas is held to something that it does not share.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import tiny
import torch
from safetensors.torch import load_file

ARCHITECTURES = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "mistral": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
    "qwen3_moe": gguf.MODEL_ARCH.QWEN3MOE,
    "gemma2": gguf.MODEL_ARCH.GEMMA2,
    "gemma3_text": gguf.MODEL_ARCH.GEMMA3,
    "phi3": gguf.MODEL_ARCH.PHI3,
    "gpt2": gguf.MODEL_ARCH.GPT2,
}
"""Architectures of GGUF by the model type that is converted to each."""

WIDE = {"hidden_size": 64, "intermediate_size": 96}
SHAPES: dict[str, dict[str, Any]] = {
    "llama": {**WIDE, "head_dim": 16},
    "mistral": WIDE,
    "qwen2": WIDE,
    "qwen3": {**WIDE, "head_dim": 128},
    "qwen3_moe": {
        "hidden_size": 64,
        "head_dim": 16,
        "moe_intermediate_size": 768,
        "norm_topk_prob": True,
    },
    "gemma2": {
        **WIDE,
        "head_dim": 256,
        "query_pre_attn_scalar": 256,
        "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0,
    },
    "gemma3_text": {**WIDE, "head_dim": 256, "query_pre_attn_scalar": 256},
    "phi3": WIDE,
    "gpt2": {"n_embd": 64, "n_positions": 1024},
}
"""Widths that are whole blocks of 32 values. What transformers' own reader of GGUF does not take
from the metadata has its default, so that models can be held to it."""

OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "qwen2, untied": ("qwen2", {"tie_word_embeddings": False}),
    "qwen3, narrow heads": ("qwen3", {"head_dim": 16}),
    "qwen3_moe, narrow experts": ("qwen3_moe", {"moe_intermediate_size": 32}),
    "gemma2, other caps": (
        "gemma2",
        {
            "head_dim": 16,
            "query_pre_attn_scalar": 16,
            "attn_logit_softcapping": 20.0,
            "final_logit_softcapping": 15.0,
            "sliding_window": 8,
        },
    ),
    "gemma3, narrow heads": (
        "gemma3_text",
        {"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 8},
    ),
    "phi3, sliding": ("phi3", {"sliding_window": 8}),
    "gpt2, short": ("gpt2", {"n_positions": 64, "n_inner": 96}),
    "llama, biases": ("llama", {"attention_bias": True, "mlp_bias": True}),
    "llama 3": (
        "llama",
        {
            "head_dim": 32,
            "rope_theta": 500000.0,
            "rope_scaling": {
                "rope_type": "llama3",
                "factor": 32.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 8192,
            },
        },
    ),
    "llama, stretched": ("llama", {"rope_scaling": {"rope_type": "linear", "factor": 4.0}}),
    "llama, one layer": ("llama", {"num_hidden_layers": 1}),
}
"""Models that transformers' own reader of GGUF would take for others."""

LETTERS = " abcdefghijklmnopqrstuvwxyz"


def make(folder: Path, model_type: str = "llama", **overrides: Any) -> Path:
    """A tiny model whose rows are whole blocks, in transformers' layout."""
    own = copy.deepcopy(overrides)  # transformers writes into what it is given
    return tiny.make(folder, model_type, **{**SHAPES[model_type], **own})


def convert(
    folder: Path, file: Path, stored: str = "F32", leave: Iterable[str] = (), **added: Any
) -> Path:
    """Write a model as a GGUF file; matrices are stored as the type, vectors as float32.

    `leave`: keys of metadata that are left out; `added`: those that are added, or replaced, `__`
    for a point.
    """
    config = json.loads((folder / "config.json").read_text())
    kind = ARCHITECTURES[config["model_type"]]
    name = gguf.MODEL_ARCH_NAMES[kind]
    writer = gguf.GGUFWriter(file, name)
    metadata = {**_metadata(config, name), **_tokens(config)}
    for key, value in added.items():
        metadata[key.replace("__", ".")] = value
    for key, value in metadata.items():
        if key not in leave:
            _add(writer, key, value)
    names = gguf.get_tensor_name_map(kind, config.get("num_hidden_layers", config.get("n_layer")))
    for native, tensor in _converted(config, load_file(folder / "model.safetensors")):
        base, _, ending = native.rpartition(".")
        found = names.get_name(base)
        assert found is not None, native
        writer.add_tensor(f"{found}.{ending}", *_stored(tensor.float().numpy(), stored))
    if (config.get("rope_parameters") or {}).get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", _factors(folder).float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _stored(values: Any, stored: str) -> tuple[Any, Any, Any]:
    """Values as they are written, the shape that says how many they are, and their type."""
    kind = gguf.GGMLQuantizationType[stored if values.ndim > 1 else "F32"]
    return gguf.quantize(values, kind), None, kind


def _metadata(config: dict[str, Any], name: str) -> dict[str, Any]:
    def first(*keys: str) -> Any:
        return next((config[key] for key in keys if config.get(key) is not None), None)

    width, heads = first("hidden_size", "n_embd"), first("num_attention_heads", "n_head")
    rotation = config.get("rope_parameters") or {}
    theta = rotation.get("full_attention", rotation).get("rope_theta")
    found = {
        "block_count": first("num_hidden_layers", "n_layer"),
        "context_length": first("max_position_embeddings", "n_positions"),
        "embedding_length": width,
        "feed_forward_length": first("intermediate_size", "n_inner") or 4 * width,
        "attention.head_count": heads,
        "attention.head_count_kv": config.get("num_key_value_heads"),
        "attention.layer_norm_rms_epsilon": config.get("rms_norm_eps"),
        "attention.layer_norm_epsilon": config.get("layer_norm_epsilon"),
        "attention.key_length": config.get("head_dim"),
        "attention.value_length": config.get("head_dim"),
        "rope.freq_base": theta,
        **_stretched(rotation.get("full_attention", rotation)),
        "attn_logit_softcapping": config.get("attn_logit_softcapping"),
        "final_logit_softcapping": config.get("final_logit_softcapping"),
        "expert_count": config.get("num_local_experts"),
        "expert_used_count": config.get("num_experts_per_tok"),
        "expert_feed_forward_length": config.get("moe_intermediate_size"),
    }
    if name in ("llama", "phi3"):
        found["rope.dimension_count"] = config.get("head_dim") or width // heads
    if name in ("gemma2", "gemma3", "phi3"):
        found["attention.sliding_window"] = config["sliding_window"] or 0
    return {f"{name}.{key}": value for key, value in found.items() if value is not None}


def _stretched(rotation: dict[str, Any]) -> dict[str, Any]:
    if rotation.get("rope_type") != "linear":
        return {}
    return {"rope.scaling.type": "linear", "rope.scaling.factor": float(rotation["factor"])}


def _factors(folder: Path) -> torch.Tensor:
    """What transformers divides each frequency by, in a model whose positions are stretched."""
    model = tiny.live(folder)
    turned = model.model.rotary_emb
    frequencies = turned.compute_default_rope_parameters(model.config)[0]
    return torch.as_tensor(frequencies / turned.inv_freq)


def _tokens(config: dict[str, Any]) -> dict[str, Any]:
    """A byte-level vocabulary of letters, without merges that join any."""
    words = ["<pad>", "<s>", "</s>", "\u0120", *LETTERS[1:], "\u0120a"]
    words += [f"<{number}>" for number in range(len(words), config["vocab_size"])]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.token_type": [3, 3, 3, *[1] * (len(words) - 3)],
        "tokenizer.ggml.merges": ["\u0120 a"],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.padding_token_id": 0,
    }


def _add(writer: Any, key: str, value: Any) -> None:
    if isinstance(value, list):
        writer.add_array(key, value)
    elif isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    else:
        writer.add_string(key, value)


def _converted(
    config: dict[str, Any], tensors: dict[str, torch.Tensor]
) -> Iterable[tuple[str, torch.Tensor]]:
    """Tensors as llama.cpp wants them: experts stacked, halves in pairs, gains with their one."""
    kind = config["model_type"]
    experts: dict[str, list[torch.Tensor]] = {}
    for name, tensor in sorted(tensors.items(), key=lambda item: _numbered(item[0])):
        if ".experts." in name:
            before, _, after = name.partition(".experts.")
            stacked = f"{before}.experts.{after.partition('.')[2]}"
            experts.setdefault(stacked, []).append(tensor)
        elif name == "lm_head.weight" and config.get("tie_word_embeddings", kind == "gpt2"):
            continue
        else:
            yield name, _changed(config, name, tensor)
    for name, several in experts.items():
        yield name, torch.stack(several)


def _changed(config: dict[str, Any], name: str, tensor: torch.Tensor) -> torch.Tensor:
    kind = config["model_type"]
    if kind in ("llama", "mistral") and name.rpartition(".")[0].endswith(("q_proj", "k_proj")):
        heads = config["num_attention_heads" if "q_proj" in name else "num_key_value_heads"]
        split = tensor.reshape(heads, 2, tensor.shape[0] // heads // 2, *tensor.shape[1:])
        return split.swapaxes(1, 2).reshape(tensor.shape)
    if kind.startswith("gemma") and name.endswith("norm.weight"):
        return tensor + 1
    if kind == "gpt2" and name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
        return tensor.T
    return tensor


def _numbered(name: str) -> list[Any]:
    """Numbers in a name by their value: expert 10 comes after expert 9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in name.split(".")]


def values(tensor: torch.Tensor, stored: str) -> Any:
    """What is left of a matrix once it was stored as that type."""
    kind = gguf.GGMLQuantizationType[stored]
    rows = tensor.float().numpy()
    return np.asarray(gguf.dequantize(gguf.quantize(rows, kind), kind))
