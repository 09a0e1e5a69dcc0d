"""`atlas init`: a new atlas."""

from __future__ import annotations

import shlex
from pathlib import Path

import click


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Create a new atlas in FOLDER, with one small reference model to look at."""
    from atlas.commands import console
    from atlas.drafting import new_project

    for path in new_project.write(folder):
        console.say(f"wrote {path}")
    console.say(f"next: cd {shlex.quote(str(folder))} && atlas build")
