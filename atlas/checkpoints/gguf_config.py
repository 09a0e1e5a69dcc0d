"""The config.json of a model in a GGUF file, made of its metadata.

Every key of the architecture is either one of the config's, or checked to change nothing; any other
is refused by its name, for it may stand for a computation that transformers would not do.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

from atlas.checkpoints import gguf_rotation
from atlas.checkpoints.gguf_architectures import ROWS, GgufArchitecture
from atlas.checkpoints.gguf_header import Header
from atlas.checkpoints.gguf_pieces import AGAIN, Array, Scalar
from atlas.errors import AtlasError, short

ORIGINAL = "take the original weights: this copy is of a model that atlas does not read from GGUF"

TOKEN_IDS = {
    "bos_token_id": "tokenizer.ggml.bos_token_id",
    "eos_token_id": "tokenizer.ggml.eos_token_id",
    "pad_token_id": "tokenizer.ggml.padding_token_id",
}

UNCHANGED: Mapping[str, tuple[Scalar, ...]] = {
    "attention.causal": (True,),
    "expert_count": (0,),
    "expert_used_count": (0,),
    "attention.sliding_window": (0,),
    "rope.scaling.type": ("none",),
    "rope.scaling.factor": (0.0, 1.0),
    "rope.scaling.attn_factor": (1.0,),
    "rope.scaling.finetuned": (True, False),
}
"""Keys with the values that change nothing of what an architecture computes."""

WIDEST_GEMMA = {"gemma2": 46, "gemma3": 62}
"""Layers of the models whose queries are scaled by the width shared between heads (27B); those of
the others by the width of a head, in llama.cpp as in their configs."""


def architecture(header: Header) -> GgufArchitecture:
    """The row of a file's architecture.

    Raises `AtlasError` for one without a row, for an adapter, and for one part of several.
    """
    found = header.metadata.get("general.architecture")
    if header.metadata.get("general.type", "model") != "model":
        kind = short(header.metadata["general.type"])
        raise _refused(header, f"is of type {kind}, not a model", "general.type")
    if header.metadata.get("split.count", 0) not in (0, 1):
        raise AtlasError(
            f"is one of {short(header.metadata['split.count'])} parts",
            file=header.file,
            place="split.count",
            remedy="join them: llama-gguf-split --merge",
        )
    if not isinstance(found, str) or found not in ROWS:
        known = f"architectures read from GGUF are {', '.join(ROWS)}"
        problem = f"architecture {short(found)} is not read"
        raise AtlasError(problem, file=header.file, place="general.architecture", remedy=known)
    return ROWS[found]


def config(header: Header) -> dict[str, Any]:
    """A config.json in transformers' keys; `AtlasError` for what it cannot say."""
    row = architecture(header)
    told = _Told(header, row)
    found: dict[str, Any] = {"model_type": row.model_type, "dtype": "float32", **row.fixed}
    found |= {key: told.take(name) for name, key in row.keys.items() if told.has(name)}
    for key in ("block_count", "embedding_length", "attention.head_count"):
        if not isinstance(found.get(row.keys[key]), int) or found[row.keys[key]] < 1:
            raise told.wrong(key, "is no number from 1")
    if row.name != "gpt2":
        found |= _rotary(row, told, found)
    found |= _from_tensors(header, row)
    for key, name in TOKEN_IDS.items():
        number = header.metadata.get(name)
        found[key] = number if isinstance(number, int) and number < found["vocab_size"] else None
    told.require_all_read(found)
    return found


def filled(header: Header) -> tuple[str, ...]:
    """What the file does not say and transformers' config class fills in, in words."""
    row = architecture(header)
    said = {key.removeprefix(f"{row.name}.") for key in header.metadata}
    return tuple(words for key, words in row.filled.items() if key not in said)


def _rotary(row: GgufArchitecture, told: _Told, found: dict[str, Any]) -> dict[str, Any]:
    """Heads and their rotation; what the file leaves out is as llama.cpp takes it."""
    heads, width = found["num_attention_heads"], found["hidden_size"]
    d_head = found.get("head_dim", width // heads)
    for key in ("attention.value_length", "rope.dimension_count"):
        if told.has(key) and told.take(key) != d_head:
            raise told.wrong(key, f"is not the width of a head, {d_head}")
    made = {
        "head_dim": d_head,
        "num_key_value_heads": found.get("num_key_value_heads", heads),
        "rope_theta": found.get("rope_theta", 10_000.0),
    }
    stretched = gguf_rotation.stretched(told.header, d_head, float(made["rope_theta"]))
    if stretched is None and told.left.get("rope.scaling.type") == "linear":
        told.take("rope.scaling.type")
        stretched = {"rope_type": "linear", "factor": told.take("rope.scaling.factor")}
    if stretched is not None:
        made["rope_scaling"] = stretched
    if row.name in WIDEST_GEMMA:
        widest = found["num_hidden_layers"] == WIDEST_GEMMA[row.name]
        made["query_pre_attn_scalar"] = width // heads if widest else d_head
    if "sliding_window" in found:
        made["sliding_window"] = found["sliding_window"] or None
    return made


def _from_tensors(header: Header, row: GgufArchitecture) -> dict[str, Any]:
    """What shows in the tensors: the vocabulary, biases, and whether the unembedding is tied."""
    shapes = {tensor.name: tensor.shape for tensor in header.tensors}
    if len(shapes.get("token_embd.weight", ())) != 2:
        raise AtlasError(
            "has no token embedding",
            file=header.file,
            place="token_embd.weight",
            remedy="take a copy of the whole model",
        )
    made: dict[str, Any] = {
        "vocab_size": shapes["token_embd.weight"][0],
        "tie_word_embeddings": "output.weight" not in shapes,
    }
    if row.name in ("llama", "qwen3", "qwen3moe"):
        made["attention_bias"] = "blk.0.attn_q.bias" in shapes
    if row.name == "llama":
        made["mlp_bias"] = "blk.0.ffn_up.bias" in shapes
    return made


class _Told:
    """The metadata of an architecture, each key to be read once."""

    def __init__(self, header: Header, row: GgufArchitecture) -> None:
        self.header = header
        self.prefix = f"{row.name}."
        self.left = {
            key.removeprefix(self.prefix): value
            for key, value in header.metadata.items()
            if key.startswith(self.prefix)
        }

    def has(self, key: str) -> bool:
        return key in self.left

    def take(self, key: str) -> Scalar:
        """A value; of one number for each layer that number, where it is the same for all."""
        if key not in self.left:
            raise self.wrong(key, "is not there")
        value = self.left.pop(key)
        if isinstance(value, Array):
            if not value.values or len(set(value.values)) > 1:
                raise self.wrong(key, "differs between layers")
            value = value.values[0]
        if isinstance(value, float) and not math.isfinite(value):
            raise self.wrong(key, f"is {value}")
        return shortest(value) if isinstance(value, float) else value

    def require_all_read(self, found: Mapping[str, Any]) -> None:
        """Raise `AtlasError` for a key that stands for something that the config does not say."""
        unchanged = {
            **UNCHANGED,
            "vocab_size": (found["vocab_size"],),
            "rope.scaling.original_context_length": (found.get("max_position_embeddings", 0),),
        }
        for key in sorted(self.left):
            value = self.take(key)
            if value not in unchanged.get(key, ()):
                raise _refused(
                    self.header, f"{short(value)} is nothing that can be read", self.prefix + key
                )

    def wrong(self, key: str, problem: str) -> AtlasError:
        return AtlasError(problem, file=self.header.file, place=self.prefix + key, remedy=AGAIN)


def shortest(value: float) -> float:
    """The shortest decimal that is the same float32: 1e-05 for 9.999999747378752e-06."""
    try:
        stored = struct.pack("<f", value)
    except OverflowError:
        return value
    for digits in range(1, 10):
        rounded = float(f"{value:.{digits}g}")
        if struct.pack("<f", rounded) == stored:
            return rounded
    return value


def _refused(header: Header, problem: str, place: str) -> AtlasError:
    return AtlasError(problem, file=header.file, place=place, remedy=ORIGINAL)
