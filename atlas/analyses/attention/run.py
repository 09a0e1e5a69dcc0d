"""Measures the analysis `attention`, which the package states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from atlas.analyses.attention import MATRICES, PROTOCOL
from atlas.analyses.attention.pattern_scores import PatternScores, PerHead, RepetitionScores
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import observing
from atlas.passes.observing import PatternTap
from atlas.profiles import contract
from atlas.profiles.contract import Quantity
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

SCORES = contract.read(MATRICES)


def run(model: LiveModel, progress: Progress) -> Measured:
    """Measure every head over the pinned corpus and on repeated sequences."""
    return observing.alone(model, observe, progress)


def observe(model: LiveModel, passages: Sequence[Passage]) -> Attention:
    """The observer for a pass over the passages, alone or beside those of other analyses."""
    return Attention(model, passages)


class Attention:
    """The statistics of all heads of a model: `taps` for the pass, then what they measured."""

    def __init__(self, model: LiveModel, passages: Sequence[Passage]) -> None:
        self.model = model
        self.passages = passages
        kind = model.architecture.kind
        self.scores = [PatternScores(kind) for _ in range(model.geometry.layers)]

    @property
    def taps(self) -> list[PatternTap]:
        return [PatternTap(layer, held) for layer, held in enumerate(self.scores)]

    def measured(self, progress: Progress) -> Measured:
        """The matrices, the repeated sequences read first.

        Raises `AtlasError` for attention that is NaN, and what `repeated` raises.
        """
        self._require_finite(self.scores)
        n, sequences, seed = (int(PROTOCOL[key]) for key in ("segment", "sequences", "seed"))
        found = self._of_corpus()
        if self.model.architecture.kind == "decoder":
            found |= self.repeats(repeated(self.model, n, sequences, seed), progress)
        tokens = sum(passage.scored for passage in self.passages)
        counts = {"duplicate": n * sequences, "induction": n * sequences}
        matrices = tuple(
            _matrix(score, np.stack(found[name]), counts.get(name, tokens))
            for name, score in SCORES.items()
            if name in found
        )
        return Measured(
            matrices=matrices,
            facts=_facts(matrices),
            conditions=observing.conditions(self.model, self.passages),
        )

    def _require_finite(self, scores: Sequence[PatternScores | RepetitionScores]) -> None:
        for layer, held in enumerate(scores):
            if held.sums is not None and not held.sums.isfinite().all():
                raise AtlasError(
                    f"attention is not a number in {self.model.dtype}",
                    file=self.model.folder,
                    place=f"layer {layer}",
                    remedy="the weights are damaged, or their type is too narrow for this model",
                )

    def _of_corpus(self) -> dict[str, list[PerHead]]:
        """Scores on the corpus by name, of each layer's heads."""
        architecture = self.model.architecture
        names = ["entropy", "sink", "distance"]
        names += ["previous"] if architecture.kind == "decoder" else []
        found = {name: [held.mean(name) for held in self.scores] for name in names}
        if architecture.has("attn.sinks"):
            found["learned_sink"] = [held.mean("learned") for held in self.scores]
        return found

    def repeats(self, passages: Sequence[Passage], progress: Progress) -> dict[str, list[PerHead]]:
        """Duplicate-token and induction scores of each layer's heads, in a pass of their own."""
        n = int(PROTOCOL["segment"])
        held = [RepetitionScores(passages[0].first, n) for _ in self.scores]
        taps = [PatternTap(layer, statistic) for layer, statistic in enumerate(held)]
        observing.run(self.model, passages, taps, progress)
        self._require_finite(held)
        return {
            "duplicate": [each.mean("duplicate") for each in held],
            "induction": [each.mean("induction") for each in held],
        }


def _matrix(score: Quantity, values: PerHead, n: int) -> Matrix:
    """Sums are finite: a head without a value is one that none of its queries gives one."""
    return score.matrix(values, n=n, undefined=np.isnan(values))


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


def _facts(matrices: Sequence[Matrix]) -> dict[str, Scalar]:
    """The strongest head of each kind, as layer.head, and its score."""
    facts: dict[str, Scalar] = {}
    for matrix in matrices:
        if not np.isfinite(matrix.values).any():
            continue
        if matrix.name in ("previous", "duplicate", "induction"):
            layer, head = np.unravel_index(np.nanargmax(matrix.values), matrix.values.shape)
            facts[f"strongest_{matrix.name}"] = float(matrix.values[layer, head])
            facts[f"strongest_{matrix.name}_head"] = f"{layer}.{head}"
        if matrix.name == "sink":
            facts["mean_sink"] = float(np.nanmean(matrix.values))
    return facts
