"""Tiny models of every row and its variants, live beside their checkpoints, watched while they run.

What a row says is written down here once more as formulas on stored weights, in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tiny
import torch

from atlas.architectures.architecture import Architecture
from atlas.loaded.checkpoint import Checkpoint

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in tiny.CONFIGS},
    "bert, one layer": ("bert", {"num_hidden_layers": 1}),
    "bert, untied": ("bert", {"tie_word_embeddings": False}),
    "bloom, untied": ("bloom", {"tie_word_embeddings": False}),
    "cohere, biases": ("cohere", {"attention_bias": True}),
    "cohere, query and key norms": ("cohere", {"use_qk_norm": True}),
    "falcon, a key per head": ("falcon", {"multi_query": False}),
    "falcon, grouped, one norm": (
        "falcon",
        {"new_decoder_architecture": True, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1},
    ),
    "falcon, grouped, two norms": (
        "falcon",
        {"new_decoder_architecture": True, "num_kv_heads": 2},
    ),
    "falcon, no bias": ("falcon", {"bias": False}),
    "falcon, sequential": ("falcon", {"multi_query": False, "parallel_attn": False}),
    "gemma, bfloat16": ("gemma", {"dtype": torch.bfloat16}),
    "gemma, biases": ("gemma", {"attention_bias": True}),
    "gemma2, soft caps": (
        "gemma2",
        {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0},
    ),
    "gemma3_text, two thetas": (
        "gemma3_text",
        {"layer_types": ["full_attention", "sliding_attention", "full_attention"]},
    ),
    "glm4, no bias": ("glm4", {"attention_bias": False}),
    "gpt2, bfloat16": ("gpt2", {"dtype": torch.bfloat16}),
    "gpt2, n_inner": ("gpt2", {"n_inner": 40}),
    "gpt2, untied": ("gpt2", {"tie_word_embeddings": False}),
    "gpt_neox, float16": ("gpt_neox", {"dtype": torch.float16}),
    "gpt_neox, no attention bias": ("gpt_neox", {"attention_bias": False}),
    "gpt_neox, sequential": ("gpt_neox", {"use_parallel_residual": False}),
    "gpt_neox, tied": ("gpt_neox", {"tie_word_embeddings": True}),
    "gpt_oss, bfloat16": ("gpt_oss", {"dtype": torch.bfloat16}),
    "gpt_oss, gates at their limit": ("gpt_oss", {"swiglu_limit": 0.3}),
    "gpt_oss, no attention bias": ("gpt_oss", {"attention_bias": False}),
    "granite, biases": ("granite", {"attention_bias": True, "mlp_bias": True}),
    "lfm2, biases": ("lfm2", {"conv_bias": True}),
    "lfm2, width as stated": ("lfm2", {"block_auto_adjust_ff_dim": False}),
    "llama, as many key/value heads": ("llama", {"num_key_value_heads": 4}),
    "llama, bfloat16": ("llama", {"dtype": torch.bfloat16}),
    "llama, biases": ("llama", {"attention_bias": True, "mlp_bias": True}),
    "llama, one key/value head": ("llama", {"num_key_value_heads": 1}),
    "llama, one layer": ("llama", {"num_hidden_layers": 1}),
    "llama, tied": ("llama", {"tie_word_embeddings": True}),
    "mistral, wide heads": ("mistral", {"head_dim": 12}),
    "mixtral, bfloat16": ("mixtral", {"dtype": torch.bfloat16}),
    "mixtral, every expert": ("mixtral", {"num_experts_per_tok": 5}),
    "olmo2, biases": ("olmo2", {"attention_bias": True}),
    "olmoe, renormalised": ("olmoe", {"norm_topk_prob": True}),
    "opt, no bias": ("opt", {"enable_bias": False}),
    "opt, post-norm": ("opt", {"do_layer_norm_before": False}),
    "phi, query and key norms": ("phi", {"qk_layernorm": True}),
    "phi3, as many key/value heads": ("phi3", {"num_key_value_heads": 4}),
    "qwen3, biases": ("qwen3", {"attention_bias": True}),
    "qwen3, tied": ("qwen3", {"tie_word_embeddings": True}),
    "qwen3_moe, dense first": ("qwen3_moe", {"mlp_only_layers": [0]}),
    "qwen3_moe, dense between": ("qwen3_moe", {"decoder_sparse_step": 2}),
    "qwen3_moe, renormalised": ("qwen3_moe", {"norm_topk_prob": True}),
    "smollm3, biases": ("smollm3", {"attention_bias": True, "mlp_bias": True}),
    "stablelm, parallel": ("stablelm", {"use_parallel_residual": True}),
    "stablelm, query and key norms": ("stablelm", {"qk_layernorm": True, "use_qkv_bias": True}),
    "starcoder2, no bias": ("starcoder2", {"use_bias": False}),
}


@dataclass(frozen=True)
class Case:
    """A saved model, opened as a checkpoint, and the same model live in float32."""

    checkpoint: Checkpoint
    model: Any

    @classmethod
    def make(cls, folder: Path, variant: str) -> Case:
        name, overrides = VARIANTS[variant]
        tiny.make(folder, name, **overrides)
        return cls(Checkpoint.open(folder), tiny.live(folder, torch.float32))

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

    def setting(self, key: str) -> Any:
        """A value of the live model's config, None where it has no such key."""
        return getattr(self.model.config, key, None)

    def path(self, layer: int, module: str) -> str:
        return f"{self.row.live_layers}.{layer}.{self.at(layer).live(module)}"

    def joins(self, layer: int) -> list[str]:
        """Of attention and of the MLP: the live module whose output is added to the residual; of a
        layer without one of them, of the other."""
        joins = self.at(layer).row.joins
        return [f"{self.row.live_layers}.{layer}.{join}" for join in joins if join is not None]


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
        output = case.model(ids, output_attentions=True)
    for handle in handles:
        handle.remove()
    return seen, output


def assert_close(found: torch.Tensor, wanted: torch.Tensor, relative: float = 1e-5) -> None:
    """The largest difference, relative to the largest value."""
    assert found.shape == wanted.shape
    error = (found - wanted).abs().max() / wanted.abs().max()
    assert error <= relative, f"relative error {error:.1e}"


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
    return row.row.norm.offset + tensors[f"{name}.weight"]
