"""`atlas publish`: a folder for any static host."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from atlas import words
from atlas.commands import options
from atlas.commands.project import opened, require_checked
from atlas.commands.render import render


@click.command("publish")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--url",
    help="The address that the site will have, such as https://example.org/atlas/ "
    "(default: site_url of mkdocs.yml).",
)
@options.project
@options.as_json
def command(folder: Path, url: str | None, project: Path | None, as_json: bool) -> None:
    """Build the site from the profiles that are there, and put it into FOLDER for a static host.

    Nothing is measured, and no network is used. Pages link to each other by relative addresses, so
    that the site works at any address; only its 404 page and the previews of links need to know
    it. FOLDER must be new, empty, or one that this command made before. It gets the pages, their
    data and a .nojekyll file; hidden files and links stay out.
    """
    from atlas.commands import console
    from atlas.entries import entry
    from atlas.errors import shown
    from atlas.files import project_lock
    from atlas.site import hosting, mkdocs_build

    atlas = opened(project)
    address = None if url is None else hosting.require_address(url)
    hosting.require_free(atlas, folder)
    require_checked(atlas)
    with project_lock.held(atlas, console.say):
        render(atlas)
        mkdocs_build.mkdocs(atlas, console.warn, address)
        done = hosting.prepare(atlas, folder)
    if as_json:
        told = {"folder": str(folder), "files": done.files, "bytes": done.bytes, "url": address}
        console.emit_json(told)
    for line in hosting.private(atlas, entry.load_all(atlas)):
        console.say(f"note: {line}")
    if not hosting.knows_address(atlas):
        console.say("note: without --url its 404 page works at the root of a host alone")
    place = shlex.quote(shown(folder))
    console.say(f"wrote {done.files} files, {words.size(done.bytes)}, to {place}")
    console.say(f"to look at it: python -m http.server -d {place}")
    console.say(f"to upload it: rsync -a --delete {place}/ USER@HOST:/var/www/atlas/")
    console.say("or give the folder, hidden files too, to any host of static files")
