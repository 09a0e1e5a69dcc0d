"""What a head moves most, and where to: its salient mappings, and whether it copies."""

from __future__ import annotations

import math

import torch

from atlas.analyses.functions.attention_block import Unembedding
from atlas.analyses.functions.top_k import CUDA_TILES

MANY_HEADS = 1024
"""With more heads than that fewer mappings of each are kept."""


TILE = 4096
"""Tokens, or columns of U, at a time."""


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


def copying_core(U: Unembedding, x: torch.Tensor) -> torch.Tensor:
    """U^T E (d_model, d_model) of the embeddings x (token, d_model), in float64."""
    total = torch.zeros(x.shape[1], x.shape[1], dtype=torch.float64, device=x.device)
    for start, stop in U.tiles(_tile(x), _tile(x)):
        total += U.shuffled[start:stop].float().T @ x[U.order[start:stop]]
    return total


def copying(core: torch.Tensor, W_V: torch.Tensor, W_O: torch.Tensor) -> list[float]:
    """Sum of eigenvalues over sum of their moduli of E W_V W_O U, of every head; in [-1, 1].

    1 where the head raises the logit of every token it reads, -1 where it lowers them (Elhage et
    al. 2021); 0 for a head that gives nothing, NaN where the product is not finite. The eigenvalues
    that are not 0 are those of a d_head x d_head product. `core` is `copying_core`'s.
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
        moduli = float(torch.linalg.eigvals(product).abs().sum())
        ratio = float(product.trace()) / moduli if moduli > 0 else 0.0
        found.append(min(1.0, max(-1.0, ratio)))
    return found


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
