"""Libraries that are used where they are installed: pandas and xarray."""

from __future__ import annotations

import importlib
from typing import Any

from atlas.errors import AtlasError


def imported(name: str, what: str) -> Any:
    """An optional library. Raises `AtlasError` where `what` needs it and it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise AtlasError(
            f"{what} needs {name}, which is not installed",
            remedy=f"pip install 'model-atlas[{name}]'",
        ) from error
