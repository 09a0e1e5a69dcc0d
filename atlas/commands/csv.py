"""`atlas csv`: a matrix as CSV."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.commands import options
from atlas.commands.project import opened, planned
from atlas.errors import AtlasError


@click.command("csv")
@click.argument("model", shell_complete=options.slugs)
@click.argument("analysis", shell_complete=options.analyses)
@click.argument("matrix", required=False)
@options.project
def command(model: str, analysis: str, matrix: str | None, project: Path | None) -> None:
    """Print a matrix as CSV.

    Without MATRIX, the names of the analysis' matrices are listed.
    """
    from atlas.commands import console
    from atlas.profiles import matrix_csv, profile_file

    atlas = opened(project)
    planned(atlas, (model,), (analysis,))  # unknown names are told with the known ones
    path = atlas.profile(model, analysis)
    if not path.is_file():
        remedy = f"atlas profile {model} --analysis {analysis}"
        raise AtlasError(f"{analysis} of {model} has not been measured", remedy=remedy)
    profile = profile_file.load(path)
    if matrix is None:
        names = ", ".join(one.name for one in profile.matrices)
        raise AtlasError(f"which matrix of {model} {analysis}?", remedy=f"name one of: {names}")
    console.write(matrix_csv.of(profile, matrix))
