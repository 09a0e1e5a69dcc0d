"""`atlas diff`: what a change does to an atlas."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.commands import options
from atlas.commands.project import opened


@click.command("diff")
@click.argument("before")
@click.option(
    "--markdown",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write comment.md for a pull request into this folder, with previews beside it.",
)
@options.project
@options.as_json
def command(before: str, folder: Path | None, project: Path | None, as_json: bool) -> None:
    """Show what changed since BEFORE, a git revision or the folder of another atlas.

    This covers models added and removed, entries, values beyond the tolerance of `atlas verify`,
    and claims whose result changed.
    """
    from atlas.commands import console
    from atlas.review import changes, revisions
    from atlas.site import change_report

    atlas = opened(project)
    with revisions.opened(atlas, before) as then:
        found = changes.between(then, atlas)
    if folder is not None:
        console.say(f"wrote {change_report.write(folder, found)}")
    if as_json:
        console.emit_json(change_report.document(found))
    else:
        console.write("".join(f"{line}\n" for line in change_report.lines(found)))
