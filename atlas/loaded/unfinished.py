"""Tables that a long measurement has begun, kept so that the next one goes on from there.

A large model takes hours to read a corpus without each of its blocks. What single passages gave is
written to the project's cache every half minute, and dropped as soon as the profile is saved.
Nothing here imports torch.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from atlas.files import json_file

if TYPE_CHECKING:
    from atlas.loaded.passages import Passage

SECONDS = 30.0
"""Between two writings of a table."""


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
            held = io.BytesIO()
            np.savez(held, values=self.values, done=self.done)
            json_file.keep(self.path, held.getvalue())
            self.written = time.monotonic()


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
        table = empty(passages, columns, self.folder / f"{key.hexdigest()[:32]}.npz")
        assert table.path is not None
        with contextlib.suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            with np.load(io.BytesIO(table.path.read_bytes()), allow_pickle=False) as kept:
                values, done = kept["values"], kept["done"]
            if (values.shape, done.shape) == (table.values.shape, table.done.shape):
                table.values[:] = values
                table.done[:] = done
        return table


def empty(passages: Sequence[Passage], columns: int, path: Path | None = None) -> Table:
    """A table with nothing in it yet."""
    values = np.full((columns, len(passages)), np.nan)
    return Table(path, values, np.zeros(len(passages), dtype=np.bool_))


def drop(folder: Path) -> None:
    """Remove the tables of an analysis, which is measured now or to be measured anew."""
    shutil.rmtree(folder, ignore_errors=True)
