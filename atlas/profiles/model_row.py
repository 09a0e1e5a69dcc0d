"""A model in the list of an atlas' models: what its entry says, in a row of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from atlas.entries.entry import Entry
from atlas.errors import AtlasError, short
from atlas.paths import SLUG


class ModelRow(NamedTuple):
    """What the entry of a model states, and which analyses of it were measured.

    `relation`: how it was made from its `base`, None where it has none. Counts and widths are None
    where the entry does not state them.
    """

    slug: str
    name: str
    family: str
    architecture: str
    source: str
    revision: str | None
    license: str
    released: str | None
    base: str | None
    relation: str | None
    parameters: int | None
    layers: int | None
    heads: int | None
    kv_heads: int | None
    d_model: int | None
    d_head: int | None
    d_mlp: int | None
    vocabulary: int | None
    analyses: tuple[str, ...]


COUNTS = ("parameters", "layers", "heads", "kv_heads", "d_model", "d_head", "d_mlp", "vocabulary")
OPTIONAL = ("revision", "released", "base", "relation")


def of(entry: Entry, analyses: Sequence[str]) -> ModelRow:
    """The row of an entry of which those analyses were measured."""
    shape = entry.geometry
    return ModelRow(
        slug=entry.slug,
        name=entry.name,
        family=entry.family,
        architecture=entry.architecture,
        source=entry.source,
        revision=entry.revision,
        license=entry.license,
        released=entry.released,
        base=entry.base,
        relation=entry.relation if entry.base is not None else None,
        **{key: getattr(shape, key) if shape else None for key in COUNTS},
        analyses=tuple(analyses),
    )


def listed(row: ModelRow) -> dict[str, Any]:
    """A row as the index of data has it, which lists what was measured itself."""
    return {key: value for key, value in row._asdict().items() if key != "analyses"}


def read(item: Mapping[str, Any], analyses: Sequence[str]) -> ModelRow:
    """A row of an index, which may come from anywhere; keys that are not known are left out.

    Raises `AtlasError` for a key that is missing or of another type.
    """
    found: dict[str, Any] = {}
    for key in ModelRow._fields[:-1]:
        value = item.get(key)
        missing = value is None and key in (*COUNTS, *OPTIONAL)
        if not missing and type(value) is not (int if key in COUNTS else str):
            raise AtlasError(f"{key} of a model is {short(value)}", place=f"models: {key}")
        found[key] = value
    if not SLUG.fullmatch(found["slug"]):
        raise AtlasError(f"{short(found['slug'])} is not a slug", place="models: slug")
    return ModelRow(**found, analyses=tuple(analyses))
