"""Numbers, counts, sizes and durations as people read them.

Halves are rounded up, as JavaScript does: Python's own formats would round them to even, and a
page would say two things of one value. `static/matrix/numbers.js` writes numbers and counts the
same way.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import ROUND_HALF_UP, Context, Decimal


def significant(value: float, digits: int) -> float:
    """A value to that many significant digits, halves away from 0."""
    return float(Context(digits, ROUND_HALF_UP).create_decimal_from_float(value))


def decimals(value: float, places: int) -> str:
    """A value with that many digits behind its point, halves away from 0."""
    step = Decimal(1).scaleb(-places)
    return f"{Decimal(value).quantize(step, ROUND_HALF_UP):f}"


def number(value: float) -> str:
    """A value to 3 significant digits, for axes and sentences."""
    if value == 0:
        return "0"
    short = significant(value, 3)
    if 1e-3 <= abs(value) < 1e5:
        digits = f"{short:.3g}"
        return f"{float(digits):.0f}" if "e" in digits else digits
    return re.sub(r"e([+-])0*", lambda found: "e-" if found[1] == "-" else "e", f"{short:.2e}")


def count(value: int) -> str:
    """A count as people read it: 494, 1,024, 1.5 million, 8.03 billion."""
    for unit, word in ((1e9, "billion"), (1e6, "million")):
        if value >= unit:
            return f"{significant(value / unit, 3):.3g} {word}"
    return f"{value:,}"


def size(value: float | None) -> str:
    """Bytes with a unit: `1.2 GB`."""
    if value is None:
        return "unknown"
    for unit, word in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= unit:
            return f"{significant(value / unit, 3):.3g} {word}"
    return f"{decimals(value, 0)} bytes"


def duration(seconds: float | None) -> str:
    """What something took: `12.3 s`, `4.5 min`."""
    if seconds is None:
        return "unknown"
    for unit, scale in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * scale:
            return f"{significant(seconds / scale, 3):.3g} {unit}"
    return f"{decimals(seconds, 1)} s" if seconds >= 0.1 else "under 0.1 s"


def about(seconds: float) -> str:
    """A rough duration: under a second, 40 seconds, 12 minutes, 3 hours."""
    if seconds < 1:
        return "under a second"
    whole = timedelta(seconds=int(decimals(seconds, 0)))
    for unit, word in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        amount = int(decimals(whole.total_seconds() / unit, 0))
        if amount >= 2 or unit == 1:
            return f"{amount} {word}{'' if amount == 1 else 's'}"
    raise AssertionError("a whole number of seconds has been told")
