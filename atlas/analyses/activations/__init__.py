"""Activations.

How large the outputs of every module are while the model reads, how unevenly they are spread over
channels, how far single values stand out, and how sparse the hidden layer of the MLP is.

**How to read it.** A row is a layer (a block, counted from 0), a column a module; outputs of fused
projections are split, so that query, key and value each have a column. What is read are passages of
a corpus, cut after at most 352 UTF-8 bytes at a word's end, whose first word is context. The atlas
or a model's entry chooses the corpus (`pinned` by default; reference models read `reference`), and
all models on one corpus read the same text. Positions are those of the tokens after the first word,
without special tokens and padding. x is a module's output at one position, its channels are its n
components. Norms of queries or keys act on one head at a time: their channels are those of a head,
and every head counts as a position.

**Root mean square**, `rms` = `√(E x²)`, over positions and channels. The typical size of an output.

**Channel kurtosis**, `kurtosis` = `E_j s_j⁴ / (E_j s_j²)²` with s_j the root mean square of channel
j over all positions. Whether all channels are about equally large (1) or a few hold everything (up
to n, the number of channels, when a single one does). Channels that stand out make a model hard to
quantise. Source: He et al. 2024.

**Largest activation**, `outlier` = `max|x| / median|x|`. How far the single largest value stands
out from a typical one; for Gaussian values about 8, for models with massive activations thousands.
The maximum is over all values, the median over a seeded sample of at most 65,536 of them.
Source: Sun et al. 2024.

**The first position** is never among them: it often carries activations of quite another size,
whatever it says. `first_rms`, `first_kurtosis` and `first_outlier` are the same three measured
there alone, once a passage: at BOS where the tokenizer has one, [CLS] in encoders, else at the
first token of the text. A decoder reads BOS before anything else, so these values are the same for
every passage and have no sampling error; `first_outlier` may show a small one, since its median is
read off a sample.

**Sparsity**, `sparsity` = `(√n − ‖h‖₁ / ‖h‖₂) / (√n − 1)` of the input h of the down projection,
averaged over positions. 0 when all n hidden units are equally active, 1 when a single one is; for
Gaussian values about 0.2. Positions where no unit is active have no value and do not count.
Source: Hoyer 2004.

The experts of a mixture, its router and attention sinks have no output of their own that is
recorded, and no column; what is sparse there is the choice of experts, not a hidden layer.

A module whose output is zero throughout has neither kurtosis nor outlier, and one of which more
than half of the values are zero has no outlier.

**How sure it is.** RMS, kurtosis and sparsity come with the linearised standard error over
passages: how far they would move on other passages of the kind. The error of `outlier` comes from
its median alone (Woodruff 1952); the maximum itself has none: on more text it can only grow. The
largest share that a single passage has in a value (`largest_share`) is published beside it, and
figures tell it above 20%; `outlier` has none.

**What it does not tell.** A large output is not an important one: what follows may divide it away,
as norms do, or not read it. Sizes of different modules or models have no common unit: a model whose
weights are scaled and scaled back is the same model with other sizes. Outliers say where rounding
will hurt, not how much the loss will rise. What a channel means is not asked.

**Precision.** The model runs in the type that it is stored in; sums are carried on in float32 or
better. The value of a matrix does not depend on how passages were batched, but for the rounding of
the forward pass itself.
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
    "largest_outlier": "Largest activation, in multiples of the median",
    "largest_first_outlier": "Largest activation at the first position, in multiples of the median",
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
