"""Scores of heads on relations: shares of pairs, their intervals and chance, and categories.

Built on `top_k`, which says whether a target is among the k largest. Signs are 0 (among the
largest) and 1 (among the smallest); levels count the two k that every relation is scored at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from atlas.analyses.functions import top_k
from atlas.analyses.functions.attention_block import AttentionBlock, Questions, Sieve, Unembedding
from atlas.pinned import relations
from atlas.pinned.relations import Relation

if TYPE_CHECKING:
    from tokenizers import Tokenizer

KS: Mapping[str, tuple[int, int]] = {"copying": (1, 3), "name": (1, 3)}
"""The two k of relations whose target is their source."""
OTHER_KS = (10, 25)

LARGE = 100_000
"""Vocabularies with more tokens are judged at the second k, as the paper does Llama 3's."""

THRESHOLD = 0.15
Z = 1.959963984540054
"""Standard deviations of a 95% interval."""


@dataclass(frozen=True)
class Pairs:
    """The pairs of every relation that a tokenizer can express.

    `relations` holds the measurable ones, `counts` the pairs of all by name. `sources` (source,)
    are token ids, each once; of every pair `relation` (pair,) is its place in `relations`, `source`
    its place in `sources`, `target` a token id, `ks` (pair, 2).
    """

    relations: tuple[Relation, ...]
    counts: Mapping[str, int]
    sources: torch.Tensor
    relation: torch.Tensor = field(repr=False)
    source: torch.Tensor = field(repr=False)
    target: torch.Tensor = field(repr=False)
    ks: torch.Tensor = field(repr=False)

    @classmethod
    def of(cls, known: Sequence[Relation], tokenizer: Tokenizer, vocabulary: int) -> Pairs:
        """Of some relations; tokens beyond the embedding's rows belong to no pair."""
        found = {
            one: [
                pair
                for pair in relations.measurable(one, tokenizer)
                if max(pair.source_id, pair.target_id) < vocabulary
            ]
            for one in known
        }
        kept = tuple(one for one in known if len(found[one]) >= relations.MINIMUM_PAIRS)
        rows = [
            (place, pair.source_id, pair.target_id, *ks(one.name))
            for place, one in enumerate(kept)
            for pair in found[one]
        ]
        table = torch.tensor(rows, dtype=torch.int64).reshape(-1, 5)
        sources, source = torch.unique(table[:, 1], return_inverse=True)
        counts = {one.name: len(found[one]) for one in known}
        return cls(kept, counts, sources, table[:, 0], source, table[:, 2], table[:, 3:])

    @property
    def sizes(self) -> torch.Tensor:
        """Pairs of every measurable relation, (relation,)."""
        return self.relation.bincount(minlength=len(self.relations))

    def to(self, device: torch.device) -> Pairs:
        moved = (self.sources, self.relation, self.source, self.target, self.ks)
        return Pairs(self.relations, self.counts, *(one.to(device) for one in moved))


def ks(name: str) -> tuple[int, int]:
    """The two k that a relation is scored at."""
    return KS.get(name, OTHER_KS)


def level(vocabulary: int) -> int:
    """At which of its two k a relation counts for categories, for a vocabulary of that size."""
    return 1 if vocabulary > LARGE else 0


def score(
    block: AttentionBlock, U: Unembedding, pairs: Pairs, sieves: Sequence[Sieve] = (Sieve(),)
) -> torch.Tensor:
    """Shares of pairs whose target is among the k largest or smallest: (relation, 2, level, head),
    float64."""
    count = len(pairs.relation)
    questions = Questions(
        head=torch.arange(block.heads, device=pairs.source.device).repeat_interleave(count),
        source=pairs.source.repeat(block.heads),
        target=pairs.target.repeat(block.heads),
        ks=pairs.ks.repeat(block.heads, 1),
    )
    hits = top_k.hits(block, U, questions, sieves).reshape(block.heads, count, 2, -1)
    sums = torch.zeros(
        len(pairs.relations), *hits.shape[2:], block.heads, dtype=torch.float64, device=hits.device
    )
    sums.index_add_(0, pairs.relation, hits.movedim(0, -1).double())
    return sums / pairs.sizes.to(sums)[:, None, None, None]


@dataclass(frozen=True, order=True)
class Place:
    """Where chance is wanted: a head's score of one relation (its place), sign and level."""

    head: int
    relation: int
    sign: int
    level: int


def chance(
    block: AttentionBlock,
    U: Unembedding,
    pairs: Pairs,
    places: Sequence[Place],
    sieves: Sequence[Sieve] = (Sieve(),),
) -> dict[Place, float]:
    """What a head would score with a relation's targets permuted among its sources, on average.

    Every source is paired with every target. Of a source's targets only the k with the largest
    entries can be among the k largest of the row, so only these are counted against U.
    """
    if not places:
        return {}
    questions, weights, owner = zip(
        *(_crossed(block, U, pairs, place, number) for number, place in enumerate(places)),
        strict=True,
    )
    joined = Questions(*(torch.cat([getattr(one, name) for one in questions]) for name in _FIELDS))
    hits, number = top_k.hits(block, U, joined, sieves), torch.cat(owner)
    sums = torch.zeros(len(places), dtype=torch.float64, device=hits.device)
    signs = torch.tensor([place.sign for place in places], device=hits.device)
    each = hits[torch.arange(len(joined), device=hits.device), signs[number], 0]
    sums.index_add_(0, number, each.double() * torch.cat(weights))
    sizes = pairs.sizes.tolist()
    return {
        place: total / sizes[place.relation] ** 2
        for place, total in zip(places, sums.tolist(), strict=True)
    }


_FIELDS = ("head", "source", "target", "ks")


def _crossed(
    block: AttentionBlock, U: Unembedding, pairs: Pairs, place: Place, number: int
) -> tuple[Questions, torch.Tensor, torch.Tensor]:
    """Every source with the targets that could be hits, how often each target stands, and
    `number` for each."""
    mine = pairs.relation == place.relation
    sources, k = pairs.source[mine], int(pairs.ks[mine][0, place.level])
    targets, times = torch.unique(pairs.target[mine], return_counts=True)
    own = U.rows(targets).float() @ block.W_O[place.head]
    entries = block.values[sources, place.head // block.group] @ own.T
    entries = -entries if place.sign else entries
    head = torch.full_like(sources, place.head)
    slack = block.slack(head, sources, U, Sieve())
    least = entries.topk(min(k, len(targets)), dim=1).values[:, -1] - 2 * slack
    row, column = (entries >= least[:, None]).nonzero(as_tuple=True)
    questions = Questions(
        head=head[row],
        source=sources[row],
        target=targets[column],
        ks=torch.full_like(row, k)[:, None],
    )
    return questions, times[column].double(), torch.full_like(row, number)


def wilson(share: float, count: int) -> tuple[float, float]:
    """The 95% interval of a share of `count` observations (Wilson 1927).

    `static/matrix/chance.js` computes the same.
    """
    middle = share + Z * Z / (2 * count)
    spread = Z * math.sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2)
    scale = 1 + Z * Z / count
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
