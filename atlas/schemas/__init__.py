"""JSON Schemas of the files atlas reads, and their verdicts told as AtlasErrors."""

from __future__ import annotations

import functools
import itertools
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from atlas.errors import AtlasError, cut, short, suggest
from atlas.paths import schema

Lines = Mapping[tuple[str | int, ...], int]
"""Line number of each key path of a document, where they are known."""

WRITTEN = ("entry", "claim", "finding")
"""Schemas of what people write; all other files are measured."""

MOST = 100
"""How many problems of one file are told in one run."""

TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a finite number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "a mapping",
}


def names() -> list[str]:
    """All schemas, as `load` knows them."""
    listed = Path(__file__).parent.glob("*.schema.json")
    return sorted(path.name.removesuffix(".schema.json") for path in listed)


@functools.cache
def load(name: str) -> dict[str, Any]:
    """A schema as a dictionary: `entry`, `profile`, or that of a part, `functions.heads`."""
    document: dict[str, Any] = json.loads(schema(name).read_text(encoding="utf-8"))
    return document


def problems(
    document: object, name: str, file: Path, lines: Lines | None = None
) -> list[AtlasError]:
    """Everything in which a document breaks its schema, in the order of the file."""
    broken = _validator(name).iter_errors(document)
    each = (error for item in broken for error in _told(item, file, lines))
    found = list(itertools.islice(each, MOST))
    if name not in WRITTEN:
        for error in found:
            error.remedy = error.remedy or "measure it again"
    unique = {str(error): error for error in found}  # jsonschema tells `required` once a key
    told = sorted(unique.values(), key=lambda error: (line(error), error.place or ""))
    if len(found) >= MOST:
        told.append(AtlasError(f"{MOST} problems or more", file=file, remedy="mend these first"))
    return told


@functools.cache
def _validator(name: str) -> Any:
    """A validator that is stricter than jsonschema's own: 1.0 is not a whole number, infinity not a
    number, and `$` means the end, not a newline before it."""
    import jsonschema  # 0.1 s, which `atlas --help` need not pay

    types = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: type(value) is int and _finite(value),
            "number": lambda _, value: _finite(value),
        }
    )
    extend: Any = jsonschema.validators.extend  # it has no types
    draft = jsonschema.Draft202012Validator
    return extend(draft, {"pattern": _pattern}, type_checker=types)(_inlined(load(name)))


def _inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same schema with its own definitions written out where they are referred to, but for
    those that refer to themselves.

    Following a reference costs more than most checks: this halves the time of a profile's.
    """
    definitions = schema.get("$defs", {})

    def written(part: Any, within: tuple[str, ...] = ()) -> Any:
        if isinstance(part, list):
            return [written(item, within) for item in part]
        if not isinstance(part, dict):
            return part
        own = {key: written(value, within) for key, value in part.items() if key != "$ref"}
        name = part.get("$ref", "").removeprefix("#/$defs/")
        if not name or name in within:
            return {**own, "$ref": part["$ref"]} if name else own
        # What stands beside a reference holds as well, and must not take the place of its words.
        meant = written(definitions[name], (*within, name))
        assert not own.keys() & (meant.keys() - {"description"}), part
        return {**meant, **own}

    return {**written({**schema, "$defs": {}}), "$defs": definitions}


def _finite(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= sys.float_info.max


def _pattern(_: Any, pattern: str, value: object, __: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(value, str) and not _compiled(pattern).search(value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


def place(path: tuple[str | int, ...], lines: Lines | None) -> str:
    """`line 12: geometry.heads`, or the key path alone where lines are unknown."""
    keys = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
    probe = path
    while lines and probe and probe not in lines:
        probe = probe[:-1]
    where = f"line {lines[probe]}" if lines and probe in lines else ""
    return ": ".join(part for part in (where, keys) if part)


def line(error: AtlasError) -> int:
    """The line that a problem is on, 0 where none is known; to tell problems in order."""
    head = (error.place or "").removeprefix("line ").split(":")[0]
    return int(head) if head.isdigit() else 0


def _told(broken: Any, file: Path, lines: Lines | None) -> Iterator[AtlasError]:
    """One jsonschema error as AtlasErrors: what is wrong, with the value, and the remedy."""
    path = tuple(broken.absolute_path)
    at = place(path, lines)
    wanted = broken.schema.get("description") if isinstance(broken.schema, dict) else None
    remedy = f"write {wanted}" if wanted else None
    value = broken.instance
    if broken.validator == "additionalProperties" and "properties" in broken.schema:
        known = sorted(broken.schema["properties"])
        for key in sorted(map(str, set(value) - set(known))):
            yield AtlasError(
                f"unknown key {short(key)}",
                file=file,
                place=place((*path, key), lines),
                remedy=suggest(key, known),
            )
    elif broken.validator == "required":
        for key in broken.validator_value:
            if key not in value:
                about = broken.schema["properties"][key].get("description")
                yield AtlasError(
                    f"key {key!r} is missing",
                    file=file,
                    place=at or None,
                    remedy=f"add it: {about}" if about else "add it",
                )
    elif broken.validator == "type":
        kinds = broken.validator_value
        kinds = kinds if isinstance(kinds, list) else [kinds]
        quote = lines and "string" in kinds and isinstance(value, (bool, int, float))
        yield AtlasError(
            f"{short(value)} is not {' or '.join(TYPES[kind] for kind in kinds)}",
            file=file,
            place=at,
            remedy=f"{remedy or 'write text'}, in quotes" if quote else remedy,
        )
    elif broken.validator == "enum":
        yield AtlasError(
            f"{short(value)} is not one of the known values",
            file=file,
            place=at,
            remedy=suggest(value, broken.validator_value),
        )
    elif broken.validator == "pattern":
        yield AtlasError(
            f"{short(value)} does not have the right form{_blemish(value)}",
            file=file,
            place=at,
            remedy=remedy or f"it must match {broken.validator_value}",
        )
    elif broken.validator in ("maxLength", "maxItems", "maxProperties"):
        yield AtlasError(
            f"{short(value)} is too long: {len(value)}, at most {broken.validator_value}",
            file=file,
            place=at,
            remedy="shorten it",
        )
    else:
        yield AtlasError(cut(broken.message, 120), file=file, place=at, remedy=remedy)


def _blemish(text: str) -> str:
    """What cannot be seen in a text that is shown as wrong."""
    if text != text.strip():
        return ": there is space around it"
    return "" if text.isprintable() else ": it holds a character that cannot be shown"
