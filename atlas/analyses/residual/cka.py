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


class Similarity:
    """CKA of every two layers, over groups of samples of one size.

    Each group gives an unbiased estimate of HSIC (Song et al. 2012) of every two layers; these are
    averaged over groups before they are divided.
    """

    def __init__(self, layers: int) -> None:
        self.products = torch.zeros(layers, layers, dtype=torch.float64)

    def add(self, states: Sequence[torch.Tensor]) -> None:
        """A group: the states of the same samples in every layer, (sample, width) each."""
        grams = torch.stack([centred_gram(layer).flatten() for layer in states])
        self.products += grams @ grams.T  # HSIC times n (n - 3), the same for all groups

    @property
    def values(self) -> torch.Tensor:
        """(layer, layer), at most 1, and 1 on the diagonal; NaN where a layer does not vary."""
        own = self.products.diagonal()
        scale = torch.where(own > 0, own, math.nan).sqrt()
        return (self.products / scale[:, None] / scale).clamp(-1, 1)


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
