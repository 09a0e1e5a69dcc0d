"""Download the pinned weights of models into the hub's cache: safetensors and text, no pickle.

fetch_weights.py SLUG...

As `atlas fetch` does it, with a limit for what contributors can have a runner fetch.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from atlas.checkpoints import fetching
from atlas.errors import AtlasError
from atlas.paths import Project

LARGEST = 320 * 10**9
"""Bytes that are fetched in one run at most: two models of 70B parameters in 16 bits, and some."""


def fetch(project: Project, slugs: Iterable[str]) -> None:
    """Download what the entries pin, and what their bases pin, which drift is measured against.

    Raises `AtlasError` for an entry that pins no model on the hub, and before anything is fetched
    where it would be more than `LARGEST`.
    """
    items = fetching.pinned(project, slugs)
    room = LARGEST
    for item in items:
        room -= fetching.missing_bytes(item)
        if room < 0:
            raise AtlasError(
                f"{item.slug!r}: more than {LARGEST / 1e9:.0f} GB would be fetched in one run",
                remedy="contribute fewer or smaller models at a time",
            )
    for item in items:
        fetching.fetch(item)


def main() -> None:
    try:
        fetch(Project(Path.cwd()), sys.argv[1:])
    except AtlasError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
