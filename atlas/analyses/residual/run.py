"""Measures the analysis `residual`, which the package states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from atlas.analyses.residual import MATRICES, PROTOCOL, cka, logit_lens
from atlas.analyses.residual.cka import Similarity
from atlas.analyses.residual.stream_statistics import SUBLAYERS, Movement, SampledStates
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage, Sample
from atlas.passes import observing
from atlas.passes.observing import AnyTap, Tap
from atlas.profiles import contract
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

STATED = contract.read(MATRICES)
QUANTITIES = tuple(STATED)[:3]
"""In the order of `Movement.means`."""


def run(model: LiveModel, progress: Progress) -> Measured:
    """Measure every layer over the pinned corpus, in one pass, then what the sample says."""
    return observing.alone(model, observe, progress)


def observe(model: LiveModel, passages: Sequence[Passage]) -> Residual:
    """The observer for a pass over the passages, alone or beside those of other analyses."""
    return Residual(model, passages)


class Residual:
    """The statistics of all layers of a model: `taps` for the pass, then what they measured."""

    def __init__(self, model: LiveModel, passages: Sequence[Passage]) -> None:
        self.model = model
        self.passages = passages
        layers = range(model.geometry.layers)
        self.movements = [Movement(model.architecture.residual) for _ in layers]
        most, seed = int(PROTOCOL["sample"]), int(PROTOCOL["seed"])
        self.sample = Sample(passages, 1, most, seed, exactly=True)
        self.kept = [SampledStates(self.sample) for _ in layers]
        self.group = self.sample.size // int(PROTOCOL["groups"])
        if self.group < cka.FEWEST:
            raise AtlasError(
                f"{self.sample.size} positions are too few to compare layers on",
                file=model.folder,
                remedy=f"at least {cka.FEWEST * int(PROTOCOL['groups'])} must be scored",
            )

    @property
    def taps(self) -> list[AnyTap]:
        return [*self.full_taps(), *self.sampled_taps()]

    def full_taps(self) -> list[AnyTap]:
        """The statistics that see every value."""
        return [held.joint(layer) for layer, held in enumerate(self.movements)]

    def sampled_taps(self) -> list[AnyTap]:
        """The states that are kept of a sample."""
        return [Tap(layer, "layer", held) for layer, held in enumerate(self.kept)]

    def measured(self, progress: Progress) -> Measured:
        """The matrices; the sample is worked through first, and `progress` counts layers of it.

        Raises `AtlasError` for states that are infinite or NaN.
        """
        tokens = sum(passage.scored for passage in self.passages)
        # The sums are finite, so that no mean is one of no states: each of them is zero.
        means = np.stack([self._means(layer) for layer in range(len(self.movements))])
        matrices = [
            STATED[name].matrix(
                means[:, :, place], n=tokens, undefined=np.isnan(means[:, :, place])
            )
            for place, name in enumerate(QUANTITIES)
        ]
        states = [held.values for held in self.kept if held.values is not None]
        if logit_lens.exists(self.model):
            matrices += self._lens(states, progress)
        matrices.append(self._similarity(states))
        return Measured(
            matrices=tuple(matrices),
            facts=_facts(means),
            conditions=observing.conditions(self.model, self.passages),
        )

    def _means(self, layer: int) -> NDArray[np.float64]:
        sums = self.movements[layer].sums
        if sums is not None and not sums.isfinite().all():
            raise AtlasError(
                f"the residual stream is not finite in {self.model.dtype}",
                file=self.model.folder,
                place=f"layer {layer}",
                remedy="the weights are damaged, or their type is too narrow for this model",
            )
        return self.movements[layer].means

    def _lens(self, states: Sequence[torch.Tensor], progress: Progress) -> list[Matrix]:
        found, n = logit_lens.lens(self.model, states, progress), self.sample.size
        quantities = {"lens_entropy": found.entropy, "lens_kl": found.divergence}
        return [
            STATED[name].matrix(values[:, None].numpy(), n=n) for name, values in quantities.items()
        ]

    def _similarity(self, states: Sequence[torch.Tensor]) -> Matrix:
        """CKA of the sampled states, in groups that are drawn from all of them."""
        generator = torch.Generator().manual_seed(int(PROTOCOL["seed"]))
        shuffled = torch.randperm(self.sample.size, generator=generator)
        groups = int(PROTOCOL["groups"])
        similarity = Similarity(len(states))
        for places in shuffled[: groups * self.group].reshape(groups, self.group):
            similarity.add([layer[places] for layer in states])
        values = similarity.values.numpy()
        # The states are finite, so that one without a number belongs to a layer that never varies.
        return STATED["cka"].matrix(values, n=groups * self.group, undefined=np.isnan(values))


def _facts(means: NDArray[np.float64]) -> dict[str, Scalar]:
    """The layer that turns the stream least, and by how much."""
    influence = means[:, SUBLAYERS.index("block"), 0]
    layer = int(np.nanargmin(influence))
    return {"least_influence": float(influence[layer]), "least_influence_layer": layer}
