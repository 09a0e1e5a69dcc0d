"""The pinned corpus: passages of text that every model is measured on.

One file a topic in `atlas/data/corpus/`, passages parted by a line `===`. The digest is that of
topics and texts, so that it changes exactly when what is measured on changes.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

from atlas.errors import AtlasError
from atlas.paths import package_data

SEPARATOR = "==="
FEWEST_WORDS, MOST_WORDS = 60, 120


@dataclass(frozen=True)
class Passage:
    """One text of 60 to 120 words, and its topic."""

    topic: str
    text: str


@functools.cache
def load() -> tuple[Passage, ...]:
    """Every passage, by topic, in the order of the files.

    Raises `AtlasError` for a passage that is too short or too long.
    """
    passages = []
    for file in sorted((package_data() / "corpus").glob("*.txt")):
        lines = file.read_text(encoding="utf-8").splitlines()
        start = 0
        for end in [i for i, line in enumerate(lines) if line == SEPARATOR] + [len(lines)]:
            text = "\n".join(lines[start:end]).strip("\n")
            words = len(text.split())
            if not FEWEST_WORDS <= words <= MOST_WORDS:
                raise AtlasError(
                    f"passage of {words} words",
                    file=file,
                    place=f"line {start + 1}",
                    remedy=f"a passage has {FEWEST_WORDS} to {MOST_WORDS} words",
                )
            passages.append(Passage(file.stem, text))
            start = end + 1
    return tuple(passages)


def topics() -> tuple[str, ...]:
    """The topics, in the order of the passages."""
    return tuple(dict.fromkeys(passage.topic for passage in load()))


@functools.cache
def digest() -> str:
    """`sha256:...` of topics and texts, which protocols carry."""
    total = hashlib.sha256()
    for passage in load():
        total.update(f"{passage.topic}\0{passage.text}\0".encode())
    return f"sha256:{total.hexdigest()}"
