"""Attention.

Where every head looks while the model reads: at how many positions, how far back, at the very first
position, at the previous token, and, on sequences that repeat themselves, at what came before.

**How to read it.** A row is a layer (a block, counted from 0), a column one of its heads; head 3 of
layer 2 is written 2.3. Every score lies between 0 and 1. A head's pattern A says for every position
q (the query) what share of its attention goes to each position k (the keys), after rotary
embedding, masks, sliding windows and soft-capping, as the model itself computes it. Every model
reads the same passages of the pinned corpus, cut at 128 tokens. Averages are over all queries but
the first position, special tokens and padding. A query sees itself and what is before it (in
encoders the whole passage, in sliding windows what the window holds).

**Entropy**, `entropy` = `−Σ_k A log A / log(visible keys)`. 0: all on one position; 1: spread
evenly over all that can be seen. Source: Clark et al. 2019.

**Attention sink**, `sink` = mean of `A[q, 0]`. The share that goes to the first position: BOS where
the tokenizer has one, [CLS] in encoders. Much of it means that the head is at rest: it parks its
attention where it does no harm. Sources: Xiao et al. 2023, Gu et al. 2024.

**Distance**, `distance` = mean of `Σ_k A (q − k) / n`, n the length of the passage (encoders: `|q −
k|`). How far back a head looks; evenly spread attention has about 0.25 in a decoder, 0.33 in an
encoder.

**Previous token**, `previous` = mean of `A[q, q−1]`. The lower half of an induction circuit.

**Duplicate token**, `duplicate` = mean weight on earlier copies of the same token. Source: Wang et
al. 2022.

**Induction**, `induction` = mean of `A[q, q−n+1]`: the weight on the token that followed the same
token the first time. Such heads continue what they have seen before. Source: Olsson et al. 2022.

Duplicate and induction are measured on 16 sequences of BOS + s + s, s being 50 tokens drawn at
random from the model's own vocabulary, over the second s. Random tokens leave nothing to guess from
meaning: only copying helps.

**Learned sink**, `learned_sink`: some models have a number per head that takes part in the softmax
as a position without content would, and takes its share. Where there are such, it is a matrix of
its own, and patterns are renormalised over real keys for everything else.

In encoders the previous token, duplicates and induction do not exist as such: they see both sides.

**Precision.** The model runs in the type that it is stored in; sums are carried on in float32 or
better. The model computes what it would compute unwatched, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from atlas import streaming
from atlas.analysis import Measured, Progress
from atlas.attending import Attending, PerHead, Repeats
from atlas.batches import Passage
from atlas.entry import Geometry
from atlas.errors import AtlasError
from atlas.matrix import Matrix
from atlas.model import Model
from atlas.store import Scalar
from atlas.streaming import PatternTap

VERSION = 1
TIER = "forward"
KINDS = ("decoder", "encoder")
FACTS = {
    "mean_sink": "Mean attention to the first position",
    "strongest_previous": "Strongest previous-token head",
    "strongest_duplicate": "Strongest duplicate-token head",
    "strongest_induction": "Strongest induction head",
}
PROTOCOL: dict[str, str | int] = {
    "corpus": "digest",
    "sequence": "one passage a row, BOS where the tokenizer has one, right padding",
    "length": 128,
    "queries": "all but padding, special tokens and the first position",
    "keys": "renormalised over real keys",
    "repeats": "BOS where the tokenizer has one, then s twice, s drawn from ordinary tokens",
    "segment": 50,
    "sequences": 16,
    "seed": 0,
}

# name: title, what a higher value means
SCORES: Mapping[str, tuple[str, str]] = {
    "entropy": ("Entropy of attention", "spread more evenly"),
    "sink": ("Attention to the first position", "more on the first position"),
    "learned_sink": ("Attention to the learned sink", "more on no token at all"),
    "distance": ("Distance of attention", "looks farther away"),
    "previous": ("Attention to the previous token", "more on the previous token"),
    "duplicate": ("Attention to earlier copies", "more on copies of the same token"),
    "induction": ("Induction", "more on what followed last time"),
}
UNITS = {"entropy": "share of the largest possible", "distance": "share of the passage"}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    Two operations per weight of the blocks and token of the corpus and of the repeated sequences,
    about 54,000 tokens, the attention patterns and some thirty operations on each of their values;
    in memory is the whole model, 2 bytes a weight as most are stored, beside what a micro-batch,
    Python and torch take themselves.
    """
    tokens, length = 5.4e4, 128
    inside, _, total = geometry.weights
    patterns = geometry.layers * length * (4 * geometry.q + 30 * geometry.heads)
    return tokens * (2 * inside + patterns), 2.1 * total + 1.2e9


def run(model: Model, progress: Progress) -> Measured:
    """Measure every head over the pinned corpus and on repeated sequences."""
    passages = streaming.read(model, int(PROTOCOL["length"]))
    observer = observe(model, passages)
    streaming.run(model, passages, observer.taps, progress)
    return observer.measured(progress)


def observe(model: Model, passages: Sequence[Passage]) -> Attention:
    """What is to see a pass over the passages, alone or beside other analyses' observers."""
    return Attention(model, passages)


class Attention:
    """The statistics of all heads of a model: `taps` for the pass, then what they measured."""

    def __init__(self, model: Model, passages: Sequence[Passage]) -> None:
        self.model = model
        self.passages = passages
        kind = model.architecture.kind
        self.attending = [Attending(kind) for _ in range(model.geometry.layers)]

    @property
    def taps(self) -> list[PatternTap]:
        return [PatternTap(layer, held) for layer, held in enumerate(self.attending)]

    def measured(self, progress: Progress) -> Measured:
        """The matrices, the repeated sequences read first.

        Raises `AtlasError` for attention that is no number, and what `repeated` raises.
        """
        for layer, held in enumerate(self.attending):
            if held.sums is not None and not held.sums.isfinite().all():
                raise AtlasError(
                    f"attention is no number in {self.model.dtype}",
                    file=self.model.folder,
                    place=f"layer {layer}",
                    remedy="the weights are damaged, or their type is too narrow for this model",
                )
        n, sequences, seed = (int(PROTOCOL[key]) for key in ("segment", "sequences", "seed"))
        architecture = self.model.architecture
        names = ["entropy", "sink", "distance"]
        names += ["previous"] if architecture.kind == "decoder" else []
        found: dict[str, list[PerHead]] = {
            name: [held.mean(name) for held in self.attending] for name in names
        }
        if architecture.has("attn.sinks"):
            found["learned_sink"] = [held.mean("learned") for held in self.attending]
        if architecture.kind == "decoder":
            found |= self.repeats(repeated(self.model, n, sequences, seed), progress)
        tokens = sum(passage.scored for passage in self.passages)
        counts = {"duplicate": n * sequences, "induction": n * sequences}
        matrices = tuple(
            self._matrix(name, np.stack(found[name]), counts.get(name, tokens))
            for name in SCORES
            if name in found
        )
        return Measured(
            matrices=matrices,
            facts=_facts(matrices),
            conditions={
                "passages": len(self.passages),
                "tokens": tokens,
                **self.model.conditions,
            },
        )

    def repeats(self, passages: Sequence[Passage], progress: Progress) -> dict[str, list[PerHead]]:
        """Duplicate-token and induction scores of each layer's heads, in a pass of their own."""
        n = int(PROTOCOL["segment"])
        held = [Repeats(passages[0].first, n) for _ in self.attending]
        taps = [PatternTap(layer, statistic) for layer, statistic in enumerate(held)]
        streaming.run(self.model, passages, taps, progress)
        return {
            "duplicate": [each.mean("duplicate") for each in held],
            "induction": [each.mean("induction") for each in held],
        }

    def _matrix(self, name: str, values: PerHead, n: int) -> Matrix:
        title, direction = SCORES[name]
        return Matrix(
            name=name,
            title=title,
            unit=UNITS.get(name, "share of attention"),
            kind="sequential",
            axes=("layer", "head"),
            rows=tuple(str(layer) for layer in range(len(values))),
            columns=tuple(str(head) for head in range(values.shape[1])),
            values=values,
            direction=direction,
            range=(0, 1),
            n=n,
        )


def repeated(model: Model, n: int, sequences: int, seed: int) -> tuple[Passage, ...]:
    """BOS, where the tokenizer has one, and n random tokens twice; `first` is where they begin.

    Drawn from the tokens that text is made of: special and added ones, and rows of the embedding
    that stand for no token, are left out. Raises `AtlasError` where the tokenizer has none.
    """
    tokenizer = model.tokenizer
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    known = range(min(model.geometry.vocabulary, len(tokenizer)))
    ordinary = torch.tensor([token for token in known if token not in special])
    if not len(ordinary):
        raise AtlasError(
            f"none of its {len(tokenizer)} tokens is an ordinary one",
            file=model.folder,
            remedy="put the model's own tokenizer files beside its weights",
        )
    generator = torch.Generator().manual_seed(seed)
    drawn = ordinary[torch.randint(len(ordinary), (sequences, n), generator=generator)]
    start = () if tokenizer.bos_token_id is None else (int(tokenizer.bos_token_id),)
    return tuple(
        Passage((*start, *row, *row), len(start), len(start) + 2 * n) for row in drawn.tolist()
    )


def _facts(matrices: Sequence[Matrix]) -> dict[str, Scalar]:
    """The strongest head of each kind, as layer.head, and its score."""
    facts: dict[str, Scalar] = {}
    for matrix in matrices:
        if matrix.name in ("previous", "duplicate", "induction"):
            layer, head = np.unravel_index(np.argmax(matrix.values), matrix.values.shape)
            facts[f"strongest_{matrix.name}"] = float(matrix.values[layer, head])
            facts[f"strongest_{matrix.name}_head"] = f"{layer}.{head}"
        if matrix.name == "sink":
            facts["mean_sink"] = float(matrix.values.mean())
    return facts
