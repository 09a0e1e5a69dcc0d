r"""Functions of heads.

What each attention head does to single words, read from its weights alone: which heads turn a
country into its capital, a verb into its past tense or a word into its first letter, and which push
those answers down.

**How to read it.** A column is a layer, counted from 0; a row is a head. $E$ is the embedding, $U$
the unembedding, and $W_V$ and $W_O$ are a head's value and output matrices. The row of a source
token $s$ in $M = E' W_V W_O U$ says how much the head raises every token of the vocabulary if it
attends to $s$ and nothing else. Heads of the first layer read $E' = E$; later heads are taken to
read what the first MLP makes of the token, $E' = \operatorname{MLP}_0(\operatorname{norm}(E))$,
before any norm applied to its output. By definition, this leaves out the norms around a head, all
biases of values, outputs and logits, and positions.

**Score**, `score:capital@10`. The share of a relation's pairs $(s, t)$ whose target $t$ is among
the $k$ largest entries of the row of $s$. The score is shown with its chance level (see Chance).
Every relation is scored at $k = 10$ and 25; copying and name copying, where the target is the
source itself, at 1 and 3. Models with more than 100,000 tokens are judged at the larger $k$, all
others at the smaller one. A pair counts if both of its words are single tokens: `tokens("a " +
word)` must be `tokens("a")` plus exactly one token. A relation with fewer than 30 such pairs is not
measurable with that tokenizer and has no map; the facts give the number of pairs of every relation,
and `functions.pairs.json` lists them. The spread of a score is half the width of its 68% interval
(Wilson 1927, one standard deviation): how far another draw of pairs would move it.

**Suppression**, `suppressive:capital@10`. The same for the $k$ smallest entries: the head pushes
the right answer down.

**Chance.** The score that the head would have on average if the targets of a relation were shuffled
among its sources. Relations with few distinct targets have a high chance level: a head that answers
"city" to everything is right about as often as "city" is the answer. Chance is measured head by
head and at both $k$ wherever a score is above 0.15; the fact `chance:capital@10` is the largest of
these values, and `folded_chance:capital@10` the largest for folded scores.

**Categories**, `categories` and `categories:maps`. A head has a relation if its score or its
suppression is above 0.15 and the lower end of the 95% interval of that share (Wilson 1927) is above
chance; it has a category if it has any relation of that category. `categories:maps` follows the
published rule: above 0.15 and nothing else. A head without any category is Unclassified.

**Relations**, `relations` and `relations:knowledge`. How many relations a head has, in all or of
one category. Two models are compared at the same $k$ and over the relations that both can express:
counts and categories are computed again from scores and chance levels, which are published at both
$k$. If a relation's pairs overlap by less than 0.8 between two models (pairs of both over pairs of
either), it is not measured on the same pairs, and is marked.

**Folding**, `folded_score:capital@10` and `folded_suppressive:capital@10`. A norm's gain can be
multiplied into the weights that follow it. This leaves the model the same but changes these scores.
Folded scores, at the smaller $k$, use the weights with all gains around a head multiplied in: those
of the norm it reads through, of a norm after attention where there is one, and of the final norm. A
LayerNorm's mean is removed at the same places. Scaling a vector does not change the order of its
entries, and biases are left out. What the first MLP makes of a token does not depend on folding.
The fact `fold_changes` says for how many heads the categories depend on folding. With `fold: true`
in the settings of an atlas, or under `protocol` of an entry, folded scores are the ones that count:
`score:capital@10` then equals `folded_score:capital@10`, likewise for suppression, and scores
without folding are not published. With `later: embedding`, heads of all layers read $E$, as in the
paper for Llama 3.1 70B.

**Copying**, `ov_copying_centred` and `ov_copying`. Whether a head raises the logit of whatever
token it reads (1), lowers it (−1), or does neither on balance (0).

$$\text{copying} = \frac{\sum_i \lambda_i}{\sum_i \lvert \lambda_i \rvert}
\qquad \lambda_i \text{ the eigenvalues of } E W_V W_O U$$

For `ov_copying_centred`, the mean row is subtracted from $E$ and from $U$ and all gains are folded
in, so that it describes what the head does and not how the model is written down. `ov_copying` uses
the weights as they are (Elhage et al. 2021): means that all tokens share can dominate it, and
random heads reach high values. For comparison, 512 random heads are drawn, with random directions
and the singular values of heads of the model, each with both signs: 1% of them exceed the fact
`copying_null_high`, and 1% fall below `copying_null_low`.

**Salient mappings.** For every head, the tokens whose vectors it scales up most, by

$$\frac{\lVert e' W_V W_O \rVert}{\lVert e' \rVert}$$

over the whole vocabulary, each with the tokens whose logits it raises most.

**Precision.** Products are float32; an entry so close to the target's that rounding could swap the
two is computed again in float64, so the result does not depend on the device. Entries equal to the
target's even then count as larger.

**What it is not offered for.** Models in which a gate that depends on the token lies between the
heads and $W_O$: their heads write something else than $W_V W_O$ says.

**What it does not tell.** Whether a head ever attends to such a token, or whether the model uses
what the head writes: no text is read. Nor does it show what a head does to several tokens at once,
to words of more than one token, through later layers, or with what it reads in the residual stream
besides the token itself. A head without a relation may do something that is not among the twenty.

**Source.** Elhelo & Geva, ACL 2025, "Inferring functionality of attention heads from their
parameters".
"""

from __future__ import annotations

from atlas.entries.geometry import Geometry

VERSION = 2
TIER = "weights"
KINDS = ("decoder",)
ONLY_WITH = {"heads": "no layer of this model has attention, and so it has no heads"}
UNLESS = {
    "attn.gate": "a gate that depends on the token lies between the heads and W_O, so that W_V W_O "
    "alone is not what a head writes"
}
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
    "classified": "Heads with a relation, of {heads}",
    "fold_changes": "Heads that folding changes, of {heads}",
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
