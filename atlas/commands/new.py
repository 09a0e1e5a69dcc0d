"""`atlas new`: the entries of models, drafted from their own files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atlas.commands import options
from atlas.commands.project import one_named, opened
from atlas.errors import AtlasError, raise_all

if TYPE_CHECKING:
    from atlas.drafting.draft import Draft
    from atlas.paths import Project


@click.command("new")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--slug", help="The entry's folder name (default: made from the model's name).")
@click.option("--family", help="The family it belongs to (default: guessed from its name).")
@click.option(
    "--base",
    shell_complete=options.slugs,
    help="What it was made from: a model of this atlas, or a SOURCE, added where it is new.",
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
    downloaded. HF_TOKEN gives access to gated models. With --base, a model's page begins with how
    it differs from its base. A model that cannot be listed does not keep the others from being
    listed.
    """
    from atlas.commands import console
    from atlas.drafting import draft, tune

    for name, stated in (("--slug", slug), ("--revision", revision), ("--file", file)):
        if stated is not None and len(sources) > 1:
            raise click.UsageError(f"{name} is about one model: name one SOURCE with it")
    atlas = opened(project)
    if base is not None and "/" not in base and not Path(base).exists() and atlas.entries():
        base = one_named(atlas, base)  # a slug that is misspelt is told with what is near
    made_from = None if base is None else tune.base(atlas, base, family)
    drafts: list[Draft] = []
    failed: list[AtlasError] = []
    told: list[dict[str, Any]] = []
    for source in sources:
        try:
            drafted = draft.of(
                atlas,
                source,
                slug=slug,
                family=family,
                revision=revision,
                file=file,
                base=made_from.entry if made_from else None,
            )
            if made_from is not None:
                tune.require_apart(drafted, made_from)
                of_base = made_from.drafted
                if of_base is not None and of_base not in drafts:
                    drafts.append(of_base)
                    told.append(_settled(atlas, of_base, dry_run, as_json))
            drafts.append(drafted)
            told.append(_settled(atlas, drafted, dry_run, as_json))
        except AtlasError as error:
            failed.append(error)
    if as_json and told:
        one = len(sources) == 1
        paired = {**told[-1], "base": told[0]} if len(told) > 1 else told[0]
        console.emit_json(paired if one else told)
    if drafts and not dry_run:
        _say_next([one.slug for one in drafts], made_from is not None)
    raise_all(failed)


def _settled(project: Project, drafted: Draft, dry_run: bool, as_json: bool) -> dict[str, Any]:
    """Write a draft, unless it is only looked at; what a script is told of it."""
    from atlas.commands import console
    from atlas.drafting import draft

    path = project.entry(drafted.slug) if dry_run else draft.write(project, drafted)
    if dry_run and not as_json:
        console.write(drafted.text)
    elif not dry_run:
        console.say(f"wrote {path}")
    for line in drafted.notes:
        console.say(f"note: {line}")
    return {"path": str(path), "text": drafted.text, "notes": drafted.notes}


def _say_next(slugs: Sequence[str], has_base: bool) -> None:
    from atlas.commands import console

    if has_base:
        plan = f"atlas plan {' '.join(slugs)}, then atlas build"
        console.say(f"next: {plan}; a fine-tune's page begins with how it differs from its base")
    else:
        what = "it" if len(slugs) == 1 else "them"
        console.say(f"next: complete {what}, atlas check, then atlas plan {' '.join(slugs)}")
