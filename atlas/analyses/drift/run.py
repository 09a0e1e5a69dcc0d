"""Measures the analysis `drift`, which the package states."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from atlas.analyses.drift import MATRICES, paired_checkpoints, rounding
from atlas.analyses.drift.paired_checkpoints import PairedModule
from atlas.analyses.drift.tensor_change import Difference, difference, rank_of_change
from atlas.architectures.row import NO_MAPS, OUTSIDE
from atlas.errors import AtlasError
from atlas.loaded.checkpoint import Checkpoint
from atlas.profiles import contract
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

# What follows a quantity's name where it is the largest among a layer's experts.
LARGEST = ":max"

STATED = contract.read(MATRICES)
QUANTITIES = tuple(name for name in STATED if not name.endswith(LARGEST))


def run(checkpoint: Checkpoint, base: Checkpoint, progress: Progress) -> Measured:
    """Compare every weight of every layer with the base's, one layer of either in memory.

    Raises `AtlasError` for models of different architecture or shape, and for weights that are
    infinite or NaN, with layer and module.
    """
    paired_checkpoints.require_alike(checkpoint, base)
    layers = checkpoint.geometry.layers
    modules = paired_checkpoints.shared_modules(checkpoint, base)
    steps = rounding.steps(checkpoint, base)
    each = [len({*modules} & {*checkpoint.architecture.stored(at)}) for at in range(layers)]
    found: dict[tuple[str, int, str], float | None] = {}
    weights, biases = Difference(), Difference()
    for layer in range(layers):
        compared = _of_layer(checkpoint, base, layer, modules, steps)
        for done, (module, pairs, bias) in enumerate(compared, 1):
            for name, (mean, largest) in _quantities(pairs).items():
                found[name, layer, module] = mean
                found[f"{name}{LARGEST}", layer, module] = largest
            weights = sum((pair for pair, _ in pairs), weights)
            biases += bias
            progress(sum(each[:layer]) + done, sum(each) + 1)
    outside = _outside(checkpoint, base)
    progress(1, 1)
    names = QUANTITIES if checkpoint.architecture.routing is None else tuple(STATED)
    native = {module: checkpoint.architecture.native[module] for module in modules}
    matrices = tuple(STATED[name].by_module(found, layers, native) for name in names)
    return Measured(
        matrices=matrices,
        facts={
            **_facts(matrices[0], weights, biases),
            **outside,
            **paired_checkpoints.only(checkpoint, base),
        },
        conditions={
            "stored_dtype": _stored(checkpoint),
            "base_dtype": _stored(base),
            "device": "cpu",
        },
    )


Pair = tuple[Difference, float | None]
"""What changed in one weight, and the rank of the change, None where the weight is not a matrix."""


def _of_layer(
    checkpoint: Checkpoint,
    base: Checkpoint,
    layer: int,
    modules: tuple[str, ...],
    steps: int | None,
) -> Iterator[tuple[str, list[Pair], Difference]]:
    """Of every module of a layer: what changed in its weight, of each expert, and in its biases.

    `steps`: those of the blocks that all matrices are stored in, None where there are no such.
    """
    pairs: dict[str, list[Pair]] = {name: [] for name in modules}
    biases = dict.fromkeys(modules, Difference())
    for paired in paired_checkpoints.modules_of(checkpoint, base, layer, modules):
        module = paired.module
        pairs[module].append(_compared(checkpoint, layer, paired, steps))
        biases[module] += paired.bias_difference()
        if paired.last:
            yield module, pairs[module], biases[module]


def _compared(checkpoint: Checkpoint, layer: int, paired: PairedModule, steps: int | None) -> Pair:
    """What changed in one module's weight, or that of one expert."""
    is_norm = paired.module.startswith("norm")
    offset = checkpoint.architecture.row.norm.offset if is_norm else 0.0
    new, old = paired.weights
    found = difference(new, old, offset)
    _require_finite(found, checkpoint, f"layer {layer}, {paired.module}")
    is_matrix = new.ndim == 2 and not is_norm and paired.module not in NO_MAPS
    if is_matrix and steps is not None:
        found = replace(found, expected=rounding.expected_square(old, steps))
    return found, rank_of_change(new, old, found) if is_matrix else None


def _require_finite(found: Difference, checkpoint: Checkpoint, place: str) -> None:
    if not math.isfinite(found.square + found.base_square):
        raise AtlasError(
            "a weight of this model, or of its base, is infinite or not a number",
            file=checkpoint.folder,
            place=place,
            remedy="the weights are damaged: fetch or train them again",
        )


def _quantities(pairs: list[Pair]) -> dict[str, tuple[float | None, float | None]]:
    """Each quantity's mean and largest value over the experts; both the value where it is one."""
    values = {
        "relative_change": [pair.relative_change for pair, _ in pairs],
        "changed": [pair.changed for pair, _ in pairs],
        "rank_of_change": [rank for _, rank in pairs if rank is not None],
    }
    return {name: _mean_and_largest(each) for name, each in values.items() if each}


def _mean_and_largest(values: list[float]) -> tuple[float | None, float | None]:
    """Over those that have a value, for all are of finite weights; None where none has."""
    known = [value for value in values if math.isfinite(value)]
    return (math.fsum(known) / len(known), max(known)) if known else (None, None)


def _outside(checkpoint: Checkpoint, base: Checkpoint) -> dict[str, Scalar]:
    """What changed outside the layers, over the rows that both have, and rows that one lacks."""
    facts: dict[str, Scalar] = {}
    for module in OUTSIDE:
        new, old = checkpoint.outside(module).get("weight"), base.outside(module).get("weight")
        if new is None or old is None or new.shape[1:] != old.shape[1:]:
            continue
        rows = min(len(new), len(old))
        offset = checkpoint.architecture.row.norm.offset if "norm" in module else 0.0
        found = difference(new[:rows], old[:rows], offset)
        _require_finite(found, checkpoint, module)
        facts[f"{module}_relative_change"] = found.relative_change
        facts[f"{module}_changed"] = found.changed
        if len(new) != len(old):
            facts[f"{module}_extra_rows"] = len(new) - len(old)
    return facts


def _facts(relative: Matrix, weights: Difference, biases: Difference) -> dict[str, Scalar]:
    """Of all layers together, and the module that moved furthest."""
    facts: dict[str, Scalar] = {
        "relative_change": weights.relative_change,
        "changed": weights.changed,
    }
    if weights.expected:
        facts["expected_relative_change"] = math.sqrt(weights.expected / weights.base_square)
    if np.nanmax(relative.values, initial=0.0) > 0:
        layer, column = np.unravel_index(np.nanargmax(relative.values), relative.values.shape)
        facts["moved_furthest"] = f"layer {layer}, {relative.columns[column]}"
    if biases.elements:
        facts["biases_relative_change"] = biases.relative_change
        facts["biases_changed"] = biases.changed
    return facts


def _stored(checkpoint: Checkpoint) -> str:
    """The types that weights are stored in, by name."""
    names = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
    held = {tensor.stored for tensor in checkpoint.tensors.values()}
    return ", ".join(sorted(names.get(dtype, dtype) for dtype in held))
