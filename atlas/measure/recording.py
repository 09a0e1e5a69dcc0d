"""The profile of what an analysis measured: its statement, and the machine that it was made on."""

from __future__ import annotations

import importlib.metadata
import math
import platform
from pathlib import Path

import numpy as np

from atlas import __version__
from atlas.errors import DAMAGED, AtlasError, raise_all
from atlas.loaded import memory
from atlas.pinned.choices import Choices
from atlas.profiles import contract, profile_file, side_files, soundness, statement
from atlas.profiles.matrix import cells
from atlas.profiles.statement import Measured


def profile(
    pin: profile_file.Pin, name: str, measured: Measured, seconds: float, choices: Choices
) -> profile_file.Profile:
    """The profile of what the analysis `name` measured in that time.

    Raises `AtlasError` or `Problems` where it, or a part of it, is not what the analysis promises.
    """
    stated = statement.of(name)
    made = profile_file.Profile(
        analysis=stated.name,
        version=stated.version,
        model=pin,
        protocol=dict(stated.protocol_under(choices)),
        conditions=dict(measured.conditions),
        facts=dict(measured.facts),
        matrices=measured.matrices,
        made_by={
            "atlas": __version__,
            "torch": importlib.metadata.version("torch"),
            "python": platform.python_version(),
            "machine": platform.machine(),
            "device": _device(str(measured.conditions.get("device", "cpu"))),
            "seconds": round(seconds, 2),
            "peak_bytes": memory.peak(),
        },
    )
    _require_finite(made)
    where = Path(f"{name}.json")
    raise_all(soundness.problems(made, where))
    for part, items in measured.parts.items():
        raise_all(soundness.part_problems(made, part, items, side_files.path(where, part)))
    return made


def _require_finite(made: profile_file.Profile) -> None:
    """Raise `AtlasError` where arithmetic failed: what cannot be defined is marked by the analysis,
    so that any other value that is no finite number is one that it failed to measure."""
    stated = statement.of(made.analysis).matrices
    for matrix in made.matrices:
        failed = np.isinf(matrix.values) | (np.isnan(matrix.values) & ~matrix.is_undefined)
        quantity = contract.find(stated, matrix.name)
        lacking = quantity is not None and soundness.may_lack(quantity, made.conditions)
        if failed.any() and not lacking:
            [(row, column), *_] = cells(matrix.rows, matrix.columns, failed)
            where = f"{matrix.axes[0]} {row}, {matrix.axes[1]} {column}"
            told = f"{int(failed.sum())} of {failed.size} values are not finite, first at {where}"
            raise AtlasError(told, place=f"matrix {matrix.name!r}", remedy=DAMAGED)
    for part, scalars in (("fact", made.facts), ("condition", made.conditions)):
        for name, value in scalars.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise AtlasError(f"is {value}, not finite", place=f"{part} {name}", remedy=DAMAGED)


def _device(device: str) -> str:
    """The name of a GPU, "NVIDIA H200"; other devices as torch calls them."""
    if device != "cuda":
        return device
    import torch  # loaded already where a GPU was used

    name: str = torch.cuda.get_device_name(0)
    return name
