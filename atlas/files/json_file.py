"""JSON files: read without trust, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import stat
from pathlib import Path
from typing import Any

from atlas.errors import AtlasError, from_os, short
from atlas.files import temporary

log = logging.getLogger(__name__)

LARGEST = 64 * 1024 * 1024
AGAIN = "write the file again"


def read_json(path: Path, largest: int = LARGEST, remedy: str = AGAIN) -> Any:
    """The JSON of a file that may come from anywhere: size-limited, no NaN or infinity.

    `remedy`: what to do where it cannot be read.
    """
    try:
        require_file(path)
        size = path.stat().st_size
        if size > largest:
            raise AtlasError(f"{size:,} bytes, larger than {largest:,}", file=path, remedy=remedy)
        return parse(path.read_bytes(), path, remedy)
    except OSError as error:
        raise from_os(error, file=path, remedy=remedy) from error


def require_file(path: Path) -> None:
    """Raise `AtlasError` for a pipe, a device or a folder, `OSError` where there is nothing: only a
    plain file is sure to end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise AtlasError("is not a plain file", file=path, remedy="put a file there")


def parse(content: str | bytes, path: Path, remedy: str = AGAIN) -> Any:
    """JSON without repeated keys, NaN and infinity; `path` is named in what it raises."""
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise AtlasError(f"byte {error.start} is not UTF-8", file=path, remedy=remedy) from error
    except json.JSONDecodeError as error:
        raise AtlasError(
            f"is not valid JSON: {error.msg}",
            file=path,
            place=f"line {error.lineno}",
            remedy=remedy,
        ) from error
    except (RecursionError, ValueError) as error:
        raise AtlasError(f"is not valid JSON: {error}", file=path, remedy=remedy) from error


def read_object(path: Path, largest: int = LARGEST, remedy: str = AGAIN) -> dict[str, Any]:
    """The JSON object that a file holds, read as `read_json` does."""
    return as_object(read_json(path, largest, remedy), path, remedy)


def with_text(raw: bytes, path: Path, keys: tuple[str, ...], before: str, after: str) -> bytes:
    """JSON with another text at a path of keys, where `before` stands there, and each other byte as
    it is; the same JSON where something else does. `path` is where it stands, for errors."""
    document = parse(raw, path)
    holder = document
    for key in keys[:-1]:
        holder = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or holder.get(keys[-1]) != before:
        return raw
    holder[keys[-1]] = after
    known, named = json.dumps(before).encode(), json.dumps(keys[-1]).encode()
    for found in re.finditer(re.escape(named) + rb"\s*:\s*(" + re.escape(known) + b")", raw):
        changed = raw[: found.start(1)] + json.dumps(after).encode() + raw[found.end(1) :]
        if parse(changed, path) == document:
            return changed
    raise AtlasError(
        f"{short(before)} is written in a way that is not changed here",
        file=path,
        place=".".join(keys),
        remedy=f"write {json.dumps(before)} there, without escapes",
    )


def as_object(value: Any, path: Path, remedy: str = AGAIN) -> dict[str, Any]:
    """The same value where it is a JSON object; `AtlasError` where it is none."""
    if not isinstance(value, dict):
        raise AtlasError(f"expected a JSON object, found {short(value)}", file=path, remedy=remedy)
    return value


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: temporary file beside it, fsync, rename."""
    raw = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, raw)
        log.debug("wrote %s", path)
    except OSError as error:
        raise from_os(error, "cannot be written", file=path) from error


def keep(path: Path, content: str | bytes) -> None:
    """Write what can be made again: where it cannot be kept, the next run makes it again."""
    with contextlib.suppress(AtlasError):
        write_atomic(path, content)


def _replace(path: Path, raw: bytes) -> None:
    handle, name = temporary.beside(path)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fsync(stream.fileno())
        name.chmod(0o644)  # mkstemp's 0600 would keep a web server from reading it
        name.replace(path)
    except BaseException:
        name.unlink(missing_ok=True)
        raise


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {short(twice)} is repeated")
    return table


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a finite number")
