"""Download the pinned weights of models into the hub's cache: safetensors and text, no pickle.

fetch_weights.py SLUG...
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from atlas.drafting import fetching
from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.paths import Project

LARGEST = 320 * 10**9
"""Bytes that are fetched in one run at most: two models of 70B parameters in 16 bits, and some."""


def fetch(project: Project, slugs: Iterable[str]) -> None:
    """Download what the entries pin, and what their bases pin, which drift is measured against.

    Raises `AtlasError` for an entry that pins no model on the hub, and before anything is fetched
    where it would be more than `LARGEST`.
    """
    items = [entry.load(project.entry(slug)) for slug in slugs]
    bases = {item.base for item in items if item.base and project.entry(item.base).is_file()}
    items += [entry.load(project.entry(slug)) for slug in sorted(bases)]
    pinned = {}
    for item in items:
        if item.source_kind == "hub" and item.revision is not None:
            pinned[item.slug] = item
        elif item.slug not in bases:
            raise AtlasError(f"{item.slug!r} is no pinned model on the hub")
    room = LARGEST
    for item in pinned.values():
        room -= fetching.to_fetch(item)
        if room < 0:
            raise AtlasError(
                f"{item.slug!r}: more than {LARGEST / 1e9:.0f} GB would be fetched in one run",
                remedy="contribute fewer or smaller models at a time",
            )
    for item in pinned.values():
        fetching.download(item)


def main() -> None:
    try:
        fetch(Project(Path.cwd()), sys.argv[1:])
    except AtlasError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
