"""How a model on the hub becomes a page: every command, in order."""

from __future__ import annotations

from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The page."""
    yield "recipe.md", contents.page("recipe.md.j2", root="../")
