"""Attention.

Where every head looks while the model reads: at how many positions, how far back, at the very first
position, at the previous token, and, on sequences that repeat themselves, at what came before.

**How to read it.** A row is a layer (a block, counted from 0), a column one of its heads; head 3 of
layer 2 is written 2.3. Every score lies between 0 and 1. A head's pattern A says for every position
q (the query) what share of its attention goes to each position k (the keys), after rotary
embedding, masks, sliding windows and soft-capping, as the model itself computes it. What is read
are passages of a corpus, cut after at most 352 UTF-8 bytes at a word's end, whose first word is
context. The atlas or a model's entry chooses the corpus (`pinned` by default; reference models read
`reference`), and all models on one corpus read the same text. Averages are over the queries of all
tokens after the first word, without special tokens and padding: summed over all passages, divided
by the number of queries. A query sees itself and what is before it (in encoders the whole passage,
in sliding windows what the window holds).

**Entropy**, `entropy` = `−Σ_k A log A / log(visible keys)`. 0: all on one position; 1: spread
evenly over all that can be seen. Source: Clark et al. 2019.

**Attention sink**, `sink` = mean of `A[q, 0]`. The share that goes to the first position: BOS where
the tokenizer has one, [CLS] in encoders, else the first token of the text. Much of it means that
the head is at rest: it parks its attention where it does no harm. Sources: Xiao et al. 2023, Gu et
al. 2024.

**Distance**, `distance` = mean of `Σ_k A (q − k) / n`, n the length of the passage (encoders: `|q −
k|`). How far back a head looks; evenly spread attention has about 0.25 in a decoder, 0.33 in an
encoder.

**Previous token**, `previous` = mean of `A[q, q−1]`. The first step of an induction circuit. The
query at the second position is left out: its previous token is the first position, where a head at
rest looks. With a BOS token that query is never scored, as the first word is context; without, it
is where the first word is a single token.

**Duplicate token**, `duplicate` = mean weight on earlier copies of the same token. Source: Wang et
al. 2022.

**Induction**, `induction` = mean of `A[q, q−n+1]`: the weight on the token that followed the same
token the first time. Such heads continue what they have seen before. Source: Olsson et al. 2022.

Duplicate and induction are measured on 16 sequences of BOS + s + s, s being n = 50 tokens drawn at
random from the model's own vocabulary, over the second s. Random tokens leave nothing to guess from
meaning: only copying helps. A head whose sliding window ends before what is asked for cannot show
what it would do there: it has no value, rather than 0. Nor has any head of a model that cannot read
101 tokens at once.

**Learned sink**, `learned_sink`: some models have a number per head that takes part in the softmax
as a position without content would, and takes its share. Where a model has one, it is a matrix of
its own, and patterns are renormalised over real keys for everything else.

In encoders the previous token, duplicates and induction do not exist as such: they see both sides.

**How sure it is.** Scores are ratios of sums over passages, or over the 16 sequences, and come with
the linearised standard error of that: how far they would move on other passages of the kind. The
facts name every head that may be the strongest: those whose difference from the highest score,
passage by passage, is within two standard errors, provided they exceed twice the score of a head
that attends evenly to all that it can see (about 0.013 for induction, without a window). Where
there is no such head, they say so. The largest share that a single passage has in a value
(`largest_share`) is published beside it, and figures tell it above 20%; for duplicate and induction
it is that of a single sequence.

**What it does not tell.** Where a head looks is not what it does with what it finds there: one that
attends to the previous token may carry nothing on, and one that gives the sink 0.98 can still
matter through the remaining 0.02. Scores on random tokens say that a head can copy, not that it
does so in text. Attention of later layers goes to states that other layers have filled, not to
words. One corpus of short passages was read: a head for what lies 1,000 tokens back looks idle
here.

**Precision.** The model runs in the type that it is stored in; sums are carried on in float32 or
better. The model computes what it would compute unwatched, bit for bit.
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
