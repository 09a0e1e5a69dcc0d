r"""Attention.

Where every head looks while the model reads: at how many positions, how far back, at the very first
position, at the previous token and, in sequences that repeat, at what came before.

**How to read it.** A column is a layer, counted from 0; a row is one of its heads. Head 3 of layer
2 is written 2.3. Every score lies between 0 and 1. A head's attention pattern $A$ gives, for every
position $q$ (the query), the share of its attention that goes to each position $k$ (the keys),
after rotary embedding, masks, sliding windows and soft-capping, exactly as the model computes it.
The model reads passages of a corpus. Each passage is cut at the end of a word after at most 352
UTF-8 bytes, and its first word serves only as context. The atlas or the model's entry chooses the
corpus (`pinned` by default; reference models read `reference`), and all models on one corpus read
the same text. Averages are over the queries of all tokens after the first word, without special
tokens and padding. A query sees itself and everything before it (in encoders the whole passage, in
sliding windows what the window holds).

**Attention entropy**, `entropy`. 0: all attention on one position; 1: spread evenly over everything
that can be seen.

$$\text{entropy} = - \frac{\sum_k A_{qk} \ln\, A_{qk}}{\ln (\text{visible keys})}$$

Source: Clark et al. 2019.

**Attention to the first position**, `sink`. The share that goes to the first position, the
attention sink: BOS if the tokenizer has one, [CLS] in encoders, otherwise the first token of the
text.

$$\text{sink} = \operatorname{E}_q A_{q,0}$$

A high value means that the head is idle: it parks its attention where it does no harm. Sources:
Xiao et al. 2023, Gu et al. 2024.

**Attention distance**, `distance`. How far back a head looks, as a share of the passage's length
$n$.

$$\text{distance} = \operatorname{E}_q \sum_k A_{qk} \, \frac{q - k}{n}$$

In encoders, the distance is $\lvert q - k \rvert$. Evenly spread attention gives about 0.25 in a
decoder and 0.33 in an encoder.

**Attention to the previous token**, `previous`. The share that goes to the token right before: the
first step of an induction circuit.

$$\text{previous} = \operatorname{E}_q A_{q,q-1}$$

The query at the second position is left out, because its previous token is the first position,
where idle heads look. With a BOS token that query is never scored anyway, since the first word is
context.

**Attention to earlier copies of the token**, `duplicate`. The mean attention to earlier copies of
the same token, in a sequence that repeats. Source: Wang et al. 2022.

**Induction**, `induction`. The attention to the token that followed the same token the first time.
Such heads continue what they have seen before.

$$\text{induction} = \operatorname{E}_q A_{q,\,q-n+1}$$

Source: Olsson et al. 2022.

**Repeated sequences.** Duplicate and induction are measured on 16 sequences of BOS + s + s, over
the second s, where s is $n = 50$ tokens drawn at random from the model's own vocabulary. Random
tokens leave nothing to guess from meaning: only copying helps. A head whose sliding window is too
short to reach that far cannot show what it would do; it has no value, rather than 0. Nor does any
head of a model that cannot read 101 tokens at once.

**Attention to the learned sink**, `learned_sink`. Some models have a number per head that takes
part in the softmax like a position without content, and takes its share of the attention. Where a
model has one, that share is a matrix of its own, and everywhere else patterns are renormalised over
the real keys.

**Encoders.** Attention to the previous token, attention to earlier copies and induction do not
exist for encoders, which see both sides.

**How sure it is.** Scores are ratios of sums over passages, or over the 16 sequences, and come with
their linearised standard error: how far they would move on other passages of this kind. The facts
name every head that may be the strongest: all heads whose difference from the highest score,
passage by passage, is within two standard errors, provided that they exceed twice the score of a
head that attends evenly to everything it can see (about 0.013 for induction, without a window). If
there is no such head, the facts say so. The largest share of a value that comes from a single
passage (`largest_share`) is published with it, and figures report it above 20%; for duplicate and
induction it is that of a single sequence.

**What it does not tell.** Where a head looks is not what it does with what it finds: a head that
attends to the previous token may pass nothing on, and one that gives 0.98 to the sink can still
matter through the remaining 0.02. Scores on random tokens say that a head can copy, not that it
does so in text. In later layers, attention goes to states that earlier layers have filled, not to
words. Only one corpus of short passages was read: a head that looks for something 1,000 tokens back
appears idle here.

**Precision.** The model runs in the type it is stored in; sums are accumulated in float32 or
better. The model computes bit for bit what it would compute unobserved.
"""

from __future__ import annotations

from atlas.entries.geometry import Geometry

VERSION = 2
TIER = "forward"
KINDS = ("decoder", "encoder")
ONLY_WITH = {"heads": "no layer of this model has attention, and so it has no heads"}
PROTOCOL: dict[str, str | int] = {
    "corpus": "digest",
    "sequence": "one passage a row, BOS where the tokenizer has one, right padding",
    "bytes": 352,
    "queries": "tokens after the first word, without special ones and padding",
    "keys": "renormalised over real keys",
    "repeats": "BOS where the tokenizer has one, then s twice, s drawn from ordinary tokens",
    "segment": 50,
    "sequences": 16,
    "seed": 0,
}
FACTS = {
    "mean_sink": "Mean attention to the first position",
    "strongest_previous": "Strongest previous-token heads",
    "strongest_duplicate": "Strongest duplicate-token heads",
    "strongest_induction": "Strongest induction heads",
}
MATRICES: dict[str, dict[str, object]] = {
    "entropy": {
        "title": "Attention entropy",
        "unit": "share of the maximum",
        "direction": "attention spread more evenly",
    },
    "sink": {
        "title": "Attention to the first position",
        "direction": "more attention to the first position",
    },
    "learned_sink": {
        "title": "Attention to the learned sink",
        "direction": "more attention to no token at all",
        "when": "the model has learned sinks",
    },
    "distance": {
        "title": "Attention distance",
        "unit": "share of the passage's length",
        "direction": "attends further away",
    },
    "previous": {
        "title": "Attention to the previous token",
        "direction": "more attention to the previous token",
        "leaders": "strongest_previous_head",
        "kinds": ("decoder",),
        "n": None,
    },
    "duplicate": {
        "title": "Attention to earlier copies of the token",
        "direction": "more attention to copies of the same token",
        "leaders": "strongest_duplicate_head",
        "kinds": ("decoder",),
        "n": None,
    },
    "induction": {
        "title": "Induction",
        "direction": "more attention to what followed the token last time",
        "leaders": "strongest_induction_head",
        "kinds": ("decoder",),
        "n": None,
    },
}
SMALL = 0.05
"""Shares are those of a whole, and come from a softmax: rounding of 16 bits in its logits moves a
small one by some percent of itself, which is nothing beside the whole. Smaller ones than this are
verified as this one is."""
MATRICES = {
    name: {
        "axes": ("layer", "head"),
        "unit": "share of attention",
        "range": (0, 1),
        "n": "conditions.tokens",
        "of_size": SMALL,
        **one,
    }
    for name, one in MATRICES.items()
}
REWORDED = {
    "Entropy of attention": "Attention entropy",
    "share of the largest possible": "share of the maximum",
    "spread more evenly": "attention spread more evenly",
    "more on the first position": "more attention to the first position",
    "more on no token at all": "more attention to no token at all",
    "Distance of attention": "Attention distance",
    "share of the passage": "share of the passage's length",
    "looks farther away": "attends further away",
    "more on the previous token": "more attention to the previous token",
    "Attention to earlier copies": "Attention to earlier copies of the token",
    "more on copies of the same token": "more attention to copies of the same token",
    "more on what followed last time": "more attention to what followed the token last time",
}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    Two operations per weight of the layers and token of the corpus and of the repeated sequences,
    about 54,000 tokens, the attention patterns and some thirty operations on each of their values;
    in memory is the whole model, 2 bytes a weight as most are stored, beside what a micro-batch,
    Python and torch take themselves.
    """
    tokens, length = 5.4e4, 128
    inside, _, total = geometry.weights
    patterns = geometry.layers * length * (4 * geometry.q + 30 * geometry.heads)
    return tokens * (2 * inside + patterns), 2.1 * total + 1.2e9
