"""Activations.

How large the outputs of every module are while the model reads, how unevenly they are spread over
channels, how far single values stand out, and how sparse the hidden layer of the MLP is.

**How to read it.** A row is a layer (a block, counted from 0), a column a module; outputs of fused
projections are split, so that query, key and value each have a column. Every model reads the same
passages of the pinned corpus, cut at 128 tokens. Padding, special tokens and the first position do
not count: the first position often carries activations of quite another size, whatever it says. x
is a module's output at one position, its channels are its n components. Norms of queries or keys
act on one head at a time: their channels are those of a head, and every head counts as a position.

**Root mean square**, `rms` = `√(E x²)`, over positions and channels. The typical size of an output.

**Channel kurtosis**, `kurtosis` = `E_j s_j⁴ / (E_j s_j²)²` with s_j the root mean square of channel
j over all positions. Whether all channels are about equally large (1) or a few hold everything (up
to n, the number of channels, when a single one does). Channels that stand out make a model hard to
quantise. Source: He et al. 2024.

**Largest activation**, `outlier` = `max|x| / median|x|`. How far the single largest value stands
out from a typical one; for Gaussian values about 8, for models with massive activations thousands.
The maximum is over all values, the median over a seeded sample of at most 65,536 of them.
Source: Sun et al. 2024.

**Sparsity**, `sparsity` = `(√n − ‖h‖₁ / ‖h‖₂) / (√n − 1)` of the input h of the down projection,
averaged over positions. 0 when all n hidden units are equally active, 1 when a single one is; for
Gaussian values about 0.2. Positions where no unit is active have no value and do not count.
Source: Hoyer 2004.

The experts of a mixture, its router and attention sinks have no output of their own that could be
watched, and no column; what is sparse there is the choice of experts, not a hidden layer.

A module whose output is zero throughout has neither kurtosis nor outlier, and one of which more
than half of the values are zero has no outlier.

**Precision.** The model runs in the type that it is stored in; sums are carried on in float32 or
better. The value of a matrix does not depend on how passages were batched, but for the rounding of
the forward pass itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from atlas import streaming
from atlas.analysis import Measured, Progress
from atlas.batches import Passage, Sample
from atlas.entry import Geometry
from atlas.errors import AtlasError
from atlas.layout import Architecture
from atlas.matrix import Matrix, Scale, layer_by_module
from atlas.model import Model
from atlas.statistics import Drawn, Moments, Sparsity
from atlas.store import Scalar
from atlas.streaming import Tap

VERSION = 1
TIER = "forward"
KINDS = ("decoder", "encoder")
FACTS = {
    "largest_outlier": "Largest activation, times the median",
    "mean_sparsity": "Mean sparsity before mlp.down",
}
PROTOCOL: dict[str, str | int] = {
    "corpus": "digest",
    "sequence": "one passage a row, BOS where the tokenizer has one, right padding",
    "length": 128,
    "scored": "all but padding, special tokens and the first position",
    "sample": 65536,
    "seed": 0,
}

DOWN = "mlp.down"

# name: title, unit, what a higher value means, scale, range
QUANTITIES: Mapping[str, tuple[str, str, str, Scale, tuple[float | None, float | None]]] = {
    "rms": ("Root mean square of outputs", "activation", "larger outputs", "log", (0, None)),
    "kurtosis": (
        "Kurtosis over channels",
        "ratio (1: all channels alike)",
        "fewer channels hold more",
        "log",
        (1, None),
    ),
    "outlier": (
        "Largest activation",
        "multiple of the median",
        "larger outliers",
        "log",
        (1, None),
    ),
    "sparsity": (
        "Sparsity of the MLP's hidden layer",
        "Hoyer sparsity",
        "fewer units active at a time",
        "linear",
        (0, 1),
    ),
}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    Two operations per weight of the blocks and token of the corpus, about 52,000 tokens, and the
    attention patterns; in memory is the whole model, 2 bytes a weight as most are stored, beside
    what a micro-batch, Python and torch take themselves.
    """
    tokens, length = 5.2e4, 128
    inside, _, total = geometry.weights
    patterns = 4 * geometry.layers * geometry.q * length
    return tokens * (2 * inside + patterns), 2.1 * total + 1.2e9


def run(model: Model, progress: Progress) -> Measured:
    """Measure every module's output over the pinned corpus, in one pass."""
    passages = streaming.read(model, int(PROTOCOL["length"]))
    observer = observe(model, passages)
    streaming.run(model, passages, observer.taps, progress)
    return observer.measured(progress)


def observe(model: Model, passages: Sequence[Passage]) -> Activations:
    """What is to see a pass over the passages, alone or beside other analyses' observers."""
    return Activations(model, passages)


class Activations:
    """The statistics of all modules of a model: `taps` for the pass, then what they measured."""

    def __init__(self, model: Model, passages: Sequence[Passage]) -> None:
        self.model = model
        self.passages = passages
        most, seed = int(PROTOCOL["sample"]), int(PROTOCOL["seed"])
        samples: dict[int, Sample] = {}
        self.moments: dict[tuple[int, str], Moments] = {}
        self.drawn: dict[tuple[int, str], Drawn] = {}
        self.sparsity: dict[int, Sparsity] = {}
        for layer in range(model.geometry.layers):
            for module in model.modules:
                width = values_per_token(model.architecture, module)
                if width not in samples:
                    samples[width] = Sample(passages, width, most, seed)
                sample = samples[width]
                self.moments[layer, module] = Moments()
                self.drawn[layer, module] = Drawn(sample)
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
        """The matrices. Raises `AtlasError` for values that are infinite or no numbers."""
        found: dict[tuple[str, int, str], float] = {}
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
            found["kurtosis", layer, module] = moments.kurtosis
            found["outlier", layer, module] = moments.largest / median if median else math.nan
        for layer, sparsity in self.sparsity.items():
            found["sparsity", layer, DOWN] = sparsity.mean
        tokens = sum(passage.scored for passage in self.passages)
        matrices = tuple(
            _matrix(self.model, name, found, tokens)
            for name in QUANTITIES
            if any(key[0] == name for key in found)
        )
        return Measured(
            matrices=matrices,
            facts=_facts({matrix.name: matrix for matrix in matrices}),
            conditions={
                "passages": len(self.passages),
                "tokens": tokens,
                **self.model.conditions,
            },
        )


def values_per_token(architecture: Architecture, module: str) -> int:
    """How many values a module puts out at one position, all heads together."""
    words = {"attn.q": "q", "attn.k": "kv", "attn.v": "kv", "mlp.up": "d_mlp", "mlp.gate": "d_mlp"}
    if module in ("norm.q", "norm.k"):
        return architecture.width("q" if module == "norm.q" else "kv")
    return architecture.width(words.get(module, "d_model"))


def _matrix(
    model: Model, name: str, found: Mapping[tuple[str, int, str], float], tokens: int
) -> Matrix:
    title, unit, direction, scale, bounds = QUANTITIES[name]
    native = model.architecture.native
    return layer_by_module(
        name,
        found,
        model.geometry.layers,
        {module: native[module] for module in model.modules},
        title=title,
        unit=unit,
        direction=direction,
        scale=scale,
        bounds=bounds,
        n=tokens,
    )


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
