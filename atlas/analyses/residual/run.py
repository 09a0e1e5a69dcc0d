"""Measures the analysis `residual`, which the package states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from atlas.analyses.residual import MATRICES, PROTOCOL, cka, logit_lens
from atlas.analyses.residual.cka import Similarity
from atlas.analyses.residual.stream_statistics import QUANTITIES, Movement, SampledStates
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage, Sample
from atlas.passes import estimates, leaders, observing, token_frequencies
from atlas.passes.observing import AnyTap, Tap
from atlas.passes.running_statistics import by_passage
from atlas.profiles import contract
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

STATED = contract.read(MATRICES)


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
        views = [model.architecture.layer(layer) for layer in layers]
        self.movements = [Movement(view.residual, view.blocks) for view in views]
        most, seed = int(PROTOCOL["sample"]), int(PROTOCOL["seed"])
        self.sample = Sample(passages, 1, most, seed, exactly=True)
        self.kept = [SampledStates(self.sample) for _ in layers]
        self.before = SampledStates(self.sample, 1)
        """After the last layer, where the sampled tokens are predicted."""
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
        last = len(self.kept) - 1
        kept = [Tap(layer, "layer", held) for layer, held in enumerate(self.kept)]
        return [*kept, *([Tap(last, "layer", self.before)] if self.has_lens else [])]

    @property
    def has_lens(self) -> bool:
        return logit_lens.exists(self.model)

    def measured(self, progress: Progress) -> Measured:
        """The matrices; the sample is worked through first, and `progress` counts layers of it.

        Raises `AtlasError` for states that are infinite or NaN.
        """
        observing.require_finite(self.model, self.movements, "the residual stream is not finite")
        states = [held.values for held in self.kept if held.values is not None]
        matrices = self._movement()
        facts = self._least()
        if self.has_lens:
            matrices += self._lens(states, progress)
            facts |= self._loss()
        matrices += self._similarity(states)
        return Measured(
            matrices=tuple(matrices),
            facts=facts,
            conditions=observing.conditions(self.model, self.passages),
        )

    def _movement(self) -> list[Matrix]:
        """How far layers turn the stream, and what they add."""
        tokens = sum(passage.scored for passage in self.passages)
        sums = [held.sums for held in self.movements]
        means, errors, shares = (
            np.stack(some)
            for some in zip(*((s.ratio, s.error, s.largest_share) for s in sums), strict=True)
        )
        exists = np.array([held.exists for held in self.movements])
        # The sums are finite, so that no mean is one of no states: each of them is zero.
        return [
            STATED[name].matrix(
                np.where(exists, means[:, place], np.nan),
                n=tokens,
                undefined=exists & np.isnan(means[:, place]),
                spread=np.where(exists, errors[:, place], np.nan),
                largest_share=np.where(exists, shares[:, place], np.nan),
            )
            for place, name in enumerate(QUANTITIES)
        ]

    def _lens(self, states: Sequence[torch.Tensor], progress: Progress) -> list[Matrix]:
        """The means over sampled positions; their errors are by passage."""
        found = logit_lens.lens(self.model, states, progress)
        matrices = []
        for name, bits in {"lens_entropy": found.entropy, "lens_kl": found.divergence}.items():
            totals, sizes = by_passage(bits.numpy(), self.sample)
            matrices.append(
                STATED[name].matrix(
                    estimates.ratio(totals, sizes).clip(0)[:, None],
                    n=self.sample.size,
                    spread=estimates.ratio_error(totals, sizes)[:, None],
                    largest_share=estimates.largest_share(totals)[:, None],
                )
            )
        return matrices

    def _loss(self) -> dict[str, Scalar]:
        """How well the model predicts the text, by the sampled tokens: where token frequencies do
        better, the lens reads what is no prediction of it."""
        size = sum(passage.bytes for passage in self.passages)
        if self.before.values is None or not size:
            return {}
        owners, places = self.sample.owners, self.sample.positions.tolist()
        ids = [self.passages[row].ids[place] for row, place in zip(owners, places, strict=True)]
        bits = logit_lens.surprise(self.model, self.before.values, torch.tensor(ids)).numpy()
        tokens = sum(passage.scored for passage in self.passages)
        estimate = float(bits.mean()) * tokens / size
        return {**token_frequencies.facts(estimate, self.passages, self.model.geometry.vocabulary)}

    def _similarity(self, states: Sequence[torch.Tensor]) -> list[Matrix]:
        """CKA of the sampled states, in groups that are drawn from all of them: divided by their
        norms, and as they are."""
        generator = torch.Generator().manual_seed(int(PROTOCOL["seed"]))
        groups = int(PROTOCOL["groups"])
        shuffled = torch.randperm(self.sample.size, generator=generator)
        drawn = shuffled[: groups * self.group].reshape(groups, self.group)
        read: set[int] = set(self.sample.owners.tolist())
        rows = {passage: row for row, passage in enumerate(sorted(read))}
        owners = torch.tensor([rows[passage] for passage in self.sample.owners.tolist()])
        literal, unit = (Similarity(len(states), len(rows)) for _ in range(2))
        for places in drawn:
            held = [layer[places] for layer in states]
            unit.add([cka.unit(layer) for layer in held], owners[places])
            literal.add(held, owners[places])
        return [
            _alike(name, found, n=groups * self.group)
            for name, found in {"cka": unit, "cka_literal": literal}.items()
        ]

    def _least(self) -> dict[str, Scalar]:
        """By how much the stream is turned least, and the layers that may be those: "3, 4"."""
        influence = np.array([held.influence for held in self.movements])
        known = np.flatnonzero(np.isfinite(influence))
        if not len(known):
            return {}
        influence = influence[known]
        compared = [self.movements[layer].compared for layer in known]
        totals, sizes = map(np.stack, zip(*compared, strict=True))
        errors = estimates.difference_errors(totals, sizes, int(influence.argmin()))
        found = known[leaders.ranked(-influence, errors)].tolist()
        layers: Scalar = found[0] if len(found) == 1 else ", ".join(map(str, found))
        return {"least_influence": float(influence.min()), "least_influence_layer": layers}


def _alike(name: str, found: Similarity, n: int) -> Matrix:
    """The states are finite, so that one without a number belongs to a layer that never varies."""
    values = found.values.numpy()
    return STATED[name].matrix(
        values,
        n=n,
        undefined=np.isnan(values),
        spread=found.errors.numpy(),
        largest_share=found.largest_shares.numpy(),
    )
