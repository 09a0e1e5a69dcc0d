"""Importance.

Which modules, heads and blocks a model's predictions depend on: by how much its loss would change
if they were taken away, estimated from gradients, and for whole blocks measured.

**How to read it.** A row is a layer (a block, counted from 0), a column a module, a head or the
whole block. Every model reads the same passages of the pinned corpus, cut at 128 tokens. L is the
loss of one passage: the mean of `−ln p(token)` over its tokens but the first, given those before. A
module θ is all of its weights, its biases among them; fused projections are split. What is high
here matters on ordinary text; it need not matter for a task that the corpus has none of.

**Importance**, `taylor` = `E Σ |gⱼ θⱼ|` over the weights θⱼ of a module, with `g = ∂L/∂θ` of one
passage and the mean E over passages, divided by the largest value in the model. To first order |gⱼ
θⱼ| is how much the loss changes when that one weight is set to 0. Every passage has a gradient of
its own, since gradients of several passages cancel where these pull in different directions. Large
modules have more weights to add up: an MLP usually stands above attention, and a norm with its few
gains low. Compare a module with the same one in other layers, and its column with those of other
models. Sources: Molchanov et al. 2019; Zhang et al. 2025.

**Importance per weight**, `taylor_per_weight` = `log₁₀ (E Σ |gⱼ θⱼ| / n)`, n the number of weights
of the module. The same, by the single weight: −6 is ten times −7. Norms stand high here: a gain
scales a whole channel.

**Gradient norm**, `grad_norm` = `‖G‖` with the Frobenius norm, G the gradient of the mean loss of
all passages. Where a first step of training on this corpus would push hardest.

**Relative gradient norm**, `grad_norm_relative` = `‖G‖ / ‖θ‖`. The same, measured by the module's
own size.

**Blocks**, `block_increase` = `E (L without the block − L)`, in bits per byte of text, and `block`,
the same scaled so that the least important block of the model has 0 and the most important 1. The
block is bypassed, as if it added nothing to the residual stream. Measured, not estimated, on every
fourth passage. Below 0 the model predicts better without the block. The first block often matters
far more than any other, and the last ones more than those in the middle.

**Heads**, `head_gate` = `E |∂L/∂ξ|`, where ξ multiplies what a head gives to the output projection,
and is 1. To first order how much the loss of a passage changes when that head is taken away; most
heads of a model have values near 0. Source: Michel, Levy & Neubig 2019.

**Precision.** The model runs, forwards and backwards, in the type that it is stored in; products of
gradients and weights are summed in float32 or better. Passages run one by one, so that nothing is
padded; blocks are bypassed for several passages at a time. In a mixture of experts, those that a
passage does not use add 0, and the sum is over all experts.
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
    "bits_per_byte": "Loss on the corpus, bits per byte",
    "most_important": "Most important module",
    "most_important_block": "Most important block",
    "most_important_head": "Most important head",
}
MATRICES: dict[str, dict[str, object]] = {
    "taylor": {
        "title": "Importance of modules",
        "unit": "share of the model's largest",
        "direction": "the loss depends on it more",
        "range": (0, 1),
        "leaders": "most_important",
    },
    "taylor_per_weight": {
        "title": "Importance per weight",
        "unit": "log₁₀ of nats",
        "direction": "the loss depends on a single weight more",
        "range": (None, None),
        "same_as": "taylor",
        "of_size": 1,
    },
    "grad_norm": {
        "title": "Gradient norm",
        "unit": "nats per unit of weight",
        "direction": "training here would push harder",
        "scale": "log",
        "range": (0, None),
    },
    "grad_norm_relative": {
        "title": "Relative gradient norm",
        "unit": "nats per unit of weight, over the weights' norm",
        "direction": "training here would push harder for its size",
        "scale": "log",
        "range": (0, None),
    },
    "block": {
        "title": "Importance of blocks",
        "unit": "share between the model's least and most important block",
        "direction": "the model loses more without the block",
        "range": (0, 1),
        "columns": ("block",),
        "when": "the blocks are not all alike",
        "n": None,
        "same_as": "block_increase",
        "of_size": "facts.bits_per_byte",
        "scaled_by": "block_increase",
    },
    "block_increase": {
        "title": "Loss without the block",
        "unit": "bits per byte above the whole model",
        "direction": "the model loses more without the block",
        "range": (None, None),
        "columns": ("block",),
        "n": None,
        "of_size": "facts.bits_per_byte",
        "leaders": "most_important_block",
    },
    "head_gate": {
        "title": "Importance of heads",
        "unit": "nats",
        "direction": "the loss depends on the head more",
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


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    About 52,000 tokens of the corpus: forwards and backwards, 6 operations a weight of the layers
    and 4 one of the head; on a fourth of them, half of a forward pass and a head for every layer;
    and a reduction of every weight for each of 448 passages. In memory are the model, 2 bytes a
    weight as most are stored, the mean gradient, 4 bytes for every weight of the layers where there
    is room for it, and the activations of one passage.
    """
    tokens, length, d, q = 5.2e4, 128, geometry.d_model, geometry.q
    inside, outside, total = geometry.weights
    patterns = 12 * geometry.layers * q * length
    backward = tokens * (6 * inside + 4 * outside + patterns) + 448 * 20 * inside
    without = tokens / 4 * (geometry.layers + 1) * (inside + 2 * outside)
    activations = length * geometry.layers * 4 * (8 * d + 10 * q + 4 * geometry.d_mlp)
    activations += 12 * geometry.layers * geometry.heads * length**2
    logits = 4 * 4 * length * geometry.vocabulary
    return backward + without, 2.1 * total + 4 * inside + activations + logits + 1.2e9
