"""Cards: a model with its most telling picture, for the home page and the table of models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from atlas.entries.entry import Entry
from atlas.profiles.collection import Model
from atlas.site import model_page
from atlas.site.across import thumbnails
from atlas.site.across.thumbnails import Thumbnail
from atlas.site.contents import Contents


@dataclass(frozen=True)
class Card:
    """A model with its picture and how much of it is measured; `picture` is None without one."""

    entry: Entry
    rank: int
    picture: Thumbnail | None
    measured: int
    wanted: int
    matrices: int
    values: int

    @property
    def size(self) -> int:
        """Its parameters, 0 where its entry does not say."""
        return (self.entry.geometry.parameters or 0) if self.entry.geometry else 0


def of(contents: Contents) -> list[Card]:
    """The cards of all models: by `Model.rank`, family and size."""
    cards = [_card(model, sections) for model, sections in contents.shown]
    return sorted(cards, key=lambda card: (card.rank, card.entry.family, card.size))


def _card(model: Model, sections: Sequence[model_page.Section]) -> Card:
    profiles = [section.profile for section in sections if section.profile]
    matrices = [matrix for profile in profiles for matrix in profile.matrices]
    return Card(
        entry=model.entry,
        rank=model.rank,
        picture=thumbnails.most_telling(model),
        measured=len(profiles),
        wanted=len(sections),
        matrices=len(matrices),
        values=sum(int((matrix.values == matrix.values).sum()) for matrix in matrices),
    )
