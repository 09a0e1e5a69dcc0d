"""Entries + profiles + templates -> generated Markdown and site data.

`render` plans every file that the site needs beside what people wrote and `profile` measured, then
has it published. Profiles are published where they lie: data exist once.
"""

from __future__ import annotations

from atlas.paths import Project
from atlas.profiles import rewording
from atlas.site import assets, contents
from atlas.site.contents import Contents, Files
from atlas.site.figures import explanations, usual
from atlas.site.kinds import KINDS, data
from atlas.site.publishing import Rendered, publish


def render(project: Project) -> Rendered:
    """Write the site's pages and data; files that would not change are left alone.

    Raises `AtlasError` or `Problems` for entries, profiles or templates that cannot be used, and
    where a page's path is taken by a file that atlas did not write.
    """
    return publish(project, planned(project))


def planned(project: Project) -> dict[str, bytes]:
    """Every file that a render writes: path below docs/ and content."""
    loaded = contents.load(project)
    found = dict(_files(loaded))
    return {**found, **dict(data.files(loaded, found))}


def _files(loaded: Contents) -> Files:
    for name, kind in KINDS.items():
        if name not in loaded.presentation.left_out:
            yield from kind(loaded)
    yield from data.published_schemas()
    yield from data.tables(loaded)
    yield from data.notebook(loaded)
    yield from assets.files(loaded.presentation.colours)
    yield f"{assets.FOLDER}/reading.json", explanations.readings(loaded.statements)
    yield f"{assets.FOLDER}/usual.json", usual.published(loaded.models)
    yield f"{assets.FOLDER}/words.json", rewording.published(loaded.statements)
