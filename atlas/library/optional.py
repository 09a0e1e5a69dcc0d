"""Libraries that are used where they are installed: pandas, xarray and pyarrow."""

from __future__ import annotations

import importlib
from typing import Any

from atlas.errors import AtlasError

EXTRAS = {"pandas": "pandas", "xarray": "xarray", "pyarrow": "parquet"}
"""The extra that installs each."""


def imported(name: str, what: str) -> Any:
    """An optional library. Raises `AtlasError` where `what` needs it and it is not installed."""
    package = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise AtlasError(
            f"{what} needs {package}, which is not installed",
            remedy=f"pip install 'model-atlas[{EXTRAS[package]}]'",
        ) from error
