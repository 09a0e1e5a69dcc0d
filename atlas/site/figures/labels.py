"""Labels of axes: which of them there is room for, and how they are broken into lines.

`static/matrix/labels.js` computes the same.
"""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 26
"""Characters of a label, beyond which it is cut."""

CHARACTER = 6.0
"""Width of a character of an axis label in pixels, on average."""

STEPS = (1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100)


def numeric(labels: Sequence[str]) -> bool:
    """Whether all of them are whole numbers."""
    return all(label.isascii() and label.isdigit() for label in labels)


def widest(labels: Sequence[str]) -> float:
    """Pixels that the widest of them takes."""
    return max(min(len(label), LONGEST) for label in labels) * CHARACTER


def cut(label: str) -> str:
    """A label as it stands on an axis."""
    return f"{label[: LONGEST - 1]}…" if len(label) > LONGEST else label


def every(count: int, room: float, least: float) -> list[int]:
    """Positions of labels that have `least` pixels each: every one, or every 2nd, 4th, 5th ..."""
    step = next((size for size in STEPS if room / count * size >= least), STEPS[-1])
    return list(range(0, count, step))


def lines(text: str, most: int) -> list[str]:
    """Words in lines of at most so many characters; a longer word has a line for itself."""
    found = [""]
    for word in text.split():
        if found[-1] and len(found[-1]) + 1 + len(word) > most:
            found.append("")
        found[-1] = f"{found[-1]} {word}".lstrip()
    return found
