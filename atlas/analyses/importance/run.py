"""Measures the analysis `importance`, which the package states."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from atlas.analyses.importance import MATRICES, layer_groups
from atlas.analyses.importance.backward import GradientSums
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import losses, observing, without_layers
from atlas.profiles import contract
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

EVERY = 4
"""Layers are bypassed on every fourth passage, `PROTOCOL["bypassed"]`."""

STATED = contract.read(MATRICES)
QUANTITIES = tuple(name for name, one in STATED.items() if one.axes[1] == "module")


def run(model: LiveModel, progress: Progress) -> Measured:
    """Measure every module, head and layer over the pinned corpus."""
    passages = observing.read(model)
    return measure(model, passages, progress)


def measure(
    model: LiveModel, passages: Sequence[Passage], progress: Progress, room: int | None = None
) -> Measured:
    """Measure every module, head and layer on these passages.

    `room`: bytes that mean gradients may take, half of what is free if unsaid. Where they hold
    fewer layers than the model has, the passages are run several times, for some layers each.
    """
    scored = [passage for passage in passages if passage.scored]
    some = scored[::EVERY]
    groups = layer_groups.layer_groups(model, room)
    total = len(groups) * len(scored) + len(some)

    def after(start: int) -> Progress:
        return lambda done, _: progress(start + done, total)

    found = [
        layer_groups.gather(model, scored, groups, number, after(number * len(scored)))
        for number in range(len(groups))
    ]
    held = without_layers.losses_without(model, some, after(len(groups) * len(scored)))
    return _measured(model, scored, some, found, held[1:] - held[0])


def _measured(
    model: LiveModel,
    scored: Sequence[Passage],
    some: Sequence[Passage],
    found: Sequence[GradientSums],
    increases: torch.Tensor,
) -> Measured:
    """The matrices and facts of what all runs gathered, and of the increase of each passage's loss
    without a layer, (layer, passage), in nats per token."""
    values = {
        **_of_modules(found),
        **_of_layers([losses.bits_per_byte(row, some) for row in increases.tolist()], model),
    }
    matrices = [_matrix(model, name, values, len(scored), len(some)) for name in QUANTITIES]
    gates = (found[0].heads / found[0].passages).numpy()
    heads = STATED["head_gate"].matrix(gates, n=len(scored))
    tokens = sum(passage.scored for passage in scored)
    held = {matrix.name: matrix for matrix in matrices if matrix is not None}
    return Measured(
        matrices=(*held.values(), heads),
        facts={
            "bits_per_byte": losses.bits_per_byte(found[0].losses, scored),
            "most_important": _highest(held["taylor"]),
            "most_important_block": _highest(held["block_increase"]),
            "most_important_head": _highest(heads),
        },
        conditions={"passages": len(scored), "tokens": tokens, **model.conditions},
    )


def _of_modules(found: Sequence[GradientSums]) -> dict[tuple[str, int, str], float | None]:
    """Name, layer, module -> value, of what gradients say; None where a divisor is 0."""
    first = found[0]
    largest = max(first.taylor.values())
    values: dict[tuple[str, int, str], float | None] = {}
    for (layer, module), elements in first.elements.items():
        total = first.taylor[layer, module]
        mean = total / first.passages / elements
        values["taylor", layer, module] = total / largest if largest else None
        values["taylor_per_weight", layer, module] = math.log10(mean) if mean else None
    for part in found:
        for (layer, module), weight in part.weight_square.items():
            norm = math.sqrt(part.square[layer, module])
            values["grad_norm", layer, module] = norm
            relative = norm / math.sqrt(weight) if weight else None
            values["grad_norm_relative", layer, module] = relative
    return values


def _of_layers(
    increases: Sequence[float], model: LiveModel
) -> dict[tuple[str, int, str], float | None]:
    """Name, layer, "block" -> value: on the page a whole layer is called a block.

    A model of one layer has no least and most important one.
    """
    values: dict[tuple[str, int, str], float | None] = {}
    least, most = min(increases), max(increases)
    for layer, increase in enumerate(increases):
        if not math.isfinite(increase):
            raise AtlasError(
                f"the loss without the block is {increase} above the whole model's",
                file=model.folder,
                place=f"layer {layer}",
                remedy="the weights are damaged, or their type is too narrow for this model",
            )
        values["block_increase", layer, "block"] = increase
        if most > least:
            values["block", layer, "block"] = (increase - least) / (most - least)
    return values


def _matrix(
    model: LiveModel,
    name: str,
    values: Mapping[tuple[str, int, str], float | None],
    passages: int,
    bypassed: int,
) -> Matrix | None:
    """The matrix of a quantity, None where the model has no value of it."""
    if (name, 0, next(iter(_columns(model, name)))) not in values:
        return None
    n = bypassed if name.startswith("block") else passages
    return STATED[name].by_module(values, model.geometry.layers, _columns(model, name), n)


def _columns(model: LiveModel, name: str) -> dict[str, str]:
    """Canonical and native names of what a quantity has columns for."""
    if name.startswith("block"):
        return {"block": f"{model.architecture.live_layers}.*"}
    return dict(model.architecture.native)


def _highest(matrix: Matrix) -> Scalar:
    """Where the largest value is: `layer 3, mlp.down`."""
    if not np.isfinite(matrix.values).any():
        return None
    layer, column = np.unravel_index(np.nanargmax(matrix.values), matrix.values.shape)
    what = matrix.columns[column]
    place = {"head": f", head {what}", "module": "" if what == "block" else f", {what}"}
    return f"layer {layer}{place[matrix.axes[1]]}"
