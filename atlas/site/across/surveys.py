"""Surveys: the same heatmap of all models, side by side on one scale.

A survey page loads one compact bundle per analysis, which this module packs; it is no second copy
of the data, for it holds the 255 steps of a colour scale, not values. What is in it is told in
`templates/parts/formats/survey_bundle.txt`, which the page of surveys shows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from atlas.profiles.collection import Model, Section
from atlas.profiles.matrix import Matrix, rounded
from atlas.profiles.profile_file import Profile
from atlas.profiles.statement import Statement
from atlas.site.across import shared_scale
from atlas.site.across.shared_scale import STEPS, Scale

FORMAT = 1
PART = 512 * 1024
"""Bytes from which on a bundle goes on in another part, so that a reader of one matrix of a large
atlas need not fetch all of them."""

Measured = tuple[Model, Section, Profile]


@dataclass(frozen=True)
class Survey:
    """One analysis over all models: who is shown, who is awaited, and the files of its bundle.

    `quantities`: name and title of each, by the prefix of their names, in the order of the picker.
    """

    stated: Statement
    measured: tuple[Model, ...]
    awaited: tuple[Model, ...]
    families: tuple[str, ...]
    tags: tuple[str, ...]
    groups: int
    quantities: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
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


def grouped(profiles: Sequence[Profile]) -> list[tuple[int, dict[str, Any]]]:
    """The (version, protocol) that profiles were measured with, those of most profiles first; of
    equally many, the newer version."""
    counts: dict[str, int] = {}
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for profile in profiles:
        key = group_key(profile)
        counts[key] = counts.get(key, 0) + 1
        found.setdefault(key, (profile.version, dict(profile.protocol)))
    return [
        found[key] for key in sorted(counts, key=lambda key: (-counts[key], -found[key][0], key))
    ]


def group_key(profile: Profile) -> str:
    """The same text for all profiles whose values may be subtracted from each other's."""
    return json.dumps([profile.version, dict(profile.protocol)], sort_keys=True)


def quantities(profiles: Sequence[Profile]) -> dict[str, list[Matrix | None]]:
    """Each matrix name with every profile's matrix of it, None for profiles without.

    Names stand in the order of the profiles' own; only matrices that are the same quantity as
    most profiles' are kept, and only those whose categories have a step each.
    """
    table = [
        {item.name: item for item in profile.matrices if len(item.categories or ()) <= STEPS}
        for profile in profiles
    ]
    found: dict[str, list[Matrix | None]] = {}
    for name in dict.fromkeys(name for named in table for name in named):
        items = [named.get(name) for named in table]
        known = Counter(same_quantity(item) for item in items if item is not None)
        wanted = known.most_common(1)[0][0]
        found[name] = [item if item and same_quantity(item) == wanted else None for item in items]
    return found


def by_prefix(
    matrices: Iterable[Mapping[str, Any]],
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Name and title of quantities by what stands before the colon of their names, if any."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for item in matrices:
        prefix, colon, _ = item["name"].partition(":")
        groups.setdefault(prefix if colon else "", []).append((item["name"], item["title"]))
    return tuple((prefix, tuple(listed)) for prefix, listed in groups.items())


def same_quantity(matrix: Matrix) -> Hashable:
    """What two matrices of one name must agree in to be shown on one scale."""
    return matrix.kind, matrix.unit, matrix.axes, matrix.scale, matrix.categories


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
        files=files,
    )


def _bundle(
    stated: Statement, measured: Sequence[Measured]
) -> tuple[tuple[tuple[str, bytes], ...], dict[str, Any]]:
    """The bundle's files, names relative to the page, and what its description says."""
    profiles = [profile for _, _, profile in measured]
    groups = grouped(profiles)
    packed = _Packed()
    matrices = [packed.add(name, items, measured) for name, items in quantities(profiles).items()]
    index: dict[str, Any] = {
        "format": FORMAT,
        "analysis": stated.name,
        "title": stated.title,
        "version": stated.version,
        "parts": [f"bundle.{at}.bin" for at in range(len(packed.parts))],
        "groups": [{"version": version, "protocol": protocol} for version, protocol in groups],
        "models": list(_models(measured, groups)),
        "labels": packed.labels,
        "layouts": packed.layouts,
        "matrices": matrices,
    }
    parts = [
        (name, bytes(content)) for name, content in zip(index["parts"], packed.parts, strict=True)
    ]
    return (("bundle.json", dumped(index)), *parts), index


def dumped(index: dict[str, Any]) -> bytes:
    """A description as JSON: an element of its lists a line, so that a diff can be read."""
    lines = []
    for key, value in index.items():
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if isinstance(value, list) and value and not isinstance(value[0], str):
            items = (json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in value)
            text = "[\n" + ",\n".join(items) + "]"
        lines.append(f"{json.dumps(key)}:{text}")
    return ("{" + ",\n".join(lines) + "}\n").encode()


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
            "heads": shape.heads if shape else None,
            "released": entry.released,
            "tags": list(entry.tags),
            "reference": entry.is_reference,
            "state": section.job.state,
            "group": groups.index((profile.version, dict(profile.protocol))),
        }


class _Packed:
    """The bytes of a bundle and the tables that its matrices share, as they grow."""

    def __init__(self) -> None:
        self.parts: list[bytearray] = []
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
            columns = merged([item.columns for _, item in shown])
            shown = [(at, spread(item, columns)) for at, item in shown]
        layout = [[at, self._label(item.rows), self._label(item.columns)] for at, item in shown]
        raw = b"".join(scale.steps(item).tobytes() for _, item in shown)
        if not self.parts or (self.parts[-1] and len(self.parts[-1]) + len(raw) > PART):
            self.parts.append(bytearray())
        part = self.parts[-1]
        part += raw
        return {
            "name": name,
            "title": first.title,
            "unit": first.unit,
            "direction": first.direction,
            "axes": list(first.axes),
            **told_scale(scale),
            "layout": self._layout(layout),
            "part": len(self.parts) - 1,
            "offset": len(part) - len(raw),
            "mean": [mean(item) for _, item in shown],
            "highest": [highest(item) for _, item in shown],
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


def merged(several: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The labels of several models in one order: each stands after the one that it follows in the
    first model that has it."""
    found: list[str] = []
    for labels in several:
        at = 0
        for label in labels:
            if label in found:
                at = found.index(label) + 1
            else:
                found.insert(at, label)
                at += 1
    return tuple(found)


def spread(matrix: Matrix, columns: tuple[str, ...]) -> Matrix:
    """The same matrix with these columns; those that it lacks have no values."""
    if matrix.columns == columns:
        return matrix
    values = np.full((len(matrix.rows), len(columns)), np.nan)
    for at, column in enumerate(columns):
        if column in matrix.columns:
            values[:, at] = matrix.values[:, matrix.columns.index(column)]
    return replace(matrix, columns=columns, values=values, native=None, spread=None)


def told_scale(scale: Scale) -> dict[str, Any]:
    """A shared scale as `static/panels.js` reads it."""
    return {
        "kind": scale.kind,
        "transform": scale.transform,
        "low": rounded(scale.low),
        "high": rounded(scale.high),
        "below": scale.below,
        "above": scale.above,
        "text": scale.text,
        "categories": list(scale.categories),
    }


def mean(matrix: Matrix) -> float | int | None:
    """The mean of the values that exist, None for categories and where there are none."""
    known = matrix.values[np.isfinite(matrix.values)]
    return rounded(float(known.mean())) if known.size and matrix.kind != "categorical" else None


def highest(matrix: Matrix) -> float | int | None:
    """The highest value, None for categories and where there are none."""
    known = matrix.values[np.isfinite(matrix.values)]
    return rounded(float(known.max())) if known.size and matrix.kind != "categorical" else None
