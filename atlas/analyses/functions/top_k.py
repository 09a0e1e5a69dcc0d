"""Is a target among the k largest, or smallest, of its row of E' W_VO U? Counted, never sorted.

A row belongs to a source token and a head, and has a column for every token of the vocabulary. A
target is among the k largest exactly when fewer than k other entries are at least as large, so
columns are streamed in shuffled order and counted; a question is dropped as soon as k entries are
larger and k are smaller, which for most targets is after a few hundred columns. What is left late
in the stream, of all heads of a block, shares one product with the rest of U.

Products are computed in float32 (or coarser, on request, as a first sieve). Differences that lie
within what rounding could move are decided in float64, so that answers depend neither on the order
and size of tiles nor on the device. Entries that are equal even there count against the target: a
head that maps everything to the same value has no hit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from atlas.analyses.functions.attention_block import AttentionBlock, Questions, Sieve, Unembedding

TILES = (256, 1024)
"""Columns of the first tile, and of the largest: every next one is twice as wide up to that."""

CUDA_TILES = (8192, 65536)

EXACT_PAIRS = 8192
"""Entries that are computed in float64 at a time."""

EXACT = 64 * torch.finfo(torch.float64).eps


def hits(
    block: AttentionBlock,
    U: Unembedding,
    questions: Questions,
    sieves: Sequence[Sieve] = (Sieve(),),
    tiles: tuple[int, int] | None = None,
) -> torch.Tensor:
    """Which targets are among the k largest and the k smallest: (question, 2, level) bool.

    `sieves`: coarse ones first; what one cannot decide goes to the next, and at last to float64.
    `tiles`: columns of the first and of the largest tile.
    """
    if tiles is None:
        tiles = CUDA_TILES if block.flat.is_cuda else TILES
    found = torch.zeros(
        len(questions), 2, questions.ks.shape[1], dtype=torch.bool, device=U.order.device
    )
    if not len(questions):
        return found
    # Where all entries are 0, all are equal and nothing is a hit.
    span = block.reach[questions.source, questions.head] * U.largest_norm
    order = questions.head.argsort(stable=True)
    undecided = order[span[order] > 0]
    for sieve in sieves:
        counted = _counts(block, U, questions[undecided], sieve, tiles)
        found[undecided], unclear = _verdict(counted, questions.ks[undecided], len(U))
        undecided = undecided[unclear]
    if len(undecided):
        found[undecided] = _exact(block, U, questions[undecided], tiles)
    return found


def _verdict(
    counted: torch.Tensor, ks: torch.Tensor, columns: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """(hits, whether any answer is unclear) from (question, 2) entries surely above and below."""
    above, below = counted[:, :1], counted[:, 1:]
    # What is not surely on the other side, the target itself left out.
    at_most = columns - 1 - torch.stack([below, above], 1)
    surely = at_most < ks[:, None]
    never = torch.stack([above, below], 1) >= ks[:, None]
    return surely, ~(surely | never).flatten(1).all(1)


@dataclass
class _Undecided:
    """Questions still open, and what is counted so far; a tile is multiplied with `vectors`."""

    place: torch.Tensor
    vectors: torch.Tensor
    high: torch.Tensor
    low: torch.Tensor
    most: torch.Tensor
    above: torch.Tensor
    below: torch.Tensor

    def count(self, products: torch.Tensor) -> None:
        """Count a tile's (question, column) entries."""
        # As ones and zeros in float32, which processors add three times faster than booleans.
        marks = torch.empty_like(products, dtype=torch.float32)
        self.above += torch.gt(products, self.high, out=marks).sum(1).to(torch.int32)
        self.below += torch.lt(products, self.low, out=marks).sum(1).to(torch.int32)

    def kept(self, chosen: torch.Tensor) -> _Undecided:
        return _Undecided(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    @staticmethod
    def joined(parts: Sequence[_Undecided]) -> _Undecided:
        names = _Undecided.__dataclass_fields__
        return _Undecided(*(torch.cat([getattr(part, name) for part in parts]) for name in names))

    def settled(self, into: torch.Tensor) -> _Undecided:
        """Without the questions whose targets are neither large nor small; counts noted."""
        into[self.place] = torch.stack([self.above, self.below], 1)
        remain = (self.above < self.most) | (self.below < self.most)
        return self if bool(remain.all()) else self.kept(remain)


def _counts(
    block: AttentionBlock,
    U: Unembedding,
    questions: Questions,
    sieve: Sieve,
    tiles: tuple[int, int],
) -> torch.Tensor:
    """Entries surely above and surely below each target, (question, 2); from k on, at least k.

    Questions come in the order of heads. A head with many open questions multiplies them with
    W_O^T U of its own; what is left of the others is lengthened to d_model and shares one product.
    """
    into = torch.zeros(len(questions), 2, dtype=torch.int32, device=U.order.device)
    by_head = _by_head(block, U, questions, sieve)
    # Open questions from which on a head's own W_O^T U costs less than their d_model.
    worth = block.d_model * block.d_head / max(block.d_model - block.d_head, 1)
    light: _Undecided | None = None
    for start, stop in U.tiles(*tiles):
        few = [head for head, part in by_head.items() if len(part.place) < worth]
        parts = [_lengthened(by_head.pop(head), block.W_O[head], sieve) for head in few]
        if parts:
            light = _Undecided.joined(parts if light is None else [light, *parts])
        tile = U.shuffled[start:stop].to(sieve.dtype)
        with _multiplying(sieve):
            if by_head:
                heavy = list(by_head)
                own = tile @ block.wide(heavy).to(sieve.dtype)
                for columns, head in zip(torch.split(own, block.d_head, 1), heavy, strict=True):
                    part = by_head[head]
                    part.count(part.vectors @ columns.T)
                    by_head[head] = part.settled(into)
            if light is not None and len(light.place):
                light.count(light.vectors @ tile.T)
                light = light.settled(into)
    return into


def _by_head(
    block: AttentionBlock, U: Unembedding, questions: Questions, sieve: Sieve
) -> dict[int, _Undecided]:
    """Every head's questions, with the values of their targets and what is near them."""
    y, slack = block.y(questions), block.slack(questions.head, questions.source, U, sieve)
    value = _values(block, U, questions, y)
    zeros = torch.zeros(len(questions), dtype=torch.int32, device=value.device)
    everything = _Undecided(
        place=torch.arange(len(questions), device=value.device),
        vectors=y.to(sieve.dtype),
        high=(value + slack)[:, None],
        low=(value - slack)[:, None],
        most=questions.most,
        above=zeros,
        below=zeros.clone(),
    )
    found, start = {}, 0
    for head, count in enumerate(questions.head.bincount(minlength=block.heads).tolist()):
        if count:
            found[head] = everything.kept(torch.arange(start, start + count, device=value.device))
        start += count
    return found


def _values(
    block: AttentionBlock, U: Unembedding, questions: Questions, y: torch.Tensor
) -> torch.Tensor:
    """The targets' own entries in float32, (question,)."""
    targets, place = torch.unique(questions.target, return_inverse=True)
    own = (U.rows(targets).float() @ block.flat).reshape(len(targets), block.heads, block.d_head)
    values: torch.Tensor = torch.linalg.vecdot(y, own[place, questions.head])
    return values


def _lengthened(part: _Undecided, W_O: torch.Tensor, sieve: Sieve) -> _Undecided:
    """The same questions with W_O y, (question, d_model), in place of y."""
    return replace(part, vectors=(part.vectors.float() @ W_O.T).to(sieve.dtype))


def _exact(
    block: AttentionBlock, U: Unembedding, questions: Questions, tiles: tuple[int, int]
) -> torch.Tensor:
    """Hits, (question, 2, level): entries near the target's are computed again in float64."""
    rows = block.exact_rows(questions)
    value = torch.linalg.vecdot(rows, U.rows(questions.target).double())
    slack = block.slack(questions.head, questions.source, U, Sieve()).double()
    equal = EXACT * U.largest_norm * block.most[questions.source, questions.head].double()
    plain = rows.float()
    counted = torch.zeros(len(questions), 2, dtype=torch.int64, device=value.device)
    own = U.place[questions.target]
    for start, stop in U.tiles(tiles[1], tiles[1]):
        products = (plain @ U.shuffled[start:stop].float().T).double()
        high, low = products > (value + slack)[:, None], products < (value - slack)[:, None]
        counted += torch.stack([high.sum(1), low.sum(1)], 1)
        row, column = (~(high | low)).nonzero(as_tuple=True)
        other = column + start != own[row]
        for near in torch.split(torch.stack([row[other], column[other] + start]), EXACT_PAIRS, 1):
            row, column = near
            entry = torch.linalg.vecdot(rows[row], U.shuffled[column].double())
            over = entry >= value[row] - equal[row]
            under = entry <= value[row] + equal[row]
            counted.index_add_(0, row, torch.stack([over, under], 1).to(torch.int64))
    return counted[:, :, None] < questions.ks[:, None]


@contextlib.contextmanager
def _multiplying(sieve: Sieve) -> Iterator[None]:
    """While it lasts, CUDA may multiply in shortened float32 where the sieve says so."""
    before = torch.backends.cuda.matmul.fp32_precision
    torch.backends.cuda.matmul.fp32_precision = "tf32" if sieve.tf32 else "ieee"
    try:
        yield
    finally:
        torch.backends.cuda.matmul.fp32_precision = before
