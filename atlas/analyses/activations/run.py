"""Measures the analysis `activations`, which the package states."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from atlas.analyses.activations import MATRICES, PROTOCOL
from atlas.architectures.architecture import Architecture
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage, Sample
from atlas.passes import observing
from atlas.passes.observing import Tap
from atlas.passes.running_statistics import Moments, SampledValues, Sparsity
from atlas.profiles import contract
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

DOWN = "mlp.down"

QUANTITIES = contract.read(MATRICES)


def run(model: LiveModel, progress: Progress) -> Measured:
    """Measure every module's output over the pinned corpus, in one pass."""
    return observing.alone(model, observe, progress)


def observe(model: LiveModel, passages: Sequence[Passage]) -> Activations:
    """The observer for a pass over the passages, alone or beside those of other analyses."""
    return Activations(model, passages)


class Activations:
    """The statistics of all modules of a model: `taps` for the pass, then what they measured."""

    def __init__(self, model: LiveModel, passages: Sequence[Passage]) -> None:
        self.model = model
        self.passages = passages
        most, seed = int(PROTOCOL["sample"]), int(PROTOCOL["seed"])
        samples: dict[int, Sample] = {}
        self.moments: dict[tuple[int, str], Moments] = {}
        self.drawn: dict[tuple[int, str], SampledValues] = {}
        self.sparsity: dict[int, Sparsity] = {}
        for layer in range(model.geometry.layers):
            for module in model.modules:
                width = values_per_token(model.architecture, module)
                if width not in samples:
                    samples[width] = Sample(passages, width, most, seed)
                sample = samples[width]
                self.moments[layer, module] = Moments()
                self.drawn[layer, module] = SampledValues(sample)
            if DOWN in model.modules:
                self.sparsity[layer] = Sparsity()

    @property
    def taps(self) -> list[Tap]:
        return [*self.full_taps(), *self.sampled_taps()]

    def full_taps(self) -> list[Tap]:
        """The statistics that see every value."""
        taps = [Tap(*place, statistic) for place, statistic in self.moments.items()]
        taps += [Tap(layer, DOWN, held, "input") for layer, held in self.sparsity.items()]
        return taps

    def sampled_taps(self) -> list[Tap]:
        """The statistics that see a sample."""
        return [Tap(*place, statistic) for place, statistic in self.drawn.items()]

    def measured(self, _: Progress) -> Measured:
        """The matrices. Raises `AtlasError` for values that are infinite or NaN."""
        found: dict[tuple[str, int, str], float | None] = {}
        for (layer, module), moments in self.moments.items():
            if not math.isfinite(moments.rms):
                raise AtlasError(
                    f"outputs are not finite (rms {moments.rms}) in {self.model.dtype}",
                    file=self.model.folder,
                    place=f"layer {layer}, {module}",
                    remedy="the weights are damaged, or their type is too narrow for this model",
                )
            median = self.drawn[layer, module].median
            found["rms", layer, module] = moments.rms
            found["kurtosis", layer, module] = moments.kurtosis if moments.rms else None
            found["outlier", layer, module] = moments.largest / median if median else None
        for layer, sparsity in self.sparsity.items():
            found["sparsity", layer, DOWN] = contract.defined(sparsity.mean)
        tokens = sum(passage.scored for passage in self.passages)
        native = {name: self.model.architecture.native[name] for name in self.model.modules}
        matrices = tuple(
            quantity.by_module(found, self.model.geometry.layers, native, tokens)
            for name, quantity in QUANTITIES.items()
            if any(key[0] == name for key in found)
        )
        return Measured(
            matrices=matrices,
            facts=_facts({matrix.name: matrix for matrix in matrices}),
            conditions=observing.conditions(self.model, self.passages),
        )


def values_per_token(architecture: Architecture, module: str) -> int:
    """How many values a module puts out at one position, all heads together."""
    words = {"attn.q": "q", "attn.k": "kv", "attn.v": "kv", "mlp.up": "d_mlp", "mlp.gate": "d_mlp"}
    if module in ("norm.q", "norm.k"):
        return architecture.width("q" if module == "norm.q" else "kv")
    return architecture.width(words.get(module, "d_model"))


def _facts(matrices: Mapping[str, Matrix]) -> dict[str, Scalar]:
    """The largest outlier and where it is, and the mean sparsity."""
    facts: dict[str, Scalar] = {}
    outlier = matrices["outlier"]
    if np.isfinite(outlier.values).any():
        layer, column = np.unravel_index(np.nanargmax(outlier.values), outlier.values.shape)
        facts["largest_outlier"] = float(outlier.values[layer, column])
        facts["largest_outlier_at"] = f"layer {layer}, {outlier.columns[column]}"
    if "sparsity" in matrices and np.isfinite(matrices["sparsity"].values).any():
        facts["mean_sparsity"] = float(np.nanmean(matrices["sparsity"].values))
    return facts
