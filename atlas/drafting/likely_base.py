"""Which listed model another was probably made from: one of the same shape.

A fine-tune has the layers, heads and widths of its base; only its vocabulary can have grown by a
few tokens. Models of one shape need not be related, so this is said and never written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from atlas.entries.entry import Entry
from atlas.entries.geometry import Geometry

NAMED = 3
"""Models of the same shape that are told by name."""

GROWN = 1.05
"""By how much a vocabulary grows at most where tokens are added to it."""


def note(entries: Sequence[Entry], architecture: str, shape: Geometry) -> Iterator[str]:
    """A line that names the listed models of a model's shape; those made from others come last."""
    alike = [one for one in entries if _is_alike(one, architecture, shape)]
    alike.sort(key=lambda one: (one.base is not None, one.slug))
    if alike:
        names = ", ".join(one.slug for one in alike[:NAMED])
        more = f" and {len(alike) - NAMED} more" if len(alike) > NAMED else ""
        verb = "has" if len(alike) == 1 else "have"
        yield (
            f"base: {names}{more} {verb} the same shape; if this was made from it, "
            f"add base: {alike[0].slug} to the entry (next time: --base)"
        )


def _is_alike(one: Entry, architecture: str, shape: Geometry) -> bool:
    held = one.geometry
    if held is None or one.architecture != architecture:
        return False
    same = replace(held, vocabulary=shape.vocabulary, parameters=shape.parameters)
    sizes = sorted((held.vocabulary, shape.vocabulary))
    return same == shape and sizes[1] <= GROWN * sizes[0]
