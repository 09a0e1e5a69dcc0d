"""Digests that pin a model: of its weights and of its tokenizer.

That of the weights costs a read of every byte, so it is kept in the project's cache under the
files' names, sizes and times, and taken again when any of them changes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas.checkpoints import gguf_folder, headers, locate
from atlas.checkpoints.tensor import Tensor, chunks
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, from_os
from atlas.files import json_file
from atlas.paths import Project

TOKENIZER_FILES = (
    "added_tokens.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "special_tokens_map.json",
    "spiece.model",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
)


@dataclass(frozen=True)
class Found:
    """A model's files as far as they are at hand: folder, digest of weights, of the tokenizer."""

    folder: Path
    digest: str
    tokenizer: str | None


def find(
    project: Project, entry: Entry, progress: Callable[[int, int], None] | None = None
) -> Found | None:
    """An entry's model on this machine, None where it is not here.

    `progress` is called with bytes read and all bytes where the digest is not known yet.
    Raises `AtlasError` for files that are there but corrupt.
    """
    folder = locate.of_entry(project, entry)
    if folder is None:
        return None
    try:
        return Found(folder, _digest(project, folder, progress), of_tokenizer(folder))
    except OSError as error:
        raise from_os(error, file=folder) from error


def _digest(project: Project, folder: Path, progress: Callable[[int, int], None] | None) -> str:
    state = [
        [file.name, file.stat().st_size, file.stat().st_mtime_ns]
        for file in headers.weight_files(folder)
    ]
    cache = _cache(project)
    key = str(folder.resolve())
    kept = cache.get(key)
    if (
        isinstance(kept, dict)
        and kept.get("files") == state
        and isinstance(kept.get("digest"), str)
    ):
        return str(kept["digest"])
    digest = of_weights(folder, progress)
    cache[key] = {"files": state, "digest": digest}
    json_file.keep(project.digests, json.dumps(cache, indent=1, sort_keys=True) + "\n")
    return digest


def _cache(project: Project) -> dict[str, Any]:
    try:
        document = json_file.read_json(project.digests)
    except AtlasError:  # a cache that cannot be read is worth nothing, and costs one more digest
        return {}
    return document if isinstance(document, dict) else {}


def of_weights(folder: Path, progress: Callable[[int, int], None] | None = None) -> str:
    """`sha256:...` of the weights' content: names, dtypes, shapes and bytes, sorted by name.

    File times, file names, metadata and how the weights are cut into shards do not matter. Of a
    GGUF file it is that of the whole file, as `sha256sum` gives it: it holds config and tokenizer,
    and is one thing. `progress(done, total)` is called with bytes. Memory stays at a few MiB.
    """
    if gguf_folder.holds(folder):
        return _of_file(folder / gguf_folder.NAME, progress)
    tensors = headers.read(folder)
    total = sum(tensor.size for tensor in tensors.values())
    done = 0
    whole = hashlib.sha256()
    # hashlib lets go of the interpreter's lock, so that threads hash side by side.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as threads:
        hashed = threads.map(_content_digest, tensors.values())
        for tensor, content in zip(tensors.values(), hashed, strict=True):
            line = [tensor.name, tensor.dtype, list(tensor.shape), content]
            whole.update(json.dumps(line).encode() + b"\n")
            done += tensor.size
            if progress is not None:
                progress(done, total)
    return f"sha256:{whole.hexdigest()}"


def _of_file(file: Path, progress: Callable[[int, int], None] | None) -> str:
    whole, done, size = hashlib.sha256(), 0, file.stat().st_size
    for piece in chunks(file, 0, size):
        whole.update(piece)
        done += len(piece)
        if progress is not None:
            progress(done, size)
    return f"sha256:{whole.hexdigest()}"


def _content_digest(tensor: Tensor) -> str:
    content = hashlib.sha256()
    for piece in chunks(tensor.file, tensor.start, tensor.stop):
        content.update(piece)
    return content.hexdigest()


def state(project: Project, entry: Entry) -> list[list[Any]] | None:
    """Names, sizes and times of the files in a model's folder; None where it cannot be looked at.
    While they are the same, what was found out about them still holds."""
    try:
        folder = locate.of_entry(project, entry)
        if folder is None:
            return None
        files = sorted(folder.iterdir())
        return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]
    except (AtlasError, OSError):
        return None


def tokenizer_files(folder: Path) -> list[Path]:
    """The files of a model's tokenizer; a GGUF file holds it."""
    if gguf_folder.holds(folder):
        return [folder / gguf_folder.NAME] if gguf_folder.has_tokenizer(folder) else []
    return [folder / name for name in TOKENIZER_FILES if (folder / name).is_file()]


def of_tokenizer(folder: Path) -> str | None:
    """`sha256:...` over the names and bytes of the tokenizer's files; None where there are none.

    Of a GGUF file it is over what its metadata says of the tokenizer.
    """
    held = tokenizer_files(folder)
    if held and gguf_folder.holds(folder):
        return gguf_folder.header(folder).digest("tokenizer.")
    whole = hashlib.sha256()
    for file in held:
        content = hashlib.sha256()
        for piece in chunks(file, 0, file.stat().st_size):
            content.update(piece)
        whole.update(f"{file.name} {content.hexdigest()}\n".encode())
    return f"sha256:{whole.hexdigest()}" if held else None
