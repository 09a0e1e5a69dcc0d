"""`atlas init`: a new atlas."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from atlas.drafting.new_project import Laid


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--workflow",
    type=click.Choice(["github", "gitlab"]),
    help="Also write a workflow that publishes the atlas on GitHub Pages or GitLab Pages.",
)
def command(folder: Path, workflow: str | None) -> None:
    """Create a new atlas in FOLDER, with one small reference model to look at.

    In a git repository that holds something already, `atlas init .` adds what is missing and
    overwrites nothing.
    """
    from atlas.commands import console
    from atlas.drafting import new_project

    laid = new_project.write(folder, workflow)
    for path in laid.written:
        console.say(f"wrote {path}")
    if laid.ignored:
        console.say(f"added to {folder / '.gitignore'}: {' '.join(laid.ignored)}")
    for path in laid.left:
        console.say(f"left alone: {path}")
    for path in laid.in_the_way:
        console.say(f"to be moved: {path}: the site has a page of its own there")
    console.say("next:")
    for step, what in _steps(folder, laid):
        console.say(f"  {step:<18}  {what}".rstrip())


def _steps(folder: Path, laid: Laid) -> Iterator[tuple[str, str]]:
    """Commands in their order, and what each is for."""
    if folder.resolve() != Path.cwd():
        yield f"cd {shlex.quote(str(folder))}", ""
    if laid.is_other_site:
        yield "atlas init ../new", "an example: copy from its mkdocs.yml what yours lacks"
    yield "atlas build", "check it, measure what is missing, and build site/"
    yield "atlas serve", "look at it, and see changes as you make them"
    yield "atlas new ORG/NAME", "add a model: a hub id, ./folder or model.gguf"
    if not laid.is_in_git:
        yield "git init", "keep it in git"
    yield "git add --all", "what is built stays out of git"
