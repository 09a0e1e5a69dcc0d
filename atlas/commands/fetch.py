"""`atlas fetch`: weights of listed models."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas import words
from atlas.commands import options
from atlas.commands.project import named, opened

if TYPE_CHECKING:
    from atlas.drafting.fetching import Fetching


@click.command("fetch")
@click.argument("models", nargs=-1, required=True, shell_complete=options.slugs)
@click.option("--dry-run", is_flag=True, help="Show how much would be fetched, and fetch nothing.")
@options.project
@options.as_json
def command(models: Sequence[str], dry_run: bool, project: Path | None, as_json: bool) -> None:
    """Download the weights of MODELS from the hub, at the commit that each entry names.

    They go into the hub's cache on disk, where HF_HOME says. Only safetensors, GGUF, configs and
    tokenizers are fetched. HF_TOKEN gives access to gated models. After Ctrl-C, the same command
    continues. The exit status is 1 if a model cannot be fetched; the others are fetched all the
    same.
    """
    from atlas.commands import console, loudness
    from atlas.drafting import fetching

    atlas = opened(project)
    if loudness.is_quiet() or not console.err.is_terminal:
        os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    found: list[Fetching] = []
    try:
        for slug in named(atlas, models):
            one = fetching.of(atlas, slug, dry_run=dry_run)
            found.append(one)
            _tell(one)
    finally:  # after Ctrl-C, what was done
        if as_json:
            console.emit_json([one.as_dict() for one in found])
    if any(one.result == "failed" for one in found):
        sys.exit(1)


def _tell(one: Fetching) -> None:
    from atlas.commands import console

    if one.result == "failed":
        for line in one.notes:
            console.warn(f"{one.model}: not fetched: {line}")
        return
    told = "is here already" if one.result == "here" else f"{one.result}: {words.size(one.bytes)}"
    console.say(f"{one.model}: {told}")
    for line in one.notes:
        console.say(f"note: {one.model}: {line}")
