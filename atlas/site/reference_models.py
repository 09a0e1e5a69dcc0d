"""What the reference models were taught and have learned: their cards, for the site.

A card lies beside the weights of every model of `atlas/zoo` and was measured when it was trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from atlas import paths
from atlas.entries.entry import Entry
from atlas.files import json_file
from atlas.profiles.collection import Model


@dataclass(frozen=True)
class Reference:
    """A reference model and its card's figures (what `atlas/zoo/cards/card.py` writes)."""

    entry: Entry
    card: dict[str, Any]

    @property
    def tied(self) -> bool:
        """Whether input and output share one embedding."""
        config = paths.zoo_folder(self.card["name"]) / "config.json"
        return bool(json_file.read_object(config).get("tie_word_embeddings"))

    @property
    def base(self) -> str | None:
        """The name of the reference model that it was tuned from."""
        return self.card["base"]["name"] if "base" in self.card else None

    @property
    def figures(self) -> dict[str, Any]:
        figures: dict[str, Any] = self.card["figures"]
        return figures


def load(models: Sequence[Model]) -> list[Reference]:
    """The reference models among the entries whose weights and card this machine has.

    Raises `AtlasError` for a card that cannot be read.
    """
    found = []
    for model in models:
        kind, _, name = model.entry.source.partition(":")
        card = paths.zoo_folder(name) / "card.json"
        if kind == "zoo" and card.is_file():
            found.append(Reference(model.entry, json_file.read_json(card)))
    return found


def relations(references: Sequence[Reference]) -> list[str]:
    """Every relation that any of them was asked for, in order."""
    return sorted({name for one in references for name in one.figures["recall"]})
