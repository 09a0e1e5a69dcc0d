"""`atlas render`: pages and site data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas.commands import options
from atlas.commands.project import opened

if TYPE_CHECKING:
    from atlas.paths import Project


@click.command("render")
@options.project
@options.as_json
def command(project: Path | None, as_json: bool) -> None:
    """Write pages and site data from entries and profiles, without measuring anything."""
    from atlas.commands import console
    from atlas.files import project_lock

    atlas = opened(project)
    with project_lock.held(atlas, console.say):
        count = render(atlas)
    if as_json:
        console.emit_json(count)


def render(project: Project) -> dict[str, int]:
    """Write what the site is built from, and tell how many files that were; for one who holds the
    project's lock."""
    from atlas.commands import console
    from atlas.files import temporary
    from atlas.site import pages

    temporary.sweep((project.docs, project.site, project.cache))
    done = pages.render(project)
    count = {key: len(getattr(done, key)) for key in ("written", "kept", "removed")}
    console.say("rendered: " + ", ".join(f"{number} {key}" for key, number in count.items()))
    for path in done.left:
        console.say(f"left alone: {path}: no longer planned, but changed by hand since")
    return count
