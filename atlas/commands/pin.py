"""`atlas pin`: revisions of entries, filled from the hub."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas.commands import options
from atlas.commands.project import named, opened

if TYPE_CHECKING:
    from atlas.drafting.pinning import Pinning


@click.command("pin")
@options.models
@click.option("--revision", help="The branch, tag or commit to pin to (default: main).")
@click.option("--again", is_flag=True, help="Also move the pins of MODELS that have one.")
@click.option("--dry-run", is_flag=True, help="Show what would be pinned, and write nothing.")
@options.project
@options.as_json
def command(
    models: Sequence[str],
    revision: str | None,
    again: bool,
    dry_run: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Set the revision of entries to the current commit on the hub.

    Pins MODELS, or all entries whose revision is null. One line of each model.yml changes. No
    weights are downloaded; HF_TOKEN gives access to private models. The exit status is 1 if a model
    cannot be pinned; the others are pinned all the same.
    """
    from atlas.commands import console
    from atlas.drafting import pinning
    from atlas.drafting.hub import Hub

    if again and not models:
        raise click.UsageError("--again moves the pins of models that are named: name them")
    atlas = opened(project)
    slugs = named(atlas, models) or [path.parent.name for path in atlas.entries()]
    client = Hub.from_environment()
    found: list[Pinning] = []
    try:
        for slug in slugs:
            if models or pinning.unpinned(atlas, slug):
                one = pinning.of(
                    atlas, slug, client, branch=revision, again=again, write=not dry_run
                )
                found.append(one)
                _tell(one, revision or "main", dry_run, again)
    finally:  # after Ctrl-C, what was done
        if as_json:
            console.emit_json([one.as_dict() for one in found])
    if not found:
        console.say("nothing to pin: every entry of a model on the hub has a revision")
    if any(one.result == "failed" for one in found):
        sys.exit(1)


def _tell(one: Pinning, branch: str, dry_run: bool, again: bool) -> None:
    """A line of what was done, and what there is to know beside it."""
    from atlas.commands import console

    would = "would be " if dry_run else ""
    if one.result == "failed":
        for line in one.notes:
            console.warn(f"{one.model}: not pinned: {line}")
        return
    told = {
        "pinned": f"{would}pinned to {one.revision}, {branch} of {one.source}",
        "moved": f"{would}moved from {one.before} to {one.revision}, {branch} of {one.source}",
        "kept": f"stays at {one.revision}" + (f", {branch}" if again else "; --again moves it"),
    }
    console.say(f"{one.model}: {told[one.result]}")
    for line in one.notes:
        console.say(f"note: {one.model}: {line}")
