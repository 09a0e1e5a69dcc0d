"""Wait for what a page comes to show.

Playwright's own `wait_for_function` hands its text to `eval` in the page at its second look.
The site's content security policy forbids that, so that a test fails where the page needs a
moment longer than the first look.
"""

from __future__ import annotations

import time
from typing import Any

PATIENCE = 30.0  # seconds
PAUSE = 50  # milliseconds between two looks


def until(page: Any, expression: str, arg: Any = None) -> None:
    """Look until JavaScript's `expression` is true in `page`.

    Raises:
        AssertionError: if it is still not true after `PATIENCE` seconds.
    """
    end = time.monotonic() + PATIENCE
    while not page.evaluate(expression, arg):
        assert time.monotonic() < end, f"not true after {PATIENCE:.0f} s: {expression}"
        page.wait_for_timeout(PAUSE)
