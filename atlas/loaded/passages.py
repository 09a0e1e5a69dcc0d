"""Passages as token ids, and micro-batches of them: padding, masks, and which positions count.

One passage is one row, padded on the right. Its text is cut by bytes (`pinned/cutting.py`), so that
every tokenizer reads the same. A decoder's row begins with BOS where its tokenizer has one, an
encoder's stands between the tokens that it was trained to see around a text. The first word of a
text, the first position, special tokens and padding are never scored, so that what counts in a row
is one run of positions.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from atlas.errors import AtlasError
from atlas.pinned import cutting

PIECE = {"cpu": 2**17}
"""Elements that are reduced at a time, by kind of device: on a processor what stays in its cache,
on an accelerator `LARGE_PIECE`, what keeps it busy."""
LARGE_PIECE = 2**25


@dataclass(frozen=True)
class Passage:
    """One row's token ids; positions `first` up to but not including `last` are scored.

    `bytes`: UTF-8 bytes of the text that these stand for. `shortened`: whether the text goes on
    beyond what the model can read.
    """

    ids: tuple[int, ...]
    first: int
    last: int
    bytes: int = 0
    shortened: bool = False

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
            rows = torch.split(self.positions(x.device), max(1, limit // flat[0].numel()))
            runs = [flat.index_select(0, some) for some in rows]
        for run in runs:
            vectors = run.reshape(-1, x.shape[-1])
            yield from torch.split(vectors, max(1, limit // x.shape[-1]))

    def by_row(self, x: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
        """The vectors of x at scored positions and the rows that they stand in, piece by piece:
        (rows, n, width), 0 in the place of what is not scored. x and pieces are as in `scored`.
        """
        limit = PIECE.get(x.device.type, LARGE_PIECE)
        if x.device.type == "cpu":  # rows as they lie: nothing is copied
            for row, (first, last) in enumerate(self.spans):
                vectors = x[row, first:last].reshape(-1, x.shape[-1])
                for piece in torch.split(vectors, max(1, limit // x.shape[-1])):
                    yield slice(row, row + 1), piece[None]
            return
        counts = self.is_scored.to(x.device).reshape(*x.shape[:2], *[1] * (x.ndim - 2))
        step = max(1, limit // x[0].numel())
        for start in range(0, len(x), step):
            rows = slice(start, min(len(x), start + step))
            yield rows, torch.where(counts[rows], x[rows], 0).flatten(1, -2)

    def by_passage(self, values: torch.Tensor) -> torch.Tensor:
        """Sums of what scored positions have, passage by passage: (..., n) -> (..., batch).

        `values`: one for every vector that `scored` gives, in its order.
        """
        flat = self.positions(values.device)
        each = values.reshape(*values.shape[:-1], len(flat), -1).sum(-1)  # heads are vectors
        spread = values.new_zeros(*values.shape[:-1], self.ids.numel())
        spread[..., flat] = each
        return spread.reshape(*values.shape[:-1], *self.ids.shape).sum(-1)

    @functools.cached_property
    def starts(self) -> Batch:
        """The same passages with their first position alone, as the one that is scored."""
        spans = ((0, 1),) * len(self.spans)
        return replace(self, ids=self.ids[:, :1], mask=self.mask[:, :1], spans=spans, _flat={})

    @functools.cached_property
    def is_scored(self) -> torch.Tensor:
        """(batch, length), true at scored positions."""
        first, last = torch.tensor(self.spans)[:, :, None].unbind(1)
        position = torch.arange(self.ids.shape[1])
        return (position >= first) & (position < last)

    def positions(self, device: torch.device) -> torch.Tensor:
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
    positions: int | None = None,
) -> tuple[Passage, ...]:
    """Texts as token ids, cut by bytes; which tokens are scored, and the bytes of these, is told by
    where in the text they lie.

    `tokenizer`: a transformers tokenizer, of those that tell that. `positions`: tokens that the
    model can read, None for any number; a passage of more ends there. Raises `AtlasError` where no
    position is left to score.
    """
    start, end = _around(tokenizer, kind)
    room = None if positions is None else max(0, positions - len(start) - len(end))
    passages = [_passage(tokenizer, cutting.cut(text), start, end, room) for text in texts]
    if not any(passage.scored for passage in passages):
        raise AtlasError(
            f"no token of {len(passages)} passages is left to score",
            remedy="take texts of more than one word, the first of which is context; if they are,"
            " check that the tokenizer's files belong to this model",
        )
    return tuple(passages)


def whole(
    tokenizer: Any, texts: Iterable[str], kind: Literal["decoder", "encoder"], length: int
) -> tuple[Passage, ...]:
    """Texts as token ids, as much of each as `length` tokens hold; all but special ones count."""
    start, end = _around(tokenizer, kind)
    passages = []
    for text in texts:
        held = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        ids = (*start, *held[: length - len(start) - len(end)], *end)
        passages.append(Passage(ids, first=1, last=max(1, len(ids) - len(end))))
    return tuple(passages)


def _around(
    tokenizer: Any, kind: Literal["decoder", "encoder"]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The special tokens before and after a text."""
    if kind == "encoder":
        before, after = tokenizer.cls_token_id, tokenizer.sep_token_id
    else:
        before, after = tokenizer.bos_token_id, None
    return () if before is None else (int(before),), () if after is None else (int(after),)


def _passage(
    tokenizer: Any, text: str, start: tuple[int, ...], end: tuple[int, ...], room: int | None
) -> Passage:
    """A text, cut already, as a row of at most `room` tokens beside special ones."""
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    held, places = found["input_ids"][:room], found["offset_mapping"][:room]
    border = cutting.context(text)
    # A token that begins in the first word is context with all that it covers.
    known = max((at + 1 for at, (begin, _) in enumerate(places) if begin < border), default=0)
    known = min(len(held), max(known, 1 - len(start)))
    border = max([border, *(stop for _, stop in places[:known])])
    # White space after the context counts for everyone: some tokenizers join it to what is before.
    border = max(cutting.context(text), len(text[:border].rstrip()))
    shortened = len(held) < len(found["input_ids"])
    stop = places[-1][1] if shortened and places else len(text)
    ids = (*start, *held, *end)
    first, last = len(start) + known, len(start) + len(held)
    size = len(text[border:stop].encode()) if last > first else 0
    return Passage(ids, first, last, size, shortened)


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
        self.positions = firsts[owner] + within // width
        """Where in its passage each value stands, (value,)."""
        self._channels = within % width
        self.owners: NDArray[np.int64] = owner.numpy()
        """Which passage each value is of, in order."""
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
            found = (places, rows, self.positions[places], self._channels[places])
            self._latest = (batch, device, tuple(index.to(device) for index in found))
        return self._latest[2]
