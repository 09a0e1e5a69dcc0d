"""Measures the analysis `weights`, which the package states."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch

from atlas.analyses.weights import MATRICES
from atlas.architectures.row import EXPERT_MODULES, NO_MAPS
from atlas.errors import AtlasError
from atlas.loaded import linalg, unfinished
from atlas.loaded.checkpoint import Checkpoint
from atlas.profiles import contract
from atlas.profiles.matrix import Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

# What follows a quantity's name where it is the largest among a layer's experts.
LARGEST = ":max"

Value = float | None
"""None where it cannot be defined."""

STATED = contract.read(MATRICES)
QUANTITIES = tuple(name for name in STATED if not name.endswith(LARGEST))


def run(checkpoint: Checkpoint, progress: Progress) -> Measured:
    """Measure every weight matrix of every layer, one layer in memory at a time; a layer that an
    interrupted run has measured is not measured again.

    Raises `AtlasError` for weights that are infinite or NaN, with layer and module.
    """
    layers = checkpoint.geometry.layers
    counts = [len(checkpoint.architecture.stored(layer)) for layer in range(layers)]
    found: dict[tuple[str, int, str], Value] = {}
    dtypes: set[str] = set()
    kept = unfinished.layers(checkpoint.unfinished)
    for layer in range(layers):
        held = kept.get(layer)
        if held is None:
            held = {"dtypes": [], "modules": []}
            for done, one in enumerate(_of_layer(checkpoint, layer, held["dtypes"]), 1):
                held["modules"].append(one)
                progress(sum(counts[:layer]) + done, sum(counts))
            kept.put(layer, held)
        dtypes |= {*held["dtypes"]}
        for module, per_expert in held["modules"]:
            for name, (mean, largest) in per_expert.items():
                found[name, layer, module] = mean
                found[f"{name}{LARGEST}", layer, module] = largest
    names = QUANTITIES if checkpoint.architecture.routing is None else tuple(STATED)
    native = checkpoint.architecture.native
    matrices = tuple(STATED[name].by_module(found, layers, native) for name in names)
    return Measured(
        matrices=matrices,
        facts=_facts(next(matrix for matrix in matrices if matrix.name == "alpha")),
        conditions={"stored_dtype": ", ".join(sorted(dtypes)), "device": "cpu"},
    )


def _of_layer(
    checkpoint: Checkpoint, layer: int, dtypes: list[str]
) -> Iterator[tuple[str, dict[str, tuple[Value, Value]]]]:
    """Of every module of a layer: each quantity's mean and largest value over its experts.

    Both are the value itself where there are no experts. One expert is in memory at a time.
    """
    modules = checkpoint.architecture.stored(layer)
    shared = [name for name in modules if name not in EXPERT_MODULES]
    held = checkpoint.layer(layer, shared)
    for module in shared:
        weight = held.pop(f"{module}.weight")
        dtypes.append(str(weight.dtype).removeprefix("torch."))
        values = dict(_quantities(checkpoint, layer, module, weight))
        yield module, {name: (value, value) for name, value in values.items()}
    lists: dict[str, dict[str, list[Value]]] = {}
    for expert in checkpoint.experts(layer):
        for module in (name for name in modules if name in EXPERT_MODULES):
            weight = expert.pop(f"{module}.weight")
            dtypes.append(str(weight.dtype).removeprefix("torch."))
            for name, value in _quantities(checkpoint, layer, module, weight):
                lists.setdefault(module, {}).setdefault(name, []).append(value)
    for module, quantities in lists.items():
        yield module, {name: _mean_and_largest(values) for name, values in quantities.items()}


def _mean_and_largest(values: list[Value]) -> tuple[Value, Value]:
    """Over the experts that have a value; None where none has."""
    known = [value for value in values if value is not None]
    return (math.fsum(known) / len(known), max(known)) if known else (None, None)


def measure(W: torch.Tensor) -> dict[str, float]:
    """Every quantity of one finite weight matrix (out, in) but `rms`, `kurtosis`, `outlier`."""
    eigenvalues = linalg.gram_eigenvalues(W)
    return {
        "spectral_norm": linalg.spectral_norm(eigenvalues),
        "stable_rank": linalg.stable_rank(eigenvalues),
        "effective_rank": linalg.effective_rank(eigenvalues),
        "alpha": linalg.tail_exponent(eigenvalues),
        "int8_error": linalg.rounding_error(W, 8),
        "int4_error": linalg.rounding_error(W, 4),
        "int4_g128": linalg.rounding_error(W, 4, group=128),
    }


def _quantities(
    checkpoint: Checkpoint, layer: int, module: str, weight: torch.Tensor
) -> Iterator[tuple[str, Value]]:
    """Names and values for one module's weight, None for what a finite weight gives no number of:
    a matrix of zeros has no tail. Of a norm's gain the rms alone."""
    # Gains of norms, a learned sink per head, a convolution's few taps, how fast states fade: not a
    # matrix that maps anything.
    is_matrix = weight.ndim == 2 and not module.startswith("norm") and module not in NO_MAPS
    if module.startswith("norm"):
        weight = weight.float() + checkpoint.architecture.row.norm.offset
    moments = linalg.moments(weight)
    if not math.isfinite(moments.rms):
        raise AtlasError(
            f"the weight holds values that are not finite (rms {moments.rms})",
            file=checkpoint.folder,
            place=f"layer {layer}, {module}",
            remedy="the weights are damaged: fetch or train them again",
        )
    yield "rms", moments.rms
    if is_matrix:
        measured = {"kurtosis": moments.kurtosis, "outlier": moments.outlier, **measure(weight)}
        yield from ((name, contract.defined(value)) for name, value in measured.items())


def _facts(alpha: Matrix) -> dict[str, Scalar]:
    """Of the tail exponents: their mean, and the share within the usual 2 to 6."""
    known = alpha.values[np.isfinite(alpha.values)]
    if not known.size:
        return {}
    usual = (known >= 2) & (known <= 6)
    return {"mean_alpha": float(known.mean()), "alpha_from_2_to_6": float(usual.mean())}
