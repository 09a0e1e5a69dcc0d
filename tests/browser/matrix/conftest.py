"""Functions of scripts, called in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from called import caller
from served import Site


@pytest.fixture
def call(page: Any, site: Site) -> Callable[..., Any]:
    """Call an exported function of a script."""
    return caller(page, site)
