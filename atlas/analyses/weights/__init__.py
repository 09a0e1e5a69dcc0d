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

**Stable rank**, `stable_rank` = `‖W‖² / σ₁²`. How many directions carry the matrix's energy,
counted in units of the strongest one; between 1 and min(m, n), whatever the matrix is scaled by. A
few dominant directions bring it near 1. A Gaussian 1536 × 1536 matrix has about 387.
Source: Rudelson & Vershynin 2007.

**Effective rank**, `effective_rank` = `exp(−Σ p ln p) / min(m, n)` with `p = σ / Σσ`. The entropy
of the singular values as a share of full rank: 1 when all of them are equal. It is sensitive to the
many small singular values, stable rank to the few large ones. A Gaussian 1536 × 1536 matrix has
0.80.
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
each group of 128 inputs of an output channel (`int4_g128`; the last group may be shorter). A weight
halfway between two levels goes to the even one; it would lose as much at the other. Outliers
stretch the step and raise the error. A Gaussian matrix of 4,096 inputs has 0.0087 at 8 bits and
0.157 at 4; one of 768 inputs 0.0077 and 0.139. `int4_error` and `int8_error` differ nearly
everywhere by a factor of about 127/7, that of their steps; only their overall size tells modules
apart.

**Mixtures of experts.** Every expert has matrices of its own, and each quantity is measured on
every one of them. What is shown is the mean over the experts of a block; a second matrix, `rms:max`
and so on, has the largest value among them.

**What it does not tell.** Nothing here has read a text. Which weights matter to an answer, what a
direction means and what rounding does to what a model says do not follow from how weights are
distributed; a module that is large, or of low rank, need not be an important one. Sizes also depend
on what stands around a matrix: a model remains the same when the gains of a norm are divided by
some numbers and the weights that read it multiplied by them, and its numbers here do not. Tail
exponents are fits, of few values in a small matrix, and no test that there is a power law at all.

**Precision.** The spectrum is that of the Gram matrix of the smaller side in float64; singular
values below a millionth of the largest count as zero. Everything else is computed in float32 or
better, whatever the stored type.
"""

from __future__ import annotations

from atlas.entries.geometry import Geometry

VERSION = 1
TIER = "weights"
KINDS = ("decoder", "encoder")
PROTOCOL: dict[str, str | int | float | bool | None] = {}
FACTS = {
    "alpha_from_2_to_6": "Share of matrices with α between 2 and 6, typical of trained ones",
}
MATRICES: dict[str, dict[str, object]] = {
    "rms": {
        "title": "Root mean square",
        "unit": "weight units",
        "direction": "larger weights",
        "scale": "log",
        "range": (0, None),
    },
    "spectral_norm": {
        "title": "Spectral norm",
        "unit": "largest singular value",
        "direction": "stretches some input further",
        "scale": "log",
        "range": (0, None),
    },
    "stable_rank": {
        "title": "Stable rank",
        "unit": "directions",
        "direction": "norm spread over more directions",
        "scale": "log",
        "range": (0, None),
    },
    "effective_rank": {
        "title": "Effective rank",
        "unit": "share of full rank",
        "direction": "more even singular values",
        "range": (0, 1),
    },
    "alpha": {
        "title": "Tail exponent α",
        "unit": "exponent",
        "direction": "spectrum with a lighter tail",
        "scale": "log",
        "range": (1, None),
    },
    "kurtosis": {
        "title": "Kurtosis of the weights",
        "unit": "kurtosis (Gaussian: 3)",
        "direction": "heavier tails",
        "scale": "log",
        "range": (1, None),
    },
    "outlier": {
        "title": "Largest weight",
        "unit": "× root mean square",
        "direction": "a more extreme largest weight",
        "scale": "log",
        "range": (1, None),
    },
    **{
        name: {
            "title": f"Rounding error at {how}",
            "unit": "relative to the weights' norm",
            "direction": "rounding loses more",
            "scale": "log",
            "range": (0, 1),
        }
        for name, how in {
            "int8_error": "8 bits",
            "int4_error": "4 bits",
            "int4_g128": "4 bits in groups of 128",
        }.items()
    },
}
MATRICES = {name: {"axes": ("layer", "module"), **one} for name, one in MATRICES.items()}
MATRICES |= {
    f"{name}:max": {
        **one,
        "title": f"{one['title']}, largest among experts",
        "columns": ("mlp.up", "mlp.gate", "mlp.down"),
        "lacking": ("mlp.gate",),
        "when": "the model is a mixture of experts",
    }
    for name, one in MATRICES.items()
}
REWORDED = {
    "weight": "weight units",
    "lengthens some vector more": "stretches some input further",
    "energy in more directions": "norm spread over more directions",
    "lighter tail of the spectrum": "spectrum with a lighter tail",
    "ratio (a Gaussian has 3)": "kurtosis (Gaussian: 3)",
    "multiple of the rms": "× root mean square",
    "larger outliers": "a more extreme largest weight",
    "share of the norm": "relative to the weights' norm",
    "more is lost by rounding": "rounding loses more",
}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    A matrix of short side n and long side m takes m n² for half a Gram matrix, 4/3 n³ for its
    eigenvalues, and little beside; at a time a layer is in memory as float32, with one Gram matrix
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
