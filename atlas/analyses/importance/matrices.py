"""The matrices, facts and side file of the analysis `importance`, from what passages gave."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlas.analyses.importance import MATRICES, trimming
from atlas.passes import estimates, leaders
from atlas.passes.estimates import Floats
from atlas.profiles import contract
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar

STATED = contract.read(MATRICES)
QUANTITIES = tuple(name for name, one in STATED.items() if one.axes[1] == "module")

FIRST = 3
"""How many of those that lead a fact names."""


@dataclass(frozen=True)
class PassageSums:
    """What passages gave, one value a passage each.

    `rows`: their places in the corpus; `tokens`: scored ones, `sizes`: UTF-8 bytes that these stand
    for, `bits`: the whole model's loss over them, all (passage,). `taylor`: (layer, module,
    passage) and `heads`: (layer, head, passage), in nats of the passage's mean loss. `increase`:
    (layer, passage), bits lost without the layer, of the passages `bypassed` alone. `trimmed`:
    whether the largest and smallest gradients are left out. `exists`: (layer, module), what layers
    have, and `counts`: how many heads; everything and all if unsaid.
    """

    rows: tuple[int, ...]
    tokens: Floats
    sizes: Floats
    bits: Floats
    taylor: Floats
    heads: Floats
    increase: Floats
    bypassed: tuple[int, ...]
    trimmed: bool
    exists: NDArray[np.bool_] | None = None
    counts: tuple[int, ...] | None = None

    @property
    def modules(self) -> NDArray[np.bool_]:
        """(layer, module): whether the layer has it."""
        shape = self.taylor.shape[:2]
        return np.ones(shape, dtype=np.bool_) if self.exists is None else self.exists

    @property
    def with_heads(self) -> NDArray[np.bool_]:
        """(layer, head): whether the layer has it."""
        layers, heads = self.heads.shape[:2]
        counts = [heads] * layers if self.counts is None else self.counts
        return np.arange(heads) < np.array(counts)[:, None]

    def of_gradients(self, values: Floats) -> tuple[Floats, Floats]:
        """(..., passage) values of gradients -> values whose mean counts, of that shape, and the
        largest share of one passage, (...)."""
        if self.trimmed:
            return trimming.pseudo_values(values), trimming.largest_share(values)
        return values, estimates.largest_share(values)


def of_gradients(
    sums: PassageSums, elements: Floats, native: Mapping[str, str]
) -> tuple[Matrix, Matrix]:
    """Importance of modules, whole and by the weight. `elements`: (layer, module), numbers of
    weights; `native`: the modules that have a column, with their native names."""
    each, share = sums.of_gradients(sums.taylor)
    mean, error = each.mean(-1), estimates.ratio_error(each, np.ones(each.shape[-1]))
    top = each.reshape(-1, each.shape[-1])[int(mean.argmax())]
    values, spread = np.full(mean.shape, np.nan), np.full(mean.shape, np.nan)
    if mean.max() > 0:
        values, spread = estimates.ratio(each, top), estimates.ratio_error(each, top)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_weight, relative = np.log10(mean / elements), error / (mean * math.log(10))
    by_weight[mean <= 0] = relative[mean <= 0] = np.nan
    return (
        _of_modules("taylor", sums, values, native, spread, share),
        _of_modules("taylor_per_weight", sums, by_weight, native, relative, share),
    )


def of_norms(
    sums: PassageSums, norms: Floats, weights: Floats, native: Mapping[str, str]
) -> tuple[Matrix, Matrix]:
    """Gradient norms, plain and relative. `norms`, `weights`: (layer, module), of the mean gradient
    and of what it is the gradient of."""
    relative = np.divide(norms, weights, out=np.full(norms.shape, np.nan), where=weights > 0)
    return (
        _of_modules("grad_norm", sums, norms, native),
        _of_modules("grad_norm_relative", sums, relative, native),
    )


def _of_modules(
    name: str,
    sums: PassageSums,
    values: Floats,
    native: Mapping[str, str],
    spread: Floats | None = None,
    share: Floats | None = None,
) -> Matrix:
    exists = sums.modules
    return STATED[name].matrix(
        np.where(exists, values, np.nan),
        columns=tuple(native),
        native=tuple(native.values()),
        n=len(sums.rows),
        undefined=exists & np.isnan(values),
        spread=None if spread is None else np.where(exists, spread, np.nan),
        largest_share=None if share is None else np.where(exists, share, np.nan),
    )


def of_layers(sums: PassageSums, native: str) -> list[Matrix]:
    """The loss without each layer, and where these are not all alike the same from 0 to 1; on the
    page a whole layer is called a block. `native`: what the model's code calls layers."""
    sizes = sums.sizes[list(sums.bypassed)]
    values = estimates.ratio(sums.increase, sizes)
    found: dict[str, tuple[Floats, Floats, Floats | None]] = {
        "block_increase": (
            values,
            estimates.ratio_error(sums.increase, sizes),
            estimates.largest_share(sums.increase),
        )
    }
    low, high = (sums.increase[int(place)] for place in (values.argmin(), values.argmax()))
    if values.max() > values.min():
        # A ratio of what the least important layer leaves: its own error is 0, and that of the most
        # important one.
        above, span = sums.increase - low, high - low
        scaled, error = estimates.ratio(above, span), estimates.ratio_error(above, span)
        found = {"block": (scaled, error, None), **found}
    return [
        STATED[name].matrix(
            one[:, None],
            native=(native,),
            n=len(sizes),
            spread=spread[:, None],
            largest_share=None if share is None else share[:, None],
        )
        for name, (one, spread, share) in found.items()
    ]


def of_heads(sums: PassageSums) -> Matrix:
    """Importance of heads, in nats."""
    each, share = sums.of_gradients(sums.heads)
    values, spread = each.mean(-1), estimates.ratio_error(each, np.ones(each.shape[-1]))
    for one in (values, spread, share):
        one[~sums.with_heads] = np.nan
    return STATED["head_gate"].matrix(values, n=each.shape[-1], spread=spread, largest_share=share)


def facts(sums: PassageSums, modules: Sequence[str]) -> dict[str, Scalar]:
    """What leads, as far as passages tell."""
    layers = range(len(sums.taylor))
    ones = np.ones(len(sums.rows))
    named = [f"layer {layer}, {modules[at]}" for layer, at in np.argwhere(sums.modules)]
    heads = [f"layer {layer}, head {head}" for layer, head in np.argwhere(sums.with_heads)]
    of_blocks = sums.sizes[list(sums.bypassed)]
    return {
        "most_important": _leading(sums.of_gradients(sums.taylor)[0][sums.modules], ones, named),
        "most_important_block": _leading(
            sums.increase, of_blocks, [f"layer {layer}" for layer in layers]
        ),
        "most_important_head": _leading(
            sums.of_gradients(sums.heads)[0][sums.with_heads], ones, heads
        ),
    }


def _leading(totals: Floats, sizes: Floats, names: Sequence[str]) -> str | None:
    """The names of those that are not surely below the highest; None where all is 0, or nothing is
    there, as in a model without heads."""
    if not totals.any():
        return None
    flat = totals.reshape(len(names), -1)
    return leaders.listed([names[place] for place in leaders.of_ratios(flat, sizes)], FIRST)


def items(sums: PassageSums) -> list[dict[str, object]]:
    """Every passage's sums, for whoever compares two models on the same text."""
    increases = dict(zip(sums.bypassed, sums.increase.T.tolist(), strict=True))
    return [
        {
            "passage": row,
            "tokens": int(sums.tokens[place]),
            "bytes": int(sums.sizes[place]),
            "bits": float(sums.bits[place]),
            "taylor": sums.taylor[..., place].tolist(),
            "increase": increases.get(place),
        }
        for place, row in enumerate(sums.rows)
    ]
