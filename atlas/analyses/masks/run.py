"""Measures the analysis `masks`, which the package states."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from atlas.analyses.masks import (
    certainty,
    choosing,
    learned_gates,
    matrices,
    scored_passages,
)
from atlas.analyses.masks.choosing import Floats, Mask
from atlas.analyses.masks.learned_gates import Gates
from atlas.analyses.masks.scored_passages import ScoredPassages
from atlas.analyses.masks.trial import Steps, Trial
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import clustering, estimates, observing, token_frequencies, without_blocks
from atlas.pinned.clusters import Clusters
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

DRAWS, SEED = 5, 0
"""Masks at random, and their seed."""


def run(model: LiveModel, progress: Progress) -> Measured:
    """Measure every block's cost for every cluster of the texts to measure on."""
    chosen = model.choices
    passages = observing.read(model)
    clusters = clustering.of(chosen)
    return measure(model, passages, clusters, chosen.sparsity, chosen.learned, progress)


def measure(
    model: LiveModel,
    passages: Sequence[Passage],
    clusters: Clusters,
    sparsity: float,
    learned: bool,
    progress: Progress,
) -> Measured:
    """Measure every block's cost for every cluster, choose masks, and try them.

    `progress` counts forward passes of a passage, or what takes as long.
    """
    scored = scored_passages.read(model, passages, clusters)
    layers = model.geometry.layers
    exists, attending = np.array(without_blocks.existing(model)), model.architecture.attending
    pruned = choosing.pruned_count(sparsity, int(exists.sum()))
    learning = learned_gates.passes(len(scored.labels)) if learned else 0
    total = len(scored.passages) * (layers + 3 + DRAWS + learned) + learning
    trial = Trial(model, scored, Steps(progress, total))

    losses = trial.without_blocks()
    bits = scored.bits(losses[1:] - losses[0])  # (block, passage)
    masks = _masks(bits, scored, pruned)
    tried = {"unpruned": losses[0], **_tried(trial, masks)}
    gates = None
    if learned:
        gates = _learned(trial, losses, pruned)
        tried["learned"] = trial.under(choosing.cheapest(gates.log_alpha, pruned))
    mask = choosing.cheapest(scored.rates(bits), pruned)
    sure = certainty.of_masks(bits, scored, mask, pruned)
    facts: dict[str, Scalar] = {
        **token_frequencies.facts(
            scored.bits_per_byte(losses[0]), scored.passages, model.geometry.vocabulary
        ),
        **matrices.facts(mask, masks["own"][0], pruned, exists, attending),
        "certainty": matrices.certain(sure, mask),
        "most_divided": matrices.divided(bits, scored, attending),
        **matrices.comparison(tried, scored),
    }
    if gates is not None:
        facts["learned_sparsity"] = gates.sparsity
    return Measured(
        matrices=_matrices(scored, bits, (mask, sure), gates, tried, (pruned, exists)),
        facts=facts,
        conditions=observing.conditions(model, passages),
        parts={
            "clusters": matrices.cluster_items(clusters),
            "losses": matrices.loss_items(scored, losses),
        },
    )


def _masks(bits: Floats, scored: ScoredPassages, pruned: int) -> dict[str, list[Mask]]:
    """The masks that are tried, (half, cluster, block) each; of several the mean loss counts."""

    def common(half: int) -> Mask:
        chosen = scored.halves == half
        rates = estimates.ratio(bits[:, chosen], scored.sizes[chosen])
        return choosing.cheapest(np.tile(rates, (len(scored.labels), 1)), pruned)

    own = _by_half(lambda half: choosing.cheapest(scored.rates(bits, half), pruned))
    exists = ~np.isnan(bits[:, 0])
    draws = np.ones((DRAWS, len(bits)), dtype=np.bool_)
    draws[:, exists] = choosing.at_random(DRAWS, int(exists.sum()), pruned, SEED)
    return {
        "own": [own],
        "common": [_by_half(common)],
        "random": [np.broadcast_to(draw, own.shape) for draw in draws],
    }


def _by_half(chosen_by: Callable[[int], Mask]) -> Mask:
    """(half, ...): what each half chooses."""
    return np.stack([chosen_by(0), chosen_by(1)])


def _tried(trial: Trial, masks: Mapping[str, Sequence[Mask]]) -> dict[str, Floats]:
    """Losses under masks by name, (passage,), in nats per token."""
    return {
        name: np.mean([trial.under(mask) for mask in several], axis=0)
        for name, several in masks.items()
    }


def _learned(trial: Trial, losses: Floats, pruned: int) -> Gates:
    """Gates that learn from what every block costs by itself."""
    scored = trial.scored
    return learned_gates.learn(
        trial.model,
        scored.passages,
        scored.clusters,
        scored.halves,
        (losses[1:] - losses[0]).T,
        pruned,
        trial.steps.part(1),
    )


def _matrices(
    scored: ScoredPassages,
    bits: Floats,
    chosen: tuple[Mask, Floats],
    gates: Gates | None,
    tried: Mapping[str, Floats],
    blocks: tuple[int, Mask],
) -> tuple[Matrix, ...]:
    """In the order of the page. `bits`: (block, passage); `chosen`: the masks and how sure they
    are, (cluster, block); `blocks`: how many are pruned, and which exist."""
    (mask, sure), (pruned, exists) = chosen, blocks
    found = matrices.deltas(bits, scored, exists)
    found += matrices.of_blocks("mask", mask.astype(float), scored, exists)
    found += matrices.of_blocks("certainty", sure, scored, exists)
    if gates is not None:
        both = choosing.cheapest(gates.log_alpha.mean(0), pruned)
        found += matrices.of_blocks("learned", both.astype(float), scored, exists)
    return (*found, *matrices.under_masks(tried, scored))
