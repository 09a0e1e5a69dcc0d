"""Which blocks each cluster of passages can do without: what skips cost, and masks put to the test.

A mask is chosen by one half of a cluster's passages and tried on the other half, and the other way
round, so that every passage is read under masks that it had no part in.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from atlas.analyses.masks import choosing, learned_gates
from atlas.analyses.masks.choosing import Floats, Mask
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import losses, without_blocks
from atlas.pinned.clusters import Clusters
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

DRAWS, SEED = 5, 0
"""Masks at random, and their seed."""

TITLES = {"attn": "attention", "mlp": "MLPs"}


@dataclass(frozen=True)
class Read:
    """The passages that are measured, and what they are worth; one value a passage each.

    `rows`: their places in the corpus. `tokens` are the scored ones, `sizes` the UTF-8 bytes that
    these stand for.
    """

    rows: tuple[int, ...]
    passages: tuple[Passage, ...]
    clusters: NDArray[np.int64]
    halves: NDArray[np.int64]
    tokens: Floats
    sizes: Floats

    def bits(self, nats: Floats) -> Floats:
        """(..., passage) nats per token -> bits per byte."""
        return nats * self.tokens / (self.sizes * math.log(2))

    def perplexities(self, nats: Floats, count: int) -> Floats:
        """(passage,) nats per token -> (cluster,) perplexity per token."""
        return np.array([self.perplexity(nats, self.clusters == c) for c in range(count)])

    def perplexity(self, nats: Floats, among: NDArray[np.bool_] | None = None) -> float:
        """exp of the mean loss per token, of all passages or of those among them."""
        weights = self.tokens if among is None else self.tokens * among
        return math.exp(float((nats * weights).sum() / weights.sum()))


def measure(
    model: LiveModel,
    passages: Sequence[Passage],
    held: Clusters,
    sparsity: float,
    learned: bool,
    progress: Progress,
) -> Measured:
    """Measure every block's cost for every cluster, choose masks, and try them.

    `progress` counts forward passes of a passage, or what takes as long.
    """
    read = _read(model, passages, held)
    blocks, size = 2 * model.geometry.layers, len(read.passages)
    pruned = choosing.pruned_count(sparsity, blocks)
    learning = learned_gates.passes(len(held.clusters)) if learned else 0
    steps = _Steps(progress, size * (blocks // 2 + 3 + DRAWS + learned) + learning)

    found = without_blocks.losses_without(model, read.passages, steps.part(blocks // 2 + 1)).numpy()
    _require_finite(model, found)
    costs = read.bits(found[1:] - found[0]).T  # (passage, block)
    try_out = functools.partial(_tried, model, read, steps)
    tried = {"unpruned": found[0]}
    own = _by_half(lambda chosen: choosing.cheapest(_means(costs, read, chosen, held), pruned))
    tried["own"] = try_out(own)
    common = _by_half(
        lambda chosen: choosing.cheapest(costs[read.halves == chosen].mean(0), pruned)
    )
    tried["common"] = try_out(np.repeat(common[:, None], len(held.clusters), 1))
    draws = choosing.at_random(DRAWS, blocks, pruned, SEED)
    each = [try_out(np.broadcast_to(draw, own.shape)) for draw in draws]
    tried["random"] = np.mean(each, axis=0)

    deltas = _means(costs, read, None, held)
    matrices = _block_matrices("delta", deltas, held, read)
    mask = choosing.cheapest(deltas, pruned)
    matrices += _block_matrices("mask", mask.astype(float), held, read)
    facts = _facts(deltas, mask, own, pruned)
    if learned:
        gates = learned_gates.learn(
            model,
            read.passages,
            read.clusters,
            read.halves,
            (found[1:] - found[0]).T,
            pruned,
            steps.part(1),
        )
        by_half = np.array([choosing.cheapest(half, pruned) for half in gates.log_alpha])
        tried["learned"] = try_out(by_half)
        both = choosing.cheapest(gates.log_alpha.mean(0), pruned)
        matrices += _block_matrices("learned", both.astype(float), held, read)
        facts["learned_sparsity"] = gates.sparsity
    matrices.append(_perplexities(tried, held, read))
    facts |= _comparison(tried, read)
    return Measured(
        matrices=tuple(matrices),
        facts=facts,
        conditions={
            "passages": size,
            "tokens": int(read.tokens.sum()),
            **model.conditions,
        },
        parts={"clusters": _cluster_items(held), "losses": _loss_items(read, found)},
    )


def _read(model: LiveModel, passages: Sequence[Passage], held: Clusters) -> Read:
    """The passages that have something to score; every half of a cluster must have one."""
    rows = tuple(row for row, passage in enumerate(passages) if passage.scored)
    scored = tuple(passages[row] for row in rows)
    numbers = np.array([held.assignments[row] for row in rows], dtype=np.int64)
    counts = np.bincount(numbers, minlength=len(held.clusters))
    if counts.min() < 2:
        raise AtlasError(
            f"cluster {held.labels[int(counts.argmin())]!r} has {counts.min()} passages with a "
            "token to score, and a mask is chosen by one half and tried on the other",
            remedy="take more texts, or longer ones",
        )
    sizes = [losses.scored_bytes(model.tokenizer, passage) for passage in scored]
    return Read(
        rows=rows,
        passages=scored,
        clusters=numbers,
        halves=choosing.halves(numbers),
        tokens=np.array([passage.scored for passage in scored], dtype=np.float64),
        sizes=np.maximum(1, np.array(sizes, dtype=np.float64)),
    )


class _Steps:
    """Progress of several parts as one."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.total, self.before = progress, total, 0

    def part(self, weight: int) -> Progress:
        """What is called with the progress of the next part; a unit of it counts `weight` times."""
        start = self.before

        def tell(done: int, total: int) -> None:
            self.before = start + weight * done
            self.progress(self.before, self.total)

        return tell


def _tried(model: LiveModel, read: Read, steps: _Steps, masks: Mask) -> Floats:
    """(passage,) losses in nats per token, each under the mask that the other half of its cluster
    chose; `masks`: (half, cluster, block)."""
    gates = torch.from_numpy(masks[1 - read.halves, read.clusters].astype(np.float64))
    found: Floats = without_blocks.gated_losses(model, read.passages, gates, steps.part(1)).numpy()
    if not np.isfinite(found).all():
        raise AtlasError(
            "under a mask the loss is no finite number",
            file=model.folder,
            remedy="the weights are damaged, or their type is too narrow for this model",
        )
    return found


def _by_half(chosen_by: Callable[[int], Mask]) -> Mask:
    """(half, ...): what each half chooses."""
    return np.stack([chosen_by(0), chosen_by(1)])


def _means(costs: Floats, read: Read, half: int | None, held: Clusters) -> Floats:
    """(passage, block) costs -> (cluster, block) means over its passages, or one half of them."""
    among = np.ones(len(costs), dtype=bool) if half is None else read.halves == half
    return np.stack(
        [costs[among & (read.clusters == c)].mean(0) for c in range(len(held.clusters))]
    )


def _require_finite(model: LiveModel, found: Floats) -> None:
    for number, row in enumerate(found):
        if not np.isfinite(row).all():
            raise AtlasError(
                "a loss is no finite number",
                file=model.folder,
                place=f"without {_name(number - 1)}" if number else "of the whole model",
                remedy="the weights are damaged, or their type is too narrow for this model",
            )


def _name(block: int) -> str:
    """A block as readers know it: `layer 3, MLP`."""
    return f"layer {block // 2}, {('attention', 'MLP')[block % 2]}"


def _block_matrices(name: str, values: Floats, held: Clusters, read: Read) -> list[Matrix]:
    """(cluster, block) values as a matrix of attention and one of MLPs."""
    counts = np.bincount(read.clusters)
    return [
        Matrix(
            name=f"{name}:{point}",
            title=f"{_WORDS[name][0]}: {TITLES[point]}",
            unit=_WORDS[name][1],
            kind="diverging" if name == "delta" else "binary",
            axes=("cluster", "layer"),
            rows=held.labels,
            columns=tuple(str(layer) for layer in range(values.shape[1] // 2)),
            values=values[:, number::2],
            direction=_WORDS[name][2],
            range=None if name == "delta" else (0, 1),
            n=int(counts.min()),
        )
        for number, point in enumerate(without_blocks.POINTS)
    ]


# what a matrix' title begins with, its unit, what a higher value means
_WORDS: Mapping[str, tuple[str, str, str]] = {
    "delta": (
        "Loss without the block",
        "bits per byte above the whole model",
        "the cluster loses more without the block",
    ),
    "mask": ("Mask", "1 kept, 0 pruned", "the block is kept"),
    "learned": ("Learned mask", "1 kept, 0 pruned", "the block is kept"),
}


def _perplexities(tried: Mapping[str, Floats], held: Clusters, read: Read) -> Matrix:
    columns = [read.perplexities(nats, len(held.clusters)) for nats in tried.values()]
    return Matrix(
        name="perplexity",
        title="Perplexity under masks",
        unit="perplexity per token",
        kind="sequential",
        scale="log",
        range=(1, None),
        axes=("cluster", "mask"),
        rows=held.labels,
        columns=tuple(tried),
        values=np.stack(columns, axis=1),
        direction="the model predicts worse",
        n=int(np.bincount(read.clusters).min()),
    )


def _facts(deltas: Floats, mask: Mask, own: Mask, pruned: int) -> dict[str, Scalar]:
    """What the masks say in few words; `own`: (half, cluster, block)."""
    never = [_name(block) for block in np.flatnonzero(~mask.any(axis=0)).tolist()]
    agreements = [choosing.agreement(*pair) for pair in zip(own[0], own[1], strict=True)]
    return {
        "blocks": mask.shape[1],
        "pruned": pruned,
        "distinct_masks": len({row.tobytes() for row in mask}),
        "never_needed": "; ".join(never[:NAMED]) + (f"; {len(never)} in all" * (len(never) > NAMED))
        or "none",
        "most_divided": _name(int(deltas.std(axis=0).argmax())),
        "agreement": float(np.mean(agreements)),
        "agreement_by_chance": pruned / mask.shape[1],
    }


NAMED = 8
"""Blocks that a fact names."""

WORSE = 0.05
"""How much worse than the others learned masks may be before the page says so."""


def _comparison(tried: Mapping[str, Floats], read: Read) -> dict[str, Scalar]:
    """Perplexities of all passages, and how learned masks do beside the others."""
    whole = {name: read.perplexity(nats) for name, nats in tried.items()}
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


def _cluster_items(held: Clusters) -> list[dict[str, object]]:
    return [
        {
            "cluster": number,
            "label": one.label,
            "words": list(one.words),
            "sentence": one.sentence,
            "passages": one.passages,
        }
        for number, one in enumerate(held.clusters)
    ]


def _loss_items(read: Read, found: Floats) -> list[dict[str, object]]:
    """Every passage's losses, in nats per token."""
    return [
        {
            "passage": row,
            "cluster": int(read.clusters[place]),
            "tokens": int(read.tokens[place]),
            "bytes": int(read.sizes[place]),
            "loss": float(found[0, place]),
            "increase": [float(value) for value in found[1:, place] - found[0, place]],
        }
        for place, row in enumerate(read.rows)
    ]
