"""Download the pinned weights of models into the hub's cache: safetensors and text, no pickle.

fetch_weights.py SLUG...
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from atlas import entry
from atlas.errors import AtlasError
from atlas.paths import Project

WANTED = ["*.safetensors", "*.json", "*.txt", "*.model"]
"""Weights, configs and tokenizers; never *.bin, *.pt or code."""


def fetch(project: Project, slugs: Iterable[str]) -> None:
    """Download what the entries pin. Raises `AtlasError` for an entry without a revision."""
    from huggingface_hub import snapshot_download

    for slug in slugs:
        item = entry.load(project.entry(slug))
        if item.source_kind != "hub" or item.revision is None:
            raise AtlasError(f"{slug!r} is no pinned model on the hub")
        snapshot_download(item.source, revision=item.revision, allow_patterns=WANTED)


def main() -> None:
    try:
        fetch(Project(Path.cwd()), sys.argv[1:])
    except AtlasError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
