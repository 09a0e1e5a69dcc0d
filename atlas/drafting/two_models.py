"""A project of two models alone: a base and what was made from it, to see how they differ.

It lies in a folder of its own, and nothing of it is committed. A model that the atlas lists brings
its profiles along, so that only what is missing is measured.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from atlas.drafting import draft, new_project, origins, tune
from atlas.entries import entry, entry_text, relation
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, short
from atlas.files import json_file
from atlas.paths import Project
from atlas.pinned.choices import DEFAULT
from atlas.profiles import settings

CHOSEN = ("corpus", "fold", "later")
"""What an entry can choose under `protocol`."""

DRIFT = "drift"
"""The analysis that a tune has and its base has not."""


def folder(listing: Project | None, base: str, tuned: str) -> Path:
    """Where the project of two models lies: among what an atlas may throw away, the same for the
    same two; outside of one a new folder of the system's for temporary files."""
    if listing is None:
        return Path(tempfile.mkdtemp(prefix="atlas-diff-models-"))
    named = "\0".join(_whole(one) for one in (base, tuned))
    name = hashlib.sha256(named.encode()).hexdigest()[:12]
    return listing.cache / "diff-models" / name


def write(
    root: Path, listing: Project | None, base: str, tuned: str, analyses: Sequence[str]
) -> tuple[Project, Entry, Entry]:
    """Write the project with both entries; what was measured there before stays. `analyses`: what
    both are to have, beside drift.

    Raises `AtlasError` or `Problems` where one of the two cannot be listed, or where they cannot be
    a model and its base.
    """
    if _whole(base) == _whole(tuned):
        raise AtlasError("a model does not differ from itself", remedy="name two models")
    made = Project(root.resolve())
    config = new_project.mkdocs_yml("How two models differ")
    json_file.write_atomic(made.mkdocs_yml, config.encode())
    json_file.write_atomic(made.root / ".gitignore", b"*\n")
    if listing is not None and listing.rows():
        shutil.copytree(listing.architectures, made.architectures, dirs_exist_ok=True)
    first, second = (_entry(made, listing, one) for one in (base, tuned))
    tune.require_alike(second, first, (tuned, base))
    if first.slug == second.slug:
        second = replace(second, slug=f"{second.slug}-tune", name=f"{second.name} (tune)")
    if first.name == second.name:
        second = replace(second, name=f"{second.name} (tune)")
    protocol = _protocol(listing, first if _listed(listing, base) else second)
    first = replace(first, protocol=protocol, analyses=tuple(analyses))
    both = tuple(dict.fromkeys((DRIFT, *analyses)))
    second = replace(second, base=first.slug, family=first.family, protocol=protocol, analyses=both)
    for one in (first, second):
        json_file.write_atomic(made.entry(one.slug), entry_text.checked(one))
    for slug, one in ((base, first), (tuned, second)):
        if listing is not None and _listed(listing, slug):
            _bring_profiles(listing, made, slug, one)
    return made, first, second


def _protocol(listing: Project | None, one: Entry) -> dict[str, str | bool] | None:
    """What both are measured by: what the entry and its atlas chose, as far as an entry can say."""
    if listing is None:
        return None
    choices = settings.load(listing).choices.under(one.protocol)
    found = {key: getattr(choices, key) for key in CHOSEN}
    return {
        key: value
        for key, value in found.items()
        if value != getattr(DEFAULT, key) and isinstance(value, (str, bool))
    } or None


def _entry(made: Project, listing: Project | None, stated: str) -> Entry:
    """The entry of a model that the atlas lists, or that of a folder, file or hub id."""
    if listing is not None and _listed(listing, stated):
        found = entry.load(listing.entry(stated))
        source = found.source
        if found.source_kind in ("folder", "file"):
            source = origins.relative(made, (listing.root / source).resolve())
        relation_of = found.relation if found.base else relation.USUAL
        return replace(found, base=None, relation=relation_of, source=source)
    if origins.local(stated) is None and "/" not in stated:
        raise AtlasError(
            f"there is no model {short(stated)} in an atlas around here, and no such folder",
            remedy="name a slug, a folder, a GGUF file or a hub id",
        )
    with tempfile.TemporaryDirectory() as empty:  # what an earlier run has listed is no obstacle
        found = draft.of(Project(Path(empty)), _whole(stated)).entry
        if found.source_kind not in ("folder", "file"):
            return found
        return replace(found, source=origins.relative(made, Path(_whole(stated))))


def _whole(stated: str) -> str:
    """A path from the root, any other name as it is."""
    place = origins.local(stated)
    return stated if place is None else str(place.absolute())


def _listed(listing: Project | None, stated: str) -> bool:
    return listing is not None and any(path.parent.name == stated for path in listing.entries())


def _bring_profiles(listing: Project, made: Project, slug: str, one: Entry) -> None:
    """Copy what was measured in the atlas, and not yet here, of the analyses that are compared."""
    for name in one.analyses or ():
        for path in sorted(listing.folder(slug).glob(f"{name}*.json")):
            target = made.folder(one.slug) / path.name
            if path.name.partition(".")[0] == name and not target.exists():
                json_file.write_atomic(target, path.read_bytes())
