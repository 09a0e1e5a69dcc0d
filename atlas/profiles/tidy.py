"""Matrices of many models as one tidy table: a row for each value, written as gzipped CSV.

What a site publishes beside its JSON, what `atlas export` writes and what Python gives as a frame
have these columns. A value is written with the shortest digits that give it, so that reading the
table gives the very numbers of the JSON. What does not exist in a model has no row; what cannot be
defined for it has the value NaN.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from atlas.errors import AtlasError, from_os, short
from atlas.profiles import comparable, matrix_csv
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

LARGEST = 512 * 1024 * 1024
"""Bytes that a table may have when it is unpacked."""

DAMAGED = "read the models one by one, or have the site built again"


class Cell(NamedTuple):
    """A value of a model's matrix.

    `comparison_group`: values of one matrix may be subtracted where this is equal; 0 is the main
    group. `class_label`: the class that the value stands for, empty for numbers. `spread`: its
    standard error. `n`: observations behind it.
    """

    model: str
    comparison_group: int
    matrix: str
    row_axis: str
    row_label: str
    column_axis: str
    column_label: str
    value: float
    class_label: str
    spread: float | None
    n: int | None


def cells(profiles: Sequence[Profile]) -> Iterator[Cell]:
    """The values of one analysis' profiles, model after model."""
    groups = comparable.grouped(profiles)
    for profile in profiles:
        group = groups.index((profile.version, comparable.terms(profile)))
        for matrix in profile.matrices:
            yield from _of_matrix(profile.model.slug, group, matrix)


def _of_matrix(slug: str, group: int, matrix: Matrix) -> Iterator[Cell]:
    there = ~np.isnan(matrix.values) | matrix.is_undefined
    classes = matrix.classes
    for row, column in np.argwhere(there):
        value = float(matrix.values[row, column])
        spread = math.nan if matrix.spread is None else float(matrix.spread[row, column])
        yield Cell(
            slug,
            group,
            matrix.name,
            matrix.axes[0],
            matrix.rows[row],
            matrix.axes[1],
            matrix.columns[column],
            value,
            classes[int(value)] if classes and not math.isnan(value) else "",
            None if math.isnan(spread) else spread,
            matrix.n,
        )


def packed(found: Iterable[Cell]) -> bytes:
    """A table as gzipped CSV, the same bytes for the same cells."""
    lines = [",".join(Cell._fields), *map(_line, found)]
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def _line(cell: Cell) -> str:
    words = (
        cell.model,
        str(cell.comparison_group),
        *map(matrix_csv.field, cell[2:7]),
        matrix_csv.number(cell.value, True),
        matrix_csv.field(cell.class_label),
        "" if cell.spread is None else matrix_csv.number(cell.spread, False),
        "" if cell.n is None else str(cell.n),
    )
    return ",".join(words)


def read(path: Path) -> Iterator[Cell]:
    """The cells of a table that may come from anywhere.

    Raises `AtlasError` for what is no such table, and for one that is too large when unpacked.
    """
    try:
        with gzip.open(path, "rb") as stream:
            text = io.TextIOWrapper(
                io.BufferedReader(_Limited(stream, path)), encoding="utf-8", newline=""
            )
            lines = csv.reader(text, strict=True)
            head = next(lines, [])
            if head[: len(Cell._fields)] != list(Cell._fields):
                raise AtlasError(f"begins with {short(head)}", file=path, remedy=DAMAGED)
            for number, line in enumerate(lines, 2):
                yield _cell(line, path, number)
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError, csv.Error) as error:
        raise AtlasError(f"is damaged: {error}", file=path, remedy=DAMAGED) from error
    except OSError as error:
        raise from_os(error, file=path) from error


class _Limited(io.RawIOBase):
    """What is unpacked, which ends with an error where it is more than `LARGEST`."""

    def __init__(self, stream: gzip.GzipFile, path: Path) -> None:
        self.stream, self.path, self.count = stream, path, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        found = self.stream.read1(len(memoryview(buffer)))
        memoryview(buffer)[: len(found)] = found
        self.count += len(found)
        if self.count > LARGEST:
            told = f"more than {LARGEST:,} bytes when unpacked"
            raise AtlasError(told, file=self.path, remedy=DAMAGED)
        return len(found)


def _cell(line: Sequence[str], path: Path, number: int) -> Cell:
    try:
        model, group, *labels, value, label, spread, n = line[: len(Cell._fields)]
        matrix, row_axis, row, column_axis, column = map(_unquoted, labels)
        return Cell(
            model,
            int(group),
            matrix,
            row_axis,
            row,
            column_axis,
            column,
            float(value),
            _unquoted(label),
            float(spread) if spread else None,
            int(n) if n else None,
        )
    except ValueError as error:
        told = f"{short(line)} is not a row of it"
        raise AtlasError(told, file=path, place=f"line {number}", remedy=DAMAGED) from error


def _unquoted(text: str) -> str:
    """A label without the mark that keeps spreadsheets from taking it for a formula."""
    return text[1:] if re.match(r"'[=+@-]", text) else text
