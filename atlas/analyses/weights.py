"""Weights.

What the weight matrices of every block look like by themselves, before any text is read: how large
they are, how many directions they use, how heavy their tails are, and how much they would lose if
they were rounded to 8 or 4 bits.

**How to read it.** A row is a layer (a block, counted from 0), a column a module. Compare a module
with the same module in other layers first: shapes, and with them most of these numbers, differ
between modules. Fused projections are split, so that query, key and value each have a column.
Gains of norms appear under root mean square alone. W is a weight matrix of m outputs and n inputs,
σ₁ ≥ σ₂ ≥ … are its singular values, λ = σ² the eigenvalues of WᵀW.

**Root mean square**, `rms` = `‖W‖ / √(m n)`, with the Frobenius norm. The typical size of a
weight. Layers that were hardly trained stay near the size they were initialised with. For a norm:
of the gains that multiply the normalised input.

**Spectral norm**, `spectral_norm` = `σ₁`. The most that the matrix can lengthen a vector.

**Stable rank**, `stable_rank` = `‖W‖² / σ₁²`. How many directions carry the matrix' energy, counted
in units of the strongest one; between 1 and min(m, n), whatever the matrix is scaled by. A few
dominant directions bring it near 1. A Gaussian 1536 × 1536 matrix has about 387.
Source: Rudelson & Vershynin 2007.

**Effective rank**, `effective_rank` = `exp(−Σ p ln p) / min(m, n)` with `p = σ / Σσ`. The entropy
of the singular values as a share of full rank: 1 when all of them are equal. It listens to the many
small singular values, stable rank to the few large ones. A Gaussian 1536 × 1536 matrix has 0.80.
Source: Roy & Vetterli 2007.

**Tail exponent**, `alpha` = `1 + k / Σ ln(λᵢ / λₘᵢₙ)` over the k eigenvalues from λₘᵢₙ up, where
λₘᵢₙ is the eigenvalue whose power law lies closest to its tail (smallest Kolmogorov-Smirnov
distance). Trained matrices usually have 2 to 6, and a lower value means a heavier tail; a random
matrix has no power law, and its value says little: between 4 and 50 for Gaussian ones. The fit is
that of WeightWatcher's default. It needs a tail: matrices of a few rows give noise, and a matrix
with fewer than two distinct positive eigenvalues has no value.
Sources: Clauset, Shalizi & Newman 2009; Martin & Mahoney 2021.

**Kurtosis**, `kurtosis` = `E(w − μ)⁴ / (E(w − μ)²)²` with `μ = E w`. How heavy the tails of the
single weights are: 3 for a Gaussian, 1.8 for a uniform distribution, no upper bound. A matrix of
equal weights has none.

**Largest weight**, `outlier` = `max|w| / rms`. How far the largest weight stands out; about 5 for a
Gaussian matrix of millions of weights.

**Rounding error**, `int8_error`, `int4_error` and `int4_g128` = `‖W − Q(W)‖ / ‖W‖`. What is lost
when every weight is rounded to the nearest of 2ᵇ − 1 evenly spaced levels, symmetric about zero,
with a step of `max|w| / (2ᵇ⁻¹ − 1)` for each output channel (`int8_error`, `int4_error`) or for
each group of 128 inputs of an output channel (`int4_g128`; the last group may be shorter). Outliers
stretch the step and raise it. A Gaussian matrix of 4,096 inputs has 0.0087 at 8 bits and 0.157 at
4; one of 768 inputs 0.0077 and 0.139. It says what plain rounding does to the weights, not what it
does to a model's answers.

**Mixtures of experts.** Every expert has matrices of its own, and each quantity is measured on
every one of them. What is shown is the mean over the experts of a block; a second matrix, `rms:max`
and so on, has the largest value among them.

**Precision.** The spectrum is that of the Gram matrix of the smaller side in float64; singular
values below a millionth of the largest count as zero. Everything else is computed in float32 or
better, whatever the stored type.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import torch

from atlas import linalg
from atlas.analysis import Measured, Progress
from atlas.checkpoint import Checkpoint
from atlas.entry import Geometry
from atlas.errors import AtlasError
from atlas.matrix import Matrix, Scale, layer_by_module
from atlas.rows import EXPERT_MODULES
from atlas.store import Scalar

VERSION = 1
TIER = "weights"
KINDS = ("decoder", "encoder")
FACTS = {
    "alpha_from_2_to_6": "Share with α from 2 to 6, as usual",
}
PROTOCOL: dict[str, Scalar] = {}

# What follows a quantity's name where it is the largest among a block's experts.
LARGEST = ":max"

# name: title, unit, what a higher value means, scale, range
QUANTITIES: Mapping[str, tuple[str, str, str, Scale, tuple[float | None, float | None]]] = {
    "rms": ("Root mean square", "weight", "larger weights", "log", (0, None)),
    "spectral_norm": (
        "Spectral norm",
        "largest singular value",
        "lengthens some vector more",
        "log",
        (0, None),
    ),
    "stable_rank": ("Stable rank", "directions", "energy in more directions", "log", (0, None)),
    "effective_rank": (
        "Effective rank",
        "share of full rank",
        "more even singular values",
        "linear",
        (0, 1),
    ),
    "alpha": ("Tail exponent α", "exponent", "lighter tail of the spectrum", "log", (1, None)),
    "kurtosis": (
        "Kurtosis of the weights",
        "ratio (a Gaussian has 3)",
        "heavier tails",
        "log",
        (1, None),
    ),
    "outlier": ("Largest weight", "multiple of the rms", "larger outliers", "log", (1, None)),
    "int8_error": (
        "Rounding error at 8 bits",
        "share of the norm",
        "more is lost by rounding",
        "log",
        (0, 1),
    ),
    "int4_error": (
        "Rounding error at 4 bits",
        "share of the norm",
        "more is lost by rounding",
        "log",
        (0, 1),
    ),
    "int4_g128": (
        "Rounding error at 4 bits in groups of 128",
        "share of the norm",
        "more is lost by rounding",
        "log",
        (0, 1),
    ),
}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    A matrix of short side n and long side m takes m n² for half a Gram matrix, 4/3 n³ for its
    eigenvalues, and little beside; at a time a block is in memory as float32, with one Gram matrix
    three times over, a chunk and what Python and torch take themselves. Experts are read one by
    one.
    """
    operations = 0.0
    shapes = [sorted(sides) for *sides, _ in geometry.matrices]
    for (n, m), (*_, count) in zip(shapes, geometry.matrices, strict=True):
        operations += count * (m * n**2 + 4 / 3 * n**3 + 40 * m * n + 15 * n**2)
    gram = 3 * 8 * max(n for n, _ in shapes) ** 2
    block = 4 * sum(m * n for n, m in shapes)
    return geometry.layers * operations, 5e8 + 1.4 * block + gram


def run(checkpoint: Checkpoint, progress: Progress) -> Measured:
    """Measure every weight matrix of every block, one block in memory at a time.

    Raises `AtlasError` for weights that are infinite or no numbers, with layer and module.
    """
    modules, layers = checkpoint.architecture.modules, checkpoint.geometry.layers
    found: dict[tuple[str, int, str], float] = {}
    dtypes: set[str] = set()
    for layer in range(layers):
        for done, (module, per_expert) in enumerate(_blockwise(checkpoint, layer, dtypes), 1):
            for name, (mean, largest) in per_expert.items():
                found[name, layer, module] = mean
                found[f"{name}{LARGEST}", layer, module] = largest
            progress(layer * len(modules) + done, layers * len(modules))
    names = list(QUANTITIES)
    if checkpoint.architecture.routing is not None:
        names += [f"{name}{LARGEST}" for name in QUANTITIES]
    matrices = tuple(_matrix(checkpoint, name, found) for name in names)
    return Measured(
        matrices=matrices,
        facts=_facts(next(matrix for matrix in matrices if matrix.name == "alpha")),
        conditions={"stored_dtype": ", ".join(sorted(dtypes)), "device": "cpu"},
    )


def _blockwise(
    checkpoint: Checkpoint, layer: int, dtypes: set[str]
) -> Iterator[tuple[str, dict[str, tuple[float, float]]]]:
    """Of every module of a block: each quantity's mean and largest value over its experts.

    Both are the value itself where there are no experts. One expert is in memory at a time.
    """
    modules = checkpoint.architecture.modules
    shared = [name for name in modules if name not in EXPERT_MODULES]
    block = checkpoint.block(layer, shared)
    for module in shared:
        weight = block.pop(f"{module}.weight")
        dtypes.add(str(weight.dtype).removeprefix("torch."))
        values = dict(_quantities(checkpoint, layer, module, weight))
        yield module, {name: (value, value) for name, value in values.items()}
    lists: dict[str, dict[str, list[float]]] = {}
    for expert in checkpoint.experts(layer):
        for module in (name for name in modules if name in EXPERT_MODULES):
            weight = expert.pop(f"{module}.weight")
            dtypes.add(str(weight.dtype).removeprefix("torch."))
            for name, value in _quantities(checkpoint, layer, module, weight):
                lists.setdefault(module, {}).setdefault(name, []).append(value)
    for module, quantities in lists.items():
        yield module, {name: _mean_and_largest(values) for name, values in quantities.items()}


def _mean_and_largest(values: list[float]) -> tuple[float, float]:
    """Over the experts that have a value; NaN where none has."""
    known = [value for value in values if math.isfinite(value)]
    return (math.fsum(known) / len(known), max(known)) if known else (math.nan, math.nan)


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
) -> Iterator[tuple[str, float]]:
    """Names and values for one module's weight; of a norm's gain the rms alone."""
    # Gains of norms, a learned sink per head: a few numbers, not a matrix that maps anything.
    is_matrix = weight.ndim == 2 and not module.startswith("norm")
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
        yield "kurtosis", moments.kurtosis
        yield "outlier", moments.outlier
        yield from measure(weight).items()


def _matrix(
    checkpoint: Checkpoint, name: str, found: Mapping[tuple[str, int, str], float]
) -> Matrix:
    quantity = name.removesuffix(LARGEST)
    title, unit, direction, scale, bounds = QUANTITIES[quantity]
    modules: tuple[str, ...] = checkpoint.architecture.modules
    if quantity != name:
        title = f"{title}, largest among experts"
        modules = tuple(module for module in modules if module in EXPERT_MODULES)
    native = checkpoint.architecture.native
    return layer_by_module(
        name,
        found,
        checkpoint.geometry.layers,
        {module: native[module] for module in modules},
        title=title,
        unit=unit,
        direction=direction,
        scale=scale,
        bounds=bounds,
    )


def _facts(alpha: Matrix) -> dict[str, Scalar]:
    """Of the tail exponents: their mean, and the share within the usual 2 to 6."""
    known = alpha.values[np.isfinite(alpha.values)]
    if not known.size:
        return {}
    usual = (known >= 2) & (known <= 6)
    return {"mean_alpha": float(known.mean()), "alpha_from_2_to_6": float(usual.mean())}
