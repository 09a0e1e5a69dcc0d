"""What a head moves most, and where to: its salient mappings, and whether it copies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from atlas.analyses.functions.attention_block import Unembedding
from atlas.analyses.functions.top_k import CUDA_TILES

MANY_HEADS = 1024
"""With more heads than that fewer mappings of each are kept."""


TILE = 4096
"""Tokens, or columns of U, at a time."""

RANDOM_HEADS = 512
"""Heads that are drawn to tell copying from chance."""


def sizes(heads: int) -> tuple[int, int]:
    """How many source tokens and targets of each are kept, for a model of so many heads."""
    return (30, 5) if heads <= MANY_HEADS else (10, 3)


def unit_rows(x: torch.Tensor) -> torch.Tensor:
    """x (token, d_model) with rows of norm 1, in place; rows of zeros stay."""
    return x.div_(torch.linalg.vector_norm(x, dim=1, keepdim=True).clamp_(min=1e-30))


def sources(
    x: torch.Tensor, W_V: torch.Tensor, W_O: torch.Tensor, most: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The tokens that every head lengthens most: ids and ||W_VO e|| / ||e||, (head, most).

    x: (token, d_model), rows of norm 1; W_V: (kv head, d_head, d_model); W_O: (head, d_model,
    d_head), float32. With W_O = Q R the length is that of R y, in d_head dimensions.
    """
    group = len(W_O) // len(W_V)
    R = torch.linalg.qr(W_O.double(), mode="r").R.float()
    lengths = torch.empty(len(W_O), len(x), device=x.device)
    size = _tile(x)
    for start in range(0, len(x), size):
        y = x[start : start + size] @ W_V.flatten(0, 1).T
        y = y.reshape(len(y), len(W_V), -1)
        for head in range(len(W_O)):
            z = y[:, head // group] @ R[head].T
            lengths[head, start : start + size] = torch.linalg.vector_norm(z, dim=1)
    return _largest(lengths, torch.arange(len(x), device=x.device), min(most, len(x)))


def targets(rows: torch.Tensor, U: Unembedding, most: int) -> torch.Tensor:
    """The tokens with the largest entries of rows (row, d_model) times U: ids (row, most)."""
    most = min(most, len(U))
    best = torch.empty(len(rows), 0, device=rows.device)
    ids = torch.empty(len(rows), 0, dtype=torch.int64, device=rows.device)
    for start, stop in U.tiles(_tile(rows), _tile(rows)):
        products = rows @ U.shuffled[start:stop].float().T
        values, place = products.topk(min(most, stop - start), dim=1)
        best = torch.cat([best, values], 1)
        ids = torch.cat([ids, U.order[start:stop][place]], 1)
        best, kept = best.topk(min(most, best.shape[1]), dim=1)
        ids = ids.gather(1, kept)
    return ids


@dataclass(frozen=True)
class Cores:
    """U^T E (d_model, d_model) in float64: of the rows as they are, and without their means."""

    literal: torch.Tensor
    centred: torch.Tensor


def copying_cores(U: Unembedding, x: torch.Tensor) -> Cores:
    """U^T E of the embeddings x (token, d_model), and of both centred over the vocabulary.

    The centred product is summed and the means are added, for the other way round what the means
    make of it would drown the rest.
    """
    mean_u, mean_x = torch.zeros(2, x.shape[1], dtype=torch.float64, device=x.device)
    for start, stop in U.tiles(_tile(x), _tile(x)):
        mean_u += U.shuffled[start:stop].double().sum(0) / len(U)
        mean_x += x[U.order[start:stop]].double().sum(0) / len(U)
    total = torch.zeros(x.shape[1], x.shape[1], dtype=torch.float64, device=x.device)
    for start, stop in U.tiles(_tile(x), _tile(x)):
        rows = U.shuffled[start:stop].float() - mean_u.float()
        total += rows.T @ (x[U.order[start:stop]] - mean_x.float())
    return Cores(total + len(U) * torch.outer(mean_u, mean_x), total)


def copying(core: torch.Tensor, W_V: torch.Tensor, W_O: torch.Tensor) -> list[float]:
    """Sum of eigenvalues over sum of their moduli of E W_V W_O U, of every head; in [-1, 1].

    1 where the head raises the logit of every token it reads, -1 where it lowers them (Elhage et
    al. 2021); 0 for a head that gives nothing, NaN where the product is not finite. The eigenvalues
    that are not 0 are those of a d_head x d_head product. `core` is one of `copying_cores`.
    """
    group = len(W_O) // len(W_V)
    right = core.float() @ W_V.flatten(0, 1).T
    right = right.reshape(len(right), len(W_V), -1)
    found = []
    for head, one in enumerate(W_O):
        product = (one.T @ right[:, head // group]).double().cpu()
        if not product.isfinite().all():
            found.append(math.nan)  # no 0: it would pass for a head that gives nothing
            continue
        found.append(float(_ratio(product)))
    return found


def spectra(W_V: torch.Tensor, W_O: torch.Tensor) -> torch.Tensor:
    """The singular values of W_O W_V of every head that are not 0 by its shape: (head, d_head)."""
    group = len(W_O) // len(W_V)
    right = torch.linalg.qr(W_V.double().transpose(1, 2), mode="r").R.repeat_interleave(group, 0)
    left = torch.linalg.qr(W_O.double(), mode="r").R
    found: torch.Tensor = torch.linalg.svdvals(left @ right.transpose(1, 2))
    return found


def copying_null(core: torch.Tensor, spectra: torch.Tensor, seed: int = 0) -> float:
    """What copying a random head exceeds in one of a hundred cases, and falls below the negative of
    in another.

    A random head writes and reads directions that are drawn at random, with the singular values of
    a head of the model (head, d_head): heads of few strong directions reach farther by chance. What
    random directions see of the core are its singular values alone. The opposite of a random head
    is as likely as the head, so that every draw counts with both signs.
    """
    if not core.isfinite().all():
        return math.nan  # as `copying` says
    generator = torch.Generator().manual_seed(seed)
    strengths = torch.linalg.svdvals(core).cpu()
    spectra = spectra.cpu()[spectra.cpu()[:, 0].argsort()]  # whatever the order of heads
    chosen = spectra[torch.randint(len(spectra), (RANDOM_HEADS,), generator=generator)]
    found = []
    for own in chosen:
        shape = (2, len(own), len(strengths))
        left, right = torch.randn(shape, generator=generator, dtype=torch.float64)
        found.append(_ratio((left * strengths) @ right.T * own))
    return float(torch.stack(found).abs().quantile(0.98))


def _ratio(product: torch.Tensor) -> torch.Tensor:
    """Sum of eigenvalues over sum of their moduli, 0 where all are 0."""
    moduli = torch.linalg.eigvals(product).abs().sum()
    ratio = product.trace() / moduli if moduli > 0 else torch.zeros_like(moduli)
    return ratio.clamp(-1, 1)


def _largest(
    values: torch.Tensor, ids: torch.Tensor, most: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and values of the largest of every row, equal ones in the order of ids."""
    best, place = values.topk(most, dim=1)
    chosen = ids[place]
    by_id = chosen.argsort(dim=1)
    best, chosen = best.gather(1, by_id), chosen.gather(1, by_id)
    order = best.argsort(dim=1, descending=True, stable=True)
    return chosen.gather(1, order), best.gather(1, order)


def _tile(x: torch.Tensor) -> int:
    return CUDA_TILES[1] if x.is_cuda else TILE
