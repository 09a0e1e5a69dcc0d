"""`atlas new`: the entry of a model, drafted."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.commands import options
from atlas.commands.project import opened


@click.command("new")
@click.argument("source")
@click.option("--slug", help="The entry's folder name (default: made from the model's name).")
@click.option("--family", help="The family it belongs to (default: guessed from its name).")
@click.option("--revision", help="The branch, tag or commit of a hub id (default: main).")
@click.option("--file", help="The GGUF file of a hub id to use as the model.")
@click.option("--dry-run", is_flag=True, help="Print the entry and write nothing.")
@options.project
@options.as_json
def command(
    source: str,
    slug: str | None,
    family: str | None,
    revision: str | None,
    file: str | None,
    dry_run: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Write the entry of a model: SOURCE is a hub id (org/name), a folder or a GGUF file.

    Only the config, the model card and the headers of the weight files are read; no weights are
    downloaded. HF_TOKEN gives access to gated models.
    """
    from atlas.commands import console
    from atlas.drafting import draft

    atlas = opened(project)
    drafted = draft.of(atlas, source, slug=slug, family=family, revision=revision, file=file)
    path = atlas.entry(drafted.slug) if dry_run else draft.write(atlas, drafted)
    if as_json:
        console.emit_json({"path": str(path), "text": drafted.text, "notes": drafted.notes})
    elif dry_run:
        console.write(drafted.text)
    else:
        console.say(f"wrote {path}")
    for line in drafted.notes:
        console.say(f"note: {line}")
    if not dry_run:
        console.say(f"next: complete it, atlas check, then atlas plan {drafted.slug}")
