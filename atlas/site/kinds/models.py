"""The table of models, and the most telling picture of each."""

from __future__ import annotations

from atlas.site import cards
from atlas.site.across import thumbnails
from atlas.site.contents import Contents, Files


def files(contents: Contents) -> Files:
    """The page, and the pictures, which the home page shows too."""
    listed = cards.of(contents)
    yield from thumbnails.files(card.picture for card in listed if card.picture)
    yield "models/index.md", contents.page("models.md.j2", root="../", cards=listed)
