"""`atlas new`: the entry of a model, drafted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas.commands import options
from atlas.commands.project import opened

if TYPE_CHECKING:
    from atlas.drafting.draft import Draft
    from atlas.paths import Project


@click.command("new")
@click.argument("source")
@click.option("--slug", help="The entry's folder name (default: made from the model's name).")
@click.option("--family", help="The family it belongs to (default: guessed from its name).")
@click.option("--revision", help="The branch, tag or commit of a hub id (default: main).")
@click.option("--file", help="The GGUF file of a hub id to use as the model.")
@click.option("--base", help="What it was made from: a slug, or a SOURCE, added where it is new.")
@click.option("--dry-run", is_flag=True, help="Print the entry and write nothing.")
@options.project
@options.as_json
def command(
    source: str,
    slug: str | None,
    family: str | None,
    revision: str | None,
    file: str | None,
    base: str | None,
    dry_run: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Write the entry of a model: SOURCE is a hub id (org/name), a folder or a GGUF file.

    Only the config, the model card and the headers of the weight files are read; no weights are
    downloaded. HF_TOKEN gives access to gated models. With --base, the model's page begins with how
    it differs from its base.
    """
    from atlas.commands import console
    from atlas.drafting import draft, tune

    atlas = opened(project)
    made_from = None if base is None else tune.base(atlas, base, family)
    drafted = draft.of(
        atlas,
        source,
        slug=slug,
        family=family,
        revision=revision,
        file=file,
        base=made_from.entry if made_from else None,
    )
    drafts = [drafted]
    if made_from is not None:
        tune.require_apart(drafted, made_from)
        if made_from.drafted is not None:
            drafts.insert(0, made_from.drafted)
    told = [_settled(atlas, one, dry_run) for one in drafts]
    if as_json:
        console.emit_json({**told[-1], "base": told[0]} if len(told) > 1 else told[0])
    for one, text in zip(drafts, told, strict=True):
        if not as_json and dry_run:
            console.write(one.text)
        elif not as_json:
            console.say(f"wrote {text['path']}")
        for line in one.notes:
            console.say(f"note: {line}")
    if not dry_run and base is not None:
        console.say("next: atlas build; the model's page begins with how it differs from its base")
    elif not dry_run:
        console.say(f"next: complete it, atlas check, then atlas plan {drafted.slug}")


def _settled(project: Project, drafted: Draft, dry_run: bool) -> dict[str, Any]:
    """Write a draft, unless it is only looked at; what a script is told of it."""
    from atlas.drafting import draft

    path = project.entry(drafted.slug) if dry_run else draft.write(project, drafted)
    return {"path": str(path), "text": drafted.text, "notes": drafted.notes}
