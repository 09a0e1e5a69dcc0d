"""The header of a GGUF file, read by hand: its metadata, and where its tensors lie.

The format (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): magic, version, the counts
of tensors and of metadata; the metadata, each a key, a type and a value; for each tensor its name,
shape, type and offset; then, aligned, the tensors' bytes. Everything is checked against the file
before any of it is believed. Long arrays (a vocabulary) are passed over: where they lie is kept.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from atlas.checkpoints.gguf_pieces import AGAIN, CUT_SHORT, Array, Pieces, Scalar
from atlas.checkpoints.gguf_types import TYPES, StoredType
from atlas.checkpoints.tensor import chunks
from atlas.errors import AtlasError, from_os, short

MAGIC = b"GGUF"
VERSIONS = (2, 3)
LONGEST_KEY = 65_535
LONGEST_NAME = 64
MOST_AXES = 4
SMALLEST_PAIR, SMALLEST_TENSOR = 8 + 4 + 1, 8 + 4 + 8 + 4 + 8
"""Bytes that a pair of metadata and a tensor's line take at the least."""
ALIGNMENT = 32


@dataclass(frozen=True)
class Stored:
    """One tensor as a file has it: its shape with the slowest axis first, as numpy has it."""

    name: str
    type: StoredType
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Header:
    """What a file says of itself. `spans`: where the value of each key lies, its type before it."""

    file: Path
    metadata: Mapping[str, Scalar | Array]
    spans: Mapping[str, tuple[int, int]]
    tensors: tuple[Stored, ...]

    def digest(self, prefix: str) -> str:
        """`sha256:...` over the metadata whose keys begin so, as they are stored."""
        whole = hashlib.sha256()
        for key in sorted(key for key in self.spans if key.startswith(prefix)):
            content = hashlib.sha256()
            for piece in chunks(self.file, *self.spans[key]):
                content.update(piece)
            whole.update(f"{key} {content.hexdigest()}\n".encode())
        return f"sha256:{whole.hexdigest()}"


def read(file: Path) -> Header:
    """The header of a GGUF file; no weights are read.

    Raises `AtlasError` with the file, what is wrong and what to do: not GGUF, of an unknown
    version, big-endian, truncated, or saying what cannot be.
    """
    try:
        with file.open("rb", buffering=1 << 20) as stream:
            return parse(stream, file.stat().st_size, file)
    except OSError as error:
        raise from_os(error, file=file, remedy=AGAIN) from error


def parse(stream: BinaryIO, size: int, file: Path) -> Header:
    """The header that a stream of so many bytes begins with; `file`: what errors name."""
    try:
        return _Reader(file, stream, size).header()
    except struct.error as error:
        raise AtlasError("became shorter while it was read", file=file, remedy=AGAIN) from error


class _Reader(Pieces):
    """The header of one file, from its first byte on."""

    def header(self) -> Header:
        tensors, pairs = self._counts()
        metadata: dict[str, Scalar | Array] = {}
        spans: dict[str, tuple[int, int]] = {}
        for _ in range(pairs):
            key = self.string("key", LONGEST_KEY)
            if key in metadata:
                raise self.corrupt(f"key {short(key)} is there twice")
            first = self.at
            metadata[key] = self.value(key)
            spans[key] = (first, self.at)
        lines = [self._line() for _ in range(tensors)]
        return Header(self.file, metadata, spans, self._placed(lines, _alignment(self, metadata)))

    def _counts(self) -> tuple[int, int]:
        """How many tensors and pairs of metadata there are, after magic and version."""
        first = self.take(8)
        if first == b"version ":
            raise AtlasError(
                "is a Git LFS pointer, not the weights",
                file=self.file,
                remedy="run git lfs pull in that folder",
            )
        if first[:4] != MAGIC:
            raise AtlasError(
                f"is no GGUF file: it begins with {short(first[:4])}, expected {MAGIC!r}",
                file=self.file,
                remedy=AGAIN,
            )
        (version,) = struct.unpack("<I", first[4:])
        if int.from_bytes(first[4:], "big") in VERSIONS:
            raise AtlasError(
                "is big-endian", file=self.file, remedy="convert it anew, little-endian"
            )
        if version not in VERSIONS:
            raise AtlasError(
                f"is of GGUF version {version}; versions 2 and 3 are read",
                file=self.file,
                remedy="convert the model anew with a current llama.cpp",
            )
        tensors, pairs = struct.unpack("<QQ", self.take(16))
        room = self.size - self.at
        if pairs * SMALLEST_PAIR > room:
            raise self.corrupt(f"{pairs:,} pairs of metadata in {self.size:,} bytes")
        if tensors * SMALLEST_TENSOR > room:
            raise self.corrupt(f"{tensors:,} tensors in {self.size:,} bytes")
        return tensors, pairs

    def _line(self) -> tuple[str, StoredType, tuple[int, ...], int]:
        """What the header says of one tensor: name, type, shape and offset."""
        name = self.string("name of a tensor", LONGEST_NAME)
        (axes,) = struct.unpack("<I", self.take(4))
        if not 1 <= axes <= MOST_AXES:
            raise self.corrupt(f"{axes} axes, from 1 to {MOST_AXES} are possible", name)
        shape = struct.unpack(f"<{axes}Q", self.take(8 * axes))[::-1]
        number, offset = struct.unpack("<IQ", self.take(12))
        if number not in TYPES:
            known = ", ".join(kind.name for kind in TYPES.values())
            raise AtlasError(
                f"stored as type {number}, which is not known; known are {known}",
                file=self.file,
                place=short(name),
                remedy="take a copy of the model in another quantisation",
            )
        kind = TYPES[number]
        if not all(0 < axis < 2**31 for axis in shape) or math.prod(shape) >= 2**40:
            raise self.corrupt(f"shape {list(shape)}", name)
        if shape[-1] % kind.values:
            raise self.corrupt(
                f"rows of {shape[-1]} values, {kind.name} has blocks of {kind.values}", name
            )
        return name, kind, shape, offset

    def _placed(
        self, lines: list[tuple[str, StoredType, tuple[int, ...], int]], alignment: int
    ) -> tuple[Stored, ...]:
        """The tensors where they lie: one behind the other, each aligned, as llama.cpp wants."""
        placed: list[Stored] = []
        start = end = _aligned(self.at, alignment)
        seen: set[str] = set()
        for name, kind, shape, offset in lines:
            if name in seen:
                raise self.corrupt("is there twice", name)
            seen.add(name)
            if offset != end - start:
                raise self.corrupt(f"starts at offset {offset:,}, expected {end - start:,}", name)
            stop = end + math.prod(shape) // kind.values * kind.bytes
            placed.append(Stored(name, kind, shape, end, stop))
            end = _aligned(stop, alignment)
        last = placed[-1].stop if placed else min(self.at, self.size)
        if last > self.size:
            raise AtlasError(
                f"truncated: {self.size:,} bytes of {last:,}", file=self.file, remedy=CUT_SHORT
            )
        if self.size > end:
            raise self.corrupt(f"{self.size - end:,} bytes after the last tensor")
        return tuple(placed)


def _alignment(reader: _Reader, metadata: Mapping[str, Scalar | Array]) -> int:
    found = metadata.get("general.alignment", ALIGNMENT)
    if type(found) is not int or not 8 <= found <= 2**16 or found & (found - 1):
        raise AtlasError(
            f"corrupt: alignment {short(found)} is not a power of two from 8 to {2**16}",
            file=reader.file,
            place="general.alignment",
            remedy=AGAIN,
        )
    return found


def _aligned(position: int, alignment: int) -> int:
    return -(-position // alignment) * alignment
