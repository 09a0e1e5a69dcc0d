"""A GGUF file as the folder that every path of atlas takes.

In the project's cache: `config.json`, written from the file's metadata, and `model.gguf`, a link to
the file. Weights are never copied. `source.json` says which state of which file it was made from:
while the file has the same size and time, the folder stays. Whoever loads the tokenizer first adds
`tokenizer.json` (`loaded.gguf_tokenizer`).
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

from atlas.checkpoints import gguf_config, gguf_header
from atlas.checkpoints.gguf_header import Header
from atlas.errors import AtlasError, from_os
from atlas.files import json_file
from atlas.paths import Project

NAME = "model.gguf"
SOURCE = "source.json"
FORM = 2
"""Raised when other files, or other contents, are made of the same GGUF file."""

TOKENS = "tokenizer.ggml.tokens"


def of_file(project: Project, file: Path) -> Path | None:
    """The folder of a GGUF file, made where it is not there; None where there is no such file.

    Raises `AtlasError` for a file that cannot be read as a model.
    """
    if not file.is_file():
        return None
    file = file.resolve()
    state = _state(file)
    folder = project.gguf / _name(file)
    if _kept(folder) != state:
        try:
            _make(folder, file, state)
        except OSError as error:
            raise from_os(error, "cannot be written", file=folder) from error
    return folder


def holds(folder: Path) -> bool:
    """Whether a folder is one of a GGUF file."""
    return (folder / NAME).is_file() and (folder / SOURCE).is_file()


def header(folder: Path) -> Header:
    """The header of a folder's GGUF file."""
    return gguf_header.read(folder / NAME)


def has_tokenizer(folder: Path) -> bool:
    """Whether a folder's GGUF file has the tokens of its model."""
    return TOKENS in header(folder).metadata


def conditions(folder: Path) -> dict[str, str]:
    """What profiles say of a folder's GGUF file: the types that its weights are stored in, most
    values first, what is done with them, and what of its config the file does not hold."""
    told = header(folder)
    found = {"format": "GGUF", "stored_dtype": _types(told)}
    if any(tensor.type.quantised for tensor in told.tensors):
        found["dequantised"] = "to float32"
    if filled := gguf_config.filled(told):
        found["config"] = f"the file does not say {', nor '.join(filled)}; taken from transformers"
    return found


def _types(told: Header) -> str:
    """`Q4_1, Q8_0 (weights), F32`: types of matrices, most values first, then those of vectors."""
    values: Counter[str] = Counter()
    for tensor in told.tensors:
        if len(tensor.shape) > 1:
            values[tensor.type.name] += math.prod(tensor.shape)
    weights = ", ".join(name for name, _ in values.most_common())
    others = sorted({tensor.type.name for tensor in told.tensors} - values.keys())
    return ", ".join([f"{weights} (weights)", *others])


def _name(file: Path) -> str:
    """A folder's name: readable, and one for each file."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem)[:60].strip("-.")
    return f"{stem}-{hashlib.sha256(os.fsencode(file)).hexdigest()[:12]}"


def _state(file: Path) -> dict[str, Any]:
    found = file.stat()
    return {
        "form": FORM,
        "file": os.fsdecode(file),
        "size": found.st_size,
        "modified": found.st_mtime_ns,
    }


def _kept(folder: Path) -> object:
    """The state of the file that a folder was made of; None where it is not whole."""
    try:
        return json_file.read_json(folder / SOURCE) if holds(folder) else None
    except AtlasError:
        return None


def _make(folder: Path, file: Path, state: dict[str, Any]) -> None:
    """Write a folder anew; that it is whole is written last."""
    config = gguf_config.config(gguf_header.read(file))
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    json_file.write_atomic(folder / "config.json", json.dumps(config, indent=1) + "\n")
    (folder / NAME).symlink_to(file)
    json_file.write_atomic(folder / SOURCE, json.dumps(state, indent=1) + "\n")
