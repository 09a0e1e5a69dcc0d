"""What the atlas reads of the model types that people use, what not, and why.

How many models of a type the hub has was counted by TransformerLens' registry:
`hub_counts.json`, written by `scripts/take_hub_counts.py`. What is read is what has a row.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas import architectures
from atlas.architectures import missing

COUNTS = Path(__file__).with_name("hub_counts.json")

LEAST = 10
"""Models on the hub of a type that is listed although it is not read."""

TWO_STACKS = next(iter(missing.REASONS))
"""What encoder-decoders lack here: they are another kind of model."""

MIXER = re.compile(r"mixer\.")
"""The canonical modules of what a layer has in place of attention, or beside it."""

NO_ROW = "nothing but a row that says where its parts are"


@dataclass(frozen=True)
class Type:
    """A model type and the number of its models on the hub."""

    name: str
    models: int


@functools.cache
def counts() -> dict[str, Any]:
    """The file: its `source`, `models` by type, and what has `own_code`."""
    held: dict[str, Any] = json.loads(COUNTS.read_text(encoding="utf-8"))
    return held


def read() -> dict[str, list[Type]]:
    """Every model type with a row by kind, the types most used first."""
    found: dict[str, list[Type]] = {}
    for one in _sorted(architectures.known()):
        found.setdefault(kind(one.name), []).append(one)
    return dict(sorted(found.items()))


def kind(model_type: str) -> str:
    """`encoder`, `decoder`, `decoder, mixture of experts`, `decoder, layers of convolution`."""
    row = architectures.row(model_type)
    mixers = [one.name for one in row.layer_kinds if any(map(MIXER.match, one.modules))]
    told = [row.kind if row.part is None else f"{row.kind} that is part of a model"]
    told += [] if row.mixture is None else ["mixture of experts"]
    told += [f"layers of {' and '.join(mixers)}"] if mixers else []
    return ", ".join(told)


def unread() -> dict[str, list[Type]]:
    """The other types of `LEAST` models or more, by what is missing, the reason of most models
    first."""
    found: dict[str, list[Type]] = {}
    for one in _sorted(set(counts()["models"]) - set(architectures.known())):
        if one.models >= LEAST:
            found.setdefault(missing.WHY.get(one.name, NO_ROW), []).append(one)
    return dict(sorted(found.items(), key=lambda item: -total(item[1])))


def total(types: list[Type]) -> int:
    """The number of their models."""
    return sum(one.models for one in types)


def shares() -> tuple[float, float]:
    """The share of all counted models whose type is read; and of those that are no
    encoder-decoders."""
    every = _sorted(counts()["models"])
    known = total([one for one in every if one.name in architectures.known()])
    of_one_stack = [one for one in every if missing.WHY.get(one.name) != TWO_STACKS]
    return known / total(every), known / total(of_one_stack)


def _sorted(names: Any) -> list[Type]:
    types = [Type(name, counts()["models"].get(name, 0)) for name in names]
    return sorted(types, key=lambda one: (-one.models, one.name))
