"""Where a model comes from: a hub id with a revision, a folder or file, or a reference model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from atlas import schemas
from atlas.errors import AtlasError, short

HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")

ZOO_NAME = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
"""Architectures and tunes of `atlas/zoo`: gpt_neox, llama-topic."""

GGUF = ".gguf"

Kind = Literal["hub", "folder", "file", "zoo"]


def kind_of(source: str) -> Kind:
    """What a source string names: `zoo:<name>`, a local folder or GGUF file, or else a hub id."""
    if source.startswith("zoo:"):
        return "zoo"
    if not source.startswith((".", "/")):
        return "hub"
    return "file" if source.lower().endswith(GGUF) else "folder"


def source_problems(
    document: Mapping[str, Any], lines: schemas.Lines, path: Path
) -> Iterator[AtlasError]:
    """What is wrong with an entry's source, and with its revision and its file, which only a hub id
    has."""
    source, revision = str(document["source"]), document.get("revision")
    kind = kind_of(source)
    at = schemas.place(("source",), lines)
    if kind == "hub" and not HUB_ID.fullmatch(source):
        yield AtlasError(
            f"source {source!r} is not a hub id, a folder or a reference model",
            file=path,
            place=at,
            remedy="write org/name, a folder beginning with ./ ../ or /, ./x.gguf, or zoo:<name>",
        )
    elif kind == "zoo" and not ZOO_NAME.fullmatch(source.removeprefix("zoo:")):
        yield AtlasError(
            f"{source!r} names no reference model",
            file=path,
            place=at,
            remedy="write zoo:<name>",
        )
    if kind == "hub" and "revision" not in document:
        yield AtlasError(
            "key 'revision' is missing, and a hub id needs it",
            file=path,
            remedy='add revision: "<full commit hash>", or null while it is still to be pinned',
        )
    if kind != "hub" and revision is not None:
        yield AtlasError(
            f"revision {short(revision)} is set for a {kind} source",
            file=path,
            place=schemas.place(("revision",), lines),
            remedy="remove it: such a source is pinned by the digest of its weights",
        )
    if kind != "hub" and "file" in document:
        yield AtlasError(
            f"file {short(document['file'])} is set for a {kind} source",
            file=path,
            place=schemas.place(("file",), lines),
            remedy="remove it: it names a GGUF file among those of a hub id",
        )
