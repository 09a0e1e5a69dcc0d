"""YAML as people write it into an entry, read safely and strictly.

Anchors, tags, merges and repeated keys are refused. Dates are text, numbers are decimal and only
`true` and `false` are truth values, so that `2025-04-29`, `no`, `012` and `1:30` stay what they
look like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from atlas.errors import AtlasError, from_os, short
from atlas.files.json_file import require_file

LARGEST = 64 * 1024

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A YAML mapping, the line of each key path, and the top-level keys whose value stands there
    without quotes."""

    values: Mapping[str, Any]
    lines: Mapping[KeyPath, int]
    unquoted: frozenset[str]


def read(path: Path) -> Document:
    """The mapping that a YAML file holds.

    Raises `AtlasError` with the line for anything else: too large, not UTF-8, not valid, or using
    what people who write an entry do not need.
    """
    try:
        if not path.is_dir():  # which the system tells better
            require_file(path)
        with path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except OSError as error:
        raise from_os(error, file=path) from error
    if len(raw) > LARGEST:
        raise AtlasError(
            f"larger than {LARGEST} bytes",
            file=path,
            remedy="it should hold a few facts; shorten it",
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise AtlasError(
            f"byte {raw[error.start]:#04x} is not UTF-8: {error.reason}",
            file=path,
            place=f"line {len(raw[: error.start].splitlines()) or 1}",
            remedy="save it as UTF-8",
        ) from error
    return parse(text, path)


def parse(text: str, path: Path) -> Document:
    """The mapping that YAML text holds; `path` is where it stands, for errors."""
    try:
        loader = _StrictLoader(text)
        node = loader.get_single_node()
        document = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise _invalid(text, error, path) from error
    except (ValueError, RecursionError) as error:
        raise AtlasError(
            f"is not valid YAML: {error}", file=path, remedy="mend the value"
        ) from error
    if not isinstance(document, dict) or not isinstance(node, yaml.MappingNode):
        raise AtlasError(
            f"{short(document)} is not a mapping",
            file=path,
            remedy="write lines of `key: value`",
        )
    unquoted = {
        key.value
        for key, value in node.value
        if isinstance(value, yaml.ScalarNode) and value.style is None
    }
    return Document(document, dict(_lines(node, ())), frozenset(unquoted))


def with_value(text: str, path: Path, key: str, written: str) -> str:
    """YAML text with another value of a top-level key, `written` as YAML, and all else as it is.

    Raises `AtlasError` where the key's value cannot be changed alone: it is no word on one line.
    """
    by_hand = AtlasError(
        f"{key} is written in a way that is not changed here",
        file=path,
        remedy=f"write it by hand, on a line of its own: {key}: {written}",
    )
    node = _StrictLoader(text).get_single_node()
    assert isinstance(node, yaml.MappingNode), "it was read before"
    found = next((held for name, held in node.value if name.value == key), None)
    if not isinstance(found, yaml.ScalarNode):
        raise by_hand
    start, end = found.start_mark.index, found.end_mark.index
    before, after = text[:start], text[end:]
    changed = f"{before}{'' if before[-1:].isspace() else ' '}{written}{after}"
    wanted = {**parse(text, path).values, key: yaml.safe_load(written)}
    try:
        is_alone = parse(changed, path).values == wanted
    except AtlasError:
        is_alone = False
    if not is_alone or len(text[start:end].splitlines()) > 1:
        raise by_hand
    return changed


def with_words(text: str, path: Path, change: Callable[[KeyPath, str], str]) -> str:
    """YAML text with other words in the place of those that `change` gives another for, by where
    they stand in it, and all else as it is.

    Raises `AtlasError` for what is not valid, and for a word that cannot be changed alone.
    """
    parse(text, path)
    node = _StrictLoader(text).get_single_node()
    assert node is not None, "it was read"
    edits = []
    for keys, held in _words(node, ()):
        word = change(keys, held.value)
        if word == held.value:
            continue
        start, end = held.start_mark.index, held.end_mark.index
        if text[start:end].count(held.value) != 1:
            raise AtlasError(
                f"{short(held.value)} is written in a way that is not changed here",
                file=path,
                place=f"line {held.start_mark.line + 1}",
                remedy=f"write it on one line, without escapes: {held.value}",
            )
        start = text.index(held.value, start)
        edits.append((start, start + len(held.value), word))
    for start, end, word in reversed(edits):
        text = text[:start] + word + text[end:]
    return text


def _words(node: yaml.Node, keys: KeyPath) -> Iterator[tuple[KeyPath, yaml.ScalarNode]]:
    """Every scalar below a node that is text, in the order of the file."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _words(value, (*keys, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _words(value, (*keys, index))
    elif isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str":
        yield keys, node


def _invalid(text: str, error: yaml.YAMLError, path: Path) -> AtlasError:
    """What PyYAML says, with the line it says it about."""
    mark = getattr(error, "problem_mark", None)
    position = mark.index if mark else getattr(error, "position", None)
    line = None if position is None else text[:position].count("\n")
    quoted = "" if line is None else short(text.split("\n")[line].strip()) + " "
    said = [getattr(error, part, None) for part in ("context", "problem", "reason")]
    reason = ", ".join(str(part) for part in said if part) or error
    return AtlasError(
        f"{quoted}is not valid YAML here: {reason}",
        file=path,
        place=None if line is None else f"line {line + 1}",
        remedy=getattr(error, "note", None) or "mend the line",
    )


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML without dates, anchors, tags, merges and repeated keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not allowed",
                problem_mark=event.start_mark,
                note="write the value out",
            )
        if getattr(event, "tag", None):
            raise yaml.MarkedYAMLError(
                problem=f"tag {short(event.tag)} is not allowed",
                problem_mark=event.start_mark,
                note="write the value alone",
            )
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key must be a word", problem_mark=key.start_mark
                )
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key {short(key.value)} is repeated",
                    problem_mark=key.start_mark,
                    note="keep one of them",
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_StrictLoader.yaml_implicit_resolvers = {}
for _tag, _form, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9_]*)", list("-+0123456789")),
    ("float", r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?", list("-+0123456789")),
):
    _StrictLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_form})\Z"), _first
    )


def _lines(node: yaml.Node, path: tuple[str | int, ...]) -> Iterator[tuple[Any, int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, key.value)
            yield from _lines(value, here)
            yield here, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*path, index))
