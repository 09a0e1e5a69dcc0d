"""Models that cannot be measured on this machine, by their entry and their files.

What is found here is the state of one machine, and no error of the project: a model that is not
here, a damaged copy, too little memory. It is told once and keeps no other model from being
measured. An atlas may have many more entries than one machine has models, so a run tells of those
that are not here in a line for each reason, not in one for each analysis.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from atlas import architectures
from atlas.checkpoints import headers, locate, tensor
from atlas.entries.entry import Entry
from atlas.errors import AtlasError, Problems, cut, from_os, short
from atlas.paths import Project
from atlas.profiles.plan import Job

Kind = Literal[
    "unpinned", "gated", "missing", "partial", "damaged", "unlike", "torch", "memory", "disk"
]

NAMED = 3
"""Models that a line names one by one before it counts the rest."""

SUMMARY: Mapping[Kind, tuple[str, str]] = {
    "unpinned": (
        "still to be pinned",
        "write each one's full commit hash as the revision of its entry: atlas pin does",
    ),
    "gated": (
        "gated and not on this machine",
        "accept each one's conditions on the hub, then atlas fetch MODEL",
    ),
    "missing": ("not on this machine", "atlas plan MODEL tells how to get one"),
    "torch": ("to be measured with torch", "pip install 'model-atlas[profile]'"),
    "disk": ("to be measured where there is no room", "make room on the disk"),
}
"""What several models have in common, and what to do about it; of other kinds each has a reason of
its own, which is told."""


@dataclass(frozen=True)
class Obstacle:
    """Why a model cannot be measured here: in a word, and as the error that says so."""

    kind: Kind
    problem: AtlasError

    @property
    def line(self) -> str:
        return " | ".join(str(self.problem).splitlines())


@dataclass(frozen=True)
class Away:
    """A model that cannot be measured here, and its planned analyses that this concerns."""

    slug: str
    obstacle: Obstacle
    jobs: tuple[Job, ...] = ()


def lines(away: Sequence[Away], partly: Collection[str] = ()) -> list[str]:
    """What to tell of them: a line a model, or one for each reason where that would be many.

    `partly`: the models of which other analyses can be measured here, or were.
    """
    told: list[str] = []
    several = [slug for slug, count in Counter(item.slug for item in away).items() if count > 1]
    groups: dict[Kind, list[Away]] = {}
    for item in away:
        groups.setdefault(item.obstacle.kind, []).append(item)
    for kind, group in groups.items():
        slugs = list(dict.fromkeys(item.slug for item in group))
        if kind in SUMMARY and len(slugs) > NAMED:
            told.append(summary(kind, slugs))
        else:
            told += [_line(item, item.slug in partly or item.slug in several) for item in group]
    return told


def _line(item: Away, named: bool) -> str:
    names = ", ".join(job.analysis for job in item.jobs) + " " if named else ""
    return f"{item.slug}: {names}not measurable here: {item.obstacle.line}"


def summary(kind: Kind, slugs: Sequence[str]) -> str:
    """`41 models are still to be pinned: gpt2, gpt2-large, gpt2-medium and 38 more; ...`."""
    what, remedy = SUMMARY[kind]
    verb = "model is" if len(slugs) == 1 else "models are"
    return f"{len(slugs)} {verb} {what}: {named(slugs)}; {remedy}"


def named(slugs: Sequence[str]) -> str:
    """`gpt2, gpt2-large, gpt2-medium and 38 more`."""
    more = f" and {len(slugs) - NAMED} more" if len(slugs) > NAMED else ""
    return f"{', '.join(slugs[:NAMED])}{more}"


def of_files(project: Project, entry: Entry) -> Obstacle | None:
    """What keeps a model's own files from being read, by config and headers: None where all is
    well."""
    file = project.entry(entry.slug)
    if entry.source_kind == "hub" and entry.revision is None:
        problem = "revision is null, still to be pinned"
        remedy = f"write the full commit hash, in quotes: atlas pin {entry.slug} does"
        return Obstacle("unpinned", AtlasError(problem, file=file, place="revision", remedy=remedy))
    return collected(lambda: _held_against_files(project, entry))


def _held_against_files(project: Project, entry: Entry) -> Obstacle | None:
    folder = locate.of_entry(project, entry)
    if folder is None and entry.source_kind == "folder":
        place = (project.root / entry.source).resolve()
        if place.is_dir():
            raise AtlasError(
                "there is no config.json",
                file=place,
                remedy="copy the whole model into that folder",
            )
    if folder is None:
        kind: Kind = "gated" if "gated" in entry.tags else "missing"
        return _missing(project, entry, kind, f"source {entry.source!r} is not on this machine")
    if entry.source_kind == "hub" and not headers.has_weights(folder):
        problem = f"of {entry.source!r} only the config is on this machine"
        return _missing(project, entry, "partial", problem)
    if entry.source_kind == "hub" and not headers.whole(folder):
        problem = f"of {entry.source!r} only some of the weights are on this machine"
        return _missing(project, entry, "partial", problem)
    told = contradictions(project, entry, folder)
    if told:
        return Obstacle("unlike", told[0] if len(told) == 1 else Problems(told))
    return None


def contradictions(project: Project, entry: Entry, folder: Path) -> list[AtlasError]:
    """Where an entry says something else than the model's own files in `folder`.

    Raises `AtlasError` or `Problems` for files that cannot be read.
    """
    file = project.entry(entry.slug)
    config = headers.config(folder)
    if config.get("model_type") != entry.architecture:
        return [
            AtlasError(
                f"architecture {entry.architecture!r}, and the model's config says "
                f"{short(config.get('model_type'))}",
                file=file,
                place="architecture",
                remedy=f"write architecture: {cut(str(config.get('model_type')), 60)}",
            )
        ]
    architecture = architectures.lookup(config, folder / "config.json")
    tensors = headers.read(folder)
    stored = {name: tensor.elements for name, tensor in tensors.items()}
    architecture.require_single(stored, folder)
    if architecture.geometry.layers > len(stored):
        raise AtlasError(
            f"{architecture.geometry.layers} layers, and the weights have {len(stored)} tensors",
            file=folder / "config.json",
            remedy="fetch the model again: config and weights must be those of one model",
        )
    plain = architecture.plain_names(tensors)
    for name in sorted(architecture.known_names() & plain.keys()):
        if tensors[plain[name]].dtype not in tensor.FLOATS:
            raise tensor.unread(tensors[plain[name]])
    if entry.geometry is None:
        return []
    true = asdict(architecture.geometry) | {"parameters": architecture.parameters(stored)}
    return [
        AtlasError(
            f"{value or 'nothing'} in the entry, {true[key] or 'none'} in the model's own files",
            file=file,
            place=f"geometry.{key}",
            remedy=f"write {key}: {true[key]}" if true[key] else f"leave out {key}",
        )
        for key, value in asdict(entry.geometry).items()
        if value is not None and true[key] is not None and value != true[key]
    ]


def collected(step: Callable[[], Obstacle | None]) -> Obstacle | None:
    """What a look at a model's files finds, whatever is in them: damaged where it raises."""
    try:
        return step()
    except AtlasError as error:
        return Obstacle("damaged", error)
    except OSError as error:
        return Obstacle("damaged", from_os(error))
    except Exception as error:  # a config can hold anything
        told = f"its files cannot be understood: {type(error).__name__}: {error}"
        return Obstacle("damaged", AtlasError(told, remedy="are they those of one model?"))


def _missing(project: Project, entry: Entry, kind: Kind, problem: str) -> Obstacle:
    remedy = _remedy(entry)
    if "gated" in entry.tags:
        remedy = f"it is gated: accept its conditions on the hub, then {remedy}"
    file = project.entry(entry.slug)
    return Obstacle(kind, AtlasError(problem, file=file, place="source", remedy=remedy))


def _remedy(entry: Entry) -> str:
    if entry.source_kind == "hub":
        return f"atlas fetch {entry.slug}"
    if entry.source_kind == "file":
        return "put the GGUF file there"
    if entry.source_kind == "folder":
        return "put the model's folder there"
    name = entry.source.removeprefix("zoo:")
    if entry.relation == "quantised":
        return f"make it: python -m atlas.zoo quantise {name}"
    return f"train it: python -m atlas.zoo train {name}"
