"""A model's entry: `docs/models/<slug>/model.yml`, written by people, read into a frozen Entry.

Unknown keys, wrong types, repeated keys and an unquoted revision are refused, each with its line
and what to write instead.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from atlas import schemas
from atlas.entries import relation
from atlas.entries.geometry import LACKING, Geometry
from atlas.entries.relation import MADE, Relation
from atlas.entries.source import Kind, kind_of, source_problems
from atlas.errors import AtlasError, Problems, raise_all, short
from atlas.files import yaml_file
from atlas.paths import SLUG, Project, refuse_link

LONGEST_SLUG = 80
DATE = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")


@dataclass(frozen=True)
class Entry:
    """What people state about one model. `slug` is the name of its folder; `file` the GGUF
    file of a hub id that is the model; `relation` is how it was made from its `base`, and says
    nothing without one; `protocol` is what it is measured by otherwise than the
    others of its atlas."""

    slug: str
    name: str
    family: str
    architecture: str
    source: str
    license: str
    summary: str
    revision: str | None = None
    file: str | None = None
    released: str | None = None
    base: str | None = None
    relation: Relation = relation.USUAL
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    geometry: Geometry | None = None
    analyses: tuple[str, ...] | None = None
    protocol: Mapping[str, str | bool] | None = None

    @property
    def source_kind(self) -> Kind:
        return kind_of(self.source)

    def without_choice(self, key: str) -> Entry:
        """The same, measured in that like the others of its atlas."""
        left = {name: value for name, value in (self.protocol or {}).items() if name != key}
        return replace(self, protocol=left or None)

    @property
    def made(self) -> str:
        """What was done to its base to make it, a participle: `fine-tuned`, `quantised`."""
        return MADE[self.relation]

    @property
    def is_reference(self) -> bool:
        """Whether this is a small model trained for this atlas, to be marked as such."""
        return self.source_kind == "zoo"


def load(path: Path) -> Entry:
    """Read one entry.

    Raises `AtlasError` or `Problems`: everything that is wrong with the file, a line each.
    """
    slug = path.parent.name
    found = list(_slug_problems(slug, path.parent))
    try:
        refuse_link(path)
        text = yaml_file.read(path)
    except AtlasError as error:
        raise_all([*found, error])
        raise
    document = dict(text.values)
    found += schemas.problems(document, "entry", path, text.lines)
    raise_all(sorted([*found, *_beyond_schema(text, path)], key=schemas.line))
    document["summary"] = " ".join(document["summary"].split())  # YAML's folded text ends in \n
    geometry = document.pop("geometry", None)
    if geometry is not None:
        document["geometry"] = Geometry(**{**dict.fromkeys(LACKING, 0), **geometry})
    for key in ("tags", "sources", "analyses"):
        if key in document:
            document[key] = tuple(document[key])
    return Entry(slug=slug, **document)


def load_all(project: Project) -> list[Entry]:
    """Every entry of a project, by slug; `Problems` with everything wrong in all of them."""
    entries, found = load_each(project)
    raise_all(found)
    return entries


def load_each(project: Project) -> tuple[list[Entry], list[AtlasError]]:
    """The entries that can be read, by slug, and everything wrong in all of them together."""
    entries: list[Entry] = []
    found: list[AtlasError] = []
    paths = project.entries()
    for path in paths:
        try:
            entries.append(load(path))
        except AtlasError as error:
            found.append(error)
    found += _across(entries, {path.parent.name for path in paths}, project)
    return entries, Problems(found).problems


def _slug_problems(slug: str, folder: Path) -> Iterator[AtlasError]:
    if not SLUG.fullmatch(slug):
        yield AtlasError(
            f"{slug!r} is not a slug",
            file=folder,
            remedy="name the folder in lower-case letters and digits, parts joined by - or .",
        )
    elif len(slug) > LONGEST_SLUG:
        yield AtlasError(
            f"slug of {len(slug)} characters",
            file=folder,
            remedy=f"name the folder in at most {LONGEST_SLUG} characters",
        )


def _beyond_schema(text: yaml_file.Document, path: Path) -> Iterator[AtlasError]:
    """What a JSON Schema cannot say about one entry."""
    document, lines = text.values, text.lines
    revision = document.get("revision")
    if isinstance(revision, str) and "revision" in text.unquoted:
        yield AtlasError(
            f"revision {short(revision)} is not in quotes, and YAML may read it as a number",
            file=path,
            place=schemas.place(("revision",), lines),
            remedy='write revision: "<full commit hash>"',
        )
    released = document.get("released")
    if isinstance(released, str) and DATE.fullmatch(released) and not _is_date(released):
        yield AtlasError(
            f"released {released!r} is not a date of the calendar",
            file=path,
            place=schemas.place(("released",), lines),
            remedy="write a date such as 2025-04-29 or 2025-04",
        )
    if isinstance(document.get("source"), str):
        yield from source_problems(document, lines, path)
    yield from relation.problems(document, lines, path)


def _is_date(text: str) -> bool:
    """Whether 2025-04 or 2025-04-29 is in the calendar."""
    try:
        datetime.date.fromisoformat(text if len(text) > 7 else f"{text}-01")
    except ValueError:
        return False
    return True


def _across(entries: Sequence[Entry], slugs: set[str], project: Project) -> Iterator[AtlasError]:
    """What only all entries together can show; `slugs` are those of broken entries too."""
    names: dict[str, str] = {}
    by_slug = {entry.slug: entry for entry in entries}
    for entry in entries:
        file = project.entry(entry.slug)
        name = " ".join(entry.name.split()).casefold()
        if name in names:
            yield AtlasError(
                f"name {entry.name!r} is also that of {names[name]!r}",
                file=file,
                place="name",
                remedy="give each model a name of its own",
            )
        names.setdefault(name, entry.slug)
        if entry.base is not None and (entry.base not in slugs or entry.base == entry.slug):
            yield AtlasError(
                f"base {entry.base!r} is not another model of this atlas",
                file=file,
                place="base",
                remedy="write the slug of an entry, or remove base",
            )
        elif circle := _back_to(entry, by_slug):
            how = relation.made([one.relation for one in circle])
            yield AtlasError(
                f"base {entry.base!r} is itself {how} from {entry.slug!r}",
                file=file,
                place="base",
                remedy="remove base from the model that was there first",
            )


def _back_to(entry: Entry, by_slug: Mapping[str, Entry]) -> list[Entry]:
    """The models between an entry and itself, nearest base first, where its bases lead back to it;
    none where they do not."""
    found: list[Entry] = []
    base = by_slug.get(entry.base or "")
    while base is not None and base not in found:
        if base == entry:
            return found
        found.append(base)
        base = by_slug.get(base.base or "")
    return []
