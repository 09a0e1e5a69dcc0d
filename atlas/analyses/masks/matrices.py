"""The matrices, facts and side files of the analysis `masks`, from what was measured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from atlas.analyses.masks import MATRICES, choosing
from atlas.analyses.masks.choosing import Floats, Mask
from atlas.analyses.masks.scored_passages import ScoredPassages
from atlas.analyses.masks.trial import block_name
from atlas.passes import without_blocks
from atlas.pinned.clusters import Clusters
from atlas.profiles import contract
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar

STATED = contract.read(MATRICES)

NAMED = 8
"""Blocks that a fact names."""

WORSE = 0.05
"""How much worse than the others learned masks may be before the page says so."""


def of_blocks(name: str, values: Floats, scored: ScoredPassages) -> list[Matrix]:
    """(cluster, block) values as a matrix of attention and one of MLPs."""
    return [
        STATED[f"{name}:{point}"].matrix(values[:, number::2], rows=scored.labels, n=scored.fewest)
        for number, point in enumerate(without_blocks.POINTS)
    ]


def perplexities(tried: Mapping[str, Floats], scored: ScoredPassages) -> Matrix:
    """Of every cluster under each kind of mask. `tried`: losses in nats per token, (passage,)."""
    columns = [scored.perplexities(nats) for nats in tried.values()]
    return STATED["perplexity"].matrix(
        np.stack(columns, axis=1), rows=scored.labels, columns=tuple(tried), n=scored.fewest
    )


def facts(deltas: Floats, mask: Mask, own: Mask, pruned: int) -> dict[str, Scalar]:
    """What the masks say in few words. `deltas`, `mask`: (cluster, block); `own`: (half, cluster,
    block)."""
    never = [block_name(block) for block in np.flatnonzero(~mask.any(axis=0)).tolist()]
    agreements = [choosing.agreement(*pair) for pair in zip(own[0], own[1], strict=True)]
    return {
        "blocks": mask.shape[1],
        "pruned": pruned,
        "distinct_masks": len({row.tobytes() for row in mask}),
        "never_needed": "; ".join(never[:NAMED]) + (f"; {len(never)} in all" * (len(never) > NAMED))
        or "none",
        "most_divided": block_name(int(deltas.std(axis=0).argmax())),
        "agreement": float(np.mean(agreements)),
        "agreement_by_chance": pruned / mask.shape[1],
    }


def comparison(tried: Mapping[str, Floats], scored: ScoredPassages) -> dict[str, Scalar]:
    """Perplexities of all passages, and how learned masks do beside the others."""
    whole = {name: scored.perplexity(nats) for name, nats in tried.items()}
    facts: dict[str, Scalar] = {f"perplexity_{name}": value for name, value in whole.items()}
    if "learned" in whole:
        change = whole["learned"] / whole["own"] - 1
        others = "masks from single blocks' losses"
        worse = "worse" if change > 0 else "better"
        told = f"{abs(change):.1%} {worse} in perplexity than {others}"
        if abs(change) < 0.0005:
            told = f"the same perplexity as {others}"
        facts["learned_against_own"] = told + (", more than 5%" * (change > WORSE))
    return facts


def cluster_items(clusters: Clusters) -> list[dict[str, object]]:
    """What each cluster is about."""
    return [
        {
            "cluster": number,
            "label": one.label,
            "words": list(one.words),
            "sentence": one.sentence,
            "passages": one.passages,
        }
        for number, one in enumerate(clusters.clusters)
    ]


def loss_items(scored: ScoredPassages, losses: Floats) -> list[dict[str, object]]:
    """Every passage's losses, in nats per token. `losses`: (1 + blocks, passage)."""
    return [
        {
            "passage": row,
            "cluster": int(scored.clusters[place]),
            "tokens": int(scored.tokens[place]),
            "bytes": int(scored.sizes[place]),
            "loss": float(losses[0, place]),
            "increase": [float(value) for value in losses[1:, place] - losses[0, place]],
        }
        for place, row in enumerate(scored.rows)
    ]
