"""A model's config and nothing else: of a file, a folder, or a repository on the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atlas.checkpoints import headers
from atlas.drafting import draft, hub
from atlas.errors import AtlasError
from atlas.files import json_file


def of(source: str, revision: str | None) -> dict[str, Any]:
    """The config of SOURCE as people type it. Raises `AtlasError` where there is none."""
    place = Path(source).expanduser()
    if place.is_dir():
        return headers.config(place)
    if place.is_file() or source.startswith((".", "/", "~")):
        return json_file.read_object(place, headers.LARGEST_CONFIG, "name a config.json")
    client = hub.Hub.from_environment()
    hub.require_online()
    repository = client.repository(draft.hub_id(source, client.endpoint), revision)
    answer = client.file(repository, "config.json", headers.LARGEST_CONFIG + 1)
    where = Path(repository.id) / "config.json"
    if len(answer.body) > headers.LARGEST_CONFIG:
        raise AtlasError(f"larger than {headers.LARGEST_CONFIG:,} bytes", file=where)
    return json_file.as_object(json_file.parse(answer.body, where), where)
