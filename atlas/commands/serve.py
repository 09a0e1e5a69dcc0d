"""`atlas serve`: a live preview."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.commands import options
from atlas.commands.project import opened, require_checked
from atlas.commands.render import render


@click.command("serve")
@click.option("--address", default="127.0.0.1:8000", show_default=True, help="Where to serve.")
@click.option("--open", "open_browser", is_flag=True, help="Show it in a browser once it is built.")
@options.project
def command(address: str, open_browser: bool, project: Path | None) -> None:
    """Preview the site, and render it again as entries, profiles and templates change."""
    from atlas.commands import console
    from atlas.files import project_lock
    from atlas.site import mkdocs_build

    atlas = opened(project)

    def render_alone() -> None:
        with project_lock.held(atlas, console.say):
            render(atlas)

    mkdocs_build.require_free(address)
    require_checked(atlas)
    mkdocs_build.serve(atlas, address, render_alone, open_browser=open_browser)
