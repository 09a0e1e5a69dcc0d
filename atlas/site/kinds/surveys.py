"""A survey an analysis: the same heatmap of all models, and the bundle that its page loads."""

from __future__ import annotations

from atlas.site.across import surveys, thumbnails
from atlas.site.contents import Contents, Files

MOST = 6
"""Maps of one survey in its picture."""


def files(contents: Contents) -> Files:
    """The wall of surveys with its pictures, their pages and bundles."""
    listed = surveys.load(contents.models, contents.statements)
    walls = {
        survey.stated.name: thumbnails.wall(survey.stated.name, survey.measured, MOST)
        for survey in listed
    }
    for wall in walls.values():
        yield from thumbnails.files(one.thumbnail for one in wall)
    page = contents.page("surveys.md.j2", root="../", surveys=listed, walls=walls)
    yield "survey/index.md", page
    for survey in listed:
        page = contents.page("survey.md.j2", root="../../", survey=survey)
        yield f"{survey.folder}/index.md", page
        for name, content in survey.files:
            yield f"{survey.folder}/{name}", content
