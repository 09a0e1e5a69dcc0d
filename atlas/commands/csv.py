"""`atlas csv`: a matrix as CSV, or which matrices there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas.commands import options
from atlas.commands.project import one_named, opened
from atlas.errors import AtlasError

if TYPE_CHECKING:
    from atlas.paths import Project
    from atlas.profiles.profile_file import Profile


@click.command("csv")
@click.argument("model", shell_complete=options.slugs)
@click.argument("analysis", required=False, shell_complete=options.measured)
@click.argument("matrix", required=False, shell_complete=options.matrices)
@options.project
def command(model: str, analysis: str | None, matrix: str | None, project: Path | None) -> None:
    """Print a matrix as CSV.

    Without MATRIX, the matrices of the analysis are listed with their titles; without ANALYSIS,
    those of all measured analyses.
    """
    from atlas.commands import console
    from atlas.profiles import matrix_csv

    atlas = opened(project)
    slug = one_named(atlas, model)
    if analysis is not None and matrix is not None:
        console.write(matrix_csv.of(_profile(atlas, slug, analysis), matrix))
        return
    rows = [
        (one.analysis, each.name, f"{each.values.shape[0]} x {each.values.shape[1]}", each.title)
        for one in _profiles(atlas, slug, analysis)
        for each in one.matrices
    ]
    first = 0 if analysis is None else 1  # one that was named need not stand in each line
    columns = ("analysis", "matrix", "cells", "title")
    console.table(columns[first:], [row[first:] for row in rows], to=console.out)


def _profiles(project: Project, slug: str, analysis: str | None) -> list[Profile]:
    """The profile that was asked for, or all that there are."""
    from atlas.profiles import profile_file, statement

    if analysis is not None:
        return [_profile(project, slug, analysis)]
    paths = [project.profile(slug, name) for name in statement.names()]
    found = [profile_file.load(path) for path in paths if path.is_file()]
    if not found:
        raise AtlasError(f"{slug} has not been measured", remedy=f"atlas profile {slug}")
    return found


def _profile(project: Project, slug: str, analysis: str) -> Profile:
    from atlas.profiles import profile_file, statement

    statement.of(analysis)  # an unknown name is told with the known ones
    path = project.profile(slug, analysis)
    if not path.is_file():
        remedy = f"atlas profile {slug} --analysis {analysis}"
        raise AtlasError(f"{analysis} of {slug} has not been measured", remedy=remedy)
    return profile_file.load(path)
