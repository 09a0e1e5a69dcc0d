"""Pure tensor functions on one weight matrix W, (out, in): spectrum, moments, rounding errors.

Everything spectral comes from the eigenvalues of the Gram matrix of W's smaller side, computed
once in float64 (`gram_eigenvalues`); everything else streams W in row chunks in float32, with
sums carried on in float64. Any floating dtype and device that has float64; W is never changed.
Scale-free quantities keep their values however small or large the weights are.

What the degenerate matrices have, NaN meaning that the quantity does not exist:

                    zero matrix   constant, not zero   one row or column   rank one
spectral norm       0             exact                its length          exact
stable rank         0             1                    1                   1
effective rank      0             1 / min(out, in)     1                   1 / min(out, in)
alpha               NaN           NaN                  NaN                 NaN
kurtosis            NaN           NaN                  exact               exact
outlier             NaN           1                    exact               exact
rounding error      0             0                    exact               exact
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch

CHUNK = 2**18
"""Elements of a row chunk: 1 MB in float32, so that the passes over it stay in the cache."""

GRAM_CHUNK = 2**22
"""Elements of W in float64 (32 MB) that are multiplied at a time; larger ones are no faster."""

GRAM_TILE = 192
"""Width of the tiles of a Gram matrix: narrower ones lose more in calls than the saved half gains,
wider ones save less of it. The fastest of 128 to 512 on sides of 768 and 2048."""

TAIL_CHUNK = 2**17
"""Distances (1 MB) between candidate tails and their fits that are computed at a time."""

RESOLUTION = 1e-12
"""Eigenvalues below this share of the largest are rounding of the Gram matrix and count as zero:
singular values below 1e-6 of the largest, far below what storage in 16 bits leaves standing."""


@dataclass(frozen=True)
class Moments:
    """`rms` in the unit of the weights; `kurtosis` 3 for a Gaussian; `outlier` = max|w| / rms."""

    rms: float
    kurtosis: float
    outlier: float


def gram_eigenvalues(W: torch.Tensor) -> torch.Tensor:
    """Eigenvalues of W W^T or W^T W, whichever is smaller: squared singular values, ascending.

    W: (out, in). Returns (min(out, in),) float64, none negative; what lies below `RESOLUTION` of
    the largest is exactly zero. Against a full singular value decomposition in float64 the
    singular values agree to 5e-15 (sigma_1 / sigma)^2 of themselves.
    """
    eigenvalues = torch.linalg.eigvalsh(lower_gram(W), UPLO="L")
    floor = eigenvalues[-1].clamp(min=0.0) * RESOLUTION
    return torch.where(eigenvalues > floor, eigenvalues, torch.zeros_like(eigenvalues))


def lower_gram(W: torch.Tensor) -> torch.Tensor:
    """The Gram matrix of W's smaller side in float64; only its lower triangle is to be read.

    W: (out, in). Returns (n, n), n = min(out, in). Tiles above the diagonal are never computed,
    which saves up to half of the multiplications, and W is never whole in float64.
    """
    A = W.T if W.shape[0] > W.shape[1] else W
    n, length = A.shape
    G = torch.zeros(n, n, dtype=torch.float64, device=W.device)
    for columns in torch.split(A, max(1, GRAM_CHUNK // n), dim=1) if length else ():
        D = columns.double()
        for left in range(0, n, GRAM_TILE):
            right = min(left + GRAM_TILE, n)
            G[left:, left:right].addmm_(D[left:], D[left:right].T)
        del D  # before the next chunk is there
    return G


def spectral_norm(eigenvalues: torch.Tensor) -> float:
    """Largest singular value, from the ascending eigenvalues of the Gram matrix."""
    return math.sqrt(eigenvalues[-1].item())


def stable_rank(eigenvalues: torch.Tensor) -> float:
    """||W||_F^2 / sigma_1^2, in [1, min(out, in)]; 0 for a zero matrix.

    Rudelson & Vershynin 2007. `eigenvalues`: those of the Gram matrix, ascending.
    """
    largest = eigenvalues[-1].item()
    return eigenvalues.sum().item() / largest if largest > 0 else 0.0


def effective_rank(eigenvalues: torch.Tensor) -> float:
    """exp(-sum p ln p) / n with p = sigma / sum sigma: a share of full rank, in [1/n, 1].

    Roy & Vetterli 2007. `eigenvalues`: (n,), those of the Gram matrix; 0 for a zero matrix.
    """
    sigma = eigenvalues.sqrt()
    total = sigma.sum()
    if total == 0:
        return 0.0
    p = sigma / total
    return math.exp(torch.special.entr(p).sum().item()) / len(eigenvalues)


def tail_exponent(eigenvalues: torch.Tensor) -> float:
    """Exponent alpha of the power law that fits the tail of the eigenvalues best; NaN without one.

    For every eigenvalue lambda_min but the largest, alpha = 1 + n / sum ln(lambda_i / lambda_min)
    over the n eigenvalues from lambda_min up; kept is the one whose power law has the smallest
    Kolmogorov-Smirnov distance to its tail (Clauset, Shalizi & Newman 2009; Martin & Mahoney
    2021). `eigenvalues`: (n,) ascending, zeros are left out. There is no tail, and the result is
    NaN, with fewer than two distinct positive eigenvalues: rank one, orthogonal matrices.
    """
    positive = eigenvalues[eigenvalues > 0]
    if len(positive) < 2:
        return math.nan
    x = (positive / positive[-1]).log()
    rank = torch.arange(len(x), dtype=torch.float64, device=x.device)
    sizes = len(x) - rank
    # Sum over the tail of ln(lambda / lambda_min); below rounding all of a tail is one value.
    spread = x.flip(0).cumsum(0).flip(0) - sizes * x
    exists = spread > sizes * 1e-9
    if not exists.any():
        return math.nan
    slopes = torch.where(exists, sizes / spread, torch.ones_like(x))  # alpha - 1
    distances = torch.full_like(x, math.inf)
    start = 0
    while start < len(x) - 1:
        stop = min(len(x) - 1, start + max(1, TAIL_CHUNK // (len(x) - start)))
        tail, place = x[start:], rank[start:]
        # Share of the fit above, and of the tail below, each eigenvalue; left of a candidate's own
        # tail the clamps make them 1 and 0, a distance of 0.
        above = (x[start:stop, None] - tail).mul_(slopes[start:stop, None]).clamp_(max=0.0).exp_()
        below = (place - rank[start:stop, None]).div_(sizes[start:stop, None]).clamp_(min=0.0)
        distances[start:stop] = above.add_(below).sub_(1.0).abs_().amax(1)
        start = stop
    distances.masked_fill_(~exists, math.inf)
    return 1.0 + slopes[distances.argmin()].item()


def moments(W: torch.Tensor) -> Moments:
    """Root mean square, kurtosis and outlier ratio of the elements of W, any shape.

    kurtosis = E(w - mean)^4 / var^2, NaN where all elements are equal; outlier = max|w| / rms,
    NaN where all are zero. Infinite or NaN weights give an rms that is not finite.
    """
    low, high, total = math.inf, -math.inf, 0.0
    for chunk in row_chunks(W):
        least, most = chunk.aminmax()
        low, high = min(low, least.item()), max(high, most.item())
        total += chunk.sum(dtype=torch.float64).item()
    largest = max(-low, high)
    if not math.isfinite(total) or largest == 0.0:
        return Moments(abs(total), math.nan, math.nan)
    mean = min(max(total / W.numel(), low), high)
    second = fourth = 0.0
    for chunk in row_chunks(W):
        # Relative to the largest, so that no fourth power under- or overflows float32.
        squares = ((chunk - mean) / largest).square_().flatten()
        second += squares.sum(dtype=torch.float64).item()
        fourth += torch.dot(squares, squares).item()
    variance = second / W.numel()
    rms = math.hypot(mean, math.sqrt(variance) * largest)
    kurtosis = fourth / W.numel() / variance**2 if low < high else math.nan
    return Moments(rms, kurtosis, largest / rms)


def rounding_error(W: torch.Tensor, bits: int, group: int | None = None) -> float:
    """||W - Q(W)||_F / ||W||_F for rounding to the nearest of 2^bits - 1 symmetric levels.

    W: (out, in). The step is max|w| / (2^(bits-1) - 1) of each output channel, or of each `group`
    inputs of it (the last group of a channel may be short). 0 for a zero matrix.
    """
    levels = 2 ** (bits - 1) - 1
    size = W.shape[1] if group is None else min(group, W.shape[1])
    whole = W.shape[1] - W.shape[1] % size
    error = norm = 0.0
    for chunk in row_chunks(W):
        parts = [chunk[:, :whole].reshape(len(chunk), -1, size), chunk[:, None, whole:]]
        for part in parts[: 1 if whole == W.shape[1] else 2]:
            step = part.abs().amax(-1, keepdim=True) / levels
            step.masked_fill_(step == 0, 1.0)
            u = part / step
            square = step.double().square_().squeeze(-1)
            norm += _dot(square, torch.linalg.vecdot(u, u))
            u -= u.round()
            error += _dot(square, torch.linalg.vecdot(u, u))
    return math.sqrt(error / norm) if norm > 0 else 0.0


def row_chunks(W: torch.Tensor) -> Iterator[torch.Tensor]:
    """W in float32, a chunk of rows of at most about `CHUNK` elements at a time."""
    rows = W.reshape(1, -1) if W.ndim < 2 else W
    for chunk in torch.split(rows, max(1, CHUNK // max(1, rows[0].numel()))):
        yield chunk.float()


def _dot(weights: torch.Tensor, sums: torch.Tensor) -> float:
    return (weights * sums).sum().item()
