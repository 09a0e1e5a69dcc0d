"""The matrices, facts and side files of the analysis `masks`, from what was measured."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np

from atlas.analyses.masks import MATRICES, certainty, choosing
from atlas.analyses.masks.choosing import Floats, Mask
from atlas.analyses.masks.scored_passages import ScoredPassages
from atlas.analyses.masks.trial import block_name
from atlas.passes import leaders, without_blocks
from atlas.pinned.clusters import Clusters
from atlas.profiles import contract
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar

STATED = contract.read(MATRICES)

NAMED, FIRST = 8, 3
"""Blocks that a fact names: of those that nobody needs, and of those that lead."""

WORSE = 0.05
"""How much worse than the others learned masks may be before the page says so."""


def of_blocks(
    name: str,
    values: Floats,
    scored: ScoredPassages,
    exists: Mask | bool = True,
    spread: Floats | None = None,
    largest_share: Floats | None = None,
) -> list[Matrix]:
    """(cluster, block) values as a matrix of attention and one of MLPs; NaN cannot be defined.

    `exists`: (block,), which blocks the layers have, all if unsaid; `spread` and `largest_share`:
    of the shape of `values`.
    """

    def own(table: Floats | None, number: int) -> Floats | None:
        return None if table is None else np.where(exists, table, np.nan)[:, number::2]

    return [
        STATED[f"{name}:{point}"].matrix(
            np.where(exists, values, np.nan)[:, number::2],
            rows=scored.labels,
            n=scored.fewest,
            undefined=(exists & np.isnan(values))[:, number::2],
            spread=own(spread, number),
            largest_share=own(largest_share, number),
        )
        for number, point in enumerate(without_blocks.POINTS)
    ]


def deltas(bits: Floats, scored: ScoredPassages, exists: Mask) -> list[Matrix]:
    """What every cluster loses without each block. `bits`: (block, passage)."""
    spread, share = scored.errors(bits), scored.largest_shares(bits)
    return of_blocks("delta", scored.rates(bits), scored, exists, spread, share)


def under_masks(tried: Mapping[str, Floats], scored: ScoredPassages) -> tuple[Matrix, Matrix]:
    """Of every cluster under each kind of mask, bits per byte and perplexity per token. `tried`:
    losses in nats per token, (passage,)."""
    nats = np.stack([*tried.values()])
    bits = scored.bits(nats)
    loss, perplexity = (
        functools.partial(STATED[name].matrix, rows=scored.labels, columns=tuple(tried))
        for name in ("loss", "perplexity")
    )
    return (
        loss(
            scored.rates(bits),
            n=scored.fewest,
            spread=scored.errors(bits),
            largest_share=scored.largest_shares(bits),
        ),
        perplexity(
            scored.perplexities(nats), n=scored.fewest, spread=scored.perplexity_errors(nats)
        ),
    )


def facts(
    mask: Mask, own: Mask, pruned: int, exists: Mask, attending: Sequence[int]
) -> dict[str, Scalar]:
    """What the masks say in few words. `mask`: (cluster, block); `own`: (half, cluster, block);
    `exists`: (block,); `attending`: the layers that have attention."""
    places = np.flatnonzero(~mask.any(axis=0)).tolist()
    never = [block_name(block, attending) for block in places]
    blocks = int(exists.sum())
    agreements = [choosing.agreement(*pair) for pair in zip(own[0], own[1], strict=True)]
    return {
        "blocks": blocks,
        "pruned": pruned,
        "distinct_masks": len({row.tobytes() for row in mask}),
        "never_needed": leaders.listed(never, NAMED) or "none",
        "agreement": float(np.mean(agreements)),
        "agreement_by_chance": pruned / blocks,
    }


def divided(bits: Floats, scored: ScoredPassages, attending: Sequence[int] | None = None) -> str:
    """Blocks that clusters differ on most, as far as passages tell. `bits`: (block, passage)."""
    exists = np.flatnonzero(~np.isnan(bits[:, 0]))
    found = exists[certainty.most_divided(bits[exists], scored)].tolist()
    return leaders.listed([block_name(block, attending) for block in found], FIRST)


def certain(sure: Floats, mask: Mask) -> float | None:
    """How often draws prune the blocks that a mask prunes, mean over all of these; None where no
    block is pruned, or no cluster has passages enough. Both (cluster, block)."""
    known = sure[~mask & ~np.isnan(sure)]
    return float(known.mean()) if known.size else None


def comparison(tried: Mapping[str, Floats], scored: ScoredPassages) -> dict[str, Scalar]:
    """Losses of all passages under masks, and how learned masks do beside the others."""
    facts: dict[str, Scalar] = {
        f"bits_per_byte_{name}": scored.bits_per_byte(nats)
        for name, nats in tried.items()
        if name != "unpruned"
    }
    whole = {name: scored.perplexity(nats) for name, nats in tried.items()}
    facts |= {f"perplexity_{name}": value for name, value in whole.items()}
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
            "increase": [contract.defined(one) for one in losses[1:, place] - losses[0, place]],
        }
        for place, row in enumerate(scored.rows)
    ]
