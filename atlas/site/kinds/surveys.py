"""A survey an analysis: the same heatmap of all models, and the bundle that its page loads."""

from __future__ import annotations

from atlas.site.across import surveys
from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The list of surveys, their pages and bundles."""
    listed = surveys.load(contents.models, contents.statements)
    yield "survey/index.md", contents.page("surveys.md.j2", root="../", surveys=listed)
    for survey in listed:
        page = contents.page("survey.md.j2", root="../../", survey=survey)
        yield f"{survey.folder}/index.md", page
        for name, content in survey.files:
            yield f"{survey.folder}/{name}", content
