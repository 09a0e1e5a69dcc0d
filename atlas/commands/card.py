"""`atlas card`: what a model's card on a hub can say of it."""

from __future__ import annotations

from pathlib import Path

import click

from atlas.commands import options
from atlas.commands.project import one_named, opened


@click.command("card")
@click.argument("model", shell_complete=options.slugs)
@options.project
def command(model: str, project: Path | None) -> None:
    """Print a snippet for MODEL's card on a hub: a picture, a few numbers and a link.

    It is Markdown, with the address of the published page, `site_url` in mkdocs.yml. The picture is
    that which `atlas build` makes for links.
    """
    from atlas.commands import console
    from atlas.entries import presentation
    from atlas.profiles import collection
    from atlas.site import hub_card

    atlas = opened(project)
    model = one_named(atlas, model)
    site = hub_card.address(atlas)
    [found] = [one for one in collection.load(atlas) if one.entry.slug == model]
    console.write(hub_card.markdown(found, site, presentation.load(atlas).title))
