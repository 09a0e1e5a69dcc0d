"""Profiles on disk: `docs/models/<slug>/<analysis>.json`, written by `profile`, read by all.

A file is one JSON object: format number, analysis and its version, the model that was read,
protocol (what must agree before two models are compared), conditions (what is shown beside),
facts, matrices with a row a line, and made_by, which is never part of equality.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from atlas import matrix, schemas
from atlas.errors import AtlasError, raise_all, short
from atlas.matrix import Matrix

FORMAT = 1
LARGEST = 64 * 1024 * 1024

Scalar = str | int | float | bool | None
Scalars = Mapping[str, Scalar]


@dataclass(frozen=True)
class Pin:
    """The model that was read: what a number is pinned to.

    `digest` is that of the weights, `tokenizer` that of the tokenizer or None.
    """

    slug: str
    source: str
    revision: str | None
    digest: str
    tokenizer: str | None


@dataclass(frozen=True)
class Profile:
    """What one analysis measured on one model."""

    analysis: str
    version: int
    model: Pin
    protocol: Scalars
    conditions: Scalars
    facts: Scalars
    matrices: tuple[Matrix, ...]
    made_by: Scalars

    def matrix(self, name: str) -> Matrix:
        """The matrix of that name; `KeyError` where there is none."""
        return {matrix.name: matrix for matrix in self.matrices}[name]


@dataclass(frozen=True)
class Wanted:
    """What a profile should have been measured on to be fresh; None where it cannot be known
    here, as when the weights are not on this machine."""

    source: str
    revision: str | None
    digest: str | None
    tokenizer: str | None
    version: int
    protocol: Scalars


def staleness(profile: Profile, wanted: Wanted) -> tuple[str, ...]:
    """Why a profile is stale, a reason each; empty where it is fresh.

    A pinned revision stands for the weights and the tokenizer; without one their digests must
    agree, as far as the files are at hand.
    """
    reasons: list[str] = []
    model = profile.model
    if profile.version != wanted.version:
        reasons.append(f"measured with version {profile.version}, current {wanted.version}")
    if model.source != wanted.source:
        reasons.append(f"measured on source {model.source}, current {wanted.source}")
    if model.revision != wanted.revision:
        reasons.append(f"measured on revision {model.revision}, current {wanted.revision}")
    if wanted.revision is None and wanted.digest not in (None, model.digest):
        reasons.append("measured on other weights")
    if wanted.tokenizer not in (None, model.tokenizer):
        reasons.append("measured with another tokenizer")
    for key in sorted({*profile.protocol, *wanted.protocol}):
        was, now = profile.protocol.get(key), wanted.protocol.get(key)
        if was != now:
            reasons.append(f"protocol {key}: measured with {short(was)}, current {short(now)}")
    return tuple(reasons)


def text(profile: Profile) -> str:
    """A profile as the text of its file."""
    head: dict[str, Any] = {
        "format": FORMAT,
        "analysis": profile.analysis,
        "version": profile.version,
        "model": asdict(profile.model),
        "protocol": _scalars(profile.protocol),
        "conditions": _scalars(profile.conditions),
        "facts": _scalars(profile.facts),
    }
    lines = [
        f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)},"
        for key, value in head.items()
    ]
    matrices = ",\n".join(f"  {item.json_text()}" for item in profile.matrices)
    made_by = json.dumps(_scalars(profile.made_by), ensure_ascii=False)
    return "\n".join(
        ["{", *lines, ' "matrices": [', f"{matrices}],", f' "made_by": {made_by}', "}", ""]
    )


def save(path: Path, profile: Profile) -> None:
    """Write a profile, whole or not at all."""
    write_atomic(path, text(profile))


def load(path: Path) -> Profile:
    """Read a profile.

    Raises `AtlasError` or `Problems`: everything wrong with the file, a line each; a newer format
    is refused with the remedy.
    """
    document = _document(path)
    found = schemas.problems(_without_values(document), "profile", path)
    raise_all(found)
    matrices: list[Matrix] = []
    for item in document["matrices"]:
        try:
            matrices.append(matrix.from_json(item, path))
        except AtlasError as error:
            found.append(error)
    names = [item["name"] for item in document["matrices"]]
    found += [
        AtlasError(f"two matrices are named {name!r}", file=path, place="matrices")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    found += _misplaced(document, path)
    raise_all(found)
    return Profile(
        analysis=document["analysis"],
        version=document["version"],
        model=Pin(**document["model"]),
        protocol=document["protocol"],
        conditions=document["conditions"],
        facts=document["facts"],
        matrices=tuple(matrices),
        made_by=document["made_by"],
    )


def read_json(path: Path, largest: int = LARGEST) -> Any:
    """The JSON of a file that may come from anywhere: size-limited, no NaN or infinity."""
    try:
        size = path.stat().st_size
        if size > largest:
            raise AtlasError(f"{size} bytes, larger than {largest}", file=path, remedy="remove it")
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except OSError as error:
        raise AtlasError(f"cannot be read: {error.strerror}", file=path) from error
    except json.JSONDecodeError as error:
        raise AtlasError(
            f"is not valid JSON: {error.msg}",
            file=path,
            place=f"line {error.lineno}",
            remedy="write the file again",
        ) from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise AtlasError(
            f"is not valid JSON: {error}", file=path, remedy="write the file again"
        ) from error


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: temporary file beside it, fsync, rename."""
    raw = content.encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)  # mkstemp's 0600 would keep a web server from reading it
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _document(path: Path) -> dict[str, Any]:
    document = read_json(path)
    if not isinstance(document, dict):
        raise AtlasError(
            f"{short(document)} is not a mapping", file=path, remedy="measure it again"
        )
    number = document.get("format")
    if isinstance(number, int) and number > FORMAT:
        raise AtlasError(
            f"format {number} is newer than this atlas, which reads up to {FORMAT}",
            file=path,
            place="format",
            remedy="upgrade: pip install --upgrade model-atlas",
        )
    return document


def _without_values(document: dict[str, Any]) -> dict[str, Any]:
    """The same document with empty arrays: numpy checks the values a hundred times faster."""
    matrices = document.get("matrices")
    if not isinstance(matrices, list):
        return document
    bare = [
        {key: _emptied(key, value) for key, value in item.items()}
        if isinstance(item, dict)
        else item
        for item in matrices
    ]
    return {**document, "matrices": bare}


def _emptied(key: str, value: Any) -> Any:
    rows = isinstance(value, list) and all(isinstance(row, list) for row in value)
    return [[0]] if key in ("values", "spread") and rows and value else value


def _misplaced(document: dict[str, Any], path: Path) -> list[AtlasError]:
    """A profile's name and model are those of its place."""
    found = []
    for key, says, lies in (
        ("analysis", document["analysis"], path.name.removesuffix(".json")),
        ("model.slug", document["model"]["slug"], path.parent.name),
    ):
        if says != lies:
            found.append(
                AtlasError(
                    f"{says!r} in a file that lies at {lies!r}",
                    file=path,
                    place=key,
                    remedy="move the file or measure again",
                )
            )
    return found


def _scalars(values: Scalars) -> dict[str, Scalar]:
    return {
        key: matrix.rounded(value) if isinstance(value, float) else value
        for key, value in values.items()
    }


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no finite number")
