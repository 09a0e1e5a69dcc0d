"""The table of models."""

from __future__ import annotations

from atlas.site import cards
from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The page."""
    yield "models/index.md", contents.page("models.md.j2", root="../", cards=cards.of(contents))
