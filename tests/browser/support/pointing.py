"""A pointer over the cells of compared models."""

from __future__ import annotations

from typing import Any


def hover(page: Any, panel: int, cell: tuple[int, int], shape: tuple[int, int]) -> None:
    """Point at a cell, (row, column), of a panel of that many rows and columns."""
    hit = page.locator(".atlas-pane:visible .atlas-hit").nth(panel)
    hit.scroll_into_view_if_needed()
    box = hit.bounding_box()
    x = box["x"] + box["width"] * (cell[1] + 0.5) / shape[1]
    page.mouse.move(x, box["y"] + box["height"] * (cell[0] + 0.5) / shape[0])
