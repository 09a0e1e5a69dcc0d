"""Debiased linear CKA between layers, from the Gram matrices of a few hundred samples.

The cost depends on the number of samples, never on the square of the width, and nothing but the
inner products between layers is kept (Nguyen, Raghu & Kornblith 2021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

FEWEST = 4
"""Samples that a group has at least: the unbiased estimate divides by n - 3."""

ROWS = 64
"""Samples that are worked on at a time."""


class Similarity:
    """CKA of every two layers, over groups of samples of one size.

    Each group gives an unbiased estimate of HSIC (Song et al. 2012) of every two layers; these are
    averaged over groups before they are divided. HSIC is a sum over samples of what each shares
    with the rest of its group, and its sums by passage say how sure a value is.
    """

    def __init__(self, layers: int, passages: int = 1) -> None:
        self.products = torch.zeros(passages, layers, layers, dtype=torch.float64)

    def add(self, states: Sequence[torch.Tensor], passages: torch.Tensor | None = None) -> None:
        """A group: the states of the same samples in every layer, (sample, width) each, and the
        passages (sample,) that they are of; without, all are of one."""
        grams = torch.stack([centred_gram(layer) for layer in states])
        owners = torch.zeros(grams.shape[1], dtype=torch.int64) if passages is None else passages
        for start in range(0, grams.shape[1], ROWS):
            rows = grams[:, start : start + ROWS].transpose(0, 1)  # (sample, layer, sample)
            shared = rows @ rows.mT  # sums to HSIC times n (n - 3), the same for all groups
            self.products.index_add_(0, owners[start : start + ROWS], shared)

    @property
    def values(self) -> torch.Tensor:
        """(layer, layer), at most 1, and 1 on the diagonal; NaN where a layer does not vary."""
        found, _ = self._normed
        return found.sum(0).clamp(-1, 1)

    @property
    def errors(self) -> torch.Tensor:
        """Standard errors of these, (layer, layer): the infinitesimal jackknife over passages.

        HSIC is quadratic in the samples, so that one that shares r_i of it moves it by 2 r_i; with
        r, s and t the sums for both layers, for the first and for the second with itself, a passage
        moves CKA by 2 CKA (r_i / r - s_i / 2 s - t_i / 2 t). NaN for a single passage.
        """
        shares, own = self._normed
        count = len(shares)
        if count < 2:
            return torch.full_like(own[0], math.nan)
        moved = 2 * (shares - shares.sum(0) * (own[:, :, None] + own[:, None]) / 2)
        return (count / (count - 1) * moved.square().sum(0)).sqrt()

    @property
    def largest_shares(self) -> torch.Tensor:
        """The largest share that one passage has in HSIC, (layer, layer); NaN where all are 0."""
        sizes = self.products.abs()
        whole = sizes.sum(0)
        return sizes.amax(0) / torch.where(whole > 0, whole, math.nan)

    @property
    def _normed(self) -> tuple[torch.Tensor, torch.Tensor]:
        """What each passage gives to CKA, (passage, layer, layer), and its share of the HSIC that a
        layer has with itself, (passage, layer)."""
        own = self.products.diagonal(dim1=1, dim2=2)
        whole = own.sum(0)
        whole = torch.where(whole > 0, whole, math.nan)
        scale = whole.sqrt()
        return self.products / scale[:, None] / scale, own / whole


def unit(x: torch.Tensor) -> torch.Tensor:
    """States (n, width) divided by their norms, float64; one that is zero stays so.

    A few states of a thousand times the usual size, as models have them at some tokens, would be
    all that HSIC sees (Davari et al. 2022).
    """
    x = x.double()
    size = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x / torch.where(size > 0, size, 1)


def centred_gram(x: torch.Tensor) -> torch.Tensor:
    """The U-centred Gram matrix of samples (n, width): (n, n), float64, its diagonal 0.

    The inner product of two of them is n (n - 3) times the unbiased HSIC of linear kernels.
    """
    n = len(x)
    x = x.double()
    x = x - x.mean(0)  # changes nothing but rounding
    gram = x @ x.T
    gram.fill_diagonal_(0)
    rows = gram.sum(0) / (n - 2)
    gram = gram - rows[:, None] - rows + rows.sum() / (n - 1)
    return gram.fill_diagonal_(0)
