"""`atlas diff-models`: how a model differs from another one, without a trace in the atlas."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas.commands import options
from atlas.commands.profile import measure
from atlas.commands.project import opened, planned, require_checked
from atlas.commands.render import render
from atlas.errors import AtlasError, shown

if TYPE_CHECKING:
    from atlas.paths import Project
    from atlas.profiles.account import Outcome
    from atlas.review.tuned import Answer

USUAL = ("attention", "functions")
"""Measured of both where nothing else is named, beside drift."""


@click.command("diff-models")
@click.argument("base", shell_complete=options.slugs)
@click.argument("model", shell_complete=options.slugs)
@options.only
@click.option("--site/--no-site", "building", default=True, help="Build the page of the answer.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to keep what is measured (default: .atlas/diff-models, or a temporary folder).",
)
@options.project
@options.as_json
def command(
    base: str,
    model: str,
    only: Sequence[str],
    building: bool,
    into: Path | None,
    project: Path | None,
    as_json: bool,
) -> None:
    """Show how MODEL differs from BASE, the model that it was made from.

    Both are folders, GGUF files, hub ids or models of this atlas. Nothing is added to the atlas:
    both are measured in a project of their own, with drift, attention and functions, or drift and
    each --analysis. What is measured of an atlas' model already is taken from there.
    """
    from atlas.commands import console
    from atlas.drafting import two_models
    from atlas.profiles import statement
    from atlas.review import tuned_words

    for name in only:
        statement.of(name)
    analyses = [name for name in only or USUAL if name != two_models.DRIFT]
    listing = _around(project)
    root = into or two_models.folder(listing, base, model)
    try:
        made, _, tuned = two_models.write(root, listing, base, model, analyses)
    except BaseException:
        if into is None and listing is None:  # a folder of the system's, with nothing of use
            shutil.rmtree(root, ignore_errors=True)
        raise
    opened(made.root)
    require_checked(made)
    outcomes: list[Outcome] = []
    measure(planned(made, (), ()), False, outcomes)
    answer = _answer(made, tuned.slug)
    if as_json:
        console.emit_json({**tuned_words.document(answer), "project": str(made.root)})
    else:
        told = [line.whole for line in tuned_words.lines(answer)]
        parts = (tuned_words.title(answer), *told, tuned_words.note(answer))
        console.write("\n".join(filter(None, parts)) + "\n")
    if building:
        _build(made, tuned.slug)
    if any(outcome.result == "failed" for outcome in outcomes):
        sys.exit(1)


def _around(project: Path | None) -> Project | None:
    """The project that was named, or that the current folder lies in; None outside of one."""
    from atlas.paths import find_project

    if project is not None:
        return opened(project)
    try:
        find_project(Path.cwd())
    except AtlasError:
        return None
    return opened(None)


def _answer(made: Project, slug: str) -> Answer:
    from atlas.profiles import collection
    from atlas.review import tuned

    models = {one.entry.slug: one for one in collection.load(made)}
    answer = tuned.of(models[slug], models[models[slug].entry.base or ""])
    if answer is None:
        raise AtlasError(
            "nothing of both models could be measured here",
            file=made.root,
            remedy="the lines above say why",
        )
    return answer


def _build(made: Project, slug: str) -> None:
    """Build the pages, and say where the answer is."""
    from atlas.commands import console
    from atlas.files import project_lock
    from atlas.site import mkdocs_build

    with project_lock.held(made, console.say):
        render(made)
        mkdocs_build.mkdocs(made, console.say)
    console.say(f"its page: {shown(made.site / 'models' / slug / 'index.html')}")
    console.say(f"to look at it: python -m http.server -d {shown(made.site)}")
    console.say(f"then http://127.0.0.1:8000/models/{slug}/")
