"""All claims with their verdicts, a group a model."""

from __future__ import annotations

from atlas.review import verdicts
from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The page."""
    page = contents.page(
        "claims.md.j2",
        root="../",
        groups=verdicts.by_model(contents.verdicts, contents.models),
        counts=verdicts.counts(contents.verdicts),
    )
    yield "claims/index.md", page
