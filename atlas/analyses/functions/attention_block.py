"""The data that `top_k` works on: a layer's attention block, the unembedding, and questions.

A question is whether a head raises (or lowers) one token most when it attends to another. All
tensors lie on one device.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

FLOAT32 = torch.finfo(torch.float32).eps

CHUNK = 4096
"""Rows of U whose norms are taken at a time."""


@dataclass(frozen=True)
class Sieve:
    """How products are computed before any is decided in float64: the dtype, and whether with
    `tf32`, CUDA's shortened float32."""

    dtype: torch.dtype = torch.float32
    tf32: bool = False

    @property
    def rounding(self) -> float:
        """What a product's relative error is taken to be at most, in units of the norms."""
        return 2 * (2.0**-10 if self.tf32 else torch.finfo(self.dtype).eps)


class Unembedding:
    """U (vocabulary, d_model) in shuffled order, so that the first tile is a fair sample.

    `order` (vocabulary,): which token each row is. The copy is in the dtype it came in.
    """

    def __init__(self, U: torch.Tensor, device: torch.device | str = "cpu", seed: int = 0) -> None:
        order = torch.randperm(len(U), generator=torch.Generator().manual_seed(seed))
        place = torch.empty_like(order)
        place[order] = torch.arange(len(order))
        self.order, self.place = order.to(device), place.to(device)
        self.shuffled = U[order].to(device)
        tiles = (self.shuffled[a:b].float() for a, b in self.tiles(CHUNK, CHUNK))
        self.largest_norm = max(
            float(torch.linalg.vector_norm(tile, dim=1).max()) for tile in tiles
        )

    def __len__(self) -> int:
        return len(self.order)

    def rows(self, tokens: torch.Tensor) -> torch.Tensor:
        """The rows of some tokens, (token, d_model), as stored."""
        return self.shuffled[self.place[tokens]]

    def tiles(self, first: int, largest: int) -> Iterator[tuple[int, int]]:
        """Start and end of every tile of shuffled rows."""
        start, size = 0, first
        while start < len(self):
            stop = min(start + size, len(self))
            yield start, stop
            start, size = stop, min(2 * size, largest)


@dataclass(frozen=True)
class HeadInputs:
    """What the heads of a layer read of some tokens: (source, d_model), in float64 and float32."""

    exact: torch.Tensor
    plain: torch.Tensor

    @classmethod
    def of(cls, exact: torch.Tensor) -> HeadInputs:
        return cls(exact.double(), exact.float())


@dataclass(frozen=True)
class Questions:
    """Questions to one attention block: is the token `target` among the k largest, or smallest,
    entries of the row that `head` gives for `source`?

    `head`, `source` (a row of `HeadInputs`) and `target` (a token id): (question,). `ks`:
    (question, level).
    """

    head: torch.Tensor
    source: torch.Tensor
    target: torch.Tensor
    ks: torch.Tensor

    def __len__(self) -> int:
        return len(self.head)

    def __getitem__(self, chosen: torch.Tensor) -> Questions:
        return Questions(
            self.head[chosen], self.source[chosen], self.target[chosen], self.ks[chosen]
        )

    @property
    def most(self) -> torch.Tensor:
        """The largest k of every question."""
        return self.ks.amax(1).to(torch.int32)


class AttentionBlock:
    """The heads of one layer and what they read, ready for questions.

    W_V: (kv head, d_head, d_model); W_O: (head, d_model, d_head), of any dtype.
    """

    def __init__(self, reads: HeadInputs, W_V: torch.Tensor, W_O: torch.Tensor) -> None:
        self.reads = reads
        self.W_V, self.W_O = W_V.float(), W_O.float().contiguous()
        self.heads, self.d_model, self.d_head = self.W_O.shape
        self.group = self.heads // len(self.W_V)
        values = reads.plain @ self.W_V.flatten(0, 1).T
        self.values = values.reshape(len(values), len(self.W_V), self.d_head)
        # ||W_O y|| if its columns were orthogonal, per row; and what rounding of y can amount to.
        columns = torch.linalg.vector_norm(self.W_O, dim=1)
        by_value = self.values.repeat_interleave(self.group, 1) if self.group > 1 else self.values
        self.reach = torch.linalg.vector_norm(by_value * columns, dim=2)
        rows = torch.linalg.vector_norm(self.W_V, dim=2).repeat_interleave(self.group, 0)
        most = torch.linalg.vector_norm(rows * columns, dim=1)
        self.most = torch.linalg.vector_norm(reads.plain, dim=1)[:, None] * most
        # Over all rows and heads; finite where all weights are.
        self.largest = float(torch.cat([self.most.flatten(), self.reach.flatten(), most]).max())
        # (d_model, head * d_head): a tile of U times it is every head's W_O^T U.
        self.flat = self.W_O.permute(1, 0, 2).reshape(self.d_model, -1)

    def wide(self, heads: list[int]) -> torch.Tensor:
        """W_O of some heads side by side, (d_model, head * d_head)."""
        if len(heads) == self.heads:
            return self.flat
        return self.W_O[heads].permute(1, 0, 2).reshape(self.d_model, -1)

    def y(self, questions: Questions) -> torch.Tensor:
        """Value vectors of the questions' sources, (question, d_head)."""
        y: torch.Tensor = self.values[questions.source, questions.head // self.group]
        return y

    def slack(
        self, head: torch.Tensor, source: torch.Tensor, U: Unembedding, sieve: Sieve
    ) -> torch.Tensor:
        """How far rounding could move an entry of the rows of heads and sources, (row,)."""
        at = (source, head)
        moved: torch.Tensor = 2 * FLOAT32 * self.most[at] + sieve.rounding * self.reach[at]
        return U.largest_norm * moved

    def exact_rows(self, questions: Questions) -> torch.Tensor:
        """W_VO e' of every question in float64: (question, d_model)."""
        rows = torch.empty(
            len(questions), self.d_model, dtype=torch.float64, device=self.flat.device
        )
        for head in range(self.heads):
            mine = questions.head == head
            y = self.reads.exact[questions.source[mine]] @ self.W_V[head // self.group].double().T
            rows[mine] = y @ self.W_O[head].double().T
        return rows
