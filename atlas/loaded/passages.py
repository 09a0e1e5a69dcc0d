"""Passages as token ids, and micro-batches of them: padding, masks, and which positions count.

One passage is one row, padded on the right and cut at the protocol's length. A decoder's row begins
with BOS where its tokenizer has one, an encoder's stands between the tokens that it was trained to
see around a text. The first position, special tokens and padding are never scored, so that what
counts in a row is one run of positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from atlas.errors import AtlasError
from atlas.loaded.memory import LENGTH

PIECE = {"cpu": 2**17}
"""Elements that are reduced at a time, by kind of device: on a processor what stays in its cache,
on an accelerator `LARGE_PIECE`, what keeps it busy."""
LARGE_PIECE = 2**25


@dataclass(frozen=True)
class Passage:
    """One row's token ids; positions `first` up to but not including `last` are scored."""

    ids: tuple[int, ...]
    first: int
    last: int

    @property
    def scored(self) -> int:
        """How many positions are scored."""
        return self.last - self.first


@dataclass(frozen=True)
class Batch:
    """Some passages, padded to the longest of them.

    `ids`: (batch, length) token ids; `mask`: (batch, length), true at real tokens; `passages`:
    which of all passages each row is; `spans`: first scored position and the one past the last.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    passages: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    _flat: dict[torch.device, torch.Tensor] = field(default_factory=dict, repr=False)

    def scored(self, x: torch.Tensor) -> Iterator[torch.Tensor]:
        """The vectors of x at scored positions, piece by piece: (n, width) each, in x's dtype.

        x: (batch, length, width) or (batch, length, heads, width); each head is a vector of its
        own. Pieces are small enough that several passes over one are cheap.
        """
        limit = PIECE.get(x.device.type, LARGE_PIECE)
        if x.device.type == "cpu":  # rows as they lie: nothing is copied
            runs = [x[row, first:last] for row, (first, last) in enumerate(self.spans)]
        else:  # few large kernels
            flat = x.flatten(0, 1)
            rows = torch.split(self._positions(x.device), max(1, limit // flat[0].numel()))
            runs = [flat.index_select(0, some) for some in rows]
        for run in runs:
            vectors = run.reshape(-1, x.shape[-1])
            yield from torch.split(vectors, max(1, limit // x.shape[-1]))

    def _positions(self, device: torch.device) -> torch.Tensor:
        """Scored positions as indices into the flattened (batch x length); kept per device."""
        if device not in self._flat:
            length = self.ids.shape[1]
            ranges = [
                torch.arange(row * length + first, row * length + last)
                for row, (first, last) in enumerate(self.spans)
            ]
            self._flat[device] = torch.cat(ranges).to(device)
        return self._flat[device]


def batch(passages: Sequence[Passage], rows: Iterable[int]) -> Batch:
    """The micro-batch of the passages `rows`, in that order."""
    chosen = tuple(rows)
    length = max(len(passages[row].ids) for row in chosen)
    ids = torch.zeros(len(chosen), length, dtype=torch.int64)  # any id pads: it is masked
    mask = torch.zeros(len(chosen), length, dtype=torch.bool)
    for place, row in enumerate(chosen):
        held = passages[row].ids
        ids[place, : len(held)] = torch.tensor(held)
        mask[place, : len(held)] = True
    return Batch(
        ids, mask, chosen, tuple((passages[row].first, passages[row].last) for row in chosen)
    )


def encode(
    tokenizer: Any,
    texts: Iterable[str],
    kind: Literal["decoder", "encoder"],
    length: int = LENGTH,
) -> tuple[Passage, ...]:
    """Texts as token ids, of at most `length` tokens each.

    `tokenizer`: a transformers tokenizer. Raises `AtlasError` where no position is left to score.
    """
    if kind == "encoder":
        before, after = tokenizer.cls_token_id, tokenizer.sep_token_id
    else:
        before, after = tokenizer.bos_token_id, None
    start = () if before is None else (int(before),)
    end = () if after is None else (int(after),)
    room = length - len(start) - len(end)
    passages = []
    for text in texts:
        held = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        ids = (*start, *held[:room], *end)
        passages.append(Passage(ids, first=1, last=max(1, len(ids) - len(end))))
    if not any(passage.scored for passage in passages):
        raise AtlasError(
            f"no token of {len(passages)} passages is left to score",
            remedy="the tokenizer gives no tokens: check that its files belong to this model",
        )
    return tuple(passages)


class Sample:
    """A seeded sample of the values that a module of `width` outputs has at scored positions.

    At most `most` different values, all of them where there are no more; the same whatever the
    micro-batches, and for all modules of that width. `exactly`: `most` and no fewer, which takes
    memory for an index of all scored values.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        width: int,
        most: int,
        seed: int,
        *,
        exactly: bool = False,
    ) -> None:
        scored = torch.tensor([passage.scored for passage in passages])
        ends = width * scored.cumsum(0)
        total = int(ends[-1])
        if total <= most:
            drawn = torch.arange(total)
        else:
            generator = torch.Generator().manual_seed(seed)
            if exactly:
                drawn = torch.randperm(total, generator=generator)[:most].sort().values
            else:
                drawn = torch.unique(torch.randint(total, (most,), generator=generator))
        owner = torch.searchsorted(ends, drawn, right=True)
        within = drawn - (ends - width * scored)[owner]
        firsts = torch.tensor([passage.first for passage in passages])
        self.size = len(drawn)
        self._positions = firsts[owner] + within // width
        self._channels = within % width
        counts = torch.bincount(owner, minlength=len(passages))
        self._starts = [0, *counts.cumsum(0).tolist()]
        self._latest: tuple[Batch, torch.device, tuple[torch.Tensor, ...]] | None = None

    def of(self, batch: Batch, device: torch.device) -> tuple[torch.Tensor, ...]:
        """For one micro-batch: places in the sample, and rows, positions and channels of x there.

        Kept for the next module that asks with the same micro-batch.
        """
        if self._latest is None or self._latest[0] is not batch or self._latest[1] != device:
            ranges = [
                torch.arange(self._starts[passage], self._starts[passage + 1])
                for passage in batch.passages
            ]
            places = torch.cat(ranges)
            rows = torch.repeat_interleave(
                torch.arange(len(ranges)), torch.tensor([len(some) for some in ranges])
            )
            found = (places, rows, self._positions[places], self._channels[places])
            self._latest = (batch, device, tuple(index.to(device) for index in found))
        return self._latest[2]
