"""Sizes and durations as people read them."""

from __future__ import annotations


def size(count: float | None) -> str:
    """Bytes: `1.2 GB`."""
    if count is None:
        return "unknown"
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count:.0f} B"


def duration(seconds: float | None) -> str:
    """Seconds: `12.3 s`, `4.5 min`."""
    if seconds is None:
        return "unknown"
    for unit, scale in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds:.1f} s" if seconds >= 0.1 else "under 0.1 s"
