"""Measures the analysis `attention`, which the package states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from atlas.analyses.attention import MATRICES, PROTOCOL, strongest
from atlas.analyses.attention.pattern_scores import HeadScores, PatternScores, RepetitionScores
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import observing
from atlas.passes.estimates import Floats
from atlas.passes.observing import PatternTap
from atlas.profiles import contract
from atlas.profiles.contract import Quantity
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

SCORES = contract.read(MATRICES)
NO_NUMBER = "attention is not a number"
OF_CORPUS = ("entropy", "sink", "distance", "previous")


def run(model: LiveModel, progress: Progress) -> Measured:
    """Measure every head over the pinned corpus and on repeated sequences."""
    return observing.alone(model, observe, progress)


def observe(model: LiveModel, passages: Sequence[Passage]) -> Attention:
    """The observer for a pass over the passages, alone or beside those of other analyses."""
    return Attention(model, passages)


class Attention:
    """The statistics of all heads of a model: `taps` for the pass, then what they measured."""

    def __init__(self, model: LiveModel, passages: Sequence[Passage]) -> None:
        model.architecture.require_attention()
        self.model = model
        self.passages = passages
        kind = model.architecture.kind
        self.layers = model.architecture.attending
        self.scores = [PatternScores(kind) for _ in self.layers]

    @property
    def taps(self) -> list[PatternTap]:
        return [PatternTap(*one) for one in zip(self.layers, self.scores, strict=True)]

    def measured(self, progress: Progress) -> Measured:
        """The matrices, the repeated sequences read first.

        Raises `AtlasError` for attention that is NaN, and what `repeated` raises.
        """
        observing.require_finite(self.model, self.scores, NO_NUMBER)
        found: dict[str, Sequence[HeadScores]] = dict.fromkeys(self._of_corpus(), self.scores)
        if self.is_decoder:
            n, sequences, seed = (int(PROTOCOL[key]) for key in ("segment", "sequences", "seed"))
            asked = repeated(self.model, n, sequences, seed)
            if self.can_read(asked):
                found |= dict.fromkeys(RepetitionScores.NAMES, self.repeats(asked, progress))
        counts = self._counts()
        wanted = [*found, *(RepetitionScores.NAMES if self.is_decoder else ())]
        matrices = tuple(
            self._matrix(score, found[name], counts[name])
            if name in found
            else self._without(score)
            for name, score in SCORES.items()
            if name in wanted
        )
        return Measured(
            matrices=matrices,
            facts=self._facts(matrices, found),
            conditions=observing.conditions(self.model, self.passages),
        )

    @property
    def is_decoder(self) -> bool:
        return self.model.architecture.kind == "decoder"

    def can_read(self, passages: Sequence[Passage]) -> bool:
        """Whether the model was made to read so many tokens at once."""
        most = self.model.positions
        return most is None or max(len(passage.ids) for passage in passages) <= most

    def _without(self, score: Quantity) -> Matrix:
        """The matrix of a score that cannot be defined, for the model reads too little at once."""
        there = [np.ones(count) for count in self.model.architecture.heads if count]
        undefined = self._spread(there, 0.0) > 0
        return score.matrix(np.full(undefined.shape, np.nan), undefined=undefined)

    def _spread(self, values: Sequence[Floats], absent: float = np.nan) -> Floats:
        """Of every layer with heads one number a head -> (layer, head)."""
        found = np.full((self.model.geometry.layers, self.model.geometry.heads), absent)
        for layer, own in zip(self.layers, values, strict=True):
            found[layer, : len(own)] = own
        return found

    def _of_corpus(self) -> list[str]:
        """The scores on the corpus that the model has."""
        architecture = self.model.architecture
        names = [name for name in OF_CORPUS if architecture.kind in SCORES[name].kinds]
        return [*names, "learned_sink"] if architecture.has("attn.sinks") else names

    def _counts(self) -> dict[str, int]:
        """How many queries are behind each score."""
        tokens = sum(passage.scored for passage in self.passages)
        repeats = int(PROTOCOL["segment"]) * int(PROTOCOL["sequences"])
        # The token before the second position is the first, where sinks are.
        seconds = sum(passage.first <= 1 < passage.last for passage in self.passages)
        own = {"previous": tokens - seconds, "duplicate": repeats, "induction": repeats}
        return dict.fromkeys(SCORES, tokens) | own

    def repeats(self, passages: Sequence[Passage], progress: Progress) -> list[RepetitionScores]:
        """Duplicate-token and induction scores of each layer's heads, in a pass of their own."""
        n = int(PROTOCOL["segment"])
        held = [RepetitionScores(passages[0].first, n) for _ in self.scores]
        taps = [PatternTap(*one) for one in zip(self.layers, held, strict=True)]
        observing.run(self.model, passages, taps, progress)
        observing.require_finite(self.model, held, NO_NUMBER)
        return held

    def _matrix(self, score: Quantity, held: Sequence[HeadScores], n: int) -> Matrix:
        """Sums are finite: a head without a value is one that none of its queries gives one."""
        means = [one.mean(score.name) for one in held]
        return score.matrix(
            self._spread(means),
            n=n,
            undefined=self._spread([np.isnan(one) for one in means], 0.0) > 0,
            spread=self._spread([one.error(score.name) for one in held]),
            largest_share=self._spread([one.largest_share(score.name) for one in held]),
        )

    def _facts(
        self, matrices: Sequence[Matrix], found: Mapping[str, Sequence[HeadScores]]
    ) -> dict[str, Scalar]:
        """How much goes to the first position, and the strongest heads of each kind: layer.head."""
        facts: dict[str, Scalar] = {}
        for matrix in matrices:
            if matrix.name == "sink" and np.isfinite(matrix.values).any():
                facts["mean_sink"] = float(np.nanmean(matrix.values))
            if matrix.name in ("previous", *RepetitionScores.NAMES) and matrix.name in found:
                compared = [held.compared(matrix.name) for held in found[matrix.name]]
                totals, counts, chance = map(_padded, zip(*compared, strict=True))
                values = matrix.values[list(self.layers)]
                facts |= strongest.facts(matrix.name, values, totals, counts, chance, self.layers)
        return facts


def _padded(each: Sequence[Floats]) -> Floats:
    """Stacked, layers with fewer heads filled up with 0."""
    arrays = [np.asarray(one) for one in each]
    most = [max(lengths) for lengths in zip(*(one.shape for one in arrays), strict=True)]
    found = np.zeros((len(arrays), *most))
    for layer, one in enumerate(arrays):
        places: Any = (layer, *map(slice, one.shape))
        found[places] = one
    return found


def repeated(model: LiveModel, n: int, sequences: int, seed: int) -> tuple[Passage, ...]:
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
