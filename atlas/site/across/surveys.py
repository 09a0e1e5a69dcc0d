"""Surveys: the same heatmap of all models, side by side on one scale.

A survey page loads one compact bundle, which this module packs. It is not a second copy of the
data: it holds the 255 steps of a colour scale, not values.
`templates/parts/formats/survey_bundle.txt` says what is in it, on the page of data too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from atlas.profiles import alignment, comparable
from atlas.profiles.collection import Model, Section
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Profile
from atlas.profiles.statement import Statement
from atlas.site.across import bundles, counting, quantities, shared_scale
from atlas.site.across.bundles import Parts

FORMAT = 1
PART = 512 * 1024
"""Bytes from which on a bundle goes on in another part, so that a reader of one matrix of a large
atlas need not fetch all of them."""

Measured = tuple[Model, Section, Profile]


@dataclass(frozen=True)
class Survey:
    """One analysis over all models: who is shown, who is awaited, and the files of its bundle.

    `quantities`: name and title of each, by the prefix of their names, in the order of the picker.
    `counting`: what each model's counts rest on, where they do not rest on the same.
    """

    stated: Statement
    measured: tuple[Model, ...]
    awaited: tuple[Model, ...]
    families: tuple[str, ...]
    tags: tuple[str, ...]
    groups: int
    quantities: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    counting: str
    files: tuple[tuple[str, bytes], ...] = field(repr=False)

    @property
    def folder(self) -> str:
        """Where its page lies, relative to docs/ and to the site's root."""
        return f"survey/{self.stated.name}"

    @property
    def count(self) -> int:
        """How many quantities there are."""
        return sum(len(listed) for _, listed in self.quantities)

    @property
    def loaded(self) -> int:
        """Bytes that its page loads to show the first quantity."""
        return sum(len(content) for _, content in self.files[:2])


def load(models: Sequence[Model], statements: Sequence[Statement]) -> list[Survey]:
    """The survey of each analysis, in the order given."""
    return [_survey(models, stated) for stated in statements]


def by_prefix(
    matrices: Iterable[Mapping[str, Any]],
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Name and title of quantities by what stands before the colon of their names, if any."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for item in matrices:
        prefix, colon, _ = item["name"].partition(":")
        groups.setdefault(prefix if colon else "", []).append((item["name"], item["title"]))
    return tuple((prefix, tuple(listed)) for prefix, listed in groups.items())


def _survey(models: Sequence[Model], stated: Statement) -> Survey:
    measured: list[Measured] = []
    awaited: list[Model] = []
    for model in models:
        section = model.section(stated.name)
        if section is None:
            continue
        if section.profile is None:
            awaited.append(model)
        else:
            measured.append((model, section, section.profile))
    shown = tuple(model for model, _, _ in measured)
    files, index = _bundle(stated, measured) if measured else ((), {})
    return Survey(
        stated=stated,
        measured=shown,
        awaited=tuple(awaited),
        families=tuple(sorted({model.entry.family for model in shown})),
        tags=tuple(sorted({tag for model in shown for tag in model.entry.tags})),
        groups=len(index.get("groups", ())),
        quantities=by_prefix(index.get("matrices", ())),
        counting=counting.sentence((model.entry.name, profile) for model, _, profile in measured),
        files=files,
    )


def _bundle(
    stated: Statement, measured: Sequence[Measured]
) -> tuple[tuple[tuple[str, bytes], ...], dict[str, Any]]:
    """The bundle's files, names relative to the page, and what its description says."""
    profiles = [profile for _, _, profile in measured]
    groups = comparable.grouped(profiles)
    packed = _Packed()
    matrices = [
        packed.add(name, items, measured) for name, items in quantities.named(profiles).items()
    ]
    index: dict[str, Any] = {
        "format": FORMAT,
        "analysis": stated.name,
        "title": stated.title,
        "version": stated.version,
        "parts": [name for name, _ in packed.parts.files],
        "groups": quantities.told(profiles),
        "models": list(_models(measured, groups)),
        "labels": packed.labels,
        "layouts": packed.layouts,
        "matrices": matrices,
    }
    return (("bundle.json", bundles.dumped(index)), *packed.parts.files), index


def _models(
    measured: Sequence[Measured], groups: Sequence[tuple[int, dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    for model, section, profile in measured:
        entry, shape = model.entry, model.entry.geometry
        yield {
            "slug": entry.slug,
            "name": entry.name,
            "family": entry.family,
            "parameters": shape.parameters if shape else None,
            "layers": shape.layers if shape else None,
            "heads": (shape.heads or None) if shape else None,
            "released": entry.released,
            "tags": list(entry.tags),
            "reference": entry.is_reference,
            "state": section.job.state,
            "group": groups.index((profile.version, comparable.terms(profile))),
        }


class _Packed:
    """The bytes of a bundle and the tables that its matrices share, as they grow."""

    def __init__(self) -> None:
        self.parts = Parts(PART)
        self.labels: list[int | list[str]] = []
        self.layouts: list[list[list[int]]] = []
        self._places: dict[str, int] = {}

    def add(
        self, name: str, items: Sequence[Matrix | None], measured: Sequence[Measured]
    ) -> dict[str, Any]:
        """Pack a quantity; `items` are its matrices, one a model."""
        shown = [(at, item) for at, item in enumerate(items) if item is not None]
        first = shown[0][1]
        scale = shared_scale.over([item for _, item in shown])
        if first.axes[1] == "module":
            columns = alignment.joined([item.columns for _, item in shown])
            shown = [(at, quantities.spread(item, columns)) for at, item in shown]
        layout = [[at, self._label(item.rows), self._label(item.columns)] for at, item in shown]
        raw = b"".join(scale.steps(item).tobytes() for _, item in shown)
        part, offset = self.parts.add(raw)
        return {
            "name": name,
            "title": first.title,
            "unit": first.told_unit,
            "direction": first.direction,
            "axes": list(first.axes),
            **bundles.told_scale(scale, (item for _, item in shown)),
            "layout": self._layout(layout),
            "part": part,
            "offset": offset,
            "mean": [quantities.mean(item) for _, item in shown],
            "highest": [quantities.highest(item) for _, item in shown],
            "others": [
                model.entry.slug
                for (model, _, profile), item in zip(measured, items, strict=True)
                if item is None and any(one.name == name for one in profile.matrices)
            ],
        }

    def _label(self, labels: tuple[str, ...]) -> int:
        counted = labels == tuple(map(str, range(len(labels))))
        value = len(labels) if counted else list(labels)
        return self._place(value, self.labels)

    def _layout(self, layout: list[list[int]]) -> int:
        return self._place(layout, self.layouts)

    def _place(self, value: Any, table: list[Any]) -> int:
        """The place of a value in a table, which it joins where it is new."""
        key = f"{id(table)} {json.dumps(value)}"
        if key not in self._places:
            self._places[key] = len(table)
            table.append(value)
        return self._places[key]
