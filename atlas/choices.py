"""What an atlas chose to measure on and how: the part of its settings that protocols state.

Analyses state their protocol themselves; the keys that an atlas may choose stand in it with what
they are by default. What was chosen holds for a while, `with choices.made(...)`, and everything
that asks for a protocol or for the corpus in the meantime is told by it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Choices:
    """`corpus`: a JSON Lines file of texts to measure on, None for the pinned corpus. `sparsity`:
    the share of attention and MLP blocks that a mask prunes. `learned`: whether masks are learned
    as well."""

    corpus: Path | None = None
    sparsity: float = 0.25
    learned: bool = False


_NOW: ContextVar[Choices] = ContextVar("choices", default=Choices())  # noqa: B039 - it is frozen


def now() -> Choices:
    """What is chosen at the moment; the defaults where nothing was."""
    return _NOW.get()


@contextlib.contextmanager
def made(choices: Choices) -> Iterator[None]:
    """Let these choices hold."""
    token = _NOW.set(choices)
    try:
        yield
    finally:
        _NOW.reset(token)
