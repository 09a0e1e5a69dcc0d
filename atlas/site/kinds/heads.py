"""The heads of all models in one table, and the files that its page loads."""

from __future__ import annotations

from atlas.site.contents import Contents, Files
from atlas.site.heads import fingerprints, index, nearest, strengths


def files(contents: Contents) -> Files:
    """The page and its files."""
    heads = index.load(contents.project, contents.models, contents.statements)
    page = contents.page(
        "heads.md.j2",
        root="../",
        heads=heads,
        fingerprints=fingerprints,
        nearest=nearest,
        strengths=strengths,
    )
    yield f"{index.FOLDER}/index.md", page
    for name, content in heads.files:
        yield f"{index.FOLDER}/{name}", content
