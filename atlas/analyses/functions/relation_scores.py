"""Scores of heads on relations: shares of pairs, and their chance.

Built on `top_k`, which says whether a target is among the k largest. Signs are 0 (among the
largest) and 1 (among the smallest); levels count the two k that every relation is scored at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from atlas.analyses.functions import top_k
from atlas.analyses.functions.attention_block import AttentionBlock, Questions, Sieve, Unembedding
from atlas.pinned import relations
from atlas.pinned.relations import Relation, TokenPair

if TYPE_CHECKING:
    from tokenizers import Tokenizer

KS: Mapping[str, tuple[int, int]] = {"copying": (1, 3), "name": (1, 3)}
"""The two k of relations whose target is their source."""
OTHER_KS = (10, 25)

LARGE = 100_000
"""Vocabularies with more tokens are judged at the second k, as the paper does Llama 3's."""

THRESHOLD = 0.15


@dataclass(frozen=True)
class Pairs:
    """The pairs of every relation that a tokenizer can express.

    `relations` holds the measurable ones; of all by name, `counts` the pairs and `ids` their
    places in the pinned relation. `sources` (source,)
    are token ids, each once; of every pair `relation` (pair,) is its place in `relations`, `source`
    its place in `sources`, `target` a token id, `ks` (pair, 2).
    """

    relations: tuple[Relation, ...]
    counts: Mapping[str, int]
    ids: Mapping[str, tuple[int, ...]] = field(repr=False)
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
        ids = {one.name: _ids(one, found[one]) for one in known}
        return cls(kept, counts, ids, sources, table[:, 0], source, table[:, 2], table[:, 3:])

    @property
    def sizes(self) -> torch.Tensor:
        """Pairs of every measurable relation, (relation,)."""
        return self.relation.bincount(minlength=len(self.relations))

    def to(self, device: torch.device) -> Pairs:
        moved = (self.sources, self.relation, self.source, self.target, self.ks)
        return Pairs(self.relations, self.counts, self.ids, *(one.to(device) for one in moved))


def _ids(relation: Relation, measurable: Sequence[TokenPair]) -> tuple[int, ...]:
    """The places of pairs in their relation."""
    places = {pair: place for place, pair in enumerate(relation.pairs)}
    return tuple(places[pair.source, pair.target] for pair in measurable)


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

    Every source is paired with every target. Of a row's targets those with the largest entries are
    hits and the others are not, so that how many are is found by halving.
    """
    if not places:
        return {}
    rows = _Rows.joined([_ranked(block, U, pairs, place) for place in places])
    least = torch.zeros_like(rows.most)  # that many are hits for sure, and `most` at most
    most = rows.most.clone()
    while bool((open_ := (least < most).nonzero().flatten()).numel()):
        middle = (least[open_] + most[open_] + 1) // 2
        asked = Questions(
            head=rows.head[open_],
            source=rows.source[open_],
            target=rows.target[open_, middle - 1],
            ks=rows.k[open_, None],
        )
        hits = top_k.hits(block, U, asked, sieves)[:, :, 0]
        hit = hits.gather(1, rows.sign[open_, None])[:, 0]
        least[open_] = torch.where(hit, middle, least[open_])
        most[open_] = torch.where(hit, most[open_], middle - 1)
    found = rows.weight.gather(1, least[:, None])[:, 0]
    sums = torch.zeros(len(places), dtype=torch.float64, device=found.device)
    sums.index_add_(0, rows.place, found)
    sizes = pairs.sizes.tolist()
    return {
        place: total / sizes[place.relation] ** 2
        for place, total in zip(places, sums.tolist(), strict=True)
    }


@dataclass(frozen=True)
class _Rows:
    """Rows of M whose hits are counted, each for one place (its number), sign and k.

    `target` (row, rank): the targets with the largest entries, the largest first; `weight`
    (row, 1 + rank): how many pairs have one of the first 0, 1, 2 ... of them; `most` (row,): how
    many targets can be hits.
    """

    place: torch.Tensor
    head: torch.Tensor
    source: torch.Tensor
    sign: torch.Tensor
    k: torch.Tensor
    most: torch.Tensor
    target: torch.Tensor
    weight: torch.Tensor

    @staticmethod
    def joined(parts: Sequence[_Rows]) -> _Rows:
        """All rows; `place` counts the parts, and short lists of targets are filled up."""
        wide = max(part.target.shape[1] for part in parts)
        filled = [
            replace(
                part,
                place=torch.full_like(part.head, number),
                target=functional.pad(part.target, (0, wide - part.target.shape[1])),
                weight=functional.pad(part.weight, (0, wide - part.target.shape[1])),
            )
            for number, part in enumerate(parts)
        ]
        names = _Rows.__dataclass_fields__
        return _Rows(*(torch.cat([getattr(part, name) for part in filled]) for name in names))


def _ranked(block: AttentionBlock, U: Unembedding, pairs: Pairs, place: Place) -> _Rows:
    """The rows of a place, with the targets that could be hits ranked in float64."""
    mine = pairs.relation == place.relation
    sources, k = pairs.source[mine], int(pairs.ks[mine][0, place.level])
    targets, times = torch.unique(pairs.target[mine], return_counts=True)
    read = block.reads.exact[sources] @ block.W_V[place.head // block.group].double().T
    entries = read @ (U.rows(targets).double() @ block.W_O[place.head].double()).T
    order = (entries if place.sign else -entries).argsort(dim=1, stable=True)
    order = order[:, : min(k, len(targets))]

    def each(value: int) -> torch.Tensor:
        return torch.full_like(sources, value)

    return _Rows(
        place=each(0),
        head=each(place.head),
        source=sources,
        sign=each(place.sign),
        k=each(k),
        most=each(order.shape[1]),
        target=targets[order],
        weight=functional.pad(times[order].double().cumsum(1), (1, 0)),
    )
