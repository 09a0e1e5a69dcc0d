"""The profile of what an analysis measured: its statement, and the machine that it was made on."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path

from atlas import __version__
from atlas.errors import raise_all
from atlas.loaded import memory
from atlas.pinned.choices import Choices
from atlas.profiles import profile_file, side_files, soundness, statement
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
    where = Path(f"{name}.json")
    raise_all(soundness.problems(made, where))
    for part, items in measured.parts.items():
        raise_all(soundness.part_problems(made, part, items, side_files.path(where, part)))
    return made


def _device(device: str) -> str:
    """The name of a GPU, "NVIDIA H200"; other devices as torch calls them."""
    if device != "cuda":
        return device
    import torch  # loaded already where a GPU was used

    name: str = torch.cuda.get_device_name(0)
    return name
