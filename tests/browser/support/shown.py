"""A page with everything on it open and drawn."""

from __future__ import annotations

from typing import Any


def show_all(page: Any) -> None:
    """Everything folded is opened, every heatmap drawn."""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    draw_all(page)


def draw_all(page: Any) -> None:
    """Every heatmap is drawn, and nothing more is asked for."""
    for figure in page.locator('[data-atlas="heatmap"]').all():
        figure.locator(".atlas-stage").scroll_into_view_if_needed()
        figure.and_(page.locator('[data-ready="live"]')).wait_for()
    page.wait_for_load_state("networkidle")
