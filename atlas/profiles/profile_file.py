"""Profiles on disk: `docs/models/<slug>/<analysis>.json`, written by `profile`, read by all.

A file is one JSON object: format number, analysis and its version, the model that was read,
protocol (what must agree before two models are compared), conditions (what is shown beside),
facts, matrices with a row a line, and made_by, which `verify` never compares.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from atlas import schemas
from atlas.errors import AtlasError, raise_all, short
from atlas.files import json_file
from atlas.paths import refuse_link
from atlas.profiles import matrix
from atlas.profiles.matrix import Matrix

FORMAT = 3
"""1: a null may stand for what does not exist and for what cannot be defined. 2: `undefined` of a
matrix names the latter. 3: a matrix may have `largest_share`."""

SINCE = {"undefined": 2, "largest_share": 3}
"""Keys of matrices that older formats do not have."""

Scalar = str | int | float | bool | None
Scalars = Mapping[str, Scalar]


@dataclass(frozen=True)
class Pin:
    """The model that was read: what a number is pinned to.

    `digest` is that of the weights, `tokenizer` that of the tokenizer or None.
    """

    slug: str
    source: str
    revision: str | None
    digest: str
    tokenizer: str | None


@dataclass(frozen=True)
class Profile:
    """What one analysis measured on one model.

    `format`: that of its file. An older one is read as it stands, for nothing in format 1 tells
    which of its nulls cannot be defined, and written as it was, so that digests of it stay.
    """

    analysis: str
    version: int
    model: Pin
    protocol: Scalars
    conditions: Scalars
    facts: Scalars
    matrices: tuple[Matrix, ...]
    made_by: Scalars
    format: int = FORMAT

    def matrix(self, name: str) -> Matrix:
        """The matrix of that name; `KeyError` where there is none."""
        return {matrix.name: matrix for matrix in self.matrices}[name]


def text(profile: Profile) -> str:
    """A profile as the text of its file."""
    head: dict[str, Any] = {
        "format": profile.format,
        "analysis": profile.analysis,
        "version": profile.version,
        "model": asdict(profile.model),
        "protocol": _scalars("protocol", profile.protocol, exact=True),
        "conditions": _scalars("conditions", profile.conditions),
        "facts": _scalars("facts", profile.facts),
    }
    lines = [
        f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)},"
        for key, value in head.items()
    ]
    matrices = ",\n".join(f"  {item.json_text()}" for item in profile.matrices)
    made_by = json.dumps(_scalars("made_by", profile.made_by), ensure_ascii=False)
    return "\n".join(
        ["{", *lines, ' "matrices": [', f"{matrices}],", f' "made_by": {made_by}', "}", ""]
    )


def save(path: Path, profile: Profile) -> None:
    """Write a profile, whole or not at all.

    Raises `AtlasError` or `Problems` for what `load` would refuse: nothing is written that cannot
    be read again.
    """
    content = text(profile)
    parsed(json_file.parse(content, path), path)
    json_file.write_atomic(path, content)


def load(path: Path) -> Profile:
    """Read a profile.

    Raises `AtlasError` or `Problems`: everything wrong with the file, a line each; a newer format
    is refused with the remedy.
    """
    refuse_link(path)
    return parsed(json_file.read_json(path), path)


def parsed(raw: Any, path: Path) -> Profile:
    """The profile that a file's JSON holds, as `load` reads it; `path` is where it is to lie."""
    document = _current(raw, path)
    found = schemas.problems(_without_values(document), "profile", path)
    raise_all(found)
    matrices: list[Matrix] = []
    for item in document["matrices"]:
        try:
            matrices.append(matrix.from_json(item, path))
        except AtlasError as error:
            found.append(error)
    names = [item["name"] for item in document["matrices"]]
    found += [
        AtlasError(
            f"two matrices are named {name!r}",
            file=path,
            place="matrices",
            remedy="measure it again",
        )
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    found += _misplaced(document, path)
    raise_all(found)
    return Profile(
        analysis=document["analysis"],
        version=document["version"],
        model=Pin(**document["model"]),
        protocol=document["protocol"],
        conditions=document["conditions"],
        facts=document["facts"],
        matrices=tuple(matrices),
        made_by=document["made_by"],
        format=document["format"],
    )


def _current(document: Any, path: Path) -> dict[str, Any]:
    """A document that can be read as one of the current format: format 1 is one without marks of
    what cannot be defined."""
    if not isinstance(document, dict):
        raise AtlasError(
            f"{short(document)} is not a mapping", file=path, remedy="measure it again"
        )
    number = document.get("format")
    if isinstance(number, int) and number > FORMAT:
        raise AtlasError(
            f"format {number} is newer than this atlas, which reads up to {FORMAT}",
            file=path,
            place="format",
            remedy="upgrade: pip install --upgrade model-atlas",
        )
    if isinstance(number, int):
        raise_all(list(_ahead(document, number, path)))
    return document


def _ahead(document: Mapping[str, Any], number: int, path: Path) -> Iterator[AtlasError]:
    """What a document of an older format cannot have."""
    matrices = document.get("matrices")
    for at, item in enumerate(matrices if isinstance(matrices, list) else ()):
        for key, first in SINCE.items():
            if isinstance(item, dict) and key in item and number < first:
                yield AtlasError(
                    f"format {number} has no key {key!r}",
                    file=path,
                    place=f"matrices[{at}].{key}",
                    remedy="measure it again",
                )
                return


def _without_values(document: dict[str, Any]) -> dict[str, Any]:
    """The same document with empty arrays, which numpy checks a hundred times faster, and with
    labels that several matrices share, or that just count, not written out again."""
    matrices = document.get("matrices")
    if not isinstance(matrices, list):
        return document
    seen: set[tuple[str, ...]] = set()
    bare = [
        {key: _emptied(key, value, seen) for key, value in item.items()}
        if isinstance(item, dict)
        else item
        for item in matrices
    ]
    return {**document, "matrices": bare}


def _emptied(key: str, value: Any, seen: set[tuple[str, ...]]) -> Any:
    if not isinstance(value, list) or not value:
        return value
    if key in ("values", "spread", "largest_share") and all(isinstance(row, list) for row in value):
        return [[0]]
    if key in ("rows", "columns", "native") and all(isinstance(label, str) for label in value):
        labels = tuple(value)
        known = labels in seen or _counted(labels)
        seen.add(labels)
        return value[:1] if known else value
    return value


def _counted(labels: tuple[str, ...]) -> bool:
    """Whether labels are 0, 1, 2 ..., as those of layers and heads are: sound beyond a doubt."""
    return len(labels) <= 1000 and labels == tuple(map(str, range(len(labels))))


def _misplaced(document: dict[str, Any], path: Path) -> list[AtlasError]:
    """A profile's name and model are those of its place."""
    found = []
    for key, says, lies in (
        ("analysis", document["analysis"], path.name.removesuffix(".json")),
        ("model.slug", document["model"]["slug"], path.parent.name),
    ):
        if says != lies:
            found.append(
                AtlasError(
                    f"{says!r} in a file that lies at {lies!r}",
                    file=path,
                    place=key,
                    remedy="move the file or measure again",
                )
            )
    return found


def _scalars(part: str, values: Scalars, *, exact: bool = False) -> dict[str, Scalar]:
    """Scalars as they are written; what a protocol states is not rounded, for it is compared."""
    written: dict[str, Scalar] = {}
    for key, value in values.items():
        plain = value is None or isinstance(value, (str, bool, int, float))
        if not plain or value in (math.inf, -math.inf):
            raise AtlasError(
                f"{short(value)} is a {type(value).__name__}, no text or finite number",
                place=f"{part}.{key}",
                remedy="the analysis must return Python's own types",
            )
        kept = exact and isinstance(value, float) and math.isfinite(value)
        written[key] = matrix.rounded(value) if isinstance(value, float) and not kept else value
    return written
