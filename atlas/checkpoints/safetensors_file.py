"""One safetensors file: its header read by hand, its bytes read piece by piece.

The format (https://github.com/huggingface/safetensors): 8 bytes little-endian length of the header,
the header as JSON (`{name: {dtype, shape, data_offsets}}`), then the tensors' bytes without gaps.
Everything is checked against the file before any of it is believed.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

from atlas.checkpoints.tensor import BITS, Tensor
from atlas.errors import AtlasError, from_os, short
from atlas.files import json_file

LARGEST_HEADER = 100 * 1024 * 1024
AGAIN = "fetch this file again, or save the model again with save_pretrained"


def read_file(file: Path) -> dict[str, Tensor]:
    """The tensors of one safetensors file, in the order of their bytes."""
    header, offset, size = _header(file)
    header.pop("__metadata__", None)
    tensors = [_tensor(file, name, entry, offset) for name, entry in header.items()]
    tensors.sort(key=lambda tensor: (tensor.start, tensor.stop))
    end = offset
    for tensor in tensors:
        if tensor.start != end:
            raise _corrupt(file, tensor.name, f"starts at byte {tensor.start}, expected {end}")
        end = tensor.stop
    if end > size:
        raise AtlasError(
            f"truncated: {size:,} bytes of {end:,}",
            file=file,
            remedy="the download was cut short; fetch this file again",
        )
    if end < size:
        raise _corrupt(file, None, f"{size - end:,} bytes after the last tensor")
    return {tensor.name: tensor for tensor in tensors}


def _header(file: Path) -> tuple[dict[str, Any], int, int]:
    """The header, the byte at which the tensors start, and the size of the file."""
    try:
        with file.open("rb") as stream:
            size = file.stat().st_size
            first = stream.read(8)
            if first == b"version ":
                raise AtlasError(
                    "is a Git LFS pointer, not the weights",
                    file=file,
                    remedy="run git lfs pull in that folder",
                )
            if len(first) < 8:
                raise AtlasError(f"truncated: {size} bytes in all", file=file, remedy=AGAIN)
            (length,) = struct.unpack("<Q", first)
            if length > LARGEST_HEADER:
                raise _corrupt(file, None, f"header of {length:,} bytes, at most 100 MB are read")
            if 8 + length > size:
                raise AtlasError(
                    f"truncated inside its header: {size:,} bytes of at least {8 + length:,}",
                    file=file,
                    remedy="the download was cut short; fetch this file again",
                )
            text = stream.read(length)
    except FileNotFoundError:
        raise AtlasError("missing shard", file=file, remedy="fetch this file") from None
    except OSError as error:
        raise from_os(error, file=file, remedy=AGAIN) from error
    try:
        return json_file.as_object(json_file.parse(text, file), file), 8 + length, size
    except AtlasError as error:
        raise _corrupt(file, None, f"header: {error.problem}") from error


def _tensor(file: Path, name: str, entry: object, offset: int) -> Tensor:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _corrupt(file, name, f"header entry is {short(entry)}")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        raise _corrupt(file, name, f"dtype {short(dtype)} is not one of {', '.join(BITS)}")
    if not _naturals(shape):
        raise _corrupt(file, name, f"shape {short(shape)}")
    if not _naturals(offsets) or len(offsets) != 2:
        raise _corrupt(file, name, f"data_offsets {short(offsets)}")
    wanted, over = divmod(math.prod(shape) * BITS[dtype], 8)
    if over:
        raise _corrupt(file, name, f"{dtype} {shape} does not end at a byte")
    if offsets[1] - offsets[0] != wanted:
        raise _corrupt(
            file, name, f"{offsets[1] - offsets[0]} bytes for {dtype} {shape}, expected {wanted}"
        )
    return Tensor(name, dtype, tuple(shape), file, offset + offsets[0], offset + offsets[1])


def _naturals(value: object) -> bool:
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def _corrupt(file: Path, place: str | None, problem: str) -> AtlasError:
    return AtlasError(f"corrupt: {problem}", file=file, place=place, remedy=AGAIN)
