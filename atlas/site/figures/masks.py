"""The block masks of a model (figure F0) as its page shows them before any script has run.

Two panels of topics by layers, MLP blocks and attention blocks, in two colours: dark for blocks
that a topic keeps, light for those that are pruned. Topics with similar masks stand side by side.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.profile_file import Profile
from atlas.site.figures import previews
from atlas.site.figures.palettes import BINARY_COLOURS

ANALYSIS = "masks"
PREVIEW = "masks.blocks.svg"
KINDS = {"mlp": "MLP blocks", "attn": "Attention blocks"}
"""What the panels show, the left one first."""

NEEDED = frozenset(f"{what}:{name}" for what in ("mask", "delta") for name in KINDS)

NARROW = 12
"""Layers up to which all four panels, masks and deltas, fit in one row of a wide page."""

MOST = 6
"""Numbers of layers that there is room for below a panel on any screen."""

STEPS = (1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 100, 200)
"""Layers from one number to the next, as in `static/matrix/labels.js`."""

LEAST = 1e-9
"""What a reordering must gain to count: less is the noise of binary fractions."""

Distances = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Panel:
    """Blocks of one kind: `pruned` counts them over all topics."""

    name: str
    title: str
    pruned: int


@dataclass(frozen=True)
class BlockMasks:
    """Figure F0 of one model; `topics` are labels in the order in which the page shows them."""

    layers: int
    topics: tuple[str, ...]
    panels: tuple[Panel, ...]

    @property
    def preview(self) -> str:
        """The picture, relative to the page."""
        return f"previews/{PREVIEW}"

    @property
    def is_narrow(self) -> bool:
        return self.layers <= NARROW

    @property
    def ticks(self) -> range:
        """Layers whose numbers stand below a panel, six at most; scripts add those that fit."""
        step = next(size for size in STEPS if self.layers <= MOST * size)
        return range(0, self.layers, step)

    @property
    def blocks(self) -> int:
        """Blocks of one kind in all topics."""
        return self.layers * len(self.topics)


def of(profile: Profile) -> BlockMasks | None:
    """The block masks of a profile; None where it has none, as of any analysis but `masks`."""
    found = {matrix.name for matrix in profile.matrices}
    if profile.analysis != ANALYSIS or not found >= NEEDED:
        return None
    first = profile.matrix("mask:mlp")
    called = titles(profile)
    return BlockMasks(
        layers=len(first.columns),
        topics=tuple(first.rows[at] for at in order(profile)),
        panels=tuple(
            Panel(name, called[name], int((profile.matrix(f"mask:{name}").values == 0).sum()))
            for name in KINDS
        ),
    )


def titles(profile: Profile) -> dict[str, str]:
    """What the blocks of each panel are called: not attention where other mixers are among them."""
    return {**KINDS, **({"attn": "Mixer blocks"} if profile.conditions.get("mixers") else {})}


def png(profile: Profile) -> bytes:
    """Both panels side by side, MLP blocks first, a pixel a block. A page scales it."""
    rows = list(order(profile))
    kept = np.hstack([profile.matrix(f"mask:{name}").values[rows] for name in KINDS])
    return previews.of_index(np.nan_to_num(kept, nan=-1).astype(np.int64), BINARY_COLOURS)


def order(profile: Profile) -> tuple[int, ...]:
    """Places of the topics such that similar ones are neighbours.

    `static/matrix/block-masks.js` computes the same.

    Two topics are as far apart as there are blocks that only one of them keeps; where that is the
    same for several, the mean absolute difference of their deltas decides.
    """
    kept, deltas = (
        np.hstack([profile.matrix(f"{what}:{name}").values for name in KINDS])
        for what in ("mask", "delta")
    )
    return tuple(shortest(distances(kept, deltas)))


def distances(kept: NDArray[np.float64], deltas: NDArray[np.float64]) -> list[list[float]]:
    """Distances of all topics from each other; both arrays (topic, block), NaN for blocks that
    there are not, which tell no topics apart.

    Sums run in order, block by block, so that a browser comes to the same last digit.
    """
    masks, values = (np.nan_to_num(one).tolist() for one in (kept, deltas))
    count, blocks = kept.shape
    apart = [[_apart(one, other) / blocks for other in values] for one in values]
    most = max((max(line) for line in apart), default=0.0)
    share = 0.5 / most if most > 0 else 0.0  # less than a block, so that it only breaks ties
    return [
        [
            sum(a != b for a, b in zip(masks[one], masks[other], strict=True))
            + apart[one][other] * share
            for other in range(count)
        ]
        for one in range(count)
    ]


def _apart(one: Sequence[float], other: Sequence[float]) -> float:
    total = 0.0
    for a, b in zip(one, other, strict=True):
        total += abs(a - b)
    return total


def shortest(between: Distances) -> list[int]:
    """A short way through all points: from every start to the nearest point not yet seen, then
    stretches turned round as long as that helps; of all these the shortest.

    The end with the lower number comes first; of ways of one length the first found is taken.
    """
    best: list[int] = []
    least = float("inf")
    for start in range(len(between)):
        path = _turned(_nearest(start, between), between)
        length = sum(between[a][b] for a, b in itertools.pairwise(path))
        if length < least - LEAST:
            best, least = path, length
    return best[::-1] if best and best[0] > best[-1] else best


def _nearest(start: int, between: Distances) -> list[int]:
    path = [start]
    left = [at for at in range(len(between)) if at != start]
    while left:
        here = between[path[-1]]
        path.append(min(left, key=lambda at: here[at]))
        left.remove(path[-1])
    return path


def _turned(path: list[int], between: Distances) -> list[int]:
    last = len(path) - 1
    better = True
    while better:
        better = False
        for i in range(last):
            for j in range(i + 1, last + 1):
                gain = 0.0
                if i > 0:
                    gain += between[path[i - 1]][path[i]] - between[path[i - 1]][path[j]]
                if j < last:
                    gain += between[path[j]][path[j + 1]] - between[path[i]][path[j + 1]]
                if gain > LEAST:
                    path[i : j + 1] = path[i : j + 1][::-1]
                    better = True
    return path
