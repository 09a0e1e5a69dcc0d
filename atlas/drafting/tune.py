"""A model with the one that it was made from: both entries, drafted together.

Nothing is written before both are drafted, so that a tune whose base cannot be listed leaves no
entry behind.
"""

from __future__ import annotations

from dataclasses import dataclass

from atlas.drafting import draft, hub, origins
from atlas.drafting.draft import Draft
from atlas.entries import entry
from atlas.entries.entry import Entry
from atlas.entries.geometry import SAME
from atlas.errors import AtlasError, short
from atlas.paths import Project


@dataclass(frozen=True)
class Base:
    """A base: its entry, and the draft of that where the atlas has none yet."""

    entry: Entry
    drafted: Draft | None = None


def base(project: Project, stated: str, family: str | None = None) -> Base:
    """The base that somebody states: the slug of an entry, or a folder, GGUF file or hub id, whose
    entry is drafted where there is none. Raises `AtlasError` or `Problems` as drafting does."""
    entries = entry.load_each(project)[0]
    held = next((one for one in entries if one.slug == stated), None)
    if held is not None:
        return Base(held)
    place = origins.local(stated)
    if place is not None:
        held = draft.listed(project, origins.of_local(project, place))
    else:
        name = _hub_id(stated, [one.slug for one in entries])
        held = next((one for one in entries if one.source.lower() == name.lower()), None)
    if held is not None:
        return Base(held)
    drafted = draft.of(project, stated, family=family)
    return Base(drafted.entry, drafted)


def require_apart(made: Draft, base: Base) -> None:
    """Raise `AtlasError` for a model and a base that cannot be such a pair."""
    if made.slug == base.entry.slug:
        raise AtlasError(
            f"{short(made.slug)} would be the name of both the model and its base",
            remedy="give the model another name: --slug",
        )
    require_alike(made.entry, base.entry, (made.entry.source, base.entry.source))


def require_alike(ours: Entry, theirs: Entry, named: tuple[str, str]) -> None:
    """Raise `AtlasError` for a model that cannot be made from the other, of another shape; `named`:
    what the two are called where they were asked for."""
    if ours.architecture != theirs.architecture:
        differing = f"architecture {ours.architecture} instead of {theirs.architecture}"
    elif ours.geometry is None or theirs.geometry is None:
        return
    else:
        sizes = [(key, getattr(ours.geometry, key), getattr(theirs.geometry, key)) for key in SAME]
        differing = ", ".join(f"{key} {a} instead of {b}" for key, a, b in sizes if a != b)
    if differing:
        raise AtlasError(
            f"{named[0]} cannot be made from {named[1]}: {differing}",
            remedy="name the base that it was made from",
        )


def _hub_id(stated: str, slugs: list[str]) -> str:
    """What is no folder and no file; told as a slug where it is no hub id either."""
    if "/" not in stated:
        known = f"this atlas has {', '.join(slugs)}" if slugs else "this atlas has no entry yet"
        raise AtlasError(
            f"there is no model {short(stated)} and no such folder, to be the base",
            remedy=f"{known}; name a slug, a folder, a GGUF file or a hub id",
        )
    return draft.hub_id(stated, hub.Hub.from_environment().endpoint)
