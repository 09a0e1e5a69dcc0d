"""Drift.

How far fine-tuning, quantising or merging moved the weights of every module away from those of the
model's base: by how much, in how many places, and in how many directions.

**How to read it.** A row is a layer (a block, counted from 0), a column a module. W is a module's
weight matrix in the model, W₀ the one in its base, both as they are stored; fused projections are
split. Bright columns tell which kind of module was changed most, bright rows in which layers. Rank
of change is not defined for norm gains. Biases are told beside the figure as a fact, not in it.

**Relative change**, `relative_change` = `‖W − W₀‖ / ‖W₀‖`, with the Frobenius norm. How far the
matrix moved, measured by its own size: 0 where nothing changed, about 1.4 for two matrices that
have nothing in common. Fine-tuning usually stays well below 0.1. For gains of norms that are stored
as their distance from 1, the size is that of the gain itself.

**Changed weights**, `changed` = the share of elements that differ, after both were rounded to the
coarser of the two stored types. Values in blocks (GGUF's Q8_0 and others) are dequantised to
float32 first, so that both are rounded to the base's type: a weight counts as changed where what
the blocks give is another number of that type. Fine-tuning in 16 bits leaves many weights exactly
as they were, since small steps are rounded away; reinforcement learning has been seen to change
only 5 to 30% of weights. A model that is stored in float32 and in bfloat16, and was not trained in
between, has 0. Source: Mukherjee et al. 2025.

**Rank of change**, `rank_of_change` = `exp(−Σ p ln p) / min(m, n)` with `p = σ / Σσ`, and σ the
singular values of `W − W₀`, a matrix of m outputs and n inputs. Whether the change uses a few
directions (near 0) or all of them evenly (1), 0 where nothing changed. A low-rank adapter of rank r
that was merged stays below `r / min(m, n)`, as long as the type it was stored in is fine enough:
rounding spreads over all directions and raises it. Source: Roy & Vetterli 2007.

**Quantised copies.** W holds the values that are computed with, dequantised, so that W − W₀ is what
quantising moved. In the types Q8_0, Q5_0 and Q4_0, 32 neighbours in a row are stored as whole
multiples of one step, their largest absolute value divided by 127, 16 or 8. If rounding is all that
happened, and its errors lie evenly within a step, then `‖W − W₀‖²` is about `(31 / 12) Σ step²`, a
sum over blocks, for the largest of a block has no error. The square root over that of `Σ ‖W₀‖²` is
told as the change expected of rounding: a copy that moved further was made in another way, or of
other weights. Of other types, and of several at once, nothing is expected.

**Mixtures of experts.** Every expert is held against the expert of the same number. What is shown
is the mean over the experts of a block; a second matrix, `relative_change:max` and so on, has the
largest value among them.

**Which models.** Both have the same architecture and the same shape; other models have no drift,
and say so. The vocabulary may have grown: embeddings are compared over the rows that both have, and
the extra ones are counted. Their changes, and those of the final norm, stand among the facts.
Modules that only one of the two has are named there, and left out.

**What it does not tell.** How far weights moved is not how much a model's answers changed: a small
step in a direction that matters can do more than a large one elsewhere, and a change that leaves
what the model computes the same, as of heads that swap their places, is shown in full. It does not
tell what a tuning taught, nor which of its changes were needed for that. A base that is not the one
that the model was made from gives numbers all the same.

**Precision.** Differences are taken between the stored values and summed in float64. Where the two
are stored in different types, the coarser one's rounding is part of the relative change: about
0.0015 for bfloat16, 0.0002 for float16. The two types stand among the conditions.
"""

from __future__ import annotations

from atlas.entries.geometry import Geometry

VERSION = 1
TIER = "weights"
KINDS = ("decoder", "encoder")
PROTOCOL: dict[str, str | int | float | bool | None] = {}
NEEDS = ("base",)
FACTS = {
    "relative_change": "Relative change of all blocks together",
    "changed": "Share of their weights that differ from the base",
    "expected_relative_change": "",
    "moved_furthest": "",
    "only_in_tuned": "Modules only in this model",
    "only_in_base": "Modules only in its base",
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
