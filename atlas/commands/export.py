"""`atlas export`: the numbers of an atlas as tidy tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from atlas.commands import options
from atlas.commands.project import opened


@click.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="export")
@click.option("--parquet", is_flag=True, help="Write Parquet (needs pyarrow) instead of CSV.")
@options.only
@options.project
def command(folder: Path, parquet: bool, only: Sequence[str], project: Path | None) -> None:
    """Write the matrices of all models into FOLDER, one tidy table for each analysis.

    Each table has a row for each value: <analysis>.csv.gz, which a built site also publishes in
    data/, or <analysis>.parquet. The default FOLDER is export.
    """
    from atlas import words
    from atlas.commands import console
    from atlas.entries import entry
    from atlas.errors import AtlasError
    from atlas.files import json_file
    from atlas.library import parquet as arrow
    from atlas.profiles import profile_file, statement, tidy

    atlas = opened(project)
    for name in only:
        statement.of(name)
    slugs = [item.slug for item in entry.load_all(atlas)]
    written = 0
    for name in only or statement.names():
        paths = [path for slug in slugs if (path := atlas.profile(slug, name)).is_file()]
        if not paths:
            continue
        cells = tidy.cells([profile_file.load(path) for path in paths])
        content = arrow.packed(cells) if parquet else tidy.packed(cells)
        path = folder / f"{name}.{'parquet' if parquet else 'csv.gz'}"
        json_file.write_atomic(path, content)
        console.say(f"wrote {path} ({words.size(len(content))})")
        written += 1
    if not written:
        raise AtlasError("nothing has been measured yet", remedy="atlas profile")
