"""Which heads recall a relation, and which are induction heads: the plain, slow way.

Scores of relations are those of the analysis `functions`, with every product formed and every row
sorted, which a model of this size allows (after Elhelo & Geva, "MAPS", ACL 2025). They go onto the
card.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atlas.pinned import relations
from atlas.zoo.cards import evaluate
from atlas.zoo.texts.facts import Fact
from atlas.zoo.training import architectures

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

    from atlas.loaded.checkpoint import Checkpoint

NEAREST = 10
"""A pair counts when its target is among that many; 1 for relations whose target is the source."""
COPIES = ("copying", "name")
THRESHOLD = 0.15
INDUCES = 0.5
"""From that mean weight on what followed a token's first copy, a head is an induction head."""
Z = 1.96
"""Standard deviations of a 95% interval."""


@dataclass(frozen=True)
class Best:
    """The head with the largest score of a relation; `found` says whether it has the relation.

    `score`: share of pairs; `chance`: the same with targets permuted among sources. `found`: the
    score is above the threshold and the lower end of its Wilson interval is above chance.
    """

    layer: int
    head: int
    score: float
    chance: float
    found: bool


def relation_heads(
    model: PreTrainedModel, checkpoint: Checkpoint, tokenizer: Tokenizer, known: Sequence[Fact]
) -> dict[str, Best]:
    """The head with the largest score of every relation, enhancing or suppressive."""
    import torch

    pairs: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for fact in known:
        ids = [relations.single_word(tokenizer, word) for word in (fact.source, fact.target)]
        pairs[fact.relation].append((ids[0] or 0, ids[1] or 0))
    found: dict[str, list[Best]] = defaultdict(list)
    with torch.inference_mode():
        for layer, head, products in _products(model, checkpoint):
            for name, listed in pairs.items():
                sources, targets = torch.tensor(listed).T
                rows = products(sources)
                k = 1 if name in COPIES else NEAREST
                found[name] += [_best(layer, head, sign * rows, targets, k) for sign in (1, -1)]
    return {
        name: max(found[name], key=lambda best: (best.found, best.score)) for name in sorted(found)
    }


def induction_head(model: PreTrainedModel) -> dict[str, float | int]:
    """The head that attends most to what followed a token's first copy (Olsson et al. 2022)."""
    import torch

    n = evaluate.SEGMENT
    chosen = model.config._attn_implementation
    model.set_attn_implementation("eager")
    with torch.inference_mode():
        ids = evaluate.repeated(model.config.vocab_size)
        patterns = model(input_ids=ids, output_attentions=True, use_cache=False).attentions
    model.set_attn_implementation(chosen)
    second = torch.arange(n + 1, 2 * n + 1)
    scores = torch.stack([one[:, :, second, second - n + 1].mean((0, 2)) for one in patterns])
    layer, head = divmod(int(scores.argmax()), scores.shape[1])
    return {"layer": layer, "head": head, "score": round(float(scores.max()), 4)}


def _products(model: PreTrainedModel, checkpoint: Checkpoint) -> Iterator[tuple[int, int, Rows]]:
    """(layer, head, rows of E' W_VO U for given source tokens) of every head."""
    embedding, unembedding = checkpoint.embedding().float(), checkpoint.unembedding().float()
    norm, mlp = architectures.first_mlp(checkpoint.architecture.model_type, model)
    later = mlp(norm(embedding))
    for layer in range(checkpoint.geometry.layers):
        heads = checkpoint.heads(layer)
        read = embedding if layer == 0 else later
        for head in range(checkpoint.geometry.heads):
            W_VO = heads.W_O[head].float() @ heads.W_V[head].float()
            yield layer, head, Rows(read, W_VO, unembedding)


@dataclass(frozen=True)
class Rows:
    """Rows of M = E' W_VO U for source tokens, (source, vocabulary)."""

    read: torch.Tensor
    W_VO: torch.Tensor
    unembedding: torch.Tensor

    def __call__(self, sources: torch.Tensor) -> torch.Tensor:
        return self.read[sources] @ self.W_VO.T @ self.unembedding.T


def _best(layer: int, head: int, rows: torch.Tensor, targets: torch.Tensor, k: int) -> Best:
    nearest = rows.topk(k, dim=-1).indices
    count = len(targets)
    score = float((nearest == targets[:, None]).any(-1).float().mean())
    # Every source with every target: what permuted targets would score on average.
    times = targets.bincount(minlength=rows.shape[1])
    chance = float(times[nearest].sum()) / count**2
    return Best(layer, head, score, chance, score > THRESHOLD and _lower(score, count) > chance)


def _lower(share: float, count: int) -> float:
    """The lower end of a share's 95% Wilson interval (Wilson 1927)."""
    spread = Z * math.sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2)
    return (share + Z * Z / (2 * count) - spread) / (1 + Z * Z / count)
