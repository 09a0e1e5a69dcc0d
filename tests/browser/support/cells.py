"""A model's page as a reader uses it: open it, find a cell in the window, read what is told."""

from __future__ import annotations

from typing import Any

import numpy as np

from atlas.profiles import profile_file
from atlas.profiles.matrix import Matrix
from atlas.site.figures import column_order

LIVE = '[data-ready="live"]'
TIP = ".atlas-tip"


def open_model(page: Any, site: Any, slug: str = "small", query: str = "") -> None:
    """A model's page with its first figure live and in sight."""
    page.goto(f"{site.url}models/{slug}/{query}")
    page.locator(".atlas-stage").first.scroll_into_view_if_needed()
    page.wait_for_selector(LIVE)


def stored(site: Any, name: str = "rms", slug: str = "small") -> Matrix:
    """A matrix of the model's `weights`."""
    return profile_file.load(site.project.profile(slug, "weights")).matrix(name)


def drawn(site: Any, name: str = "rms", slug: str = "small") -> Matrix:
    """The same as it is drawn: heads with their layers across."""
    return column_order.upright(stored(site, name, slug))


def centre(page: Any, shown: Matrix, row: int, column: int) -> tuple[float, float]:
    """A cell's middle in the window, from where the page says the frame lies."""
    x, y = centres(page, shown)[row, column]
    return float(x), float(y)


def centres(page: Any, shown: Matrix) -> np.ndarray:
    """The middles of all cells, (row, column, 2) as x and y in the window."""
    frame = page.locator(".atlas-frame").first.bounding_box()
    rows, columns = shown.values.shape
    x = frame["x"] + frame["width"] * (np.arange(columns) + 0.5) / columns
    y = frame["y"] + frame["height"] * (np.arange(rows) + 0.5) / rows
    return np.stack(np.meshgrid(x, y), axis=-1)


def told(page: Any) -> str:
    """The value in the tooltip of the first figure."""
    return str(page.locator(f"{TIP}:visible .atlas-value").first.inner_text())
