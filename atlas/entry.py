"""A model's entry: `docs/models/<slug>/model.yml`, written by people, read into a frozen Entry.

YAML is read safely and strictly: unknown keys, wrong types, repeated keys, anchors and an unquoted
revision are refused, each with its line and what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from atlas import schemas
from atlas.errors import AtlasError, raise_all, short
from atlas.paths import SLUG, Project

LARGEST = 64 * 1024
HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")

SourceKind = Literal["hub", "folder", "zoo"]


@dataclass(frozen=True)
class Geometry:
    """The shape of a model: counts and widths, in units of one."""

    layers: int
    heads: int
    kv_heads: int
    d_model: int
    d_head: int
    d_mlp: int
    vocabulary: int
    parameters: int | None = None


@dataclass(frozen=True)
class Entry:
    """What people state about one model. `slug` is the name of its folder."""

    slug: str
    name: str
    family: str
    architecture: str
    source: str
    license: str
    summary: str
    revision: str | None = None
    released: str | None = None
    base: str | None = None
    tags: tuple[str, ...] = ()
    geometry: Geometry | None = None
    analyses: tuple[str, ...] | None = None

    @property
    def source_kind(self) -> SourceKind:
        return source_kind(self.source)

    @property
    def is_reference(self) -> bool:
        """Whether this is a small model trained for this atlas, to be marked as such."""
        return self.source_kind == "zoo"


def source_kind(source: str) -> SourceKind:
    """What a source string names: `zoo:<name>`, a local folder, or else a hub id."""
    if source.startswith("zoo:"):
        return "zoo"
    return "folder" if source.startswith((".", "/")) else "hub"


def load(path: Path) -> Entry:
    """Read one entry.

    Raises `AtlasError` or `Problems`: everything that is wrong with the file, a line each.
    """
    slug = path.parent.name
    if not SLUG.fullmatch(slug):
        raise AtlasError(
            f"{slug!r} is no slug",
            file=path.parent,
            remedy="name the folder in lower-case letters and digits, parts joined by - or .",
        )
    document, lines, plain = _read(path)
    found = schemas.problems(document, "entry", path, lines)
    raise_all(found + list(_beyond_schema(document, path, lines, plain)))
    geometry = document.pop("geometry", None)
    if geometry is not None:
        document["geometry"] = Geometry(**geometry)
    for key in ("tags", "analyses"):
        if key in document:
            document[key] = tuple(document[key])
    return Entry(slug=slug, **document)


def load_all(project: Project) -> list[Entry]:
    """Every entry of a project, by slug; `Problems` with everything wrong in all of them."""
    entries: list[Entry] = []
    found: list[AtlasError] = []
    for path in sorted(project.models.glob("*/model.yml")):
        try:
            entries.append(load(path))
        except AtlasError as error:
            found.append(error)
    raise_all(found + list(_across(entries, project)))
    return entries


def _read(path: Path) -> tuple[dict[str, Any], schemas.Lines, set[str]]:
    """A YAML mapping, the line of each key path, and the top-level keys whose value is unquoted."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except OSError as error:
        raise AtlasError(f"cannot be read: {error.strerror}", file=path) from error
    if len(raw) > LARGEST:
        raise AtlasError(
            f"larger than {LARGEST} bytes",
            file=path,
            remedy="an entry holds a few facts; shorten it",
        )
    try:
        loader = _StrictLoader(raw.decode("utf-8"))
        node = loader.get_single_node()
        document = loader.construct_document(node) if node is not None else None
    except UnicodeDecodeError as error:
        raise AtlasError(
            f"is not UTF-8: {error.reason}", file=path, remedy="save it as UTF-8"
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise AtlasError(
            f"is not valid YAML here: {getattr(error, 'problem', None) or error}",
            file=path,
            place=f"line {mark.line + 1}" if mark else None,
            remedy=getattr(error, "note", None) or "mend the line",
        ) from error
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
    plain = {
        key.value
        for key, value in node.value
        if isinstance(value, yaml.ScalarNode) and value.style is None
    }
    return document, dict(_lines(node, ())), plain


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML without dates, anchors and repeated keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not allowed",
                problem_mark=event.start_mark,
                note="write the value out",
            )
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key {getattr(key, 'value', key)!r} is repeated or no plain word",
                    problem_mark=key.start_mark,
                    note="keep one of them",
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_StrictLoader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


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


def _beyond_schema(
    document: dict[str, Any], path: Path, lines: schemas.Lines, plain: set[str]
) -> Iterator[AtlasError]:
    """What a JSON Schema cannot say about one entry."""
    revision = document.get("revision")
    if isinstance(revision, str) and "revision" in plain:
        yield AtlasError(
            f"revision {short(revision)} is not in quotes, and YAML may read it as a number",
            file=path,
            place=schemas.place(("revision",), lines),
            remedy='write revision: "<full commit hash>"',
        )
    source = document.get("source")
    if not isinstance(source, str):
        return
    kind = source_kind(source)
    at = schemas.place(("source",), lines)
    if kind == "hub" and not HUB_ID.fullmatch(source):
        yield AtlasError(
            f"source {source!r} is no hub id, folder or reference model",
            file=path,
            place=at,
            remedy="write org/name, a folder beginning with ./ ../ or /, or zoo:<name>",
        )
    elif kind == "zoo" and not SLUG.fullmatch(source.removeprefix("zoo:")):
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


def _across(entries: list[Entry], project: Project) -> Iterator[AtlasError]:
    """What only all entries together can show."""
    slugs = {entry.slug for entry in entries}
    names: dict[str, str] = {}
    for entry in entries:
        file = project.entry(entry.slug)
        if entry.name in names:
            yield AtlasError(
                f"name {entry.name!r} is also that of {names[entry.name]!r}",
                file=file,
                place="name",
                remedy="give each model a name of its own",
            )
        names.setdefault(entry.name, entry.slug)
        if entry.base is not None and (entry.base not in slugs or entry.base == entry.slug):
            yield AtlasError(
                f"base {entry.base!r} is no other model of this atlas",
                file=file,
                place="base",
                remedy="write the slug of an entry, or remove base",
            )
