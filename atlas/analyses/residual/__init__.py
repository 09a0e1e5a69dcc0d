r"""Residual stream.

What every layer changes: how far it turns the state that runs through the model, how much it adds,
what the model would predict if it stopped there, and how similar the states of any two layers are.

**How to read it.** A row is a layer, counted from 0. The residual stream is the vector that runs
through the model at each position; the attention block and the MLP block of every layer read it and
add to it. The columns are what attention adds (`attn`), what the MLP adds (`mlp`), and the whole
layer (`block`). The model reads passages of a corpus. Each passage is cut at the end of a word
after at most 352 UTF-8 bytes, and its first word serves only as context. The atlas or the model's
entry chooses the corpus (`pinned` by default; reference models read `reference`), and all models on
one corpus read the same text. Means are over the tokens after the first word, without special
tokens and padding. Below, $x$ is the stream before, $y$ the stream after, and $f$ what is added.
Where a norm follows the addition, as in BERT, $y$ is the norm's output.

**Block influence**, `block_influence`. How far the stream is turned, between 0 and 2.

$$\text{block influence} = 1 - \operatorname{E} \cos(x, y)$$

A layer with little influence can often be removed. Source: ShortGPT, Men et al. 2024.

**Angular distance**, `angular`. The same as an angle, between 0 and 1; 0.5 is a right angle.

$$\text{angular distance} = \frac{1}{\pi} \operatorname{E} \arccos \cos(x, y)$$

Source: Gromov et al. 2024.

**Contribution**, `contribution`. How much is added, relative to the length of the stream.

$$\text{contribution} = \operatorname{E} \frac{\lVert f \rVert}{\lVert x \rVert}$$

A large addition may hardly turn the stream, if it points the same way. For the whole layer, $f = y
- x$.

**Logit lens**, `lens_entropy` and `lens_kl`. What the model would predict if it stopped after this
layer: the final norm and the unembedding are applied to the layer's state at a seeded sample of
2,048 positions. `lens_entropy` is how uncertain that prediction is, in bits (0: certain; $\log_2$
of the vocabulary size: no idea). `lens_kl` is how far it is from the final prediction:

$$\operatorname{KL}( p_{\text{final}} \,\Vert\, p_{\text{layer}} )$$

It is 0 at the last layer. The states of early layers need not be in the unembedding's terms, so a
large divergence there does not mean that nothing is known yet. Decoders only: encoders predict
through a head of their own. Sources: nostalgebraist 2020, Belrose et al. 2023.

The facts give the loss of the model on this text in bits per UTF-8 byte, at the sampled positions,
next to the loss of a prediction from token frequencies alone (each passage predicted from the
counts of all others, with 0.1 added to each count). Where frequencies alone do better, the lens
does not read a prediction of this text, and says nothing about the model.

**Similarity of layers**, `cka` and `cka_literal`. Linear centred kernel alignment (CKA) of the
streams after two layers, at the same positions: 1 if one is a rotated and rescaled copy of the
other, 0 if they have nothing in common.

$$\operatorname{CKA} =
\frac{\operatorname{HSIC}(K, L)}{\sqrt{\operatorname{HSIC}(K, K) \, \operatorname{HSIC}(L, L)}}$$

Similar layers show up as bright squares. The estimate is unbiased, so unrelated layers come out
around 0, sometimes slightly below. HSIC is averaged over 4 groups of 512 sampled positions before
the division. For `cka`, every state is first divided by its norm: at a few tokens, models have
states a thousand times larger than elsewhere, which would otherwise dominate. `cka_literal` uses
the states as they are. Where the two disagree, a few tokens dominate the literal one, and its error
and the largest share of a single passage are large. Sources: Kornblith et al. 2019; Nguyen, Raghu &
Kornblith 2021; Davari et al. 2022.

**How sure it is.** Means come with the linearised standard error of a ratio of sums over passages,
including those of the lens. The error of a similarity comes from the infinitesimal jackknife over
passages (the influence of each passage, to first order); it tends to be too large where two layers
have nothing in common. The facts name every layer that may have the lowest influence: all layers
whose difference from the lowest, passage by passage, is within two standard errors. The largest
share of a value that comes from a single passage (`largest_share`) is published with it, and
figures report it above 20%.

**What it does not tell.** A layer that turns the stream little cannot always be left out: what it
adds may be all that a rare token needs, and later layers then miss it (block masks measure this).
The lens reads states through an unembedding that was trained for the last layer only. Similar
states at two layers do not mean that the layers between them compute nothing: CKA ignores any
rotation, and says how much is shared, not what.

**Precision.** The model runs in the type it is stored in; sums are accumulated in float32 or
better, similarities in float64. A small turn is computed from the part of $f$ that is at right
angles to $x$, not as 1 minus a cosine.
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
    "bits_per_byte": "Loss in bits per byte",
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
