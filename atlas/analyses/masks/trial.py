"""Masks put to the test: what passages lose without single blocks, and under whole masks.

A mask is chosen by one half of a cluster's passages and tried on the other half, and the other way
round, so that every passage is read under masks that it had no part in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from atlas.analyses.masks.choosing import Floats, Mask
from atlas.analyses.masks.scored_passages import ScoredPassages
from atlas.errors import DAMAGED, AtlasError
from atlas.loaded.live import LiveModel
from atlas.passes import without_blocks
from atlas.profiles.statement import Progress


class Steps:
    """Progress of several parts as one."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.total, self.before = progress, total, 0

    def part(self, weight: int) -> Progress:
        """What is called with the progress of the next part; a unit of it counts `weight` times."""
        start = self.before

        def tell(done: int, total: int) -> None:
            self.before = start + weight * done
            self.progress(self.before, self.total)

        return tell


@dataclass(frozen=True)
class Trial:
    """A model and the passages that masks are tried on."""

    model: LiveModel
    scored: ScoredPassages
    steps: Steps

    def without_blocks(self) -> Floats:
        """Losses of the whole model and without each block: (1 + blocks, passage), nats per token;
        NaN for a block that its layer has not.

        Raises `AtlasError` where one is not a finite number.
        """
        layers = self.model.geometry.layers
        found: Floats = without_blocks.losses_without(
            self.model, self.scored.passages, self.steps.part(layers + 1)
        ).numpy()
        exists = [True, *without_blocks.existing(self.model)]
        attending = self.model.architecture.attending
        for number in np.flatnonzero(exists).tolist():
            place = (
                f"without {block_name(number - 1, attending)}" if number else "of the whole model"
            )
            self._require_finite(found[number], "a loss is not a finite number", place)
        return found

    def under(self, masks: Mask) -> Floats:
        """(passage,) losses in nats per token, each under the mask that the other half of its
        cluster chose. `masks`: (half, cluster, block).

        Raises `AtlasError` where one is not a finite number.
        """
        chosen = masks[1 - self.scored.halves, self.scored.clusters]
        gates = torch.from_numpy(chosen.astype(np.float64))
        found: Floats = without_blocks.gated_losses(
            self.model, self.scored.passages, gates, self.steps.part(1)
        ).numpy()
        self._require_finite(found, "under a mask the loss is not a finite number")
        return found

    def _require_finite(self, found: Floats, problem: str, place: str | None = None) -> None:
        if not np.isfinite(found).all():
            raise AtlasError(
                problem,
                file=self.model.folder,
                place=place,
                remedy=DAMAGED,
            )


def block_name(block: int, attending: Sequence[int] | None = None) -> str:
    """A block as readers know it: `layer 3, MLP`. `attending`: the layers that have attention, all
    if unsaid."""
    layer, is_mlp = divmod(block, 2)
    mixer = "attention" if attending is None or layer in attending else "mixer"
    return f"layer {layer}, {'MLP' if is_mlp else mixer}"
