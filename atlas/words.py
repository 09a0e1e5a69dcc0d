"""Numbers, counts, sizes and durations as people read them.

`static/matrix/numbers.js` writes numbers and counts the same way.
"""

from __future__ import annotations

import re
from datetime import timedelta


def number(value: float) -> str:
    """A value to 3 significant digits, for axes and sentences."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        digits = f"{value:.3g}"
        return f"{float(digits):.0f}" if "e" in digits else digits
    return re.sub(r"e([+-])0*", lambda found: "e-" if found[1] == "-" else "e", f"{value:.2e}")


def count(value: int) -> str:
    """A count as people read it: 494, 1,024, 1.5 million, 8.03 billion."""
    for unit, word in ((1e9, "billion"), (1e6, "million")):
        if value >= unit:
            return f"{value / unit:.3g} {word}"
    return f"{value:,}"


def size(value: float | None) -> str:
    """Bytes with a unit: `1.2 GB`."""
    if value is None:
        return "unknown"
    for unit, word in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= unit:
            return f"{value / unit:.3g} {word}"
    return f"{value:.0f} bytes"


def duration(seconds: float | None) -> str:
    """What something took: `12.3 s`, `4.5 min`."""
    if seconds is None:
        return "unknown"
    for unit, scale in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds:.1f} s" if seconds >= 0.1 else "under 0.1 s"


def about(seconds: float) -> str:
    """A rough duration: under a second, 40 seconds, 12 minutes, 3 hours."""
    if seconds < 1:
        return "under a second"
    whole = timedelta(seconds=round(seconds))
    for unit, word in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        amount = round(whole.total_seconds() / unit)
        if amount >= 2 or unit == 1:
            return f"{amount} {word}{'' if amount == 1 else 's'}"
    raise AssertionError("a whole number of seconds has been told")
