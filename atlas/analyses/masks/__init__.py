"""Block masks.

Which attention blocks and MLPs a model can do without, and whether that depends on what the text is
about: the passages of the corpus fall into 16 clusters by topic, and every cluster has its own
mask.

**How to read it.** A row is a cluster of passages, named by its topic, the words that tell it from
the others; a column is a layer, counted from 0, once for attention and once for the MLP. In a mask,
dark blocks are kept and light ones pruned. Where a column is light in all rows, no topic needs that
block; where it is light in some, the block serves some topics and not others, as far as `certainty`
supports it. A row rests on a dozen to some fifty passages, each cut after at most 352 bytes at a
word's end; the first word is context and not scored, so that all models on one corpus are scored on
the same text. The atlas or a model's entry chooses the corpus (`pinned` by default; reference
models read `reference`).

**Loss without the block**, `delta:attn` and `delta:mlp` = `Σ (bits without the block − bits) / Σ
bytes`, both sums over the passages of a cluster; bits are `−log₂ p` of the scored tokens, given
those before, and bytes those of the text that these stand for. Without the block means that nothing
of it is added to the residual stream. Below 0 the model predicts better without the block. Its
spread is the standard error of that ratio.

**Mask**, `mask:attn` and `mask:mlp`: of all L attention blocks and L MLPs together, those with the
smallest loss are pruned, a quarter of them unless the atlas says otherwise (`sparsity`), rounded to
the nearest whole number, .5 up. What is measured is one block at a time: blocks that can stand in
for one another all look cheap, and pruning them together costs more than the sum.

**Certainty**, `certainty:attn` and `certainty:mlp`: the share of 400 draws in which the block is
kept or pruned as in the mask. A draw takes as many passages of the cluster as it has, with
replacement, and chooses the mask again. A block whose loss is that of the last pruned one is near
0.5. Clusters of fewer than 10 passages have no value.

**Loss under masks**, `loss`, in bits per byte, a ratio of sums as above, on text that did not
choose the mask: a mask from one half of a cluster's passages is tried on the other half, and the
other way round. `unpruned`: the whole model. `own`: the cluster's mask. `common`: one mask for all
clusters, from all of their passages. `random`: masks that prune as many blocks at random, mean loss
of 5 of them. Topics matter where own masks are better than the common one; masks mean something
where both are better than random ones. Compare within a row: code is easier than a poem.

**Perplexity under masks**, `perplexity` = `exp(total loss / total tokens)` on the same held-out
halves. It cannot be compared between models with different tokenizers: a tokenizer that cuts text
into more tokens gives a lower value. Bits per byte can.

**Learned masks**, `learned:attn` and `learned:mlp`, where the atlas asks for them: gates on the
blocks of the frozen model, one set a cluster, trained to keep the loss low while the expected share
of pruned blocks goes to the target. A gate is `min(1, max(0, 1.2 s − 0.1))` with
`s = σ((ln u − ln(1 − u) + ln α) / (2/3))`, u drawn anew for every passage, so that it is often
exactly 0 or 1 and still has a gradient. The blocks with the smallest ln α are pruned. Gates start
from the losses above; unlike those losses, gates are trained jointly, so that they find blocks that
stand in for one another. Each half of a cluster's passages trains gates of its own. In a half, a
block's ln α is the sum of a part that all clusters share and a part of each cluster's own, so that
what holds for all of them is learned once.

**Two models on the same text** are compared paired over the passages of a cluster for `delta:attn`
and `delta:mlp`, since the sums of every passage are published (`masks.losses.json`): what a passage
does to both models cancels. Errors of all other differences between models are unpaired, as if each
had read a text of its own, and on the same text rather too wide. The largest share that a single
passage has in a value (`largest_share`) is published beside losses in bits per byte, and figures
tell it above 20%.

**What it does not tell.** A pruned block is one of the cheapest; it need not be cheap. That a block
is not missed by itself does not mean that it does nothing: another may do the same. Where the model
predicts the text worse than token frequencies do (`beats_frequencies`), what it loses there says
nothing about it. Topics differ in length and kind of text, too.

Passages are clustered by k-means on embeddings of all-MiniLM-L6-v2, the same clusters for all
models on one corpus. Sources: Qiao et al. 2025 (IG-Pruning, arXiv 2511.02213); learned gates:
Louizos, Welling & Kingma 2018 (arXiv 1712.01312).

**Precision.** The model runs in the type that it is stored in, but float16 runs as float32 on a
processor with room for it; losses are float32 or better. Masks are chosen from the losses as they
are published, with 4 digits.
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
    "distinct_masks": "Distinct masks among the topics",
    "never_needed": "Blocks pruned for every topic",
    "certainty": "Mean certainty of the masks",
    "most_divided": "Blocks on which topics disagree most",
    "agreement": "Share of pruned blocks chosen by both halves of the passages",
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
