"""Residual stream.

What every layer changes: how far it turns the state that runs through the model, how much it adds,
what the model would say if it stopped there, and how alike the states of any two layers are.

**How to read it.** A row is a layer (a block, counted from 0). The residual stream is the vector
that runs through the model at each position; attention and the MLP of every layer read it and add
to it. The columns are what attention adds (`attn`), what the MLP adds (`mlp`), and both together
(`block`). What is read are passages of a corpus, cut after at most 352 UTF-8 bytes at a word's end,
whose first word is context. The atlas or a model's entry chooses the corpus (`pinned` by default;
reference models read `reference`), and all models on one corpus read the same text. Means are over
the tokens after the first word, without special tokens and padding: summed over all passages,
divided by the number of tokens. x is the stream before, y after; f is what is added. Where norms
come after the addition, as in BERT, y is what leaves the norm.

**Block influence**, `block_influence` = `1 − E cos(x, y)`, in [0, 2]. How far the stream is turned.
A layer with little influence can often be left out. Source: ShortGPT, Men et al. 2024.

**Angular distance**, `angular` = `E arccos(cos(x, y)) / π`, in [0, 1]. The same as an angle: 0.5 is
a right one. Source: Gromov et al. 2024.

**Contribution**, `contribution` = `E ‖f‖ / ‖x‖`. How much is added, relative to what is there. What
is added may be large and hardly turn the stream, when it points the same way. For the block it is
`E ‖y − x‖ / ‖x‖`.

**Logit lens**, on a seeded sample of 2,048 positions: the state after a layer goes through the
final norm and the unembedding, as if the model stopped there. `lens_entropy` is how undecided that
prediction is, in bits (0: certain; log₂ of the vocabulary: no idea), `lens_kl` =
`KL(p_final ‖ p_layer)` how much it still lacks of the final one; it is 0 at the last layer. Early
layers need not speak the language of the unembedding, so that a large divergence there does not
mean that nothing is known. Decoders only: encoders read their predictions through a head of their
own. Sources: nostalgebraist 2020, Belrose et al. 2023.

The facts say how well the model predicts that text, in bits per UTF-8 byte, by the tokens at the
sampled positions; and what token frequencies alone would take for all of it (every passage by the
counts of all others, 0.1 added to each). Where they do better, what the lens reads is no prediction
of this text, and says nothing about the model.

**Similarity of layers**, `cka`: linear centred kernel alignment of the streams after two layers, at
the same positions; 1 where one is the other rotated and scaled, 0 where they have nothing in
common. Blocks of similar layers show as bright squares. It is unbiased, so that unrelated layers
come out around 0 and may come out a little below. HSIC is averaged over 4 groups of 512 sampled
positions, then divided: HSIC(K, L) / √(HSIC(K, K) HSIC(L, L)). Every state is divided by its norm
before: at a few tokens models have states a thousand times as large as elsewhere, and these would
dominate it. `cka_literal` is the same of states as they are. Where the two disagree, a few tokens
dominate the literal one, and its error and the largest share of one passage are large. Sources:
Kornblith et al. 2019; Nguyen, Raghu & Kornblith 2021; Davari et al. 2022.

**How sure it is.** Means come with the linearised standard error of a ratio of sums over passages,
also those of the lens, by the sampled positions of each passage; similarity with the infinitesimal
jackknife over passages: each passage's influence on it, to first order. It tends to be too large
where two layers have nothing in common. The facts name every layer that may be the one of least
influence: whose difference from the lowest, passage by passage, is within two standard errors. The
largest share that a single passage has in a value (`largest_share`) is published beside it, and
figures tell it above 20%.

**What it does not tell.** A layer that turns the stream little need not be one that can be left
out: what it adds may be all that a rare token needs, and later layers read what is then missing
(block masks measure that). The lens reads states with an unembedding that was trained for the last
layer only. Similar states at two layers do not mean that the layers in between compute nothing: CKA
ignores any rotation, and says how much is shared, not what.

**Precision.** The model runs in the type that it is stored in; sums are carried on in float32 or
better, and similarity in float64. A small turn is computed from the part of f that is at right
angles to x, not as 1 minus a cosine.
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
    "sample": 2048,
    "groups": 4,
    "seed": 0,
}
FACTS = {
    "least_influence": "Lowest block influence",
    "bits_per_byte": "",
    "bits_per_byte_by_frequency": "Bits per byte from token frequencies alone",
    "beats_frequencies": "Predicts the text better than token frequencies do",
}
MATRICES: dict[str, dict[str, object]] = {
    "block_influence": {
        "title": "Block influence",
        "unit": "cosine distance",
        "direction": "turns the residual stream further",
        "range": (0, 2),
        "leaders": "least_influence_layer",
        "n": "conditions.tokens",
    },
    "angular": {
        "title": "Angular distance",
        "unit": "share of 180°",
        "direction": "turns the residual stream further",
        "range": (0, 1),
        "n": "conditions.tokens",
        "same_as": "block_influence",
    },
    "contribution": {
        "title": "Contribution",
        "unit": "relative to the stream's norm",
        "direction": "adds more to the residual stream",
        "range": (0, None),
        "n": "conditions.tokens",
    },
    **{
        name: {
            "title": f"{what} of the logit lens",
            "unit": "bits",
            "direction": direction,
            "range": (0, None),
            "columns": ("block",),
            "kinds": ("decoder",),
            "when": "its head is stored",
            "constructed": constructed,
        }
        for name, what, direction, constructed in (
            ("lens_entropy", "Entropy", "less certain prediction", None),
            ("lens_kl", "Divergence", "further from the final prediction", "last row"),
        )
    },
    **{
        name: {
            "title": title,
            "unit": "debiased linear CKA",
            "direction": "more similar states",
            "axes": ("layer", "layer"),
            "range": (None, 1),
            "of_size": 1,
            "columns": None,
            "constructed": "diagonal",
        }
        for name, title in (
            ("cka", "Similarity of layers"),
            ("cka_literal", "Similarity of layers, states not normalised"),
        )
    },
}
MATRICES = {
    name: {"axes": ("layer", "sublayer"), "columns": ("attn", "mlp", "block"), **one}
    for name, one in MATRICES.items()
}
REWORDED = {
    "1 - cosine": "cosine distance",
    "turned farther": "turns the residual stream further",
    "share of half a turn": "share of 180°",
    "share of what is there": "relative to the stream's norm",
    "adds more": "adds more to the residual stream",
    "more undecided": "less certain prediction",
    "farther from the end": "further from the final prediction",
    "more alike": "more similar states",
    "Similarity of layers, norms kept": "Similarity of layers, states not normalised",
}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    Two operations per weight of the layers and token of the corpus, about 52,000 tokens, and the
    attention patterns; on 2,048 positions the unembedding once per layer and once more, and their
    Gram matrices in groups of 512, twice. In memory is the whole model, 2 bytes a weight as most
    are stored, and the sampled states of every layer, beside what a micro-batch, Python and torch
    take themselves.
    """
    tokens, length, sampled, groups = 5.2e4, 128, 2048, 4
    inside, outside, total = geometry.weights
    patterns = 4 * geometry.layers * geometry.q * length
    lens = 2 * (geometry.layers + 1) * sampled * outside
    grams = 4 * geometry.layers * groups * (sampled / groups) ** 2 * geometry.d_model
    states = 4.0 * geometry.layers * sampled * geometry.d_model
    operations = tokens * (2 * inside + patterns) + lens + grams
    return operations, 2.1 * total + states + 1.2e9
