"""The values of a tensor in a GGUF file, as the model's own code has them.

Blocks are dequantised to float32 by the `gguf` package, llama.cpp's own; then what its converter
did to the values is undone. Nothing is kept: a tensor that is asked for again is read again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from atlas.checkpoints.gguf_file import GgufTensor
from atlas.errors import AtlasError

PLAIN = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def load(tensor: GgufTensor) -> torch.Tensor:
    """The values in memory of their own: float32, or the type that they are stored in."""
    values = _stored(tensor)
    if tensor.heads:  # (head, half of its rows, 2, ...) -> (head, 2, half, ...)
        pairs = values.reshape(tensor.heads, -1, 2, *values.shape[1:])
        values = pairs.transpose(1, 2).reshape(values.shape)
    if tensor.raised:
        values = values.float() - tensor.raised
    if tensor.transposed:
        values = values.T.contiguous()
    return values if tensor.picked is None else values[tensor.picked].clone()


def _stored(tensor: GgufTensor) -> torch.Tensor:
    """The values as they lie in the file."""
    if tensor.type in PLAIN:
        return torch.frombuffer(tensor.read(), dtype=PLAIN[tensor.type]).reshape(tensor.lies)
    rows = np.frombuffer(tensor.read(), dtype=np.uint8).reshape(*tensor.lies[:-1], -1)
    gguf = _package(tensor)
    return torch.from_numpy(gguf.dequantize(rows, gguf.GGMLQuantizationType[tensor.type]))


def _package(tensor: GgufTensor) -> Any:
    try:
        import gguf
    except ImportError as error:
        raise AtlasError(
            f"stored as {tensor.type}, and the package gguf, which reads it, is not installed",
            file=tensor.file,
            place=tensor.name,
            remedy="pip install 'model-atlas[profile]'",
        ) from error
    return gguf
