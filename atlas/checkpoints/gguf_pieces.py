"""What a GGUF file's header is made of, read piece by piece: strings, numbers and arrays.

Every length and count is checked against the file before it is believed. Long arrays (a vocabulary)
are passed over.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from atlas.errors import AtlasError, short

SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
"""How a value of each type of fixed size is read, by the type's number."""
BOOL, STRING, ARRAY = 7, 8, 9


LONGEST_STRING = 16 * 1024 * 1024
LARGEST_HEADER = 512 * 1024 * 1024
LENGTH = struct.Struct("<Q")

KEPT = 4096
"""Numbers of an array that are kept as values: one for each layer, not one for each token."""

AGAIN = "fetch this file again"
CUT_SHORT = f"the download was cut short; {AGAIN}"

Scalar = int | float | bool | str


@dataclass(frozen=True)
class Array:
    """An array among the metadata: how many items it has; `values` of a short one of numbers."""

    count: int
    values: tuple[int | float | bool, ...] | None


class Pieces:
    """Reads on through a file, and never beyond its end; `at`: the byte that comes next.

    Raises `AtlasError` for what cannot be, and `struct.error` where the file becomes shorter.
    """

    def __init__(self, file: Path, stream: BinaryIO, size: int) -> None:
        self.file, self.size, self.at = file, size, 0
        self._read = stream.read

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count > self.size - self.at:
            raise AtlasError(
                f"truncated inside its header: {self.size:,} bytes of at least {self.at + count:,}",
                file=self.file,
                remedy=CUT_SHORT,
            )
        if self.at + count > LARGEST_HEADER:
            raise self.corrupt(f"header of more than {LARGEST_HEADER:,} bytes")
        content: bytes = self._read(count)
        self.at += count
        return content

    def string(self, what: str, longest: int) -> str:
        (length,) = LENGTH.unpack(self.take(LENGTH.size))
        if length > longest:
            raise self.corrupt(f"{what} of {length:,} bytes, at most {longest:,} are read")
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.corrupt(f"{what} before byte {self.at:,} is not UTF-8") from error

    def value(self, key: str) -> Scalar | Array:
        (kind,) = struct.unpack("<I", self.take(4))
        if kind == STRING:
            return self.string(f"value of {short(key)}", LONGEST_STRING)
        if kind == ARRAY:
            return self._array(key)
        return self._scalars(key, kind, 1)[0]

    def _array(self, key: str) -> Array:
        kind, count = struct.unpack("<IQ", self.take(12))
        if kind == STRING:
            self._pass_over_strings(key, count)
            return Array(count, None)
        if kind in SCALARS and count > KEPT:
            self.take(count * struct.calcsize(SCALARS[kind]))
            return Array(count, None)
        return Array(count, self._scalars(key, kind, count))

    def _pass_over_strings(self, key: str, count: int) -> None:
        """What `string` does, but fast: a vocabulary has some hundred thousand."""
        room = min(self.size, LARGEST_HEADER) - self.at
        if count * LENGTH.size > room:
            raise self.corrupt(f"{short(key)} has {count:,} strings in {self.size:,} bytes")
        left, read, unpack = room, self._read, LENGTH.unpack
        for _ in range(count):
            if left < LENGTH.size:
                break
            (length,) = unpack(read(LENGTH.size))
            left -= LENGTH.size + length
            if left < 0 or length > LONGEST_STRING:
                raise self.corrupt(f"a string of {short(key)} has {length:,} bytes")
            read(length)
        else:
            self.at += room - left
            return
        raise self.corrupt(f"{short(key)} has fewer than {count:,} strings")

    def _scalars(self, key: str, kind: int, count: int) -> tuple[int | float | bool, ...]:
        """Numbers of one type; a bool is a byte, 0 or 1."""
        if kind not in SCALARS:
            raise self.corrupt(f"{short(key)} has values of type {kind}, which is not known")
        content = self.take(count * struct.calcsize(SCALARS[kind]))
        if kind == BOOL and set(content) - {0, 1}:
            raise self.corrupt(f"{short(key)} is neither true nor false")
        return struct.unpack(f"<{count}{SCALARS[kind][1]}", content)

    def corrupt(self, problem: str, place: str | None = None) -> AtlasError:
        where = None if place is None else short(place)
        return AtlasError(f"corrupt: {problem}", file=self.file, place=where, remedy=AGAIN)
