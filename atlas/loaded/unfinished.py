"""What a long measurement has computed so far, kept so that the next one goes on from there.

A large model takes hours to read a corpus without each of its blocks, and minutes for each of its
layers. What single passages gave is written to the project's cache every half minute, what a layer
gave as soon as it is done; both are dropped when the profile is saved.
Nothing here imports torch.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlas.errors import AtlasError
from atlas.files import json_file

if TYPE_CHECKING:
    from atlas.loaded.passages import Passage

SECONDS = 30.0
"""Between two writings of a table."""

DIGEST = hashlib.sha256().digest_size
"""A file begins with the digest of all that follows: the values, then what is done."""


@dataclass
class Table:
    """A value for each column and passage, as far as they were computed.

    `values`: (columns, passages), not a number where `done`, (passages,), is false. `path`: its
    file, None where nothing is kept.
    """

    path: Path | None
    values: NDArray[np.float64]
    done: NDArray[np.bool_]
    written: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> list[int]:
        """The passages that are still to be read."""
        return [int(row) for row in np.flatnonzero(~self.done)]

    def put(self, rows: Sequence[int], values: NDArray[np.float64]) -> None:
        """Note what passages gave, (columns, rows), and write the table if it is time."""
        self.values[:, rows] = values
        self.done[rows] = True
        if time.monotonic() - self.written >= SECONDS:
            self.write()

    def write(self) -> None:
        """Write it as it is; a table that cannot be written is computed again some day."""
        if self.path is not None and self.done.any():
            content = self.values.tobytes() + self.done.tobytes()
            json_file.keep(self.path, hashlib.sha256(content).digest() + content)
            self.written = time.monotonic()

    def read(self) -> None:
        """Take over what its file holds, where that is whole; anything else is computed again."""
        if self.path is None:
            return
        with contextlib.suppress(OSError, AtlasError):
            json_file.require_file(self.path)
            raw = self.path.read_bytes()
            digest, content = raw[:DIGEST], raw[DIGEST:]
            size = self.values.nbytes + self.done.nbytes
            if len(content) == size and hashlib.sha256(content).digest() == digest:
                count = self.values.size
                self.values.flat[:] = np.frombuffer(content, np.float64, count)
                self.done[:] = np.frombuffer(content, np.bool_, offset=self.values.nbytes)


@dataclass(frozen=True)
class Unfinished:
    """Where an analysis keeps its tables while it runs.

    `depends`: what its numbers depend on beside the passages, such as the digest of the weights and
    the version of the method.
    """

    folder: Path
    depends: tuple[str, ...]

    def table(
        self, name: str, passages: Sequence[Passage], columns: int, chosen: bytes = b""
    ) -> Table:
        """The table of that name: what is left of an earlier run on the same, or an empty one.
        `chosen`: what else it was computed with, such as the gates of each passage."""
        read = [[*one.ids, one.first, one.last] for one in passages]
        key = hashlib.sha256(json.dumps([self.depends, name, columns, read]).encode() + chosen)
        table = empty(passages, columns, self.folder / f"{key.hexdigest()[:32]}.table")
        table.read()
        return table

    @property
    def layers(self) -> Layers:
        """What layers gave, an earlier run's too."""
        key = hashlib.sha256(json.dumps(self.depends).encode()).hexdigest()
        return Layers(self.folder, key[:32])


@dataclass(frozen=True)
class Layers:
    """What single layers gave, a file each; kept nowhere if there is no `folder`.

    A value is what JSON can hold, floats among it to the last bit.
    """

    folder: Path | None = None
    key: str = ""

    def get(self, number: int) -> Any:
        """What a layer gave; None where that is not known, or its file is not whole."""
        if self.folder is None:
            return None
        with contextlib.suppress(OSError, AtlasError):
            json_file.require_file(self._path(self.folder, number))
            raw = self._path(self.folder, number).read_bytes()
            if hashlib.sha256(raw[DIGEST:]).digest() == raw[:DIGEST]:
                return json.loads(raw[DIGEST:])
        return None

    def put(self, number: int, value: Any) -> None:
        """Keep what a layer gave; where that is not possible, it is computed again some day."""
        if self.folder is not None:
            content = json.dumps(value).encode()
            digest = hashlib.sha256(content).digest()
            json_file.keep(self._path(self.folder, number), digest + content)

    def _path(self, folder: Path, number: int) -> Path:
        return folder / f"{self.key}.{number}.layer"


def layers(kept: Unfinished | None) -> Layers:
    """Where what layers give is kept, if anywhere."""
    return Layers() if kept is None else kept.layers


def empty(passages: Sequence[Passage], columns: int, path: Path | None = None) -> Table:
    """A table with nothing in it yet."""
    values = np.full((columns, len(passages)), np.nan)
    return Table(path, values, np.zeros(len(passages), dtype=np.bool_))


def drop(folder: Path) -> None:
    """Remove the tables of an analysis, which is measured now or to be measured anew."""
    shutil.rmtree(folder, ignore_errors=True)
