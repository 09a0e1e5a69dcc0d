"""Options and arguments that several commands have, and what a shell completes them with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas.paths import find_project

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def slugs(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    project = find_project(Path(ctx.params.get("project") or Path.cwd()))
    found = [path.parent.name for path in project.entries()]
    return [CompletionItem(slug) for slug in found if slug.startswith(typed)]


def analyses(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from atlas.profiles import statement

    return [CompletionItem(name) for name in statement.names() if name.startswith(typed)]


project = click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project's folder (default: the nearest parent folder with a mkdocs.yml).",
)
models = click.argument("models", nargs=-1, shell_complete=slugs)
only = click.option(
    "--analysis",
    "only",
    multiple=True,
    shell_complete=analyses,
    help="Only this analysis; can be repeated.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")


def _corpus(ctx: click.Context, param: click.Parameter, stated: str | None) -> str | Path | None:
    from atlas.pinned import corpus

    return None if stated is None else corpus.named(stated, Path())


corpus = click.option(
    "--corpus",
    type=click.Path(dir_okay=False),  # completed as files are; a name is told apart as it is typed
    callback=_corpus,
    help="The corpus to measure on: pinned or reference (part of atlas), or a file of your own: "
    'JSON Lines with {"text": "..."} on each line, or .txt with a text on each line.',
)
fresh = click.option("--fresh", is_flag=True, help="Measure everything again, fresh or not.")
