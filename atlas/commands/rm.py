"""`atlas rm`: models taken out of the atlas."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas import words
from atlas.commands import options
from atlas.commands.project import named, opened
from atlas.errors import AtlasError, shown

if TYPE_CHECKING:
    from atlas.drafting.removing import Removal


@click.command("rm")
@click.argument("models", nargs=-1, required=True, shell_complete=options.slugs)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
@options.project
def command(models: Sequence[str], yes: bool, dry_run: bool, project: Path | None) -> None:
    """Remove MODELS: their entries, profiles and records of verification.

    Everything that names them is listed first: models that have them as their base, claims and
    findings. Those files stay as they are, and so do the weights. A pattern such as 'ref-*' stands
    for all models that it matches.
    """
    from atlas.commands import console
    from atlas.drafting import removing
    from atlas.files import project_lock

    atlas = opened(project)
    found = [removing.planned(atlas, slug) for slug in named(atlas, models)]
    gone = {one.slug for one in found}
    tell = console.say if yes else console.warn
    for one in found:
        tell(_told(one))
        for line in _named(one, gone):
            tell(f"  {line}")
    if dry_run:
        return
    if not yes:
        _ask(len(found))
    with project_lock.held(atlas, console.say):
        for one in found:
            left = removing.remove(atlas, one)
            console.say(f"removed {one.slug}")
            for path in left:
                console.warn(f"left alone: {shown(path)}: not part of an entry")
    console.say("next: atlas check, which tells what still needs them, then atlas render")


def _ask(count: int) -> None:
    if not sys.stdin.isatty():
        raise AtlasError(
            "nobody can be asked here, and nothing was removed",
            remedy="say it with --yes; --dry-run shows what would be removed",
        )
    what = "this model" if count == 1 else f"these {count} models"
    if not click.confirm(f"Remove {what}?", err=True):
        raise AtlasError("nothing was removed")


def _told(one: Removal) -> str:
    """`gpt2: the entry and 7 profiles, 1.2 MB`."""
    several = "" if one.profiles == 1 else "s"
    measured = f" and {one.profiles} profile{several}" if one.profiles else ", never measured"
    return f"{one.slug}: the entry{measured}, {words.size(one.bytes)}"


def _named(one: Removal, gone: set[str]) -> Iterator[str]:
    """A line for each kind of file that names a model and stays."""
    bases = [slug for slug in one.named.bases if slug not in gone]
    if bases:
        yield f"base of {', '.join(bases)}: remove `base: {one.slug}` there, or atlas check fails"
    for paths, then in (
        (one.named.claims, "can no longer be tested"),
        (one.named.findings, "no longer show its figures"),
        (one.named.pages, "link to a page that will be gone"),
    ):
        if paths:
            yield f"{', '.join(map(shown, paths))}: {then}"
