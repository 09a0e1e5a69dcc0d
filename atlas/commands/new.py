"""`atlas new`: the entries of models, drafted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas.commands import options
from atlas.commands.project import one_named, opened
from atlas.errors import AtlasError, raise_all

if TYPE_CHECKING:
    from atlas.entries.entry import Entry
    from atlas.paths import Project


@click.command("new")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--slug", help="The entry's folder name (default: made from the model's name).")
@click.option("--family", help="The family it belongs to (default: guessed from its name).")
@click.option(
    "--base",
    shell_complete=options.slugs,
    help="The model it was made from: one of this atlas, or a source, which gets an entry as well.",
)
@click.option("--revision", help="The branch, tag or commit of a hub id (default: main).")
@click.option("--file", help="The GGUF file of a hub id to use as the model.")
@click.option("--dry-run", is_flag=True, help="Print the entries and write nothing.")
@options.project
@options.as_json
def command(
    sources: Sequence[str],
    slug: str | None,
    family: str | None,
    base: str | None,
    revision: str | None,
    file: str | None,
    dry_run: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Write the entry of each model: SOURCE is a hub id (org/name), a folder or a GGUF file.

    Only the config, the model card and the headers of the weight files are read; no weights are
    downloaded. HF_TOKEN gives access to gated models. A model that cannot be listed does not keep
    the others from being listed.
    """
    from atlas.commands import console
    from atlas.drafting import draft

    for name, stated in (("--slug", slug), ("--revision", revision), ("--file", file)):
        if stated is not None and len(sources) > 1:
            raise click.UsageError(f"{name} is about one model: name one SOURCE with it")
    atlas = opened(project)
    done: list[dict[str, Any]] = []
    failed: list[AtlasError] = []

    def add(source: str, **stated: Any) -> Entry:
        drafted = draft.of(atlas, source, **stated)
        path = atlas.entry(drafted.slug) if dry_run else draft.write(atlas, drafted)
        done.append({"path": str(path), "text": drafted.text, "notes": drafted.notes})
        if dry_run and not as_json:
            console.write(drafted.text if len(done) == 1 else f"---\n{drafted.text}")
        elif not dry_run:
            console.say(f"wrote {path}")
        for line in drafted.notes:
            console.say(f"note: {line}")
        return drafted.entry

    made_from = None
    if base is not None:
        if "/" not in base and not Path(base).exists():
            base = one_named(atlas, base)  # a slug that is misspelt is told with what is near
        made_from = _listed(atlas, base) or add(base)
    for source in sources:
        try:
            add(source, slug=slug, family=family, revision=revision, file=file, base=made_from)
        except AtlasError as error:
            failed.append(error)
    if as_json and done:
        console.emit_json(done if len(sources) > 1 or base is not None else done[0])
    if done and not dry_run:
        slugs = " ".join(Path(one["path"]).parent.name for one in done)
        what = "it" if len(done) == 1 else "them"
        console.say(f"next: complete {what}, atlas check, then atlas plan {slugs}")
    raise_all(failed)


def _listed(project: Project, base: str) -> Entry | None:
    """The entry that a slug or a source stands for, None where the project has none."""
    from atlas.entries import entry

    entries = entry.load_each(project)[0]
    sources = {base.lower()}
    if (place := Path(base).expanduser()).exists():
        sources = {os.path.relpath(place.resolve(), project.root.resolve())}
    for item in entries:
        source = item.source.lower() if item.source_kind in ("hub", "zoo") else item.source
        if item.slug == base or os.path.normpath(source) in sources or source in sources:
            return item
    return None
