"""Numbers, counts, sizes and durations as people read them, on every page.

A minus is a minus sign, thousands are set apart, and powers of ten stand only where a number would
be hard to read without one. Halves are rounded up, as JavaScript does: Python's own formats would
round them to even, and a page would say two things of one value. `static/matrix/numbers.js` writes
numbers and counts the same way. Files for machines have their numbers from `json` and `repr`.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

PLAIN = (1e-4, 1e6)
"""Sizes between which a number is written without a power of ten."""

MINUS, GAP = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def significant(value: float, digits: int) -> float:
    """A value to that many significant digits, halves away from 0."""
    return float(Context(digits, ROUND_HALF_UP).create_decimal_from_float(value))


def decimals(value: float, places: int) -> str:
    """A value with that many digits behind its point, halves away from 0."""
    short = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{MINUS if short < 0 else ''}{abs(short):,f}"


def number(value: float) -> str:
    """A value to 3 significant digits: 0.412, −12.3, 12,300, 2.3 × 10⁻⁷."""
    return written(significant(value, 3))


def written(value: float) -> str:
    """A value with all of its digits: those of a file, or those that rounding has left."""
    far = float(abs(value))
    exact = Decimal(repr(far)).normalize()
    sign = MINUS if value < 0 else ""
    if far == 0 or PLAIN[0] <= far <= PLAIN[1]:
        return f"{sign}{exact:,f}"
    power = exact.adjusted()
    first = exact.scaleb(-power)
    factor = "" if first == 1 else f"{first:f}{GAP}×{GAP}"
    return f"{sign}{factor}10{str(power).translate(RAISED)}"


def scalar(value: float | str | bool | None) -> str:
    """A scalar of a profile with all of its digits; whole numbers are never powers of ten."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{MINUS if value < 0 else ''}{abs(value):,}"
    return value if isinstance(value, str) else written(value)


def count(value: int) -> str:
    """A count as people read it: 494, 1,024, 1.5 million, 8.03 billion."""
    if value < 1e6:
        return f"{value:,}"
    return _in_units(value, ((1e9, "billion"), (1e6, "million")))


def size(value: float | None) -> str:
    """Bytes with a unit: `1.2 GB`."""
    if value is None:
        return "unknown"
    if value < 999.5:
        return f"{decimals(value, 0)} bytes"
    return _in_units(value, ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")))


def _in_units(value: float, units: tuple[tuple[float, str], ...]) -> str:
    """A value to 3 digits in the largest unit that gives 1 or more, largest first."""
    each = ((significant(value / unit, 3), word) for unit, word in units)
    short, word = next((short, word) for short, word in each if short >= 1)
    return f"{written(short)} {word}"


def duration(seconds: float | None) -> str:
    """What something took: `12.3 s`, `4.5 min`."""
    if seconds is None:
        return "unknown"
    for unit, scale in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * scale:
            return f"{number(seconds / scale)} {unit}"
    return f"{decimals(seconds, 1)} s" if seconds >= 0.1 else "under 0.1 s"


def about(seconds: float) -> str:
    """A rough duration: under a second, 40 seconds, 12 minutes, 3 hours."""
    if seconds < 1:
        return "under a second"
    whole = timedelta(seconds=_whole(seconds))
    for unit, word in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        amount = _whole(whole.total_seconds() / unit)
        if amount >= 2 or unit == 1:
            return f"{amount} {word}{'' if amount == 1 else 's'}"
    raise AssertionError("a whole number of seconds has been told")


def _whole(value: float) -> int:
    """The closest whole number, halves up."""
    return int(Decimal(value).quantize(Decimal(1), ROUND_HALF_UP))
