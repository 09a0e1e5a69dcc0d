"""`atlas init`: a new atlas."""

from __future__ import annotations

import shlex
from pathlib import Path

import click


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--workflow",
    type=click.Choice(["github", "gitlab"]),
    help="Also write a workflow that publishes the atlas on GitHub Pages or GitLab Pages.",
)
def command(folder: Path, workflow: str | None) -> None:
    """Create a new atlas in FOLDER, with one small reference model to look at."""
    from atlas.commands import console
    from atlas.drafting import new_project

    for path in new_project.write(folder, workflow):
        console.say(f"wrote {path}")
    console.say(f"next: cd {shlex.quote(str(folder))} && atlas build")
