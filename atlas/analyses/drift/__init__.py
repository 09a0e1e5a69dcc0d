r"""Drift.

How far fine-tuning, quantising or merging moved a model's weights away from those of its base: by
how much, in how many places, and in how many directions.

**How to read it.** A row is a layer, counted from 0; a column is a component. $W$ is a component's
weight matrix in this model and $W_0$ the one in its base, both as stored; fused projections are
split. Bright columns show which components changed most, bright rows in which layers. The rank of a
change is not defined for norm gains. Biases are not in the figure; they are reported beside it as a
fact.

**Relative change**, `relative_change`. How far the matrix moved, relative to its own size.

$$\text{relative change} = \frac{\lVert W - W_0 \rVert_F}{\lVert W_0 \rVert_F}$$

It is 0 where nothing changed, and about 1.4 for two matrices that have nothing in common.
Fine-tuning usually stays well below 0.1. For norm gains that are stored as their distance from 1,
the size is that of the gain itself.

**Changed weights**, `changed`. The share of weights that differ after both are rounded to the
coarser of the two stored types. Values stored in blocks (GGUF's Q8_0 and others) are first
dequantised to float32, so that both can be rounded to the base's type: a weight counts as changed
if its block gives a different number in that type. Fine-tuning in 16 bits leaves many weights
exactly as they were, because small steps are rounded away; reinforcement learning has been seen to
change only 5 to 30% of the weights. A model stored once in float32 and once in bfloat16, without
training in between, has 0. Source: Mukherjee et al. 2025.

**Rank of change**, `rank_of_change`. Whether the change uses a few directions (near 0) or all of
them evenly (1); 0 where nothing changed.

$$\text{rank of change} = \frac{1}{\min(m, n)} \exp \left( - \sum_i p_i \ln\, p_i \right)
\qquad p_i = \frac{\sigma_i}{\sum_j \sigma_j}$$

The $\sigma_i$ are the singular values of $W - W_0$, a matrix with $m$ outputs and $n$ inputs. A
merged low-rank adapter of rank $r$ stays below $r / \min(m, n)$ as long as it was stored in a fine
enough type: rounding spreads over all directions and raises the rank. Source: Roy & Vetterli 2007.

**Quantised copies.** Here, $W$ holds the dequantised values that the model computes with, so $W -
W_0$ is what quantising moved. In the types Q8_0, Q5_0 and Q4_0, 32 neighbours in a row are stored
as whole multiples of one step: their largest absolute value divided by 127, 16 or 8. If nothing but
rounding happened, and its errors are spread evenly within a step, then

$$\lVert W - W_0 \rVert_F^2 \approx \frac{31}{12} \sum_{\text{blocks}} \text{step}^2 ,$$

because the largest weight of a block has no error. The square root of this, divided by that of
$\sum \lVert W_0 \rVert_F^2$, is given as the change expected from rounding. A copy that moved
further was made in another way, or from other weights. There is no expectation for other types, or
for several types at once.

**Mixtures of experts.** Every expert is compared with the base's expert of the same number. The
figure shows the mean over a layer's experts; a second matrix (`relative_change:max` and so on) has
the largest value among them.

**Which models.** Both models have the same architecture and the same shape; for any others, drift
is not defined. The vocabulary may have grown: embeddings are compared over the rows that both have,
and extra rows are counted. Changes of the embeddings and of the final norm are given as facts.
Components that only one of the two has are named there and left out of the figure.

**What it does not tell.** How far the weights moved is not how much the model's answers changed: a
small step in a direction that matters can do more than a large one elsewhere. A change that leaves
the model's output the same, such as two heads swapping places, shows in full. Drift does not say
what fine-tuning taught, or which of its changes were needed for that. It also gives numbers for a
base that the model was not made from.

**Precision.** Differences are taken between the stored values and summed in float64. Where the two
models are stored in different types, the relative change includes the rounding of the coarser one:
about 0.0015 for bfloat16 and 0.0002 for float16. Both types are listed among the conditions.
"""

from __future__ import annotations

from atlas.entries.geometry import Geometry

VERSION = 1
TIER = "weights"
KINDS = ("decoder", "encoder")
PROTOCOL: dict[str, str | int | float | bool | None] = {}
NEEDS = ("base",)
FACTS = {
    "relative_change": "Relative change of all blocks",
    "changed": "Share of their weights that changed",
    "expected_relative_change": "",
    "moved_furthest": "",
    "only_in_tuned": "Components only in this model",
    "only_in_base": "Components only in its base",
    "embedding_relative_change": "Relative change of the embedding",
    "embedding_changed": "",
    "unembedding_relative_change": "Relative change of the unembedding",
    "unembedding_changed": "",
    "final_norm_relative_change": "",
    "final_norm_changed": "",
}
MATRICES: dict[str, dict[str, object]] = {
    "relative_change": {
        "title": "Relative change of the weights",
        "unit": "relative to the base's norm",
        "direction": "further from the base",
        "scale": "log",
        "range": (0, None),
    },
    "changed": {
        "title": "Changed weights",
        "unit": "share of the weights",
        "direction": "more weights differ from the base",
        "range": (0, 1),
    },
    "rank_of_change": {
        "title": "Rank of the change",
        "unit": "share of full rank",
        "direction": "change spread over more directions",
        "range": (0, 1),
    },
}
MATRICES = {name: {"axes": ("layer", "module"), **one} for name, one in MATRICES.items()}
MATRICES |= {
    f"{name}:max": {
        **one,
        "title": f"{one['title']}, largest among experts",
        "columns": ("mlp.up", "mlp.gate", "mlp.down"),
        "lacking": ("mlp.up", "mlp.gate", "mlp.down"),
        "when": "the model is a mixture of experts",
    }
    for name, one in MATRICES.items()
}
REWORDED = {
    "share of the base's norm": "relative to the base's norm",
    "moved further from the base": "further from the base",
    "more weights changed": "more weights differ from the base",
    "the change uses more directions": "change spread over more directions",
}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    A matrix of short side n and long side m takes m n² for half a Gram matrix, 4/3 n³ for its
    eigenvalues, and little beside. In memory is a layer of either model, or later its embedding,
    with the difference of one matrix, and one Gram matrix three times over. Experts are read one by
    one.
    """
    operations = 0.0
    shapes = [sorted(sides) for *sides, _ in geometry.matrices]
    for (n, m), (*_, count) in zip(shapes, geometry.matrices, strict=True):
        operations += count * (m * n**2 + 4 / 3 * n**3 + 20 * m * n)
    gram = 3 * 8 * max(n for n, _ in shapes) ** 2
    largest = max(m * n for n, m in shapes)
    block = 2 * 4 * sum(m * n for n, m in shapes) + 4 * largest + gram
    embeddings = 2 * 4 * geometry.vocabulary * geometry.d_model
    return geometry.layers * operations, 5e8 + max(block, embeddings)
