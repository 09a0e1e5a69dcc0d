"""What an atlas chose to measure on and how: the part of its settings that protocols state.

Analyses state their protocol themselves; the keys that an atlas may choose stand in it with what
they are by default.
"""

from __future__ import annotations

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


DEFAULT = Choices()
