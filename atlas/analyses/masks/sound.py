"""What of a profile of `masks` must agree with what; held by `profiles/soundness.py`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from atlas.analyses.masks import choosing
from atlas.analyses.masks.choosing import Floats, Mask
from atlas.passes import estimates

if TYPE_CHECKING:
    from atlas.profiles.profile_file import Profile

ROUNDING = 1e-3
"""What 4 digits of a passage's losses may move a mean, relative to the largest of them."""

LOOSELY = 1e-2
"""What they may move a standard error or a share, which are made of differences."""


def problems(profile: Profile) -> Iterator[str]:
    """Every matrix is of the same clusters, and the masks are those of the losses."""
    for matrix in profile.matrices:
        if matrix.rows != profile.matrices[0].rows:
            yield f"matrix {matrix.name!r} has other clusters than {profile.matrices[0].name!r}"
            return
    deltas = _blocks(profile, "delta")
    exists = ~np.isnan(deltas).all(axis=0)
    blocks = int(exists.sum())
    pruned = choosing.pruned_count(float(str(profile.protocol["sparsity"])), blocks)
    for key, value in (("pruned", pruned), ("blocks", blocks)):
        if profile.facts.get(key) != value:
            yield f"the fact {key} is {profile.facts.get(key)}, and {value} follow"
    mask = choosing.cheapest(deltas, pruned)
    if not np.array_equal(_blocks(profile, "mask"), np.where(exists, mask, np.nan), equal_nan=True):
        yield f"masks do not prune the {pruned} blocks whose loss in matrices 'delta' is smallest"
    yield from _certainty(_blocks(profile, "certainty")[:, exists], mask[:, exists], pruned)
    yield from _under_masks(profile)
    names = {matrix.name for matrix in profile.matrices}
    learned = profile.protocol["learned"]
    for where, has in (
        ("a matrix 'learned:attn'", "learned:attn" in names),
        ("a column 'learned' of losses", "learned" in profile.matrix("loss").columns),
    ):
        if has != bool(learned):
            told = "there is" if has else "there is not"
            yield f"the protocol says learned: {learned}, and {told} {where}"


def _certainty(certainty: Floats, mask: Mask, pruned: int) -> Iterator[str]:
    """Every draw prunes as many blocks as the mask does."""
    known = ~np.isnan(certainty).any(axis=1)
    drawn = np.where(mask, 1 - certainty, certainty)[known].sum(axis=1)
    off = np.abs(drawn - pruned) > ROUNDING * mask.shape[1]
    if off.any():
        yield f"matrices 'certainty' are of draws that prune {drawn[off][0]:.4g}, not {pruned}"


def _under_masks(profile: Profile) -> Iterator[str]:
    """Losses and perplexities are of the same masks; of one cluster they rise together."""
    loss, perplexity = profile.matrix("loss"), profile.matrix("perplexity")
    if loss.columns != perplexity.columns:
        yield "matrix 'perplexity' is of other masks than matrix 'loss'"
        return
    nats = np.log(perplexity.values)
    rows, most = np.arange(len(nats)), loss.values.argmax(axis=1)
    each = nats[rows, most] / loss.values[rows, most]  # nats per token of a bit per byte
    off = np.abs(loss.values * each[:, None] - nats) > ROUNDING * (1 + np.abs(nats))
    if off.any():
        yield "matrix 'perplexity' is not of the losses in matrix 'loss'"


def part_problems(profile: Profile, part: str, items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Clusters are the rows of the matrices; losses of passages are those that these are of."""
    yield from (_clusters if part == "clusters" else _losses)(profile, items)


def _clusters(profile: Profile, items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rows = profile.matrix("mask:attn").rows
    if [item["cluster"] for item in items] != list(range(len(rows))):
        yield f"{len(items)} clusters, not the {len(rows)} of the profile in their order"
        return
    for item, label in zip(items, rows, strict=True):
        if item["label"] != label:
            yield f"cluster {item['cluster']} is {item['label']!r} here, {label!r} in the profile"


def _losses(profile: Profile, items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    deltas = _blocks(profile, "delta")
    count, blocks = deltas.shape
    passages = [item["passage"] for item in items]
    if passages != sorted(set(passages)) or len(items) != profile.conditions.get("passages"):
        told = profile.conditions.get("passages")
        yield f"{len(items)} passages, not the {told} of the profile in their order"
    if sum(item["tokens"] for item in items) != profile.conditions.get("tokens"):
        yield f"their tokens are not the {profile.conditions.get('tokens')} of the profile"
    if wrong := [item for item in items if len(item["increase"]) != blocks]:
        told = f"has {len(wrong[0]['increase'])} blocks, and the profile {blocks}"
        yield f"passage {wrong[0]['passage']} {told}"
        return
    clusters = np.array([item["cluster"] for item in items])
    if set(clusters.tolist()) != set(range(count)):
        yield f"the clusters of its passages are not the {count} of the profile"
        return
    increase = np.array([item["increase"] for item in items], dtype=np.float64)
    sizes = np.array([item["bytes"] for item in items], dtype=np.float64)
    bits = increase.T * np.array([item["tokens"] / math.log(2) for item in items])
    for number in range(count):
        among = clusters == number
        rates = bits[:, among].sum(1) / sizes[among].sum()
        allowed = ROUNDING * np.abs(bits[:, among] / sizes[among]).max(1)
        off = np.abs(rates - deltas[number]) > allowed
        if off.any():
            block = int(off.argmax())
            told = f"{rates[block]:.4g}, not {deltas[number, block]:.4g} as in the profile"
            kind = ("attention", "MLP")[block % 2]
            yield f"cluster {number} loses {told}, without layer {block // 2}, {kind}"
        yield from _unsure(profile, number, bits[:, among], sizes[among])
    whole = sum(item["loss"] * item["tokens"] for item in items) / math.log(2) / sizes.sum()
    stated = profile.facts.get("bits_per_byte")
    if not isinstance(stated, (int, float)) or abs(whole - stated) > ROUNDING * whole:
        yield f"the whole model loses {whole:.4g} bits per byte, and the fact says {stated}"


def _unsure(profile: Profile, number: int, bits: Floats, sizes: Floats) -> Iterator[str]:
    """Standard errors and largest shares of a cluster's losses follow from its passages."""
    for key, made in (
        ("spread", estimates.ratio_error(bits, sizes)),
        ("largest_share", estimates.largest_share(bits)),
    ):
        held = _blocks(profile, "delta", key)[number]
        if not np.allclose(held, made, rtol=LOOSELY, atol=ROUNDING, equal_nan=True):
            yield f"{key} of the losses of cluster {number} does not follow from its passages"


def _blocks(profile: Profile, name: str, key: str = "values") -> Floats:
    """(cluster, block): attention and MLP of each layer in turn; NaN where a matrix lacks `key`."""
    held = [profile.matrix(f"{name}:{point}") for point in ("attn", "mlp")]
    both = [
        np.full(one.values.shape, np.nan) if getattr(one, key) is None else getattr(one, key)
        for one in held
    ]
    return np.stack(both, axis=2).reshape(len(both[0]), -1)
