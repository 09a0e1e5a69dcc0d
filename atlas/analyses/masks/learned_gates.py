"""Gates that learn to close: which blocks a frozen model can do without together, per cluster.

A gate is a hard concrete variable (Louizos, Welling & Kingma 2018): with u uniform on (0, 1),
s = σ((ln u − ln(1 − u) + ln α) / β), stretched to (γ, ζ) and cut to [0, 1], so that it is exactly 0
or 1 with a probability above 0 and has a gradient all the same. Each cluster has a gate for every
block, and so has each half of its passages, since masks are tried on the other half. What is
minimised is the loss of the language model plus an augmented Lagrangian of the expected number of
closed gates: the price of a block is a multiplier for every set of gates, raised while too few are
closed. All sets learn from the same batches, a passage each; ln α is a part that all sets of a half
share, plus one of their own, so that what holds for all of them is learned once.

Gates and prices start from what every block costs by itself: about as many gates are closed as
should be, and the price is that of the block that is only just kept. Learning then finds what
single blocks do not show, such as two that can stand in for one another.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch, Passage
from atlas.passes import losses, micro_batches, without_blocks
from atlas.profiles.statement import Progress

BETA, GAMMA, ZETA = 2 / 3, -0.1, 1.1

STEPS = 160
"""Batches, with a passage for every set of gates."""

RATE, MEMORY = 0.2, (0.9, 0.95)
"""Of Adam, in units of ln α, falling to 0 along half a cosine; and its two means' memories."""

FIRST = 2.5
"""How far from even a gate may be to begin with, in units of ln α."""

PRICE, STIFFNESS = 0.05, 1.0
"""How much a block's price rises a step for a gate that is not closed and should be, and the weight
of the square of their number; both times the typical distance between costs of blocks."""

BACKWARD = 3
"""A step's work over that of a forward pass."""


@dataclass(frozen=True)
class Gates:
    """What was learned: `log_alpha` (half, cluster, block); `sparsity`: the expected share of
    closed gates, mean over all sets."""

    log_alpha: NDArray[np.float64]
    sparsity: float


def passes(clusters: int) -> int:
    """How many forward passes of a passage learning takes about as long as."""
    return STEPS * 2 * clusters * BACKWARD


def sampled(log_alpha: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Gates of that shape, in [0, 1], from draws that are uniform on (0, 1)."""
    concrete = torch.sigmoid((torch.logit(uniform) + log_alpha) / BETA)
    return (GAMMA + (ZETA - GAMMA) * concrete).clamp(0, 1)


def drawn(log_alpha: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Gates of that shape drawn anew; they carry gradients."""
    uniform = torch.rand(log_alpha.shape, generator=generator, dtype=log_alpha.dtype)
    return sampled(log_alpha, uniform.clamp(1e-6, 1 - 1e-6))


def closed_share(log_alpha: torch.Tensor) -> torch.Tensor:
    """The probability that a gate is 0, of that shape."""
    return torch.sigmoid(BETA * math.log(-GAMMA / ZETA) - log_alpha)


def learn(
    model: LiveModel,
    passages: Sequence[Passage],
    clusters: NDArray[np.int64],
    halves: NDArray[np.int64],
    costs: NDArray[np.float64],
    pruned: int,
    progress: Progress,
    *,
    seed: int = 0,
    steps: int = STEPS,
    tokens: int | None = None,
) -> Gates:
    """Learn gates of which `pruned` are closed in every set.

    `clusters`, `halves`: of every passage; each half of a cluster has one at least. `costs`:
    (passage, block), nats by which a passage's loss grows without a block, NaN for one that its
    layer has not, of which nothing is learned. `tokens`: of the first
    micro-batch, planned from the free memory if unsaid, halved where memory runs out. Raises
    `AtlasError` where not even one passage fits.
    """
    count = int(clusters.max()) + 1
    exists: NDArray[np.bool_] = np.isfinite(costs[0])
    shape = (2, count, costs.shape[1])
    if not 0 < pruned < exists.sum():  # nothing is to be learned
        return Gates(np.where(exists, np.zeros(shape), np.nan), float(pruned > 0))
    generator = torch.Generator().manual_seed(seed)
    members = [
        np.flatnonzero((halves == half) & (clusters == cluster)).tolist()
        for half in (0, 1)
        for cluster in range(count)
    ]
    turns = [_in_turn(rows, generator) for rows in members]
    means = torch.from_numpy(np.stack([costs[rows][:, exists].mean(0) for rows in members]))
    there = torch.from_numpy(exists)
    everywhere = torch.ones(len(members), len(exists), dtype=means.dtype)
    sets = _Sets(means, pruned, steps)
    slopes_of = _Slopes(model, passages, tokens)
    with frozen(model):
        for step in range(steps):
            log_alpha = sets.log_alpha()
            gates = drawn(log_alpha, generator)
            everywhere[:, there] = gates.detach()
            slopes = slopes_of([next(turn) for turn in turns], everywhere)
            sets.learn(log_alpha, (gates * slopes[:, there]).sum())
            progress((step + 1) * len(members) * BACKWARD, steps * len(members) * BACKWARD)
    found = sets.log_alpha().detach()
    learned = np.full(shape, np.nan)
    learned[:, :, exists] = found.reshape(2, count, -1).numpy()
    return Gates(learned, float(closed_share(found).mean()))


class _Sets:
    """All sets of gates as they learn, those of the first half first."""

    def __init__(self, costs: torch.Tensor, pruned: int, steps: int) -> None:
        """`costs`: (set, block), means; `pruned`: gates to be closed in every set."""
        self.pruned = pruned
        self.first, self.price, self.unit = start(costs, pruned)
        self.own = torch.zeros_like(self.first, requires_grad=True)
        shape = (2, 1, costs.shape[1])
        self.shared = torch.zeros(shape, dtype=self.first.dtype, requires_grad=True)
        self.optimizer = torch.optim.Adam([self.own, self.shared], lr=RATE, betas=MEMORY)
        self.falling = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, steps)

    def log_alpha(self) -> torch.Tensor:
        """(set, block): where a set starts, what it has learned, and what its half has."""
        each = self.shared.expand(2, len(self.first) // 2, -1).reshape(self.first.shape)
        return self.first + self.own + each

    def learn(self, log_alpha: torch.Tensor, loss: torch.Tensor) -> None:
        """A step down the loss and the penalty for gates that should be closed and are not, whose
        prices then rise. `loss` depends on `log_alpha`, this object's own."""
        missing = self.pruned - closed_share(log_alpha).sum(1)
        penalty = self.price * missing + STIFFNESS / 2 * self.unit * missing.square()
        self.optimizer.zero_grad()
        (loss + penalty.sum()).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.falling.step()
        self.price = self.price + PRICE * self.unit * missing.detach()


def start(costs: torch.Tensor, pruned: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(set, block) mean costs -> ln α to begin with, the price of a block and the typical distance
    between costs, one of each a set.

    The price lies between the dearest block that is pruned and the cheapest that is kept; these two
    are as often closed as open.
    """
    ranked = costs.sort(dim=1).values
    price = (ranked[:, pruned - 1] + ranked[:, pruned]) / 2
    distance = costs - price[:, None]
    unit = distance.abs().median(dim=1).values.clamp(min=1e-9)
    even = BETA * math.log(-GAMMA / ZETA)
    return even + FIRST * torch.tanh(distance / unit[:, None]), price, unit


def _in_turn(rows: list[int], generator: torch.Generator) -> Iterator[int]:
    """These rows again and again, each time in another order."""
    while True:
        for place in torch.randperm(len(rows), generator=generator).tolist():
            yield rows[place]


@contextlib.contextmanager
def frozen(model: LiveModel) -> Iterator[None]:
    """Keep gradients of weights from being computed while it lasts."""
    learning = [parameter for parameter in model.live.parameters() if parameter.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)


class _Slopes:
    """Gradients of losses with respect to gates, in micro-batches that memory holds."""

    def __init__(self, model: LiveModel, passages: Sequence[Passage], tokens: int | None) -> None:
        self.model, self.passages = model, passages
        self.tokens = tokens if tokens is not None else without_blocks.planned(model)

    def __call__(self, rows: Sequence[int], gates: torch.Tensor) -> torch.Tensor:
        """(row, block): how the loss of each of these passages changes with each of its gates."""
        chosen = [self.passages[row] for row in rows]
        found = torch.zeros_like(gates)

        def attempt(places: list[int], held: Batch) -> bool:
            compute = functools.partial(self._of_batch, held, gates[places])
            slopes = micro_batches.unless_out_of_memory(compute)
            if slopes is not None:
                found[places] = slopes
            return slopes is not None

        self.tokens = micro_batches.through(
            self.model,
            chosen,
            range(len(chosen)),
            attempt,
            self.tokens,
            doing="learning from",
            remedy="measure it on a larger device, or leave learned masks out",
        )
        return found

    def _of_batch(self, held: Batch, gates: torch.Tensor) -> torch.Tensor:
        """(batch, block)."""
        leaf = gates.clone().requires_grad_()
        with without_blocks.closed(self.model, leaf):
            loss = losses.per_passage(self.model, held).sum()
        return torch.autograd.grad(loss, leaf)[0]
