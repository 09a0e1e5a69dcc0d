"""The model that an entry was made from: where it is, what pins it, whether a profile is of it.

What is measured against a base is pinned to two models. The profile's `model` is the one that was
made; the base stands among the conditions, as `base`, `base_source`, `base_revision` and
`base_digest`, since values of two models can be compared whatever their bases are.
"""

from __future__ import annotations

from dataclasses import dataclass

from atlas.checkpoints import digests
from atlas.entries import entry as entries
from atlas.entries.entry import Entry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.profiles.profile_file import Scalar

PINNED = ("base", "base_source", "base_revision", "base_digest")
"""The conditions that pin a base."""


@dataclass(frozen=True)
class Ancestor:
    """A base model's entry, and its files as far as they were looked at."""

    entry: Entry
    found: digests.Found | None

    @property
    def conditions(self) -> dict[str, Scalar]:
        """What a profile records of the base that was read."""
        assert self.found is not None, "it was read"
        values = (self.entry.slug, self.entry.source, self.entry.revision, self.found.digest)
        return dict(zip(PINNED, values, strict=True))


def find(project: Project, entry: Entry) -> Ancestor | None:
    """The base of an entry, None where it names none; its files only where no revision stands for
    them, for their digest costs a read of every byte.

    Raises `AtlasError` or `Problems` for a base without an entry, and for files that are corrupt.
    """
    if entry.base is None:
        return None
    base = entries.load(project.entry(entry.base))
    return Ancestor(base, digests.find(project, base) if base.revision is None else None)


def require(project: Project, entry: Entry) -> tuple[Ancestor, digests.Found]:
    """The base of an entry, and its files, which have to be here; `AtlasError` where they are not.

    The same for a base that is still to be pinned.
    """
    ancestor = find(project, entry)
    assert ancestor is not None, "only what has a base is measured against it"
    base = ancestor.entry
    if base.source_kind == "hub" and base.revision is None:
        raise AtlasError(
            f"the revision of its base {base.slug!r} is null, still to be pinned",
            file=project.entry(base.slug),
            place="revision",
            remedy="write the full commit hash, in quotes",
        )
    found = ancestor.found or digests.find(project, base)
    if found is None:
        raise AtlasError(
            f"its base {base.slug!r}, source {base.source!r}, is not on this machine",
            file=project.entry(entry.slug),
            place="base",
            remedy=f"`atlas profile {base.slug}` tells how to get it",
        )
    return Ancestor(base, found), found
