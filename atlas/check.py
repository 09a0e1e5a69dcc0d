"""What is wrong with a project, in seconds and without torch: every problem in one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from atlas import analysis, architectures, entry, headers, pins, settings, store
from atlas.entry import Entry
from atlas.errors import AtlasError, Problems, suggest
from atlas.paths import Project


def problems(project: Project) -> list[AtlasError]:
    """Everything wrong with a project's settings, entries and profiles; empty where all is well."""
    found: list[AtlasError] = []
    _collect(found, lambda: settings.load(project))
    entries: list[Entry] = []
    for path in sorted(project.models.glob("*/model.yml")):
        _collect(found, lambda path=path: entries.append(entry.load(path)))  # type: ignore[misc]
    if not found:
        _collect(found, lambda: entry.load_all(project))  # what only all of them together show
    for item in entries:
        found += _entry_problems(project, item)
        found += _profile_problems(project, item)
    return found


def notes(entries: list[Entry], project: Project) -> list[str]:
    """What is no problem, and worth a line: revisions that are still to be pinned."""
    return [
        f"{project.entry(item.slug).relative_to(project.root)}: revision is still to be pinned"
        for item in entries
        if item.source_kind == "hub" and item.revision is None
    ]


def _collect(found: list[AtlasError], step: Callable[[], object]) -> None:
    try:
        step()
    except Problems as several:
        found += several.problems
    except AtlasError as error:
        found.append(error)


def _entry_problems(project: Project, item: Entry) -> Iterator[AtlasError]:
    """An entry against the architectures, the analyses and the model's files where they are."""
    file = project.entry(item.slug)
    if item.architecture not in architectures.known():
        yield AtlasError(
            f"architecture {item.architecture!r} is not known",
            file=file,
            place="architecture",
            remedy=suggest(item.architecture, architectures.known()),
        )
        return
    if item.analyses is not None:
        yield from settings.unknown_analyses(item.analyses, file, "analyses")
    found: list[AtlasError] = []
    _collect(found, lambda: found.extend(_geometry_problems(project, item)))
    yield from found


def _geometry_problems(project: Project, item: Entry) -> list[AtlasError]:
    file = project.entry(item.slug)
    folder = pins.locate(project, item)
    if folder is None:
        return []
    config = headers.config(folder)
    if config.get("model_type") != item.architecture:
        return [
            AtlasError(
                f"architecture {item.architecture!r}, and the model's config says "
                f"{config.get('model_type')!r}",
                file=file,
                place="architecture",
                remedy=f"write architecture: {config.get('model_type')}",
            )
        ]
    if item.geometry is None:
        return []
    architecture = architectures.lookup(config, folder / "config.json")
    true: dict[str, Any] = asdict(architecture.geometry)
    stored = {name: tensor.elements for name, tensor in headers.read(folder).items()}
    true["parameters"] = architecture.parameters(stored)
    stated = asdict(item.geometry)
    return [
        AtlasError(
            f"{stated[key]} in the entry, {true[key]} in the model's own files",
            file=file,
            place=f"geometry.{key}",
            remedy=f"write {key}: {true[key]}",
        )
        for key in stated
        if stated[key] is not None and true[key] is not None and stated[key] != true[key]
    ]


def _profile_problems(project: Project, item: Entry) -> Iterator[AtlasError]:
    """Every profile of a model against its schema, and those that belong to no analysis."""
    for path in sorted(project.folder(item.slug).glob("*.json")):
        name = path.stem
        if name not in analysis.names():
            yield AtlasError(
                f"{path.name} belongs to no analysis",
                file=path,
                remedy=f"remove it; {suggest(name, analysis.names())}",
            )
            continue
        found: list[AtlasError] = []
        _collect(found, lambda path=path: store.load(path))  # type: ignore[misc]
        yield from found
