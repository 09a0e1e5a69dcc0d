"""What values are usual: between which nine tenths of all measured values of a quantity lie.

They are those of the atlas' real models, of its reference models where no real one was measured.
Models of which a text says nothing are left out, and profiles of earlier versions; so are norms
beside weight matrices, of whose values theirs are no part.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.collection import Model
from atlas.profiles.matrix import Matrix, rounded

ORDERED = ("sequential", "diverging", "counts")
"""Kinds of matrices whose values have an order."""

SHARES = (0.05, 0.5, 0.95)
"""Below what share of the values the ends and the middle lie."""


class Usual(TypedDict):
    """Of one matrix: how many models have it, the only one by its name, whether these are reference
    models, and the values below which a twentieth, a half and all but a twentieth lie."""

    models: int
    only: str
    reference: bool
    values: list[float | int | None]


def published(models: Sequence[Model]) -> bytes:
    """`usual.json`: by analysis and matrix."""
    found: dict[str, dict[str, list[tuple[Model, Matrix]]]] = {}
    for model in models:
        for section in model.sections:
            if section.profile is None or section.doubt:
                continue
            if section.profile.version == section.stated.version:
                known = found.setdefault(section.stated.name, {})
                for matrix in section.profile.matrices:
                    known.setdefault(matrix.name, []).append((model, matrix))
    told = {
        analysis: {name: one for name, those in known.items() if (one := _usual(those))}
        for analysis, known in sorted(found.items())
    }
    return (json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _usual(measured: Sequence[tuple[Model, Matrix]]) -> Usual | None:
    """None where values have no order, or there are none."""
    real = [one for one in measured if not one[0].entry.is_reference]
    kept = [
        (model, matrix)
        for model, matrix in real or measured
        if matrix.kind in ORDERED and _values(matrix).size
    ]
    if not kept:
        return None
    values = np.concatenate([_values(matrix) for _, matrix in kept])
    return {
        "models": len(kept),
        "only": kept[0][0].entry.name if len(kept) == 1 else "",
        "reference": not real,
        "values": [rounded(float(value)) for value in np.quantile(values, SHARES)],
    }


def _values(matrix: Matrix) -> NDArray[np.float64]:
    """Those that there are."""
    shown = [not label.startswith("norm.") for label in matrix.columns]
    values = matrix.values[:, shown]
    return np.asarray(values[np.isfinite(values)])
