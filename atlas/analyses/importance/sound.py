"""What of a profile of `importance` must agree with what; held by `profiles/soundness.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from atlas.analyses.importance import trimming
from atlas.passes import estimates
from atlas.passes.estimates import Floats

if TYPE_CHECKING:
    from atlas.profiles.profile_file import Profile

ROUNDING = 1e-3
"""What 4 digits of the increases may move a share of their range."""


def problems(profile: Profile) -> Iterator[str]:
    """The largest importance is 1, and that of blocks is their increase of the loss, scaled."""
    taylor = profile.matrix("taylor")
    if np.isfinite(taylor.values).any() and abs(np.nanmax(taylor.values) - 1) > ROUNDING:
        yield f"the largest value of matrix 'taylor' is {np.nanmax(taylor.values):.4g}, not 1"
    names = {matrix.name for matrix in profile.matrices}
    increase = profile.matrix("block_increase").values
    span = float(increase.max() - increase.min())
    if "block" in names:
        scaled = (increase - increase.min()) / span if span else increase * np.nan
        allowed = ROUNDING * (1 + float(np.abs(increase).max()) / (span or 1))
        if not (np.abs(profile.matrix("block").values - scaled) <= allowed).all():
            yield "matrix 'block' is not matrix 'block_increase' scaled from 0 to 1"
    elif span:
        yield "matrix 'block' is missing, and blocks are not all alike"
    if "head_gate" not in names and any(one.startswith("attn.") for one in taylor.columns):
        yield "matrix 'head_gate' is missing, and layers have attention"


def part_problems(profile: Profile, part: str, items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Passages are those of the profile, and what they gave makes its matrices."""
    counts = {
        "passages": len(items),
        "tokens": sum(item["tokens"] for item in items),
        "scored_bytes": sum(item["bytes"] for item in items),
    }
    for key, count in counts.items():
        if count != profile.conditions.get(key):
            yield f"{key} are {count} here, {profile.conditions.get(key)} in the profile"
    places = [item["passage"] for item in items]
    if places != sorted(set(places)):
        yield "passages are not in their order"
    shape = profile.matrix("taylor").values.shape
    if {(len(item["taylor"]), *map(len, item["taylor"])) for item in items} != {
        (shape[0], *[shape[1]] * shape[0])
    }:
        yield f"sums are not those of {shape[0]} layers and {shape[1]} modules"
        return
    yield from _taylor(profile, items)
    yield from _blocks(profile, items)
    yield from _loss(profile, items)


def _taylor(profile: Profile, items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    sums = np.moveaxis(np.array([item["taylor"] for item in items], dtype=np.float64), 0, -1)
    if "estimator" in profile.conditions:
        sums = trimming.pseudo_values(sums)
    mean = sums.mean(-1)
    if mean.max() <= 0:
        return
    top = sums.reshape(-1, sums.shape[-1])[int(mean.argmax())]
    yield from _unlike(profile, "taylor", sums, top)


def _blocks(profile: Profile, items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    some = [item for item in items if item["increase"] is not None]
    layers = profile.matrix("block_increase").values.shape[0]
    if {len(item["increase"]) for item in some} != {layers}:
        yield f"increases of the loss are not those of {layers} layers"
        return
    bits = np.array([item["increase"] for item in some], dtype=np.float64).T
    sizes = np.array([item["bytes"] for item in some], dtype=np.float64)
    yield from _unlike(profile, "block_increase", bits[:, None], sizes)


def _unlike(profile: Profile, name: str, totals: Floats, sizes: Floats) -> Iterator[str]:
    """Where a matrix or its spread is not what sums over passages make."""
    matrix, found = profile.matrix(name), estimates.ratio(totals, sizes)
    size = estimates.ratio(np.abs(totals), np.abs(sizes))
    makes = {"value": (matrix.values, found)}
    if matrix.spread is not None and totals.shape[-1] > 1:
        makes["spread"] = (matrix.spread, estimates.ratio_error(totals, sizes))
    for what, (told, made) in makes.items():
        off = ~(np.abs(told - made) <= ROUNDING * (size + np.abs(made)))
        off &= ~(np.isnan(matrix.values) & ~matrix.is_undefined & (made == 0))
        if off.any():
            row, column = np.argwhere(off)[0]
            where = f"layer {matrix.rows[row]}, {matrix.columns[column]}"
            yield (
                f"matrix {name!r} has {what} {told[row, column]:.4g} at {where}, and passages make "
                f"{made[row, column]:.4g}"
            )


def _loss(profile: Profile, items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    made = sum(item["bits"] for item in items) / sum(item["bytes"] for item in items)
    told = profile.facts.get("bits_per_byte")
    if not isinstance(told, int | float) or abs(told - made) > ROUNDING * made:
        yield f"the fact bits_per_byte is {told}, and passages make {made:.4g}"
