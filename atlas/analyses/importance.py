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

import math
from collections.abc import Mapping, Sequence

import numpy as np

from atlas import bypass, losses, streaming, sweeps
from atlas.analysis import Measured, Progress
from atlas.batches import Passage
from atlas.entry import Geometry
from atlas.errors import AtlasError
from atlas.gradients import Gathered
from atlas.matrix import Matrix, Scale, layer_by_module
from atlas.model import Model
from atlas.store import Scalar

VERSION = 1
TIER = "backward"
KINDS = ("decoder",)
FACTS = {
    "bits_per_byte": "Loss on the corpus, bits per byte",
    "most_important": "Most important module",
    "most_important_block": "Most important block",
    "most_important_head": "Most important head",
}
SHOWN = {"order": "mean", "beside": "block"}
PROTOCOL: dict[str, str | int] = {
    "corpus": "digest",
    "sequence": "one passage a row, BOS where the tokenizer has one, right padding",
    "length": 128,
    "scored": "all but padding, special tokens and the first position",
    "gradients": "of one passage at a time",
    "bypassed": "every fourth passage",
}

EVERY = 4
"""Blocks are bypassed on every fourth passage, `PROTOCOL["bypassed"]`."""

# name: title, unit, what a higher value means, scale, range
QUANTITIES: Mapping[str, tuple[str, str, str, Scale, tuple[float | None, float | None]]] = {
    "taylor": (
        "Importance of modules",
        "share of the model's largest",
        "the loss depends on it more",
        "linear",
        (0, 1),
    ),
    "taylor_per_weight": (
        "Importance per weight",
        "log₁₀ of nats",
        "the loss depends on a single weight more",
        "linear",
        (None, None),
    ),
    "grad_norm": (
        "Gradient norm",
        "nats per unit of weight",
        "training here would push harder",
        "log",
        (0, None),
    ),
    "grad_norm_relative": (
        "Relative gradient norm",
        "nats per unit of weight, over the weights' norm",
        "training here would push harder for its size",
        "log",
        (0, None),
    ),
    "block": (
        "Importance of blocks",
        "share between the model's least and most important block",
        "the model loses more without the block",
        "linear",
        (0, 1),
    ),
    "block_increase": (
        "Loss without the block",
        "bits per byte above the whole model",
        "the model loses more without the block",
        "linear",
        (None, None),
    ),
}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    About 52,000 tokens of the corpus: forwards and backwards, 6 operations a weight of the blocks
    and 4 one of the head; on a fourth of them, half of a forward pass and a head for every layer;
    and a reduction of every weight for each of 448 passages. In memory are the model, 2 bytes a
    weight as most are stored, the mean gradient, 4 bytes for every weight of the blocks where there
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


def run(model: Model, progress: Progress) -> Measured:
    """Measure every module, head and block over the pinned corpus."""
    passages = streaming.read(model, int(PROTOCOL["length"]))
    return measure(model, passages, progress)


def measure(
    model: Model, passages: Sequence[Passage], progress: Progress, room: int | None = None
) -> Measured:
    """Measure every module, head and block on these passages.

    `room`: bytes that mean gradients may take, half of what is free if unsaid. Where they hold
    fewer layers than the model has, the passages are run several times, for some layers each.
    """
    scored = [passage for passage in passages if passage.scored]
    some = scored[::EVERY]
    groups = sweeps.layer_groups(model, room)
    total = len(groups) * len(scored) + len(some)

    def after(start: int) -> Progress:
        return lambda done, _: progress(start + done, total)

    found = [
        sweeps.gather(model, scored, groups, number, after(number * len(scored)))
        for number in range(len(groups))
    ]
    held = bypass.losses_without(model, some, after(len(groups) * len(scored)))
    return _measured(model, scored, some, found, (held[1:] - held[0]).mean(1).tolist())


def _measured(
    model: Model,
    scored: Sequence[Passage],
    some: Sequence[Passage],
    found: Sequence[Gathered],
    increases: Sequence[float],
) -> Measured:
    """The matrices and facts of what all runs gathered, and of each block's increase in nats."""
    values = {**_of_modules(found), **_of_blocks(increases, model, some)}
    matrices = [_matrix(model, name, values, len(scored), len(some)) for name in QUANTITIES]
    heads = _head_matrix(found[0], len(scored))
    tokens = sum(passage.scored for passage in scored)
    loss = found[0].loss / len(scored)
    held = {matrix.name: matrix for matrix in matrices if matrix is not None}
    return Measured(
        matrices=(*held.values(), heads),
        facts={
            "bits_per_byte": losses.bits_per_byte(loss, model.tokenizer, scored),
            "most_important": _highest(held["taylor"]),
            "most_important_block": _highest(held["block_increase"]),
            "most_important_head": _highest(heads),
        },
        conditions={"passages": len(scored), "tokens": tokens, **model.conditions},
    )


def _of_modules(found: Sequence[Gathered]) -> dict[tuple[str, int, str], float]:
    """Name, layer, module -> value, of what gradients say."""
    first = found[0]
    largest = max(first.taylor.values())
    values: dict[tuple[str, int, str], float] = {}
    for (layer, module), elements in first.elements.items():
        total = first.taylor[layer, module]
        mean = total / first.passages / elements
        values["taylor", layer, module] = total / largest if largest else math.nan
        values["taylor_per_weight", layer, module] = math.log10(mean) if mean else math.nan
    for part in found:
        for (layer, module), weight in part.weight_square.items():
            norm = math.sqrt(part.square[layer, module])
            values["grad_norm", layer, module] = norm
            relative = norm / math.sqrt(weight) if weight else math.nan
            values["grad_norm_relative", layer, module] = relative
    return values


def _of_blocks(
    increases: Sequence[float], model: Model, passages: Sequence[Passage]
) -> dict[tuple[str, int, str], float]:
    """Name, layer, "block" -> value; a model of one layer has no least and most important one."""
    values: dict[tuple[str, int, str], float] = {}
    least, most = min(increases), max(increases)
    for layer, increase in enumerate(increases):
        if not math.isfinite(increase):
            raise AtlasError(
                f"the loss without the block is {increase} above the whole model's",
                file=model.folder,
                place=f"layer {layer}",
                remedy="the weights are damaged, or their type is too narrow for this model",
            )
        bits = losses.bits_per_byte(increase, model.tokenizer, passages)
        values["block_increase", layer, "block"] = bits
        if most > least:
            values["block", layer, "block"] = (increase - least) / (most - least)
    return values


def _matrix(
    model: Model,
    name: str,
    values: Mapping[tuple[str, int, str], float],
    passages: int,
    bypassed: int,
) -> Matrix | None:
    """The matrix of a quantity, None where the model has no value of it."""
    if (name, 0, next(iter(_columns(model, name)))) not in values:
        return None
    title, unit, direction, scale, bounds = QUANTITIES[name]
    return layer_by_module(
        name,
        values,
        model.geometry.layers,
        _columns(model, name),
        title=title,
        unit=unit,
        direction=direction,
        scale=scale,
        bounds=bounds,
        n=bypassed if name.startswith("block") else passages,
    )


def _columns(model: Model, name: str) -> dict[str, str]:
    """Canonical and native names of what a quantity has columns for."""
    if name.startswith("block"):
        return {"block": f"{model.architecture.live_blocks}.*"}
    return dict(model.architecture.native)


def _head_matrix(found: Gathered, passages: int) -> Matrix:
    layers, heads = found.heads.shape
    return Matrix(
        name="head_gate",
        title="Importance of heads",
        unit="nats",
        kind="sequential",
        axes=("layer", "head"),
        rows=tuple(str(layer) for layer in range(layers)),
        columns=tuple(str(head) for head in range(heads)),
        values=(found.heads / found.passages).numpy(),
        direction="the loss depends on the head more",
        scale="log",
        range=(0, None),
        n=passages,
    )


def _highest(matrix: Matrix) -> Scalar:
    """Where the largest value is: `layer 3, mlp.down`."""
    if not np.isfinite(matrix.values).any():
        return None
    layer, column = np.unravel_index(np.nanargmax(matrix.values), matrix.values.shape)
    what = matrix.columns[column]
    place = {"head": f", head {what}", "module": "" if what == "block" else f", {what}"}
    return f"layer {layer}{place[matrix.axes[1]]}"
