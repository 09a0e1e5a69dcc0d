r"""Importance.

Which components, heads and layers a model's predictions depend on. For components and heads this is
estimated from gradients: how steeply the loss on a text changes with their weights. For whole
layers it is measured: how much the loss rises without them.

**How to read it.** A row is a layer, counted from 0; a column is a component or the whole layer. In
maps of heads, layers run across. The model reads passages of a corpus. Each passage is cut at the
end of a word after at most 352 UTF-8 bytes; its first word serves as context and is not scored. The
atlas or the model's entry chooses the corpus (`pinned` by default; reference models read
`reference`), and all models on one corpus read the same text. $L$ is the loss on one passage: the
mean of $-\ln\, p(\text{token})$ over its scored tokens, given those before. A component $\theta$
includes all of its weights and biases; fused projections are split. What matters here matters on
ordinary text; it need not matter for a task that the corpus does not contain.

**Importance**, `taylor`. How strongly the loss depends on the weights of a component, taken one
by one, divided by the largest value in the model.

$$\text{importance} = \frac{1}{\text{maximum}} \operatorname{E} \sum_j \lvert g_j \theta_j \rvert
\qquad g = \frac{\partial L}{\partial \theta}$$

The sum runs over the weights of the component and the mean $\operatorname{E}$ over passages. To
first order, $\lvert g_j \theta_j \rvert$ is how much the loss changes if that one weight is set to
0. The sum is not the change of the loss if all of them are removed: weights may compensate for one
another, and the loss is not linear. Each passage has a gradient of its own, because gradients of
several passages cancel where they pull in different directions. Large components have more weights
to add up, so an MLP usually ranks above attention, and norms, with their few gains, rank low.
Compare a component with the same component in other layers, and a column with the same column in
other models. The maximum is taken over the components shown here, which are those of the layers;
embedding, unembedding and final norm are not measured. A scale that includes them, such as ADEPT's
(Zhang et al. 2025), has a maximum at least as large. The sums before division are published passage
by passage (`importance.passages.json`). Sources: Molchanov et al. 2019; Zhang et al. 2025.

**Importance per weight**, `taylor_per_weight`. The same sum divided by the number $n$ of weights in
the component, as a logarithm: −6 is ten times −7.

$$\log_{10} \left( \frac{1}{n} \operatorname{E} \sum_j \lvert g_j \theta_j \rvert \right)$$

Norms rank high here, since a gain scales a whole channel.

**Gradient norm**, `grad_norm`. Where a first training step on this corpus would push hardest: the
Frobenius norm $\lVert G \rVert_F$ of the gradient of the mean loss over all passages.

**Relative gradient norm**, `grad_norm_relative`. The same, relative to the component's own size:
$\lVert G \rVert_F / \lVert \theta \rVert_F$.

**Layers**, `block_increase` and `block`. How much the loss rises if the layer is bypassed, as if it
added nothing to the residual stream. This is measured, not estimated.

$$\text{increase} = \frac{\sum (\text{bits without the layer} - \text{bits})}{\sum \text{bytes}}$$

Both sums run over every fourth passage; bits are $-\log_2 p$ of its scored tokens, and bytes are
those of the text they stand for. Below 0, the model predicts better without the layer. `block` is
the same on a scale from the least important layer of the model (0) to the most important one (1).
The first layer often matters far more than any other, and the last layers more than those in the
middle.

**Heads**, `head_gate`. To first order, how much the loss on a passage changes if the head is
removed.

$$\text{importance} = \operatorname{E} \left\lvert \frac{\partial L}{\partial \xi} \right\rvert$$

The gate $\xi$, which equals 1, multiplies what the head passes to the output projection. Most heads
of a model have values near 0. Source: Michel, Levy & Neubig 2019.

**How sure it is.** Values come with the standard error of a ratio of sums over passages, to first
order. For `taylor`, this is the error of a component's ratio to the largest, which is 1 by
definition and has no error. For `block`, the lowest and the highest value are 0 and 1 by definition
and have none either; the error of any other layer is already that of its difference from the
lowest, relative to the span between the two. The facts name everything that is not below the
highest by more than two standard errors of the difference, on the same passages. Gradient norms
have no error. The largest share of a value that comes from a single passage (`largest_share`) is
published with it, and figures report it above 20%; `block` and gradient norms have none.

**Two models on the same text.** They are compared passage by passage for `taylor` and
`block_increase`, since the sums of every passage are published (`importance.passages.json`): what a
passage does to both models cancels. For all other quantities, the errors of two models are combined
as if each had read a text of its own, which on the same text is rather too wide. The same holds for
all quantities if a model's estimator leaves out passages (see Precision).

**What it does not tell.** A component on which the loss does not depend, weight by weight, may
still do something: another may stand in for it. Gradients describe small changes of the weights,
not the removal of a component. Values of `taylor` are relative to a model's own maximum, so a high
value in one model need not be more than a low value in another. Where the model predicts the text
worse than token frequencies do (`beats_frequencies`), what matters for that loss says nothing about
the model.

**Precision.** A model stored in bfloat16 or float16 runs in float32, forwards and backwards, if
that fits into memory: its weights are the same, and its gradients are not rounded to 3 digits,
which can make those of a single passage several times too large. If float32 does not fit, the model
runs as stored, with losses in float16 scaled up so that small gradients stay above 0, and
$\operatorname{E}$ becomes a mean without the largest and the smallest tenth of the passages. This
is a different estimator, which profiles name (`estimator`) and pages never subtract from the first.
On a CPU, a float16 model is float32 from the start if there is room. Products of gradients and
weights are summed in float32 or better. Passages run one by one, so nothing is padded; layers are
bypassed for several passages at a time. In a mixture, experts that a passage does not use add 0,
and the sum is over all experts.
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
    "bits_per_byte": "Loss in bits per byte",
    "bits_per_byte_by_frequency": "Bits per byte from token frequencies alone",
    "beats_frequencies": "Predicts the text better than token frequencies do",
    "most_important": "Most important components",
    "most_important_block": "Most important layers",
    "most_important_head": "Most important heads",
}
PARTS = ("passages",)
SIZES = {"passages": {"increase": "bits"}}
MATRICES: dict[str, dict[str, object]] = {
    "taylor": {
        "title": "Importance of components",
        "unit": "relative to the model's maximum",
        "direction": "the loss depends more on the component",
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
        "title": "Importance of layers",
        "unit": "on a scale from the least (0) to the most important layer (1)",
        "direction": "the loss rises more without the layer",
        "range": (0, 1),
        "columns": ("block",),
        "when": "the layers are not all alike",
        "n": None,
        "same_as": "block_increase",
        "of_size": "facts.bits_per_byte",
        "scaled_by": "block_increase",
    },
    "block_increase": {
        "title": "Loss increase without the layer",
        "unit": "bits per byte above the full model",
        "direction": "the loss rises more without the layer",
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
        "when": "a layer has heads",
        "leaders": "most_important_head",
    },
}
MATRICES = {
    name: {"axes": ("layer", "module"), "n": "conditions.passages", **one}
    for name, one in MATRICES.items()
}
REWORDED = {
    "Importance of modules": "Importance of components",
    "share of the model's largest": "relative to the model's maximum",
    "the loss depends on it more": "the loss depends more on the component",
    "the loss depends on a single weight more": "the loss depends more on a single weight",
    "training here would push harder": "a gradient step would move it further",
    "nats per unit of weight, over the weights' norm": (
        "nats per unit of weight, divided by the weights' norm"
    ),
    "training here would push harder for its size": (
        "a gradient step would move it further, relative to its size"
    ),
    "Importance of blocks": "Importance of layers",
    "share between the model's least and most important block": (
        "on a scale from the least (0) to the most important layer (1)"
    ),
    "the model loses more without the block": "the loss rises more without the layer",
    "Loss without the block": "Loss increase without the layer",
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
