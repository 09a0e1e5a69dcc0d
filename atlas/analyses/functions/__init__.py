"""Functions of heads.

What each attention head does to single words, read from its weights alone: which heads turn a
country into its capital, a verb into its past tense, a word into its first letter, and which ones
push those answers down.

**How to read it.** A row is a layer (a block, counted from 0), a column a head. E is the embedding,
U the unembedding, W_V and W_O a head's value and output matrices. The row of a source token s in
`M = E' W_V W_O U` says by how much the head raises every token of the vocabulary when it attends to
s and nothing else. Heads of the first layer read `E' = E`; later ones are taken to read what the
first MLP makes of the token, `E' = MLP₀(norm(E))`, before any norm applied to its output. Left out
by definition: the norms around a head, all biases of values, outputs and logits, positions.

**Score**, `score:capital@10` = share of the relation's pairs (s, t) for which t is among the k
largest entries of the row of s. **Suppression**, `suppressive:capital@10` = the same for the k
smallest entries: the head pushes the answer down. Every relation is scored at k = 10 and 25;
copying and name copying, whose target is the source itself, at 1 and 3. Models with more than
100,000 tokens are judged at the larger k, the others at the smaller one. A pair counts when its two
words are single tokens: `tokens("a " + word)` has to be `tokens("a")` and one token more. A
relation with fewer than 30 such pairs is not measurable with that tokenizer and has no map; the
facts state the pairs of every relation, and `functions.pairs.json` which ones they are. The spread
of a score is half the width of its 68% interval (Wilson 1927 at one standard deviation), from its
pairs: it says how far another draw of pairs would move it.

**Chance.** The score that the head would have on average if the targets of a relation were permuted
among its sources. Relations with few different targets have a high one: a head that answers "city"
to everything is right about as often as cities are asked for. It is measured, head by head and at
both k, wherever a score is above 0.15; the fact `chance:capital@10` is the largest of these, and
`folded_chance:capital@10` the largest of folded scores.

**Categories**, `categories`. A head has a relation when its score or its suppression is above 0.15
and the lower end of the 95% interval of that share (Wilson 1927) is above chance; it has a category
when it has any of its relations. `categories:maps` keeps the published rule, above 0.15 and nothing
else. `relations` counts the relations of a head, `relations:knowledge` and so on those of one
category. Two models are compared at the same k and over the relations that both can express: counts
and categories are recomputed from scores and chances, which are published at both k. A relation
whose pairs overlap by less than 0.8 in two models (pairs of both over pairs of either) is not
measured on the same pairs, and marked.

**Folding.** A norm's gain can be multiplied into the weights that it stands before, which leaves
the model the same and changes these scores. `folded_score:capital@10` and
`folded_suppressive:capital@10`, at the smaller k, are of the weights with all gains around a head
multiplied in: those of the norm it reads through, of a norm after attention where there is one, and
of the final norm. A LayerNorm's mean is taken away at the same places. Scaling a vector does not
change the order of its entries. Biases are left out. What the first MLP makes of a token does not
depend on folding. The fact `fold_changes` says for how many heads the categories depend on folding.
`fold: true` in the settings of an atlas, or under `protocol` of an entry, makes the folded scores
those that are counted: `score:capital@10` then holds the folded scores, the same as
`folded_score:capital@10`, and `suppressive:capital@10` likewise; those without folding are then not
published. `later: embedding` has the heads of all layers read E, as the paper does for Llama 3.1
70B.

**Copying**, `ov_copying_centred` = `Σλ / Σ|λ|` over the eigenvalues of E W_V W_O U, with the mean
row taken off E and off U and all gains folded in, so that it is a property of what the head does
and not of how the model is written down. 1 when the head raises the logit of whatever token it
reads, −1 when it lowers it, 0 when it does neither on balance. `ov_copying` is the same of the
weights as they are (Elhage et al. 2021): the means that all tokens share can dominate it, and
random heads reach high values. Random heads are drawn, too: 512 with random directions and the
singular values of heads of the model, each with both signs. The fact `copying_null_high` is what 1%
of them exceed, `copying_null_low` what 1% fall below.

**Salient mappings.** Of every head, the tokens whose vectors it scales up most, by
`‖e' W_V W_O‖ / ‖e'‖`, over the whole vocabulary, each with the tokens whose logits it raises most.

**Precision.** Products are float32; an entry so close to the target's that rounding could swap them
is computed again in float64, so that the hits do not depend on the device. Entries equal to the
target's even then count as larger.

**What it does not tell.** Whether a head ever attends to such a token, or whether the model uses
what the head writes: no text is read. What a head does to several tokens at once, to words of more
than one token, or through later layers stays unseen, as does what heads read in the residual stream
beside the token itself. A head without a relation may do something that is not among the twenty.

Source: Elhelo & Geva, "Inferring functionality of attention heads from their parameters", ACL 2025.
"""

from __future__ import annotations

from atlas.entries.geometry import Geometry

VERSION = 2
TIER = "weights"
KINDS = ("decoder",)
PROTOCOL: dict[str, str | float | bool] = {
    "relations": "digest",
    "pairs": "both words one token after 'a'",
    "fold": False,
    "later": "mlp",
    "threshold": 0.15,
}
SHOWN = {"pin": "head"}
FACTS = {
    "measurable": "Measurable relations",
    "classified": "Heads with at least one relation",
    "fold_changes": "Heads whose categories change when norm gains are folded in",
    "copying_null_high": "Copying score that 1% of random heads exceed",
    "copying_null_low": "",
}
CODES = (
    "Unclassified",
    "Algorithmic",
    "Knowledge",
    "Linguistic",
    "Translation",
    "2 categories",
    "3 categories",
    "4 categories",
)
"""Names of the codes of `categories`: none, one of the categories, or how many."""

MATRICES: dict[str, dict[str, object]] = {
    **{
        name: {
            "title": f"Categories ({rule})",
            "unit": "category",
            "direction": "codes name categories and have no order",
            "kind": "categorical",
            "categories": CODES,
            "when": "a relation can be measured",
        }
        for name, rule in {
            "categories": "scores above chance",
            "categories:maps": "published rule",
        }.items()
    },
    **{
        name: {
            "title": title,
            "unit": "relations",
            "direction": "the head has more relations",
            "kind": "counts",
            "range": (0, None),
            "when": "a relation can be measured",
        }
        for name, title in {
            "relations": "Relations",
            "relations:{category}": "{Category} relations",
        }.items()
    },
    **{
        name: {
            "title": title,
            "unit": "sum of eigenvalues over sum of their moduli",
            "direction": "raises the logit of the token it reads",
            "kind": "diverging",
            "range": (-1, 1),
            "of_size": 1,
        }
        for name, title in {
            "ov_copying": "Copying (eigenvalues)",
            "ov_copying_centred": "Copying (eigenvalues, E and U centred)",
        }.items()
    },
    **{
        f"{prefix}{sign}:{{relation}}@{{k}}": {
            "title": f"{{Relation}}: {what}{how} at k = {{k}}",
            "unit": "share of pairs",
            "direction": f"more targets in the {among} {{k}}",
            "range": (0, 1),
            "n": "facts.pairs:{relation}",
            "spread": "wilson",
            "same_as": f"{prefix}{sign}:{{relation}}",
        }
        for prefix, how in (("", ""), ("folded_", " with gains folded"))
        for sign, what, among in (
            ("score", "score", "top"),
            ("suppressive", "suppression", "bottom"),
        )
    },
}
MATRICES = {name: {"axes": ("layer", "head"), **one} for name, one in MATRICES.items()}
PARTS = ("heads", "pairs")
REWORDED = {
    "Categories of relations (above chance)": "Categories (scores above chance)",
    "another category; from 5 on more of them": "codes name categories and have no order",
    "Categories of relations (published rule)": "Categories (published rule)",
    "has more relations": "the head has more relations",
    "Copying by eigenvalues": "Copying (eigenvalues)",
    "raises whatever token it reads": "raises the logit of the token it reads",
    "Copying by eigenvalues, E and U centred": "Copying (eigenvalues, E and U centred)",
    **{
        f"more targets among the {k} {among} of their row": f"more targets in the {end} {k}"
        for k in (1, 3, 10, 25)
        for among, end in (("largest", "top"), ("smallest", "bottom"))
    },
}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    The salient mappings take most: values of every token, 2 V d KV d_head a layer, and the targets
    of a few tokens of every head, 2 V d each; then the core of copying, 2 V d², the first MLP of
    every token, and the scores, twice: with norm gains folded in and without. Five operations
    count as one, for the tier's rate is that of float64, and these are float32. In memory are two
    matrices of the vocabulary, one in float32, one layer, and what the first MLP makes of 8,192
    tokens inside.
    """
    V, d = geometry.vocabulary, geometry.d_model
    q, kv = geometry.q, geometry.kv
    kept = 30 if geometry.layers * geometry.heads <= 1024 else 10
    salient = 2 * V * d * kv + 2 * V * q * geometry.d_head + 2 * V * d * geometry.heads * kept
    scores = 2 * (2 * 3000 * d * (2 * q + kv) + 8e4 * geometry.heads * d)
    core = 4 * d * d * kv + 8 * q * d * geometry.d_head
    once = 2 * V * d * d + 6 * V * d * geometry.d_mlp
    block = 4 * (2 * q * d + 2 * kv * d) + 12 * geometry.d_mlp * d
    return (
        (geometry.layers * (salient + scores + core) + once) / 5,
        5e8 + 12 * V * d + 3 * block + 24 * d * d + 4 * V * geometry.heads + 1.3e5 * geometry.d_mlp,
    )
