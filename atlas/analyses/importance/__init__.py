"""Importance.

Which modules, heads and blocks a model's predictions depend on: for modules and heads how steeply
the loss of a text changes with their weights, from gradients; for whole blocks how much the loss
grows without them, which is measured.

**How to read it.** A row is a layer (a block, counted from 0), a column a module, a head or the
whole block. What is read are passages of a corpus, cut after at most 352 bytes at a word's end; the
first word is context and not scored. The atlas or a model's entry chooses the corpus (`pinned` by
default; reference models read `reference`), and all models on one corpus read the same text. L is
the loss of one passage: the mean of `−ln p(token)` over its scored tokens, given those before. A
module θ is all of its weights, its biases among them; fused projections are split. What is high
here matters on ordinary text; it need not matter for a task that the corpus has none of.

**Importance**, `taylor` = `E Σ |gⱼ θⱼ|` over the weights θⱼ of a module, with `g = ∂L/∂θ` of one
passage and the mean E over passages, divided by the largest value in the model. To first order |gⱼ
θⱼ| is by how much the loss changes when that one weight is set to 0. Their sum is no change of the
loss: a module's weights taken away together change it by something else, since what one adds
another takes away, and the loss is not linear. It says how much of the loss hangs on a module's
weights, one by one. Every passage has a gradient of its own, since gradients of several passages
cancel where these pull in different directions. Large modules have more weights to add up: an MLP
usually stands above attention, and a norm with its few gains low. Compare a module with the same
one in other layers, and its column with those of other models. The largest value is that of the
modules shown here, those of the layers; embedding, unembedding and final norm are not measured, and
a scale that includes them, as ADEPT's does (Zhang et al. 2025), has a maximum at least as large.
Unnormalised sums lie beside the profile, passage by passage (`importance.passages.json`). Sources:
Molchanov et al. 2019; Zhang et al. 2025.

**Importance per weight**, `taylor_per_weight` = `log₁₀ (E Σ |gⱼ θⱼ| / n)`, n the number of weights
of the module. The same, per weight: −6 is ten times −7. Norms stand high here: a gain scales a
whole channel.

**Gradient norm**, `grad_norm` = `‖G‖` with the Frobenius norm, G the gradient of the mean loss of
all passages. Where a first step of training on this corpus would push hardest.

**Relative gradient norm**, `grad_norm_relative` = `‖G‖ / ‖θ‖`. The same, measured by the module's
own size.

**Blocks**, `block_increase` = `Σ (bits without the block − bits) / Σ bytes`, sums over every fourth
passage, bits being `−log₂ p` of its scored tokens and bytes those of the text that these stand for;
and `block`, the same scaled so that the least important block of the model has 0 and the most
important 1. The block is bypassed, as if it added nothing to the residual stream. Measured, not
estimated. Below 0 the model predicts better without the block. The first block often matters far
more than any other, and the last ones more than those in the middle.

**Heads**, `head_gate` = `E |∂L/∂ξ|`, where ξ multiplies what a head gives to the output projection,
and is 1. To first order how much the loss of a passage changes when that head is taken away; most
heads of a model have values near 0. Source: Michel, Levy & Neubig 2019.

**Spread.** The standard error of a ratio of sums over passages, to first order. For `taylor` the
error is that of a module's ratio to the largest, which is 1 by definition and has no error. For
`block` the lowest and the highest are 0 and 1 by definition and have none either; the error of any
other block is already that of its difference from the lowest, relative to the span between the two.
Facts name whatever is not lower than the highest by more than two standard errors of the
difference, on the same passages. No error is given for gradient norms. The largest share that a
single passage has in a value (`largest_share`) is published beside it, and figures tell it above
20%; `block` and gradient norms have none.

**Two models on the same text** are compared paired over passages for `taylor` and `block_increase`,
since the sums of every passage are published (`importance.passages.json`): what a passage does to
both models cancels. Errors of all other differences between models are unpaired, as if each had
read a text of its own, and on the same text rather too wide. Where a model's estimator leaves out
passages (see Precision), all are unpaired.

**What it does not tell.** A module that the loss does not depend on, weight by weight, may still do
something: another may stand in for it. What gradients say holds for small changes of weights, not
for taking a module away. Values of `taylor` are shares of a model's own largest, so that a high one
in one model need not be more than a low one in another. Where the model predicts the text worse
than token frequencies do (`beats_frequencies`), what matters for that loss says nothing about it.

**Precision.** A model that is stored in bfloat16 or float16 runs in float32, forwards and
backwards, where that fits into memory: its weights are the same, and its gradients are not rounded
to 3 digits, which can make those of a single passage several times too large. Where it does not
fit, it runs as it is stored, losses in float16 multiplied so that small gradients stay above 0, and
E becomes a mean without the largest and the smallest tenth of the passages: another estimator,
which profiles name (`estimator`) and pages do not subtract from the first. On a processor a float16
model is float32 from the start where there is room. Products of gradients and weights are summed in
float32 or better. Passages run one by one, so that nothing is padded; blocks are bypassed for
several passages at a time. In a mixture of experts, those that a passage does not use add 0, and
the sum is over all experts.
"""

from __future__ import annotations

from atlas.entries.geometry import Geometry

VERSION = 2
TIER = "backward"
KINDS = ("decoder",)
PROTOCOL: dict[str, str | int] = {
    "corpus": "digest",
    "sequence": "one passage a row, BOS where the tokenizer has one, right padding",
    "bytes": 352,
    "scored": "tokens after the first word, without special ones and padding",
    "gradients": "of one passage at a time",
    "bypassed": "every fourth passage",
}
SHOWN = {"order": "mean", "beside": "block"}
FACTS = {
    "bits_per_byte": "Loss on the corpus in bits per byte",
    "bits_per_byte_by_frequency": "Bits per byte from token frequencies alone",
    "beats_frequencies": "Predicts the text better than token frequencies do",
    "most_important": "Most important modules",
    "most_important_block": "Most important blocks",
    "most_important_head": "Most important heads",
}
PARTS = ("passages",)
SIZES = {"passages": {"increase": "bits"}}
MATRICES: dict[str, dict[str, object]] = {
    "taylor": {
        "title": "Importance of modules",
        "unit": "relative to the model's maximum",
        "direction": "the loss depends more on the module",
        "range": (0, 1),
        "leaders": "most_important",
    },
    "taylor_per_weight": {
        "title": "Importance per weight",
        "unit": "log₁₀ of nats",
        "direction": "the loss depends more on a single weight",
        "range": (None, None),
        "same_as": "taylor",
        "of_size": 1,
    },
    "grad_norm": {
        "title": "Gradient norm",
        "unit": "nats per unit of weight",
        "direction": "a gradient step would move it further",
        "scale": "log",
        "range": (0, None),
    },
    "grad_norm_relative": {
        "title": "Relative gradient norm",
        "unit": "nats per unit of weight, divided by the weights' norm",
        "direction": "a gradient step would move it further, relative to its size",
        "scale": "log",
        "range": (0, None),
    },
    "block": {
        "title": "Importance of blocks",
        "unit": "on a scale from the least (0) to the most important block (1)",
        "direction": "the loss rises more without the block",
        "range": (0, 1),
        "columns": ("block",),
        "when": "the blocks are not all alike",
        "n": None,
        "same_as": "block_increase",
        "of_size": "facts.bits_per_byte",
        "scaled_by": "block_increase",
    },
    "block_increase": {
        "title": "Loss increase without the block",
        "unit": "bits per byte above the full model",
        "direction": "the loss rises more without the block",
        "range": (None, None),
        "columns": ("block",),
        "n": None,
        "of_size": "facts.bits_per_byte",
        "leaders": "most_important_block",
    },
    "head_gate": {
        "title": "Importance of heads",
        "unit": "nats",
        "direction": "the loss depends more on the head",
        "axes": ("layer", "head"),
        "scale": "log",
        "range": (0, None),
        "leaders": "most_important_head",
    },
}
MATRICES = {
    name: {"axes": ("layer", "module"), "n": "conditions.passages", **one}
    for name, one in MATRICES.items()
}
REWORDED = {
    "share of the model's largest": "relative to the model's maximum",
    "the loss depends on it more": "the loss depends more on the module",
    "the loss depends on a single weight more": "the loss depends more on a single weight",
    "training here would push harder": "a gradient step would move it further",
    "nats per unit of weight, over the weights' norm": (
        "nats per unit of weight, divided by the weights' norm"
    ),
    "training here would push harder for its size": (
        "a gradient step would move it further, relative to its size"
    ),
    "share between the model's least and most important block": (
        "on a scale from the least (0) to the most important block (1)"
    ),
    "the model loses more without the block": "the loss rises more without the block",
    "Loss without the block": "Loss increase without the block",
    "bits per byte above the whole model": "bits per byte above the full model",
    "the loss depends on the head more": "the loss depends more on the head",
}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    About 52,000 tokens of the corpus: forwards and backwards, 6 operations a weight of the layers
    and 4 one of the head; on a fourth of them, half of a forward pass and a head for every layer;
    and a reduction of every weight for each of 448 passages. In memory are the model in float32,
    the mean gradient, 4 bytes for every weight of the layers where there is room for it, and the
    activations of one passage. It runs with less: without that room in several runs, and as it is
    stored where float32 does not fit.
    """
    tokens, length, d, q = 5.2e4, 128, geometry.d_model, geometry.q
    inside, outside, total = geometry.weights
    patterns = 12 * geometry.layers * q * length
    backward = tokens * (6 * inside + 4 * outside + patterns) + 448 * 20 * inside
    without = tokens / 4 * (geometry.layers + 1) * (inside + 2 * outside)
    activations = length * geometry.layers * 4 * (8 * d + 10 * q + 4 * geometry.d_mlp)
    activations += 12 * geometry.layers * geometry.heads * length**2
    logits = 4 * 4 * length * geometry.vocabulary
    return backward + without, 4.2 * total + 4 * inside + activations + logits + 1.2e9
