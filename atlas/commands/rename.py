"""`atlas rename`: another slug for a model."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.commands import options
from atlas.commands.project import one_named, opened


@click.command("rename")
@click.argument("model", metavar="OLD", shell_complete=options.slugs)
@click.argument("new", metavar="NEW")
@options.project
@options.as_json
def command(model: str, new: str, project: Path | None, as_json: bool) -> None:
    """Give the model OLD the slug NEW, without measuring anything again.

    Its entry, profiles and records move to docs/models/NEW. Models that name it as their base,
    claims and findings follow. If this is interrupted, run the same command again.
    """
    from atlas.commands import console
    from atlas.drafting import draft, renaming
    from atlas.errors import shown
    from atlas.files import project_lock

    atlas = opened(project)
    old = one_named(atlas, model)
    draft.require_slug(new, "NEW")
    with project_lock.held(atlas, console.say):
        done = renaming.rename(atlas, old, new)
    if as_json:
        lists = {"written": done.written, "left": done.left}
        told = {name: [str(path) for path in paths] for name, paths in lists.items()}
        console.emit_json({"old": old, "new": new, "folder": str(done.folder), **told})
    console.say(f"renamed {old} to {new}: {shown(done.folder)}")
    for path in done.written:
        console.say(f"updated {shown(path)}")
    for path in done.left:
        console.say(f"note: {shown(path)} links to models/{old}/, which is gone: change it by hand")
    console.say("next: atlas check, then atlas render; addresses of its old page no longer work")
