"""What an atlas, or the entry of one model, chose to measure on and how: the part of its settings
that protocols state.

Analyses state their protocol themselves; the keys that may be chosen stand in it with what they are
by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PINNED = "pinned"
"""The corpus that is measured on where nothing is chosen."""


@dataclass(frozen=True)
class Choices:
    """`corpus`: what to measure on, the name of a corpus that atlas ships or a file of somebody's
    own texts; `corpus.named` tells them apart. `sparsity`: the share of attention and MLP blocks
    that a mask prunes. `learned`: whether masks are learned as well. `fold`: whether norm gains are
    folded into what heads are read with. `later`: what heads of later layers are taken to read,
    "mlp" for the first MLP of the token, "embedding" for the token itself."""

    corpus: str | Path = PINNED
    sparsity: float = 0.25
    learned: bool = False
    fold: bool = False
    later: str = "mlp"

    def under(self, entry: Mapping[str, Any] | None) -> Choices:
        """The same with what a model's entry chooses for itself under `protocol`."""
        return replace(self, **dict(entry)) if entry else self


DEFAULT = Choices()
