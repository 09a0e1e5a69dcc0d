"""Measures the analysis `activations`, which the package states."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from atlas.analyses.activations import MATRICES, PROTOCOL
from atlas.errors import DAMAGED, AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage, Sample
from atlas.passes import observing
from atlas.passes.observing import Tap
from atlas.passes.running_statistics import AtStart, Moments, SampledValues, Sparsity
from atlas.profiles import contract
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

DOWN = "mlp.down"
FIRST = "first_"
"""What names of what was measured at the first position begin with."""

QUANTITIES = contract.read(MATRICES)

Place = tuple[int, str]
"""A layer and a module."""
Cells = dict[tuple[str, int, str], float | None]
"""(name, layer, module) -> a number, None where it cannot be defined."""


@dataclass
class Found:
    """What was measured, how sure it is, and the largest share that one passage has in it."""

    values: Cells = field(default_factory=dict)
    errors: Cells = field(default_factory=dict)
    shares: Cells = field(default_factory=dict)

    def put(
        self, name: str, at: Place, value: float, error: float, share: float = math.nan
    ) -> None:
        """NaN for what cannot be defined."""
        for cells, number in zip(
            (self.values, self.errors, self.shares), (value, error, share), strict=True
        ):
            cells[name, *at] = contract.defined(number)

    def matrix(self, name: str, layers: int, native: Mapping[str, str], n: int) -> Matrix | None:
        """The matrix of a quantity, None where the model has it not."""
        if not any(key[0] == name for key in self.values):
            return None
        share = any(key[0] == name and one is not None for key, one in self.shares.items())
        return QUANTITIES[name].by_module(
            self.values, layers, native, n, self.errors, self.shares if share else None
        )


def run(model: LiveModel, progress: Progress) -> Measured:
    """Measure every module's output over the pinned corpus, in one pass."""
    return observing.alone(model, observe, progress)


def observe(model: LiveModel, passages: Sequence[Passage]) -> Activations:
    """The observer for a pass over the passages, alone or beside those of other analyses."""
    return Activations(model, passages)


class Sizes:
    """Moments and a sample of values of every module, over all positions that are scored."""

    def __init__(self, model: LiveModel, passages: Sequence[Passage]) -> None:
        most, seed = int(PROTOCOL["sample"]), int(PROTOCOL["seed"])
        samples: dict[int, Sample] = {}
        self.model = model
        self.moments: dict[Place, Moments] = {}
        self.drawn: dict[Place, SampledValues] = {}
        for layer in range(model.geometry.layers):
            for module in model.modules_of(layer):
                width = model.width(layer, module)
                if width not in samples:
                    samples[width] = Sample(passages, width, most, seed)
                self.moments[layer, module] = Moments()
                self.drawn[layer, module] = SampledValues(samples[width])

    def tell(self, found: Found, before: str = "") -> None:
        """Add RMS, kurtosis and outlier of every module, `before` their names.

        Raises `AtlasError` for values that are infinite or NaN.
        """
        for at, moments in self.moments.items():
            rms = moments.rms
            if not math.isfinite(rms):
                raise AtlasError(
                    f"outputs are not finite (rms {rms}) in {self.model.dtype}",
                    file=self.model.folder,
                    place=f"layer {at[0]}, {at[1]}",
                    remedy=DAMAGED,
                )
            errors, shares = moments.errors, moments.largest_shares
            found.put(f"{before}rms", at, rms, errors[0], shares[0])
            found.put(f"{before}kurtosis", at, moments.kurtosis, errors[1], shares[1])
            median = self.drawn[at].median or math.nan
            outlier = moments.largest / median
            found.put(
                f"{before}outlier", at, outlier, outlier * self.drawn[at].median_error / median
            )


class Activations:
    """The statistics of all modules of a model: `taps` for the pass, then what they measured."""

    def __init__(self, model: LiveModel, passages: Sequence[Passage]) -> None:
        self.model = model
        self.passages = passages
        self.rest = Sizes(model, passages)
        self.start = Sizes(model, [_start(passage) for passage in passages])
        layers = [at for at in range(model.geometry.layers) if DOWN in model.modules_of(at)]
        self.sparsity = {layer: Sparsity() for layer in layers}

    @property
    def taps(self) -> list[Tap]:
        return [*self.full_taps(), *self.sampled_taps()]

    def full_taps(self) -> list[Tap]:
        """The statistics that see every value."""
        taps = [Tap(*place, statistic) for place, statistic in self.rest.moments.items()]
        taps += [Tap(*place, AtStart(held)) for place, held in self.start.moments.items()]
        taps += [Tap(layer, DOWN, held, "input") for layer, held in self.sparsity.items()]
        return taps

    def sampled_taps(self) -> list[Tap]:
        """The statistics that see a sample."""
        taps = [Tap(*place, statistic) for place, statistic in self.rest.drawn.items()]
        return [*taps, *(Tap(*place, AtStart(held)) for place, held in self.start.drawn.items())]

    def measured(self, _: Progress) -> Measured:
        """The matrices. Raises `AtlasError` for values that are infinite or NaN."""
        found = Found()
        self.rest.tell(found)
        self.start.tell(found, FIRST)
        for layer, sparsity in self.sparsity.items():
            sums = sparsity.sums
            error, share = float(sums.error), float(sums.largest_share)
            found.put("sparsity", (layer, DOWN), sparsity.mean, error, share)
        matrices = tuple(self._matrices(found))
        return Measured(
            matrices=matrices,
            facts=_facts({matrix.name: matrix for matrix in matrices}),
            conditions=observing.conditions(self.model, self.passages),
        )

    def _matrices(self, found: Found) -> Iterator[Matrix]:
        native = {name: self.model.architecture.native[name] for name in self.model.modules}
        tokens = sum(passage.scored for passage in self.passages)
        starts = sum(passage.scored > 0 for passage in self.passages)
        for name in QUANTITIES:
            n = starts if name.startswith(FIRST) else tokens
            matrix = found.matrix(name, self.model.geometry.layers, native, n)
            if matrix is not None:
                yield matrix


def _start(passage: Passage) -> Passage:
    """Its first position as all that is scored of it, where anything is."""
    return replace(passage, first=0, last=min(1, passage.scored))


def _facts(matrices: Mapping[str, Matrix]) -> dict[str, Scalar]:
    """The largest outliers and where they are, and the mean sparsity."""
    facts: dict[str, Scalar] = {}
    for name in ("outlier", f"{FIRST}outlier"):
        outlier = matrices[name]
        if np.isfinite(outlier.values).any():
            layer, column = np.unravel_index(np.nanargmax(outlier.values), outlier.values.shape)
            facts[f"largest_{name}"] = float(outlier.values[layer, column])
            facts[f"largest_{name}_at"] = f"layer {layer}, {outlier.columns[column]}"
    if "sparsity" in matrices and np.isfinite(matrices["sparsity"].values).any():
        facts["mean_sparsity"] = float(np.nanmean(matrices["sparsity"].values))
    return facts
