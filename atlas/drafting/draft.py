"""An entry drafted from a model's own files: config, headers of its weights and model card.

What the files say is written down; what they do not say is left out and listed, so that somebody
who knows can add it. No weights are fetched, and an entry that is there is never touched.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from atlas import architectures
from atlas.architectures.architecture import Architecture
from atlas.checkpoints import gguf_folder, headers, hub_settings
from atlas.drafting import gguf_names, hollow_copy, hub, likely_base, model_card, origins
from atlas.drafting.model_card import Card
from atlas.drafting.origins import Origin
from atlas.entries import entry, entry_text, relation
from atlas.entries.entry import Entry
from atlas.entries.entry_text import printable
from atlas.entries.geometry import Geometry
from atlas.entries.source import HUB_ID
from atlas.errors import AtlasError, Problems, short
from atlas.files import json_file
from atlas.paths import SLUG, Project

LONGEST_NAME = 80
SIZE = re.compile(r"\d+(?:\.\d+)?[kmbt]")
ROLES = {"base", "chat", "dpo", "hf", "instruct", "it", "pt", "rl", "sft", "thinking"}
"""Words of a model's name that tell members of one family apart."""


@dataclass(frozen=True)
class Draft:
    """An entry that is still to be written: the text of its file, and what is left to add to it."""

    entry: Entry
    text: str
    notes: tuple[str, ...]

    @property
    def slug(self) -> str:
        return self.entry.slug


@dataclass(frozen=True)
class Stated:
    """What somebody says of a model's entry, whatever its files say; None: they decide."""

    slug: str | None
    family: str | None
    base: Entry | None


def of(
    project: Project,
    source: str,
    *,
    slug: str | None = None,
    family: str | None = None,
    revision: str | None = None,
    file: str | None = None,
    base: Entry | None = None,
) -> Draft:
    """The entry of a hub id (or its address), of a local folder or of a GGUF file.

    `base`: the entry of the model that it was made from, which the card may tell as well.
    `revision`: a branch, tag or commit of a hub id, otherwise its main branch; the entry names the
    commit. `file`: the GGUF file of a hub id that is the model. `base`: what it was made from,
    whatever its card says. Raises `AtlasError` or `Problems` for what cannot be listed, with the
    remedy.
    """
    stated = Stated(slug, family, base)
    place = origins.local(source)
    if place is not None:
        for what, given in (("revision", revision), ("file", file)):
            if given is not None:
                raise AtlasError(
                    f"{what} {short(given)} of a folder",
                    remedy="leave it out: a folder is pinned by the digest of its weights",
                )
        origin = origins.of_local(project, place)
        folder = gguf_folder.of_file(project, place) if origins.is_gguf(place) else place
        assert folder is not None, "it is a file"
        return _drafted(project, origin, folder, stated)
    return _from_hub(project, source, stated, revision, file)


def write(project: Project, new: Draft) -> Path:
    """Write a draft into the project; `AtlasError` where there is an entry of that name."""
    path = project.entry(new.slug)
    if path.exists() or path.is_symlink():
        raise _taken(path)
    json_file.write_atomic(path, new.text)
    return path


def _from_hub(
    project: Project, source: str, stated: Stated, revision: str | None, file: str | None
) -> Draft:
    client = hub.Hub.from_environment()
    name = hub_id(source, client.endpoint)
    try:
        hub.require_online()
        repository = client.repository(name, revision)
    except hub.UnreachableError:
        cached = origins.in_cache(project, name, revision, file)
        if cached is None:
            raise
        return _drafted(project, *cached, stated)
    renamed = (f"source: {name} is called {repository.id} today",) if repository.id != name else ()
    named = repository.id.partition("/")[2] if file is None else Path(file).stem
    origin = Origin(repository.id, repository.commit, named, renamed, file)
    _require_new(project, origin)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        try:
            if file is None:
                hollow_copy.write(client, repository, folder)
                return _drafted(project, origin, folder, stated)
            hollow = hollow_copy.write_gguf(client, repository, file, folder)
            held = gguf_folder.of_file(Project(folder), hollow)
            assert held is not None, "it was written"
            return _drafted(project, origin, held, stated)
        except AtlasError as error:
            _name_repository(error, folder, repository.id)
            raise


def hub_id(source: str, endpoint: str) -> str:
    """`org/name` of what was typed: that itself, or the address of its page."""
    for home in (endpoint, hub_settings.ENDPOINT):
        if source.startswith(f"{home}/"):
            source = "/".join(source.removeprefix(f"{home}/").split("/")[:2])
    if not HUB_ID.fullmatch(source):
        raise AtlasError(
            f"{short(source)} is neither a hub id nor a folder or GGUF file that is here",
            remedy="write org/name, or a folder or file beginning with ./ or /",
        )
    return source


def _drafted(project: Project, origin: Origin, folder: Path, stated: Stated) -> Draft:
    """The entry of the model that lies in `folder`, or is there as a skeleton."""
    _require_new(project, origin)
    architecture, shape = _shape(folder)
    is_gguf = gguf_folder.holds(folder)
    said = gguf_folder.header(folder).metadata if is_gguf else None
    card = model_card.read(folder) if said is None else _file_card(origin, folder, said)
    notes = [*origin.remarks, *card.unclear]
    slug = _slug(origin.name) if stated.slug is None else require_slug(stated.slug, "--slug")
    path = project.entry(slug)
    if path.exists():
        raise _taken(path)
    base = stated.base or _base(project, card, notes)
    if base is None:
        notes += likely_base.note(entry.load_each(project)[0], architecture.model_type, shape)
    if stated.base is not None and card.relation is None:
        notes.append("relation: fine-tune; write quantised, merged or adapter where it is that")
    if card.license is None:
        notes.append(f"license: the {card.by} names none that is known; write it where you know it")
    family = stated.family or (base.family if base else None)
    if family is None:
        plain = slug if said is None else _slug(gguf_names.plain(origin.name, said))
        family = _family(plain)
        notes.append(f"family: {family!r} is a guess by its name")
    notes.append("released: when it was published; the files do not say")
    notes.append("summary: tells the shape only; say what the model is")
    made = Entry(
        slug=slug,
        name=_name(origin.name, said),
        family=family,
        architecture=architecture.model_type,
        source=origin.source,
        revision=origin.revision,
        file=origin.file,
        license=card.license or "unknown",
        base=base.slug if base else None,
        relation=(card.relation if base else None) or relation.USUAL,
        tags=card.tags,
        summary=_summary(architecture, shape) + (_stored(folder) if is_gguf else ""),
        sources=_sources(origin),
        geometry=shape,
    )
    return Draft(made, entry_text.checked(made), tuple(printable(line) for line in notes))


def _file_card(origin: Origin, folder: Path, said: Mapping[str, Any]) -> Card:
    """What a GGUF file says in place of a card."""
    in_blocks = any(tensor.type.quantised for tensor in gguf_folder.header(folder).tensors)
    name = gguf_names.plain(origin.name, said) if in_blocks else None
    return model_card.of_gguf(said, name)


def _shape(folder: Path) -> tuple[Architecture, Geometry]:
    """A model's architecture and its geometry with the parameters counted."""
    if (folder / "adapter_config.json").exists():
        raise AtlasError("is an adapter", file=folder, remedy="merge it into its base model first")
    if not (folder / "config.json").is_file():
        raise AtlasError(
            "has no config.json", file=folder, remedy="name a folder in transformers' layout"
        )
    config = headers.config(folder)
    where = folder / "config.json"
    if config.get("quantization_config") is not None:
        raise AtlasError(
            "the weights are quantised",
            file=where,
            place="quantization_config",
            remedy="list the model with its original weights",
        )
    architecture = architectures.lookup(config, where)
    stored = {name: tensor.elements for name, tensor in headers.read(folder).items()}
    architecture.require_single(stored, folder)
    shape = replace(architecture.geometry, parameters=architecture.parameters(stored))
    return architecture, shape


def listed(project: Project, origin: Origin) -> Entry | None:
    """The entry of the same source and revision, where the atlas has one."""
    wanted = (origin.source, origin.revision, origin.file)
    entries = entry.load_each(project)[0]
    return next((e for e in entries if (e.source, e.revision, e.file) == wanted), None)


def _require_new(project: Project, origin: Origin) -> None:
    """Raise `AtlasError` where the atlas has an entry of the same source and revision."""
    held = listed(project, origin)
    if held is not None:
        raise AtlasError(
            f"{origin.source} is the source of {held.slug!r} already",
            file=project.entry(held.slug),
            remedy=f"atlas profile {held.slug} measures it",
        )


def _taken(path: Path) -> AtlasError:
    return AtlasError(
        "there is an entry already, and it stays", file=path, remedy="give another name: --slug"
    )


def _name(given: str, said: Mapping[str, Any] | None) -> str:
    """What a model is called, by its folder or by its GGUF file and what that says."""
    if said is None:
        return printable(re.sub(r"[-_]+", " ", given))[:LONGEST_NAME].strip()
    stored = gguf_names.stored_as(given, said)
    end = f" ({stored})" if stored else ""
    return printable(gguf_names.plain(given, said))[: LONGEST_NAME - len(end)].strip() + end


def _slug(name: str) -> str:
    slug = re.sub(r"[^a-z0-9.]+", "-", name.lower())
    slug = re.sub(r"[.-]*[.][.-]*", ".", slug).strip(".-")[: entry.LONGEST_SLUG].strip(".-")
    if not SLUG.fullmatch(slug):
        raise AtlasError(f"no slug can be made of {short(name)}", remedy="give one: --slug")
    return slug


def require_slug(slug: str, what: str) -> str:
    """The same slug; `AtlasError` where it is none, which names `what` it was given for."""
    if not SLUG.fullmatch(slug) or len(slug) > entry.LONGEST_SLUG:
        raise AtlasError(
            f"{what} {short(slug)} is not a slug",
            remedy=f"lower-case letters and digits, parts joined by - or ., "
            f"at most {entry.LONGEST_SLUG} characters",
        )
    return slug


def _family(slug: str) -> str:
    """The slug without its size and its role: `qwen3` of `qwen3-8b-base`."""
    words = [word for word in slug.split("-") if not SIZE.fullmatch(word) and word not in ROLES]
    return "-".join(words) or slug


def _base(project: Project, card: Card, notes: list[str]) -> Entry | None:
    """The entry of the model that the card says it was made from, where the atlas has one."""
    if card.base is None:
        return None
    for item in entry.load_each(project)[0]:
        if item.source.lower() == card.base.lower():
            return item
    notes.append(
        f"base: {card.base} by its {card.by}, which this atlas does not list; "
        f"--base {card.base} adds it"
    )
    return None


def _summary(architecture: Architecture, shape: Geometry) -> str:
    kind = architecture.kind.capitalize()
    shared = f", {shape.kv_heads} key/value heads" if shape.kv_heads != shape.heads else ""
    attending = len(architecture.attending)
    if attending == 0:
        heads = " without attention"
    elif attending < shape.layers:
        heads = f", {attending} of them with attention, with {shape.heads} heads{shared}"
    else:
        heads = f" with {shape.heads} heads each{shared}"
    return (
        f"{kind} of {shape.layers} layers{heads}, "
        f"{shape.d_model:,} wide; {shape.parameters:,} parameters."
    )


def _stored(folder: Path) -> str:
    return f" Read from GGUF, stored as {gguf_folder.conditions(folder)['stored_dtype']}."


def _sources(origin: Origin) -> tuple[str, ...]:
    if origin.revision is None:
        return ()
    name = origin.file or "config.json"
    return (f"{hub_settings.ENDPOINT}/{origin.source}/blob/{origin.revision}/{name}",)


def _name_repository(error: AtlasError, folder: Path, name: str) -> None:
    """Let errors name the repository's files and not those of the skeleton."""
    for problem in Problems([error]).problems:
        if problem.file is not None and Path(problem.file).is_relative_to(folder):
            rest = Path(problem.file).relative_to(folder).as_posix()
            problem.file = name if rest == "." else f"{name}/{rest}"
