"""Download the pinned weights of models into the hub's cache: safetensors and text, no pickle.

fetch_weights.py SLUG...
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.paths import Project

WANTED = ["*.safetensors", "*.json", "*.txt", "*.model"]
"""Weights, configs and tokenizers; never *.bin, *.pt or code."""


def fetch(project: Project, slugs: Iterable[str]) -> None:
    """Download what the entries pin, and what their bases pin, which drift is measured against.

    Raises `AtlasError` for an entry that pins no model on the hub.
    """
    from huggingface_hub import snapshot_download

    items = [entry.load(project.entry(slug)) for slug in slugs]
    bases = {item.base for item in items if item.base and project.entry(item.base).is_file()}
    items += [entry.load(project.entry(slug)) for slug in sorted(bases)]
    for item in {item.slug: item for item in items}.values():
        if item.source_kind == "hub" and item.revision is not None:
            snapshot_download(item.source, revision=item.revision, allow_patterns=WANTED)
        elif item.slug not in bases:
            raise AtlasError(f"{item.slug!r} is no pinned model on the hub")


def main() -> None:
    try:
        fetch(Project(Path.cwd()), sys.argv[1:])
    except AtlasError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
