r"""Weights.

What the weight matrices look like on their own, before the model reads any text: how large they
are, how many directions they use, how heavy their tails are, and how much they would lose if they
were rounded to 8 or 4 bits.

**How to read it.** A row is a layer, counted from 0; a column is a component, such as `attn.q` or
`mlp.down`. Compare a component with the same component in other layers first: components differ in
shape, and most of these numbers depend on it. Fused projections are split, so query, key and value
each have a column. Norms appear under root mean square only, with their gains. Below, $W$ is a
weight matrix with $m$ outputs and $n$ inputs, $\sigma_1 \ge \sigma_2 \ge \dots$ are its singular
values, and $\lambda_i = \sigma_i^2$ are the eigenvalues of $W^\top W$.

**Root mean square**, `rms`. The typical size of a weight.

$$\text{rms} = \frac{\lVert W \rVert_F}{\sqrt{m n}}$$

Layers that training hardly touched keep the size they were initialised with. For a norm, this is
the size of the gains that multiply the normalised input.

**Spectral norm**, `spectral_norm`. The most by which the matrix can stretch a vector: its largest
singular value, $\sigma_1$.

**Stable rank**, `stable_rank`. How many directions carry the matrix's norm, counted in units of the
strongest one.

$$\text{stable rank} = \frac{\lVert W \rVert_F^2}{\sigma_1^2}$$

It lies between 1 and $\min(m, n)$ and does not change when the matrix is rescaled. A few dominant
directions bring it close to 1; a Gaussian matrix of 1,536 × 1,536 has about 387. Source: Rudelson &
Vershynin 2007.

**Effective rank**, `effective_rank`. The entropy of the singular values, as a share of full rank: 1
if all of them are equal.

$$\text{effective rank} = \frac{1}{\min(m, n)} \exp \left( - \sum_i p_i \ln\, p_i \right)
\qquad p_i = \frac{\sigma_i}{\sum_j \sigma_j}$$

It responds to the many small singular values, whereas stable rank responds to the few large ones. A
Gaussian matrix of 1,536 × 1,536 has 0.80. Source: Roy & Vetterli 2007.

**Tail exponent**, `alpha`. The exponent of the power law that best fits the largest eigenvalues.

$$\alpha = 1 + \frac{k}{\sum_{i=1}^{k} \ln (\lambda_i / \lambda_{\text{min}})}$$

The sum runs over the $k$ eigenvalues from $\lambda_{\text{min}}$ upwards, and
$\lambda_{\text{min}}$ is chosen so that the fit has the smallest Kolmogorov–Smirnov distance to the
data. Trained matrices usually lie between 2 and 6, and a lower value means a heavier tail. A random
matrix has no power law, so its value means little: between 4 and 50 for Gaussian matrices. The fit
follows WeightWatcher's default. It needs a tail: in matrices with only a few rows it is noise, and
a matrix with fewer than two distinct positive eigenvalues has no value. Sources: Clauset, Shalizi &
Newman 2009; Martin & Mahoney 2021.

**Kurtosis**, `kurtosis`. How heavy the tails of the individual weights are: 3 for a Gaussian, 1.8
for a uniform distribution, with no upper bound.

$$\text{kurtosis} =
\frac{\operatorname{E} (w - \mu)^4}{(\operatorname{E} (w - \mu)^2)^2}
\qquad \mu = \operatorname{E} w$$

A matrix whose weights are all equal has none.

**Largest weight**, `outlier`. How far the largest weight stands out from a typical one; about 5 for
a Gaussian matrix of millions of weights.

$$\text{outlier} = \frac{\max \lvert w \rvert}{\text{rms}}$$

**Rounding error**, `int8_error`, `int4_error` and `int4_g128`. What is lost when every weight is
rounded to the nearest of $2^b - 1$ evenly spaced levels, symmetric about zero.

$$\text{error} = \frac{\lVert W - Q(W) \rVert_F}{\lVert W \rVert_F}
\qquad \text{step} = \frac{\max \lvert w \rvert}{2^{b-1} - 1}$$

There is one step per output channel (`int8_error`, `int4_error`) or per group of 128 inputs of an
output channel (`int4_g128`; the last group may be shorter). A weight halfway between two levels
goes to the even one. Outliers stretch the step and raise the error. A Gaussian matrix with 4,096
inputs has an error of 0.0087 at 8 bits and 0.157 at 4 bits; with 768 inputs, 0.0077 and 0.139.
`int4_error` and `int8_error` differ almost everywhere by a factor of about 127/7, the ratio of
their steps, so only their overall size tells components apart.

**Mixtures of experts.** Every expert has matrices of its own, and each quantity is measured on all
of them. The figure shows the mean over a layer's experts; a second matrix (`rms:max` and so on) has
the largest value among them.

**What it does not tell.** Nothing here has read a text. The distribution of the weights does not
say which weights matter to an answer, what a direction means, or how rounding changes what the
model says; a component that is large, or of low rank, need not be important. Sizes also depend on
what surrounds a matrix: dividing a norm's gains by some numbers and multiplying the weights that
read it by the same numbers leaves the model unchanged, but not the numbers shown here. Tail
exponents are fits, to few values in a small matrix, and do not test whether there is a power law at
all.

**Precision.** Spectra are computed from the Gram matrix of the smaller side in float64; singular
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
    "alpha_from_2_to_6": "Share of matrices with α from 2 to 6 (typical)",
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
