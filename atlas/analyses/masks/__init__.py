r"""Block masks.

Which attention and MLP blocks a model can do without, and whether that depends on what the text is
about. The passages of the corpus fall into 16 clusters by topic, and every topic has a mask of its
own.

**How to read it.** A row is a topic: a cluster of passages, named by the words that set it apart
from the others. A column is a layer, counted from 0; attention blocks and MLP blocks have a matrix
each. In a mask, dark blocks are kept and light blocks are pruned. A column that is light in every
row is a block that no topic needs; a column that is light in some rows serves some topics and not
others, as far as `certainty` supports it. A row rests on about a dozen to fifty passages. Each is
cut at the end of a word after at most 352 UTF-8 bytes; its first word serves as context and is not
scored, so all models on one corpus are scored on the same text. The atlas or the model's entry
chooses the corpus (`pinned` by default; reference models read `reference`).

**Loss increase without the block**, `delta:attn` and `delta:mlp`. How much worse the model predicts
the passages of a topic if nothing of the block is added to the residual stream.

$$\text{increase} = \frac{\sum (\text{bits without the block} - \text{bits})}{\sum \text{bytes}}$$

Both sums run over the passages of the topic; bits are $-\log_2 p$ of the scored tokens, given those
before, and bytes are those of the text they stand for. Below 0, the model predicts better without
the block. The spread is the standard error of this ratio.

**Mask**, `mask:attn` and `mask:mlp`. Of all $L$ attention blocks and $L$ MLP blocks together, those
with the smallest increase are pruned: a quarter of them unless the atlas says otherwise
(`sparsity`), rounded to the nearest whole number, halves up. Blocks are measured one at a time:
blocks that can stand in for one another all look cheap, and pruning them together costs more than
the sum.

**Certainty**, `certainty:attn` and `certainty:mlp`. The share of 400 resamples in which the block
is kept or pruned as in the mask. Each resample draws as many passages as the topic has, with
replacement, and chooses the mask again. A block whose increase equals that of the last pruned block
is near 0.5. Topics with fewer than 10 passages have no value.

**Loss under masks**, `loss`. The loss in bits per byte, a ratio of sums as above, on text that did
not choose the mask: a mask from one half of a topic's passages is tested on the other half, and
vice versa. `unpruned` is the full model; `own` uses the topic's mask; `common` uses one mask for
all topics, chosen on all of their passages; `random` is the mean over 5 masks that prune as many
blocks at random. Topics matter if their own masks beat the common one, and masks mean something if
both beat random ones. Compare within a row: code is easier to predict than a poem.

**Perplexity under masks**, `perplexity`. The same held-out halves, per token.

$$\text{perplexity} = \exp\, \frac{\text{total loss in nats}}{\text{number of tokens}}$$

It cannot be compared between models with different tokenizers: a tokenizer that cuts text into more
tokens gives a lower value. Bits per byte can be compared.

**Learned masks**, `learned:attn` and `learned:mlp`. Where the atlas asks for them, gates on the
blocks of the frozen model, one set per topic, trained to keep the loss low while the expected share
of pruned blocks reaches the target.

$$\text{gate} = \min(1, \max(0,\; 1.2\, s - 0.1))
\qquad s = \sigma \left( \frac{\ln\, u - \ln (1 - u) + \ln\, \alpha}{2/3} \right)$$

The number $u$ is drawn anew for every passage, so a gate is often exactly 0 or 1 and still has a
gradient. The blocks with the smallest $\ln\, \alpha$ are pruned. Gates start from the increases
above; unlike those, they are trained jointly, so they find blocks that stand in for one another.
Each half of a topic's passages trains gates of its own. Within a half, a block's $\ln\, \alpha$ is
the sum of a part shared by all topics and a part of each topic's own, so what holds for all of them
is learned once.

**Two models on the same text.** They are compared passage by passage for `delta:attn` and
`delta:mlp`, since the sums of every passage are published (`masks.losses.json`): what a passage
does to both models cancels. For all other quantities, the errors of two models are combined as if
each had read a text of its own, which on the same text is rather too wide. The largest share of a
value that comes from a single passage (`largest_share`) is published with losses in bits per byte,
and figures report it above 20%.

**What it does not tell.** A pruned block is one of the cheapest; it need not be cheap. A block that
is not missed on its own may still do something: another may do the same. Where the model predicts
the text worse than token frequencies do (`beats_frequencies`), what it loses says nothing about the
model. Topics also differ in length and in kind of text.

**Clusters.** Passages are clustered by k-means on embeddings of all-MiniLM-L6-v2; the clusters are
the same for all models on one corpus. Sources: Qiao et al. 2025 (IG-Pruning, arXiv 2511.02213);
learned gates: Louizos, Welling & Kingma 2018 (arXiv 1712.01312).

**Precision.** The model runs in the type it is stored in, except that float16 runs as float32 on a
CPU with room for it; losses are float32 or better. Masks are chosen from the losses as published,
with 4 digits.
"""

from __future__ import annotations

from atlas.entries.geometry import Geometry

VERSION = 2
TIER = "backward"
KINDS = ("decoder",)
PROTOCOL: dict[str, str | int | float | bool] = {
    "corpus": "digest",
    "clusters": "digest",
    "sequence": "one passage a row, BOS where the tokenizer has one, right padding",
    "bytes": 352,
    "scored": "tokens after the first word, without special ones and padding",
    "sparsity": 0.25,
    "learned": False,
    "halves": "passages of a cluster in turn",
    "random": "5 masks, seed 0",
    "certainty": "400 draws of a cluster's passages, seed 0",
}
FACTS = {
    "bits_per_byte": "",
    "bits_per_byte_by_frequency": "Bits per byte from token frequencies alone",
    "beats_frequencies": "Predicts the text better than token frequencies do",
    "pruned": "",
    "blocks": "",
    "distinct_masks": "Distinct masks",
    "never_needed": "Blocks pruned for every topic",
    "certainty": "Mean certainty",
    "most_divided": "Blocks on which topics differ most",
    "agreement": "Share of pruned blocks that both halves choose",
    "agreement_by_chance": "",
    "bits_per_byte_own": "",
    "bits_per_byte_common": "",
    "bits_per_byte_random": "",
    "bits_per_byte_learned": "",
    "perplexity_unpruned": "",
    "perplexity_own": "",
    "perplexity_common": "",
    "perplexity_random": "",
    "perplexity_learned": "",
    "learned_sparsity": "Expected share of blocks pruned after learning",
    "learned_against_own": "Learned masks",
}
MASK = {
    "unit": "1 kept, 0 pruned",
    "direction": "the block is kept",
    "kind": "binary",
    "range": (0, 1),
}
OF_BLOCKS: dict[str, dict[str, object]] = {
    "delta": {
        "title": "Loss increase without the block",
        "unit": "bits per byte above the full model",
        "direction": "the loss on the topic rises more without the block",
        "kind": "diverging",
        "of_size": "facts.bits_per_byte",
    },
    "mask": {"title": "Mask", **MASK},
    "certainty": {
        "title": "Certainty of the mask",
        "unit": "share of resamples",
        "direction": "more resamples agree with the mask",
        "range": (0, 1),
        "of_size": 10,
    },
    "learned": {"title": "Learned mask", **MASK, "when": "the atlas asks for learned masks"},
}
MATRICES: dict[str, dict[str, object]] = {
    f"{name}:{point}": {**one, "title": f"{one['title']}: {blocks}", "axes": ("cluster", "layer")}
    for name, one in OF_BLOCKS.items()
    for point, blocks in {"attn": "attention blocks", "mlp": "MLP blocks"}.items()
}
for point, other in (("attn", "mlp"), ("mlp", "attn")):
    MATRICES[f"mask:{point}"]["chosen_by"] = (f"delta:{point}", f"delta:{other}")
UNDER_MASKS: dict[str, object] = {
    "direction": "the model predicts worse",
    "axes": ("cluster", "mask"),
    "columns": ("unpruned", "own", "common", "random", "learned"),
    "lacking": ("learned",),
}
MATRICES["loss"] = {
    **UNDER_MASKS,
    "title": "Loss under masks",
    "unit": "bits per byte",
    "range": (0, None),
}
MATRICES["perplexity"] = {
    **UNDER_MASKS,
    "title": "Perplexity under masks",
    "unit": "perplexity per token",
    "scale": "log",
    "range": (1, None),
}
PARTS = ("clusters", "losses")
SIZES = {"losses": {"increase": "loss"}}
REWORDED = {
    "Loss without the block: attention": "Loss increase without the block: attention blocks",
    "bits per byte above the whole model": "bits per byte above the full model",
    "the cluster loses more without the block": (
        "the loss on the topic rises more without the block"
    ),
    "Loss without the block: MLPs": "Loss increase without the block: MLP blocks",
    "Mask: attention": "Mask: attention blocks",
    "Mask: MLPs": "Mask: MLP blocks",
    "Certainty of the mask: attention": "Certainty of the mask: attention blocks",
    "share of draws": "share of resamples",
    "more draws of the passages keep or prune the block as the mask does": (
        "more resamples agree with the mask"
    ),
    "Certainty of the mask: MLPs": "Certainty of the mask: MLP blocks",
    "Learned mask: attention": "Learned mask: attention blocks",
    "Learned mask: MLPs": "Learned mask: MLP blocks",
}


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    About 57,000 tokens of the corpus: the whole model, half of it without each of its 2L blocks,
    with a head for each, and 7 passes under masks; 2 operations a weight. In memory are the model,
    2 bytes a weight as most are stored, and of a micro-batch the logits and what every layer was
    given. Learning masks is not counted.
    """
    tokens, layers, d = 5.7e4, geometry.layers, geometry.d_model
    inside, outside, total = geometry.weights
    passes = layers + 2 / 3 + 7
    operations = 2 * tokens * (passes * inside + (2 * layers + 8) * outside)
    batch = 2048
    states = 4 * batch * (2 * layers * d + 8 * d + 10 * geometry.q + 4 * geometry.d_mlp)
    logits = 3 * 4 * min(batch * geometry.vocabulary, 2**26)
    return operations, 2.1 * total + states + logits + 1.0e9
