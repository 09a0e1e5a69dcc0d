"""What the compare page computes beside the rules in `atlas/profiles`: one colour scale of several
models (`static/matrix/align.js`), where a difference is largest (`static/matrix/contrast.js`), and
how sure it is (`static/matrix/paired.js`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.profiles.alignment import Grid, categories, stacked
from atlas.profiles.matrix import Matrix, Values


def pooled(matrices: Sequence[Matrix], grid: Grid) -> Matrix:
    """The values of all models in one matrix, a model below the other: what one colour scale is
    computed from, as for any matrix."""
    first = matrices[0]
    rows = [f"{model} {label}" for model in range(len(matrices)) for label in grid.rows.labels]
    ranges = {matrix.range for matrix in matrices}
    return replace(
        first,
        rows=tuple(rows),
        columns=grid.columns.labels,
        values=np.concatenate(stacked(matrices, grid)),
        range=first.range if len(ranges) == 1 else None,
        categories=categories(matrices) or None,
        native=None,
        spread=None,
        largest_share=None,
        n=None,
    )


def largest(contrast: NDArray[np.float64], ratio: bool = False) -> tuple[int, int, int] | None:
    """Where a difference, or with `ratio` a ratio in either direction, is largest: its place in
    `contrast`, the first of equals; None where there is no value."""
    known = np.isfinite(contrast)
    if not known.any():
        return None
    filled = np.where(known, contrast, 1.0 if ratio else 0.0)
    size = np.maximum(filled, 1 / filled) if ratio else np.abs(filled)
    at = np.unravel_index(int(np.argmax(np.where(known, size, -np.inf))), contrast.shape)
    return int(at[0]), int(at[1]), int(at[2])


# How sure a difference is

Sums = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Totals and sizes of every passage, (row, column, passage) both; NaN where one does not count."""


def paired_errors(first: Sums, second: Sums) -> NDArray[np.float64]:
    """Standard errors of the differences of two models' ratios of sums over the same passages,
    (row, column): linearised, so that what a passage adds to both cancels. NaN where fewer than two
    passages count for both."""
    counts: NDArray[np.bool_] = np.asarray(np.isfinite(np.stack([*first, *second])).all(axis=0))
    apart = _linearised(*first, counts) - _linearised(*second, counts)
    count = counts.sum(axis=-1)
    squares = np.where(counts, apart**2, 0).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(count > 1, np.sqrt(count / (count - 1) * squares), np.nan))


def _linearised(
    totals: NDArray[np.float64], sizes: NDArray[np.float64], counts: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """What each passage adds to the error of a ratio of sums: (T_i - R b_i) / sum b."""
    totals, sizes = np.where(counts, totals, 0), np.where(counts, sizes, 0)
    whole = sizes.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = totals.sum(axis=-1, keepdims=True) / whole
        return np.asarray((totals - ratio * sizes) / whole)


def unpaired_errors(first: Values, second: Values) -> Values:
    """Of two models that each have an error of their own, as if they had read different texts."""
    return np.asarray(np.sqrt(first**2 + second**2))


def sums(name: str, passages: Sequence[Mapping[str, Any]]) -> Sums:
    """What every passage adds to the cells of a matrix of `importance` or `masks`."""
    sizes = np.array([one.get("bytes", np.nan) for one in passages], dtype=float)
    if name == "taylor":
        totals = np.array([one["taylor"] for one in passages], dtype=float).transpose(1, 2, 0)
        row, column = np.unravel_index(np.nanargmax(totals.sum(axis=-1)), totals.shape[:2])
        sizes = totals[row, column]
    elif name == "block_increase":
        layers = next(len(one["increase"]) for one in passages if one["increase"])
        lines = [one["increase"] or [np.nan] * layers for one in passages]
        totals = np.array(lines, dtype=float).T[:, None]
    else:
        half = {"delta:attn": 0, "delta:mlp": 1}[name]
        lines = [one["increase"][half::2] for one in passages]
        bits = np.array(lines).T * [one["tokens"] / np.log(2) for one in passages]
        clusters = np.array([one["cluster"] for one in passages])
        own = np.arange(clusters.max() + 1)[:, None, None] == clusters
        totals = np.where(own, bits, np.nan)
    return totals, np.broadcast_to(sizes, totals.shape)
