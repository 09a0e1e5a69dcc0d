r"""Activations.

How large the outputs of the components are while the model reads, how unevenly they are spread over
channels, how far single values stand out, and how sparse the MLP's hidden units are.

**How to read it.** A row is a layer, counted from 0; a column is a component. Outputs of fused
projections are split, so query, key and value each have a column. The model reads passages of a
corpus. Each passage is cut at the end of a word after at most 352 UTF-8 bytes, and its first word
serves only as context. The atlas or the model's entry chooses the corpus (`pinned` by default;
reference models read `reference`), and all models on one corpus read the same text. Values are
taken at the tokens after the first word, without special tokens and padding. Below, $x$ is a
component's output at one position, with $n$ channels. Norms of queries or keys act on one head at a
time: their channels are those of a head, and every head counts as a position.

**Root mean square**, `rms`. The typical size of an output, over positions and channels.

$$\text{rms} = \sqrt{\operatorname{E} x^2}$$

**Channel kurtosis**, `kurtosis`. Whether all channels are about equally large (1) or a few dominate
(up to $n$, when a single channel holds everything).

$$\text{kurtosis} = \frac{\operatorname{E}_j s_j^4}{(\operatorname{E}_j s_j^2)^2}$$

Here $s_j$ is the root mean square of channel $j$ over all positions. Channels that stand out make a
model hard to quantise. Source: He et al. 2024.

**Largest activation**, `outlier`. How far the single largest value stands out from a typical one:
about 8 for Gaussian values, thousands in models with massive activations.

$$\text{outlier} = \frac{\max \lvert x \rvert}{\operatorname{median} \lvert x \rvert}$$

The maximum is taken over all values, the median over a seeded sample of at most 65,536 of them.
Source: Sun et al. 2024.

**At the first position**, `first_rms`, `first_kurtosis` and `first_outlier`. The same three
quantities, measured at the first position only, once per passage: at BOS if the tokenizer has one,
at [CLS] in encoders, and otherwise at the first token of the text. The other quantities leave this
position out, because it often carries activations of a completely different size, whatever it says.
A decoder reads BOS before anything else, so its values are the same for every passage and have no
sampling error; `first_outlier` may show a small one, since its median comes from a sample.

**Sparsity**, `sparsity`. How few of the MLP's hidden units are active at once: 0 when all $n$ are
equally active, 1 when only one is.

$$\text{sparsity} =
\operatorname{E} \frac{\sqrt{n} - \lVert h \rVert_1 / \lVert h \rVert_2}{\sqrt{n} - 1}$$

Here $h$ is the input of the down projection, and the mean is over positions. Gaussian values give
about 0.2. Positions at which no unit is active have no value and do not count. Source: Hoyer 2004.

**What has no value.** The experts of a mixture, its router and attention sinks have no recorded
output of their own, and therefore no column; what is sparse there is the choice of experts, not a
hidden layer. A component whose output is always zero has neither kurtosis nor a largest activation,
and one with more than half of its values at zero has no largest activation.

**How sure it is.** Root mean square, kurtosis and sparsity come with a linearised standard error
over passages: how far they would move on other passages of this kind. The error of `outlier`
reflects its median alone (Woodruff 1952); the maximum has none, since with more text it can only
grow. The largest share of a value that comes from a single passage (`largest_share`) is published
with it, and figures report it above 20%; `outlier` has none.

**What it does not tell.** A large output need not be an important one: what follows may divide it
away, as norms do, or not read it. Sizes have no common unit across components or models: a model
whose weights are scaled up in one place and down in another is the same model with different sizes.
Outliers show where rounding will hurt, not how much the loss will rise. None of this says what a
channel means.

**Precision.** The model runs in the type it is stored in; sums are accumulated in float32 or
better. How passages were batched changes a value only through the rounding of the forward pass.
"""

from __future__ import annotations

from atlas.entries.geometry import Geometry

VERSION = 2
TIER = "forward"
KINDS = ("decoder", "encoder")
PROTOCOL: dict[str, str | int] = {
    "corpus": "digest",
    "sequence": "one passage a row, BOS where the tokenizer has one, right padding",
    "bytes": 352,
    "scored": "tokens after the first word, without special ones and padding",
    "sample": 65536,
    "seed": 0,
}
FACTS = {
    "largest_outlier": "Largest activation, × median",
    "largest_first_outlier": "Largest at the first position, × median",
    "mean_sparsity": "Mean sparsity of the MLP's hidden units",
}
MATRICES: dict[str, dict[str, object]] = {
    "rms": {
        "title": "Root mean square of outputs",
        "unit": "activation units",
        "direction": "larger outputs",
        "scale": "log",
        "range": (0, None),
    },
    "kurtosis": {
        "title": "Kurtosis over channels",
        "unit": "kurtosis (1: all channels equally large)",
        "direction": "dominated by fewer channels",
        "scale": "log",
        "range": (1, None),
    },
    "outlier": {
        "title": "Largest activation",
        "unit": "× median",
        "direction": "a more extreme largest activation",
        "scale": "log",
        "range": (1, None),
    },
    "sparsity": {
        "title": "Sparsity of the MLP's hidden units",
        "unit": "Hoyer sparsity",
        "direction": "fewer units active at once",
        "range": (0, 1),
        "columns": ("mlp.down",),
        "when": "the MLP has one hidden layer",
    },
}
MATRICES |= {
    f"first_{name}": {
        **MATRICES[name],
        "title": f"{MATRICES[name]['title']} at the first position",
        "n": "conditions.passages",
    }
    for name in ("rms", "kurtosis", "outlier")
}
MATRICES = {
    name: {"axes": ("layer", "module"), "n": "conditions.tokens", **one}
    for name, one in MATRICES.items()
}
REWORDED = {
    "activation": "activation units",
    "ratio (1: all channels alike)": "kurtosis (1: all channels equally large)",
    "fewer channels hold more": "dominated by fewer channels",
    "multiple of the median": "× median",
    "larger outliers": "a more extreme largest activation",
    "Sparsity of the MLP's hidden layer": "Sparsity of the MLP's hidden units",
    "fewer units active at a time": "fewer units active at once",
    "Root mean square of outputs, first position": (
        "Root mean square of outputs at the first position"
    ),
    "Kurtosis over channels, first position": "Kurtosis over channels at the first position",
    "Largest activation, first position": "Largest activation at the first position",
}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    Two operations per weight of the layers and token of the corpus, about 52,000 tokens, and the
    attention patterns; in memory is the whole model, 2 bytes a weight as most are stored, beside
    what a micro-batch, Python and torch take themselves.
    """
    tokens, length = 5.2e4, 128
    inside, _, total = geometry.weights
    patterns = 4 * geometry.layers * geometry.q * length
    return tokens * (2 * inside + patterns), 2.1 * total + 1.2e9
