"""A stored tensor, whatever format its file has: what it is called, and where its values lie.

`loaded.checkpoint.load` gives its values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from atlas.errors import AtlasError

CHUNK = 4 * 1024 * 1024

SMALL_FLOATS = {
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}
"""Bits of the floats that only quantised weights are stored in."""

BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL"), 8),
    **SMALL_FLOATS,
}
"""Bits per element of every dtype that a header may name, as safetensors 0.8 lists them. Elements
of less than a byte lie side by side; a tensor ends at a byte."""

FLOATS = ("F32", "F16", "BF16")
"""The dtypes that weights are measured in."""


@dataclass(frozen=True)
class Tensor:
    """One stored tensor: the dtype that its values are read in, and where its bytes lie."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    start: int
    stop: int

    @property
    def stored(self) -> str:
        """How its values are stored, where that is something else than their dtype as well."""
        return self.dtype

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    def part(self, index: int) -> Tensor:
        """One entry of its first axis, a tensor of the other axes."""
        size = self.size // self.shape[0]
        start = self.start + index * size
        return replace(self, shape=self.shape[1:], start=start, stop=start + size)

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.stop - self.start

    def read(self) -> bytearray:
        """Its bytes as they are stored, little-endian, in memory of their own."""
        content = bytearray(self.size)
        with self.file.open("rb") as stream:
            stream.seek(self.start)
            if stream.readinto(content) != self.size:
                raise AtlasError(
                    "ends before this tensor does",
                    file=self.file,
                    place=self.name,
                    remedy="the file changed while it was read; fetch it again",
                )
        return content


def unread(tensor: Tensor) -> AtlasError:
    """What to say of a weight in a dtype that is sound and that nothing is measured in."""
    dtype = tensor.dtype
    if dtype == "F64":
        kind = "floats in double precision"
        remedy = "load the model in float32 with transformers and save it with save_pretrained"
    elif dtype == "C64":
        kind, remedy = "complex numbers", "models of complex weights are not profiled"
    else:
        bits = BITS[dtype]
        kind = f"floats of {bits} bits" if dtype in SMALL_FLOATS else f"integers of {bits} bits"
        remedy = (
            "quantised weights are not profiled: take the original ones, or load them with "
            "transformers, dequantised, and save them"
        )
    return AtlasError(
        f"stored as {dtype}, {kind}; atlas reads {', '.join(FLOATS)}",
        file=tensor.file,
        place=tensor.name,
        remedy=remedy,
    )


def chunks(file: Path, start: int, stop: int) -> Iterator[bytes]:
    """Bytes `start` to `stop` of a file, at most 4 MiB at a time."""
    with file.open("rb") as stream:
        stream.seek(start)
        while start < stop:
            piece = stream.read(min(CHUNK, stop - start))
            if not piece:
                raise AtlasError(f"ends at byte {start:,}, expected {stop:,}", file=file)
            start += len(piece)
            yield piece
