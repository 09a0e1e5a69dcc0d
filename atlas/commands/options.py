"""Options and arguments that several commands have, and what a shell completes them with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas.errors import AtlasError
from atlas.paths import Project, find_project

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _completed(names: Iterable[str], typed: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in names if name.startswith(typed)]


def _here(ctx: click.Context) -> Project:
    return find_project(Path(ctx.params.get("project") or Path.cwd()))


def slugs(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    return _completed((path.parent.name for path in _here(ctx).entries()), typed)


def analyses(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    from atlas.profiles import statement

    return _completed(statement.names(), typed)


def measured(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """The analyses of MODEL that have a profile."""
    from atlas.profiles import statement

    project, model = _here(ctx), ctx.params.get("model") or ""
    found = (name for name in statement.names() if project.profile(model, name).is_file())
    return _completed(found, typed)


def matrices(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """The matrices of ANALYSIS of MODEL; none where its profile cannot be read."""
    from atlas.profiles import profile_file

    model, analysis = ctx.params.get("model") or "", ctx.params.get("analysis") or ""
    try:
        profile = profile_file.load(_here(ctx).profile(model, analysis))
    except (AtlasError, OSError):
        return []
    return _completed((one.name for one in profile.matrices), typed)


project = click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project's folder (default: the nearest parent folder with a mkdocs.yml).",
)
models = click.argument("models", nargs=-1, shell_complete=slugs)
"""Slugs or patterns such as `'smollm*'`; what they stand for says `project.named`."""

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
