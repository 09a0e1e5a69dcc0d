"""A table: rows with named columns, which becomes a frame of pandas where that is installed."""

from __future__ import annotations

import html
import math
from collections import namedtuple
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from atlas import words
from atlas.errors import AtlasError, suggest
from atlas.library.optional import imported

if TYPE_CHECKING:
    import pandas

Row = TypeVar("Row", bound=tuple[Any, ...], covariant=True)

SHOWN = 20
"""Rows that a notebook shows."""


class Table(Sequence[Row], Generic[Row]):
    """Rows with named columns, `for row in table: row.slug`.

    A value that is not there is None, one that cannot be defined is NaN. `columns` are the names;
    `table.column("value")` is one of them as a list. `to_pandas()` gives a data frame.
    """

    def __init__(self, columns: Sequence[str], rows: Iterable[Row]) -> None:
        self.columns = tuple(columns)
        self._rows = tuple(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Table[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | Table[Row]:
        if isinstance(at, slice):
            return Table(self.columns, self._rows[at])
        return self._rows[at]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def column(self, name: str) -> list[Any]:
        """The values of a column, a row each. Raises `AtlasError` for a name that is none."""
        if name not in self.columns:
            raise AtlasError(f"there is no column {name!r}", remedy=suggest(name, self.columns))
        at = self.columns.index(name)
        return [row[at] for row in self._rows]

    def to_pandas(self) -> pandas.DataFrame:
        """A data frame with the same rows and columns. Needs pandas."""
        pandas = imported("pandas", "to_pandas()")
        frame = pandas.DataFrame(list(self._rows), columns=list(self.columns))
        for name in self.columns:
            if len(self) and frame[name].isna().all():
                frame[name] = frame[name].astype(float)  # nothing tells that None stands for text
        return frame

    def __repr__(self) -> str:
        return f"<Table of {len(self):,} rows: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        def line(cells: Iterable[object], tag: str) -> str:
            return "".join(f"<{tag}>{html.escape(_told(cell))}</{tag}>" for cell in cells)

        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in self._rows[:SHOWN])
        left = len(self) - SHOWN
        more = f"<p>and {left:,} more</p>" if left > 0 else ""
        head = line(self.columns, "th")
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def table(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> Table[Any]:
    """A table of rows whose columns are known only as it is made; a column whose name is no name in
    Python is read with `column`."""
    kind = namedtuple("Row", columns, rename=True)  # type: ignore[misc]
    return Table(columns, (kind(*row) for row in rows))


def _told(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else words.number(value)
    return str(value)
