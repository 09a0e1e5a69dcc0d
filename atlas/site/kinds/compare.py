"""The page that lays two to four models beside each other; scripts draw it."""

from __future__ import annotations

from atlas.site.across import in_common
from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The page."""
    page = contents.page(
        "compare.md.j2",
        root="../",
        models=contents.models,
        statements=contents.statements,
        opening=in_common.opening(contents.models),
    )
    yield "compare/index.md", page
