"""Residual stream.

What every layer changes: how far it turns the state that runs through the model, how much it adds,
what the model would say if it stopped there, and how alike the states of any two layers are.

**How to read it.** A row is a layer (a block, counted from 0). The residual stream is the vector
that runs through the model at each position; attention and the MLP of every layer read it and add
to it. The columns are what attention adds (`attn`), what the MLP adds (`mlp`), and both together
(`block`). Every model reads the same passages of the pinned corpus, cut at 128 tokens; padding,
special tokens and the first position do not count. x is the stream before, y after; f is what is
added. Where norms come after the addition, as in BERT, y is what leaves the norm.

**Block influence**, `block_influence` = `1 − E cos(x, y)`, in [0, 2]. How far the stream is turned.
A layer with little influence can often be left out. Source: ShortGPT, Men et al. 2024.

**Angular distance**, `angular` = `E arccos(cos(x, y)) / π`, in [0, 1]. The same as an angle: 0.5 is
a right one. Source: Gromov et al. 2024.

**Contribution**, `contribution` = `E ‖f‖ / ‖x‖`. How much is added, relative to what is there. What
is added may be large and hardly turn the stream, when it points the same way. For the block it is
`E ‖y − x‖ / ‖x‖`.

**Logit lens**, on a seeded sample of 2,048 positions: the state after a layer goes through the
final norm and the unembedding, as if the model stopped there. `lens_entropy` is how undecided that
prediction is, in bits (0: certain; log₂ of the vocabulary: no idea), `lens_kl` = `KL(p_final ‖
p_layer)` how much it still lacks of the final one; it is 0 at the last layer. Early layers need not
speak the language of the unembedding, so that a large divergence there does not mean that nothing
is known. Decoders only: encoders read their predictions through a head of its own. Sources:
nostalgebraist 2020, Belrose et al. 2023.

**Similarity of layers**, `cka`: linear centred kernel alignment of the streams after two layers, at
the same positions; 1 where one is the other turned and scaled, 0 where they have nothing in common.
Blocks of similar layers show as bright squares. It is unbiased, so that unrelated layers come out
around 0 and may come out a little below. HSIC is averaged over 4 groups of 512 sampled positions,
then divided: HSIC(K, L) / √(HSIC(K, K) HSIC(L, L)). Sources: Kornblith et al. 2019; Nguyen, Raghu &
Kornblith 2021.

**Precision.** The model runs in the type that it is stored in; sums are carried on in float32 or
better, and similarity in float64. A small turn is computed from the part of f that is at right
angles to x, not as 1 minus a cosine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from atlas import cka, lens, streaming
from atlas.analysis import Measured, Progress
from atlas.batches import Passage, Sample
from atlas.cka import Similarity
from atlas.entry import Geometry
from atlas.errors import AtlasError
from atlas.matrix import Matrix
from atlas.model import Model
from atlas.residual_stream import SUBLAYERS, Kept, Movement
from atlas.store import Scalar
from atlas.streaming import Tap, Watch

VERSION = 1
TIER = "forward"
KINDS = ("decoder", "encoder")
FACTS = {
    "least_influence": "Layer of least influence",
}
PROTOCOL: dict[str, str | int] = {
    "corpus": "digest",
    "sequence": "one passage a row, BOS where the tokenizer has one, right padding",
    "length": 128,
    "scored": "all but padding, special tokens and the first position",
    "sample": 2048,
    "groups": 4,
    "seed": 0,
}

# name: title, unit, what a higher value means, largest value; in the order of `Movement.means`
QUANTITIES = {
    "block_influence": ("Block influence", "1 - cosine", "turned farther", 2.0),
    "angular": ("Angular distance", "share of half a turn", "turned farther", 1.0),
    "contribution": ("Contribution", "share of what is there", "adds more", None),
}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    Two operations per weight of the blocks and token of the corpus, about 52,000 tokens, and the
    attention patterns; on 2,048 positions the unembedding once per layer, and their Gram matrices
    in groups of 512. In memory is the whole model, 2 bytes a weight as most are stored, and the
    sampled states of every layer, beside what a micro-batch, Python and torch take themselves.
    """
    tokens, length, sampled, groups = 5.2e4, 128, 2048, 4
    inside, outside, total = geometry.weights
    patterns = 4 * geometry.layers * geometry.q * length
    per_layer = 2 * sampled * outside + 2 * groups * (sampled / groups) ** 2 * geometry.d_model
    states = 4.0 * geometry.layers * sampled * geometry.d_model
    operations = tokens * (2 * inside + patterns) + geometry.layers * per_layer
    return operations, 2.1 * total + states + 1.2e9


def run(model: Model, progress: Progress) -> Measured:
    """Measure every layer over the pinned corpus, in one pass, then what the sample says."""
    passages = streaming.read(model, int(PROTOCOL["length"]))
    observer = observe(model, passages)
    streaming.run(model, passages, observer.taps, progress)
    return observer.measured(progress)


def observe(model: Model, passages: Sequence[Passage]) -> Residual:
    """What is to see a pass over the passages, alone or beside other analyses' observers."""
    return Residual(model, passages)


class Residual:
    """The statistics of all layers of a model: `taps` for the pass, then what they measured."""

    def __init__(self, model: Model, passages: Sequence[Passage]) -> None:
        self.model = model
        self.passages = passages
        layers = range(model.geometry.layers)
        self.movements = [Movement(model.architecture.residual) for _ in layers]
        most, seed = int(PROTOCOL["sample"]), int(PROTOCOL["seed"])
        self.sample = Sample(passages, 1, most, seed, exactly=True)
        self.kept = [Kept(self.sample) for _ in layers]
        self.group = self.sample.size // int(PROTOCOL["groups"])
        if self.group < cka.FEWEST:
            raise AtlasError(
                f"{self.sample.size} positions are too few to compare layers on",
                file=model.folder,
                remedy=f"at least {cka.FEWEST * int(PROTOCOL['groups'])} must be scored",
            )

    @property
    def taps(self) -> list[Watch]:
        return [*self.full_taps(), *self.sampled_taps()]

    def full_taps(self) -> list[Watch]:
        """The statistics that see every value."""
        return [held.joint(layer) for layer, held in enumerate(self.movements)]

    def sampled_taps(self) -> list[Watch]:
        """The states that are kept of a sample."""
        return [Tap(layer, "block", held) for layer, held in enumerate(self.kept)]

    def measured(self, progress: Progress) -> Measured:
        """The matrices; the sample is worked through first, and `progress` counts layers of it.

        Raises `AtlasError` for states that are infinite or no numbers.
        """
        tokens = sum(passage.scored for passage in self.passages)
        means = np.stack([self._means(layer) for layer in range(len(self.movements))])
        matrices = [
            self._of_sublayers(name, means[:, :, place], tokens)
            for place, name in enumerate(QUANTITIES)
        ]
        states = [held.values for held in self.kept if held.values is not None]
        if lens.exists(self.model):
            matrices += self._lens(states, progress)
        matrices.append(self._similarity(states))
        return Measured(
            matrices=tuple(matrices),
            facts=_facts(means),
            conditions={
                "passages": len(self.passages),
                "tokens": tokens,
                **self.model.conditions,
            },
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

    def _of_sublayers(self, name: str, values: NDArray[np.float64], n: int) -> Matrix:
        title, unit, direction, largest = QUANTITIES[name]
        return _matrix(name, title, unit, direction, values, SUBLAYERS, (0, largest), n)

    def _lens(self, states: Sequence[torch.Tensor], progress: Progress) -> list[Matrix]:
        found, n = lens.lens(self.model, states, progress), self.sample.size
        quantities = (
            ("lens_entropy", "Entropy of the logit lens", "more undecided", found.entropy),
            ("lens_kl", "Divergence of the logit lens", "farther from the end", found.divergence),
        )
        return [
            _matrix(name, title, "bits", words, values[:, None].numpy(), ("block",), (0, None), n)
            for name, title, words, values in quantities
        ]

    def _similarity(self, states: Sequence[torch.Tensor]) -> Matrix:
        """CKA of the sampled states, in groups that are drawn from all of them."""
        generator = torch.Generator().manual_seed(int(PROTOCOL["seed"]))
        shuffled = torch.randperm(self.sample.size, generator=generator)
        groups = int(PROTOCOL["groups"])
        similarity = Similarity(len(states))
        for places in shuffled[: groups * self.group].reshape(groups, self.group):
            similarity.add([layer[places] for layer in states])
        layers = tuple(str(layer) for layer in range(len(states)))
        values = similarity.values.numpy()
        title, unit, direction = "Similarity of layers", "debiased linear CKA", "more alike"
        return _matrix(
            "cka", title, unit, direction, values, layers, (None, 1), groups * self.group
        )


def _matrix(
    name: str,
    title: str,
    unit: str,
    direction: str,
    values: NDArray[np.float64],
    columns: tuple[str, ...],
    bounds: tuple[float | None, float | None],
    n: int,
) -> Matrix:
    return Matrix(
        name=name,
        title=title,
        unit=unit,
        kind="sequential",
        axes=("layer", "layer" if name == "cka" else "sublayer"),
        rows=tuple(str(layer) for layer in range(len(values))),
        columns=columns,
        values=values,
        direction=direction,
        range=bounds,
        n=n,
    )


def _facts(means: NDArray[np.float64]) -> dict[str, Scalar]:
    """The layer that turns the stream least, and by how much."""
    influence = means[:, SUBLAYERS.index("block"), 0]
    layer = int(np.nanargmin(influence))
    return {"least_influence": float(influence[layer]), "least_influence_layer": layer}
