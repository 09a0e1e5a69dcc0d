"""Tidy tables as Parquet, which keeps the types of columns and is read a column at a time."""

from __future__ import annotations

import io
from collections.abc import Iterable

from atlas.library.optional import imported
from atlas.profiles.tidy import Cell

TYPES = {"comparison_group": "int32", "value": "float64", "spread": "float64", "n": "int64"}
"""Of columns that are not text."""


def packed(cells: Iterable[Cell]) -> bytes:
    """A table as the content of a Parquet file. Raises `AtlasError` where pyarrow is missing."""
    arrow = imported("pyarrow", "--parquet")
    writer = imported("pyarrow.parquet", "--parquet")
    text = arrow.dictionary(arrow.int32(), arrow.string())
    schema = arrow.schema(
        [(name, getattr(arrow, TYPES[name])() if name in TYPES else text) for name in Cell._fields]
    )
    columns = list(zip(*cells, strict=True)) or [()] * len(Cell._fields)
    arrays = [arrow.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
    out = io.BytesIO()
    writer.write_table(arrow.table(arrays, schema=schema), out, compression="zstd")
    return out.getvalue()
