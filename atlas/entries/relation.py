"""How a model was made from its base, and the words for it: on pages, in errors, in entries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from atlas import schemas
from atlas.errors import AtlasError, short

Relation = Literal["fine-tune", "quantised", "merged", "adapter"]

USUAL: Relation = "fine-tune"
"""What an entry with a base is where it does not say."""

MADE: Mapping[Relation, str] = {
    "fine-tune": "fine-tuned",
    "quantised": "quantised",
    "merged": "merged",
    "adapter": "adapted",
}
"""What was done to the base: the model was fine-tuned, quantised, merged or adapted from it."""


def made(relations: Collection[Relation]) -> str:
    """The word for several steps from a model to the one it goes back to: theirs where they are of
    one kind, else `made`."""
    words = {MADE[one] for one in relations}
    return words.pop() if len(words) == 1 else "made"


def problems(document: Mapping[str, Any], lines: schemas.Lines, path: Path) -> Iterator[AtlasError]:
    """What is wrong with an entry's relation beyond its value: it says nothing without a base."""
    if "relation" in document and "base" not in document:
        yield AtlasError(
            f"relation {short(document['relation'])} is set, and no base that it would be to",
            file=path,
            place=schemas.place(("relation",), lines),
            remedy="add base: the slug of the model that this one was made from; "
            "or remove relation",
        )
