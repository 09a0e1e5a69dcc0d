"""Measures the analysis `masks`, which the package states."""

from __future__ import annotations

from atlas.analyses.masks import PROTOCOL, measuring
from atlas.loaded.live import LiveModel
from atlas.passes import clustering, observing
from atlas.profiles.statement import Measured, Progress


def run(model: LiveModel, progress: Progress) -> Measured:
    """Measure every block's cost for every cluster of the texts to measure on."""
    chosen = model.choices
    passages = observing.read(model, int(PROTOCOL["length"]))
    return measuring.measure(
        model, passages, clustering.of(chosen), chosen.sparsity, chosen.learned, progress
    )
