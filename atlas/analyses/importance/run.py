"""Measures the analysis `importance`, which the package states."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from atlas.analyses.importance import layer_groups, matrices, trimming
from atlas.analyses.importance.backward import GradientSums
from atlas.analyses.importance.matrices import PassageSums
from atlas.errors import DAMAGED, AtlasError
from atlas.loaded import in_float32, loading
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import estimates, losses, observing, token_frequencies, without_layers
from atlas.passes.estimates import Floats
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

EVERY = 4
"""Layers are bypassed on every fourth passage, `PROTOCOL["bypassed"]`."""


def run(model: LiveModel, progress: Progress) -> Measured:
    """Measure every module, head and layer over the pinned corpus."""
    passages = observing.read(model)
    return measure(model, passages, progress)


def measure(
    model: LiveModel,
    passages: Sequence[Passage],
    progress: Progress,
    room: int | None = None,
    fits: bool | None = None,
) -> Measured:
    """Measure every module, head and layer on these passages.

    `room`: bytes that mean gradients may take, half of what is free if unsaid. Where they hold
    fewer layers than the model has, the passages are run several times, for some layers each.
    `fits`: whether a narrower model fits in float32, found out if unsaid.
    """
    with in_float32.where_it_fits(model, fits) as running:
        sums, found = _gathered(running, passages, progress, room)
    conditions: dict[str, Scalar] = {
        **observing.conditions(model, passages),
        "dtype": loading.dtype_name(running.dtype),
    }
    if sums.trimmed:
        conditions["estimator"] = trimming.named(loading.dtype_name(running.dtype))
    modules = _modules(model, found[0])
    return Measured(
        matrices=_matrices(model, sums, found, modules),
        facts={
            **token_frequencies.facts(
                float(estimates.ratio(sums.bits, sums.sizes)), passages, model.geometry.vocabulary
            ),
            **matrices.facts(sums, modules),
        },
        conditions=conditions,
        parts={"passages": matrices.items(sums)},
    )


def _gathered(
    model: LiveModel, passages: Sequence[Passage], progress: Progress, room: int | None
) -> tuple[PassageSums, list[GradientSums]]:
    """What passages gave, and what all runs gathered, the first of them everything."""
    rows = tuple(row for row, passage in enumerate(passages) if passage.scored)
    scored = [passages[row] for row in rows]
    some = scored[::EVERY]
    groups = layer_groups.layer_groups(model, room)
    total = len(groups) * len(scored) + len(some)

    def after(start: int) -> Progress:
        return lambda done, _: progress(start + done, total)

    found = [
        layer_groups.gather(model, scored, groups, number, after(number * len(scored)))
        for number in range(len(groups))
    ]
    held = without_layers.losses_without(model, some, after(len(groups) * len(scored))).numpy()
    first, modules = found[0], _modules(model, found[0])
    layers = range(model.geometry.layers)
    each = [[[one.get((at, name), 0.0) for name in modules] for at in layers] for one in first.each]
    increase = losses.in_bits(held[1:] - held[0], some)
    _require_finite(increase, model)
    sums = PassageSums(
        rows=rows,
        tokens=np.array([passage.scored for passage in scored], dtype=np.float64),
        sizes=np.array([passage.bytes for passage in scored], dtype=np.float64),
        bits=losses.in_bits(np.array(first.losses), scored),
        taylor=np.moveaxis(np.array(each), 0, -1),
        heads=np.stack([gate.numpy() for gate in first.gates], axis=-1),
        increase=increase,
        bypassed=tuple(range(0, len(scored), EVERY)),
        trimmed=model.dtype in in_float32.NARROW,
        exists=np.array([[(at, name) in first.elements for name in modules] for at in layers]),
        counts=model.architecture.heads,
    )
    return sums, found


def _modules(model: LiveModel, found: GradientSums) -> tuple[str, ...]:
    """The modules that have a column, in their order."""
    held = {name for _, name in found.elements}
    return tuple(name for name in model.architecture.native if name in held)


def _matrices(
    model: LiveModel, sums: PassageSums, found: Sequence[GradientSums], modules: Sequence[str]
) -> tuple[Matrix, ...]:
    """In the order of the page."""
    native = {name: model.architecture.native[name] for name in modules}
    keys = [[(layer, name) for name in modules] for layer in range(model.geometry.layers)]
    elements, squares, weights = (
        np.array([[store.get(key, 0.0) for key in row] for row in keys])
        for store in (
            dict(found[0].elements),
            {key: value for part in found for key, value in part.square.items()},
            {key: value for part in found for key, value in part.weight_square.items()},
        )
    )
    return (
        *matrices.of_gradients(sums, elements, native),
        *matrices.of_norms(sums, np.sqrt(squares), np.sqrt(weights), native),
        *matrices.of_layers(sums, f"{model.architecture.live_layers}.*"),
        *([matrices.of_heads(sums)] if sums.heads.shape[1] else []),
    )


def _require_finite(increase: Floats, model: LiveModel) -> None:
    for layer, bits in enumerate(increase.sum(-1).tolist()):
        if not math.isfinite(bits):
            raise AtlasError(
                f"the loss without the block is {bits} above the whole model's",
                file=model.folder,
                place=f"layer {layer}",
                remedy=DAMAGED,
            )
