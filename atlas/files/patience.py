"""A busy server is asked again, after as long as it wants: the rule for whatever atlas requests."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from atlas.errors import AtlasError

BUSY = (429, 500, 502, 503, 504)
WAITS = (1.0, 3.0, 8.0)
"""Seconds before a busy server is asked again, where it does not say how long."""

LONGEST_WAIT = 60.0
"""Whoever asks for more than this many seconds is not waited for."""

T = TypeVar("T")


class AnsweredError(AtlasError):
    """An answer that is an error: its HTTP `status`, and after how many seconds the server wants to
    be asked again, None where it does not say."""

    def __init__(self, problem: str, *, status: int, wait: float | None, remedy: str) -> None:
        self.status, self.wait = status, wait
        super().__init__(problem, remedy=remedy)


def patiently(ask: Callable[[], T]) -> T:
    """What `ask` gives, which is called again where it raises that the server is busy."""
    for usual in WAITS:
        try:
            return ask()
        except AnsweredError as error:
            wait = usual if error.wait is None else error.wait
            if error.status not in BUSY or wait > LONGEST_WAIT:
                raise
        time.sleep(wait)
    return ask()


def seconds(retry_after: str | None) -> float | None:
    """What the header Retry-After says: seconds, or a date; None where it says nothing."""
    if retry_after is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", retry_after.strip()):
        return float(retry_after)
    try:
        until = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    now = datetime.now(until.tzinfo)
    return max(0.0, (until - now).total_seconds())
