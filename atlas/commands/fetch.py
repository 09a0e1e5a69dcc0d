"""`atlas fetch`: the weights of listed models, into the hub's cache."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas.commands import options
from atlas.commands.project import named, opened

if TYPE_CHECKING:
    from atlas.drafting.hub import Hub
    from atlas.entries.entry import Entry


@click.command("fetch")
@click.argument("models", nargs=-1, required=True, shell_complete=options.slugs)
@click.option("--dry-run", is_flag=True, help="Show what would be fetched, and fetch nothing.")
@options.project
@options.as_json
def command(models: Sequence[str], dry_run: bool, project: Path | None, as_json: bool) -> None:
    """Fetch the weights of MODELS from the hub, at exactly their pinned revision.

    Only what atlas reads is fetched: safetensors or the one GGUF file, configs and tokenizers.
    Their bases are fetched as well, since drift compares a model with its base. What was begun goes
    on. Files go into the hub's cache (HF_HOME); HF_TOKEN or hf auth login gives access to gated
    models. The exit status is 1 if a model cannot be fetched; the others are fetched all the same.
    """
    from atlas.checkpoints import fetching
    from atlas.commands import console, loudness
    from atlas.drafting.hub import Hub
    from atlas.errors import AtlasError

    atlas = opened(project)
    client = Hub.from_environment()
    fetching.quiet(loudness.is_quiet() or not sys.stderr.isatty())
    found: list[dict[str, object]] = []
    failed = False
    try:
        for item in fetching.pinned(atlas, named(atlas, models)):
            told: dict[str, object] = {"model": item.slug, "bytes": None, "error": None}
            found.append(told)
            try:
                _require_answer(client, item)
                told["bytes"] = size = fetching.missing_bytes(item)
                if not dry_run:
                    fetching.require_room(size)
                    fetching.fetch(item)
            except AtlasError as error:
                told["error"], failed = " | ".join(str(error).splitlines()), True
                console.warn(f"{item.slug}: not fetched: {told['error']}")
                continue
            told["folder"] = str(fetching.place(item))
            did = "would be fetched" if dry_run else "fetched"
            what = f"{size / 1e6:,.1f} MB {did}" if size else "all of it is here"
            console.say(f"{item.slug}: {what}: {told['folder']}")
    finally:  # after Ctrl-C, what was done
        if as_json:
            console.emit_json(found)
    if failed:
        sys.exit(1)


def _require_answer(client: Hub, item: Entry) -> None:
    """Raise `AtlasError` where no hub answers at all: its own client would try for half a minute,
    with a line for each try. What a hub has to say against a model is left to that client, and so
    is a cache that is read offline."""
    from atlas.checkpoints import hub_settings
    from atlas.drafting import hub
    from atlas.errors import AtlasError

    if hub_settings.offline():
        return
    try:
        client.repository(item.source, item.revision)
    except hub.UnreachableError as error:
        raise AtlasError(error.problem, remedy=error.check) from error
    except AtlasError:
        return
