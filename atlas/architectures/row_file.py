"""A derived row as a file: data alone, read without trust, every value of the type of its column.

`atlas architecture` writes it; with the package such files lie in `derived/`, in a project in its
folder `architectures/`. Columns that say what is usual are left out.
"""

from __future__ import annotations

import functools
import json
import math
import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from atlas import schemas
from atlas.architectures.row import Row
from atlas.errors import AtlasError, Problems, short, suggest
from atlas.files import json_file

FORMAT = 1
LARGEST = 256 * 1024
AGAIN = "derive it again: atlas architecture"

NAME = re.compile(r"[A-Za-z0-9_./{}|+-]{0,120}")
"""What a name of a module, a key or a word of a config may be."""

MOST = 2**31
"""No count of a row, and no number of a config's, is larger."""


MOST_COUNTED = 10_000
"""More than any model has of what a row states itself: layers, heads, widths."""


@dataclass(frozen=True)
class DerivedRow:
    """A row, and how it came to be.

    `transformers`: the version whose class it was derived from. `proved`: what held of tiny models,
    by the names in `atlas/loaded/proofs`. `varied`: what was varied while it did. `tiny`: the
    config of the tiny model, without what the class has anyway.
    """

    row: Row
    transformers: str
    proved: tuple[str, ...]
    varied: tuple[str, ...]
    tiny: Mapping[str, Any] = field(repr=False)

    @property
    def origin(self) -> str:
        return f"derived with transformers {self.transformers}"


def text(derived: DerivedRow) -> str:
    """The content of a file."""
    document = {
        "format": FORMAT,
        "transformers": derived.transformers,
        "proved": list(derived.proved),
        "varied": list(derived.varied),
        "tiny": derived.tiny,
        "row": _plain(derived.row),
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def read(path: Path) -> DerivedRow:
    """The row of a file. Raises `AtlasError` or `Problems` for whatever no derivation writes."""
    document = json_file.read_object(path, LARGEST, AGAIN)
    if problems := schemas.problems(document, "architecture", path):
        for problem in problems:
            problem.remedy = AGAIN
        raise Problems(problems)
    try:
        row = _value(Row, document["row"], "row")
        tiny = _value(Mapping[str, object], document["tiny"], "tiny")
        _require_counts(row)
    except _WrongError as error:
        raise AtlasError(str(error), file=path, place=error.place, remedy=AGAIN) from None
    except RecursionError:
        raise AtlasError("is nested too deeply", file=path, remedy=AGAIN) from None
    if path.name != f"{row.model_type}.json":
        raise AtlasError(
            f"is the row of {short(row.model_type)}",
            file=path,
            place="row.model_type",
            remedy=f"call the file {row.model_type}.json",
        )
    return _derived(document, row, tiny)


def read_trusted(path: Path) -> DerivedRow:
    """The row of a file of the package: tests hold these to `read`, which takes longer."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return _derived(document, _value(Row, document["row"], "row"), document["tiny"])


def _derived(document: Mapping[str, Any], row: Row, tiny: Mapping[str, Any]) -> DerivedRow:
    proved, varied = (tuple(document[key]) for key in ("proved", "varied"))
    return DerivedRow(row, document["transformers"], proved, varied, tiny)


def _plain(value: Any) -> Any:
    """A column as JSON has it: without what is usual."""
    if is_dataclass(value) and not isinstance(value, type):
        held = {}
        for column in fields(value):
            own = getattr(value, column.name)
            usual = (
                column.default_factory()
                if column.default_factory is not MISSING
                else column.default
            )
            if own != usual:
                held[column.name] = _plain(own)
        return held
    if isinstance(value, Mapping):
        return {key: _plain(held) for key, held in value.items()}
    return [_plain(held) for held in value] if isinstance(value, tuple | list) else value


class _WrongError(ValueError):
    """A value that is not of its column's type."""

    def __init__(self, place: str, told: str) -> None:
        self.place = place
        super().__init__(told)


def _value(kind: Any, value: Any, place: str) -> Any:
    """A value of JSON as the type that a column has."""
    origin, parts = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _columns(kind, value, place)
    if origin in (Union, types.UnionType):
        return _either(parts, value, place)
    if origin is Literal:
        if value not in parts or isinstance(value, bool):
            raise _WrongError(place, f"{short(value)} is none of {', '.join(map(str, parts))}")
        return value
    if origin is tuple and isinstance(value, list):
        kinds = parts[:1] * len(value) if parts[-1] is ... else parts
        if len(kinds) == len(value):
            return tuple(
                _value(one, held, f"{place}[{at}]")
                for at, (one, held) in enumerate(zip(kinds, value, strict=True))
            )
    elif isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, dict):
        return {
            _value(parts[0], key, place): _value(parts[1], held, f"{place}.{key}")
            for key, held in value.items()
        }
    elif kind is object:
        return _of_config(value, place)
    elif type(value) is kind and kind is not float and _is_sound(value):
        return value
    elif kind is float and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    raise _WrongError(place, f"{short(value)} is not what stands there")


def _require_counts(row: Row) -> None:
    """Refuse a count of what is gone through one by one that no model has."""
    for name, count in row.keys.items():
        if isinstance(count, int) and not 0 < count <= MOST_COUNTED:
            raise _WrongError(f"row.keys.{name}", f"{count} is not a count")


def _is_sound(value: str | int | None) -> bool:
    """Whether a word is a plain one, and a number no larger than any config's."""
    if isinstance(value, str):
        return NAME.fullmatch(value) is not None
    return abs(value or 0) <= MOST


def _columns(kind: Any, value: Any, place: str) -> Any:
    hints = _hints(kind)
    if not isinstance(value, dict):
        raise _WrongError(place, f"{short(value)} is not a mapping")
    for key in value:
        if key not in hints:
            raise _WrongError(place, f"unknown key {short(key)}; {suggest(key, list(hints))}")
    held = {key: _value(hints[key], one, f"{place}.{key}") for key, one in value.items()}
    for column in fields(kind):
        usual = column.default is MISSING and column.default_factory is MISSING
        if usual and column.name not in held:
            raise _WrongError(place, f"key {column.name!r} is missing")
    return kind(**held)


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _either(parts: tuple[Any, ...], value: Any, place: str) -> Any:
    """A value of one of several types; what is wrong is told of the last that it could be."""
    told = _WrongError(place, f"{short(value)} is not what stands there")
    for part in parts:
        try:
            return _value(part, value, place)
        except _WrongError as error:
            told = error if len(error.place) > len(told.place) else told
    raise told


def _of_config(value: Any, place: str) -> Any:
    """What a config may hold: a number, a word, a truth, or lists and mappings of these."""
    if isinstance(value, list):
        return [_of_config(held, f"{place}[{at}]") for at, held in enumerate(value)]
    if isinstance(value, dict):
        return {
            _value(str, key, place): _of_config(held, f"{place}.{key}")
            for key, held in value.items()
        }
    return _either((types.NoneType, bool, int, float, str), value, place)
