"""Functions of heads.

What each attention head does to single words, read from its weights alone: which heads turn a
country into its capital, a verb into its past tense, a word into its first letter, and which ones
push those answers down.

**How to read it.** A row is a layer (a block, counted from 0), a column a head. E is the embedding,
U the unembedding, W_V and W_O a head's value and output matrices. The row of a source token s in
`M = E' W_V W_O U` says by how much the head raises every token of the vocabulary when it attends to
s and nothing else. Heads of the first layer read `E' = E`; later ones are taken to read what the
first MLP makes of the token, `E' = MLP₀(norm(E))`. Left out by definition: the head's own input
norm, the final norm, all biases of values, outputs and logits, positions.

**Score**, `score:capital@10` = share of the relation's pairs (s, t) for which t is among the k
largest entries of the row of s. **Suppression**, `suppressive:capital@10` = the same for the k
smallest entries: the head pushes the answer down. Every relation is scored at k = 10 and 25, the
two whose target is the source itself, copying and name copying, at 1 and 3. Models with more than
100,000 tokens are judged at the larger k, the others at the smaller one; two models are compared at
the same k. A pair counts when its two words are single tokens: `tokens("a " + word)` has to be
`tokens("a")` and one token more. A relation with fewer than 30 such pairs is not measurable with
that tokenizer and has no map; the facts state the pairs of every relation.

**Chance.** The score that the head would have on average if the targets of a relation were permuted
among its sources. Relations with few different targets have a high one: a head that answers "city"
to everything is right about as often as cities are asked for. It is measured, head by head,
wherever a score is above 0.15; the fact `chance:capital@10` is the largest of these.

**Categories**, `categories`. A head has a relation when its score or its suppression is above 0.15
and the lower end of the 95% interval of that share (Wilson 1927) is above chance; it has a category
when it has any of its relations. `categories:maps` keeps the published rule, above 0.15 and nothing
else. `relations` counts the relations of a head, `relations:knowledge` and so on those of one
category. Compare counts only between models that can express the same relations.

**Copying**, `ov_copying` = `Σλ / Σ|λ|` over the eigenvalues of E W_V W_O U. 1 when the head raises
the logit of whatever token it reads, −1 when it lowers it, 0 when it does neither on balance.
Source: Elhage et al. 2021.

**Salient mappings.** Of every head, the tokens that it lengthens most, by `‖e' W_V W_O‖ / ‖e'‖`,
over the whole vocabulary, each with the tokens whose logits it raises most.

**Precision.** Products are float32; an entry that rounding could move across the target's is
computed again in float64, so that the hits do not depend on the device. Entries equal to the
target's even then count as larger.

Source: Elhelo & Geva, "Inferring functionality of attention heads from their parameters", ACL 2025.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from atlas import functional, loading, relations, salient, tokens
from atlas.analysis import Measured, Progress
from atlas.checkpoint import Checkpoint
from atlas.entry import Geometry
from atlas.functional import Pairs, Place
from atlas.matrix import Kind, Matrix
from atlas.questions import Block, Sieve, Unembedding
from atlas.reading import Blocks, Options
from atlas.relations import CATEGORIES, Relation
from atlas.store import Scalar

VERSION = 1
TIER = "weights"
KINDS = ("decoder",)
FACTS = {
    "measurable": "Relations that can be measured, of 20",
    "classified": "Heads with at least one relation",
}
PROTOCOL: dict[str, str | float] = {
    "relations": "digest",
    "pairs": "both words one token after 'a'",
    "reads": "embedding in layer 0, first MLP of it later",
    "norm_gains": "not folded",
    "threshold": 0.15,
}

SIGNS = ("score", "suppressive")
DIGITS = 3
"""Decimals of a score. A share of at most 500 pairs can be told from the next one."""

SIEVES = (Sieve(tf32=True), Sieve())
"""On CUDA: shortened float32 first, then float32 for what it leaves open."""


def cost(geometry: Geometry) -> tuple[float, float]:
    """(floating point operations, peak bytes) on a model of that shape.

    The salient mappings take most: values of every token, 2 V d KV d_head a block, and the targets
    of a few tokens of every head, 2 V d each; then the core of copying, 2 V d², and the first MLP
    of every token. Five operations count as one, for the tier's rate is that of float64, and these
    are float32. In memory are two matrices of the vocabulary, one in float32, one block, and what
    the first MLP makes of 8,192 tokens inside.
    """
    V, d = geometry.vocabulary, geometry.d_model
    q, kv = geometry.q, geometry.kv
    kept = 30 if geometry.layers * geometry.heads <= 1024 else 10
    salient = 2 * V * d * kv + 2 * V * q * geometry.d_head + 2 * V * d * geometry.heads * kept
    scores = 2 * 3000 * d * (2 * q + kv) + 8e4 * geometry.heads * d
    core = 2 * d * d * kv + 2 * q * d * geometry.d_head
    once = 2 * V * d * d + 6 * V * d * geometry.d_mlp
    block = 4 * (2 * q * d + 2 * kv * d) + 12 * geometry.d_mlp * d
    return (
        (geometry.layers * (salient + scores + core) + once) / 5,
        5e8 + 12 * V * d + 2 * block + 8 * d * d + 4 * V * geometry.heads + 1.3e5 * geometry.d_mlp,
    )


@dataclass
class _Found:
    """What the blocks gave so far.

    `score` (relation, sign, level, layer, head); `has` (relation, sign, layer, head): above the
    threshold, and above chance by more than the interval; `chance` (relation, sign, layer, head) at
    the level that counts, NaN where it was not needed; `copying` (layer, head).
    """

    score: NDArray[np.float64]
    has: NDArray[np.bool_]
    chance: NDArray[np.float64]
    copying: NDArray[np.float64]
    heads: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def empty(cls, count: int, shape: Geometry) -> _Found:
        place = (shape.layers, shape.heads)
        return cls(
            score=np.zeros((count, 2, 2, *place)),
            has=np.zeros((count, 2, *place), dtype=bool),
            chance=np.full((count, 2, *place), np.nan),
            copying=np.zeros(place),
        )


def run(checkpoint: Checkpoint, progress: Progress) -> Measured:
    """Score every head on every measurable relation, one block in memory at a time."""
    return measure(checkpoint, relations.load_all(), Options(), progress)


def measure(
    checkpoint: Checkpoint, known: Sequence[Relation], options: Options, progress: Progress
) -> Measured:
    """The same for any relations, and for other settings than the protocol's.

    Raises `AtlasError` for a model without an unembedding or a tokenizer, and for weights that are
    infinite or no numbers, with the layer.
    """
    shape = checkpoint.geometry
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = tokens.load(checkpoint.folder)
    pairs = Pairs.of(known, tokenizer, shape.vocabulary).to(device)
    level = functional.level(shape.vocabulary)
    model = Blocks(checkpoint, pairs.sources, options, device)
    found = _Found.empty(len(pairs.relations), shape)
    texts = tokens.Texts(tokenizer)
    for layer, (block, lengths) in enumerate(model):
        _score(found, layer, block, model.U, pairs, level)
        found.copying[layer] = salient.copying(model.core, block.W_V, block.W_O)
        mapped = _mapped(block, lengths, model.U, salient.sizes(shape.layers * shape.heads), texts)
        for head in range(shape.heads):
            near = _near(found, layer, head, pairs, level)
            found.heads.append(
                {"layer": layer, "head": head, "relations": near, "salient": mapped[head]}
            )
        progress(layer + 1, shape.layers)
    return Measured(
        matrices=tuple(_matrices(found, pairs, level)),
        facts=_facts(found, pairs, level),
        conditions={
            "k": functional.OTHER_KS[level],
            "k_copying": functional.KS["copying"][level],
            "stored_dtype": loading.dtype_name(loading.stored_dtype(checkpoint)),
            "computed_in": "float32",
            "device": device.type,
        },
        parts={"heads": found.heads},
    )


def _score(
    found: _Found, layer: int, block: Block, U: Unembedding, pairs: Pairs, level: int
) -> None:
    """Scores of a block, and chance wherever a score is above the threshold."""
    if not pairs.relations:
        return
    sieves = SIEVES if block.W_O.is_cuda else (Sieve(),)
    found.score[:, :, :, layer] = functional.score(block, U, pairs, sieves).cpu().numpy()
    high = found.score[:, :, level, layer] > functional.THRESHOLD
    places = [Place(head, one, sign, level) for one, sign, head in np.argwhere(high).tolist()]
    for place, by_chance in functional.chance(block, U, pairs, places, sieves).items():
        at = (place.relation, place.sign, layer, place.head)
        share = found.score[place.relation, place.sign, level, layer, place.head]
        low, _ = functional.wilson(share, int(pairs.sizes[place.relation]))
        found.chance[at], found.has[at] = by_chance, low > by_chance


def _near(found: _Found, layer: int, head: int, pairs: Pairs, level: int) -> dict[str, list[float]]:
    """Of every score of a head above the threshold: score, interval and chance, by matrix."""
    near = {}
    for one, sign in np.argwhere(~np.isnan(found.chance[:, :, layer, head])).tolist():
        share = float(found.score[one, sign, level, layer, head])
        low, high = functional.wilson(share, int(pairs.sizes[one]))
        by_chance = float(found.chance[one, sign, layer, head])
        name = pairs.relations[one].name
        near[matrix_name(SIGNS[sign], name, level)] = [share, low, high, by_chance]
    return near


def _mapped(
    block: Block, lengths: torch.Tensor, U: Unembedding, kept: tuple[int, int], texts: tokens.Texts
) -> list[list[list[Any]]]:
    """Of every head: [token, how much it is lengthened, [tokens it raises most]], largest first."""
    ids, ratios = salient.sources(lengths, block.W_V, block.W_O, kept[0])
    rows = torch.cat(
        [
            lengths[ids[head]] @ block.W_V[head // block.group].T @ block.W_O[head].T
            for head in range(block.heads)
        ]
    )
    raised = salient.targets(rows, U, kept[1]).reshape(*ids.shape, -1).tolist()
    return [
        [
            [texts(token), ratio, [texts(target) for target in targets]]
            for token, ratio, targets in zip(*of_head, strict=True)
        ]
        for of_head in zip(ids.tolist(), ratios.tolist(), raised, strict=True)
    ]


def matrix_name(sign: str, relation: str, level: int) -> str:
    """`score:capital@10`."""
    return f"{sign}:{relation}@{functional.ks(relation)[level]}"


def _matrices(found: _Found, pairs: Pairs, level: int) -> Iterator[Matrix]:
    if pairs.relations:
        yield from _class_matrices(found, pairs, level)
    yield _matrix(
        "ov_copying",
        found.copying,
        title="Copying by eigenvalues",
        unit="sum of eigenvalues over sum of their moduli",
        direction="raises whatever token it reads",
        kind="diverging",
        range=(-1, 1),
    )
    for place, relation in enumerate(pairs.relations):
        for at, k in enumerate(functional.ks(relation.name)):
            for number, sign in enumerate(SIGNS):
                among = ("largest", "smallest")[number]
                yield _matrix(
                    matrix_name(sign, relation.name, at),
                    np.round(found.score[place, number, at], DIGITS),
                    title=f"{relation.title}: {('score', 'suppression')[number]} at k = {k}",
                    unit="share of pairs",
                    direction=f"more targets among the {k} {among} of their row",
                    kind="sequential",
                    range=(0, 1),
                    n=int(pairs.sizes[place]),
                )


def _class_matrices(found: _Found, pairs: Pairs, level: int) -> Iterator[Matrix]:
    """Categories under both rules, and how many relations of each category a head has."""
    published: NDArray[np.bool_] = found.score[:, :, level] > functional.THRESHOLD
    for name, has, rule in (
        ("categories", found.has, "above chance"),
        ("categories:maps", published, "published rule"),
    ):
        yield _matrix(
            name,
            functional.categories(_by_category(has, pairs)),
            title=f"Categories of relations ({rule})",
            unit="category",
            direction="another category; from 5 on more of them",
            kind="categorical",
            categories=functional.CODES,
        )
    counts = _by_category(found.has, pairs)
    for name, count in {"": sum(counts.values()), **counts}.items():
        yield _matrix(
            f"relations:{name}" if name else "relations",
            np.asarray(count),
            title=f"{name.capitalize()} relations" if name else "Relations",
            unit="relations",
            direction="has more relations",
            kind="counts",
            range=(0, None),
        )


def _by_category(has: NDArray[np.bool_], pairs: Pairs) -> dict[str, NDArray[np.float64]]:
    """Relations of each category that every head has, with either sign: (layer, head)."""
    either: NDArray[np.bool_] = np.any(has, axis=1)
    of = np.array([relation.category for relation in pairs.relations])
    return {name: either[of == name].sum(0).astype(np.float64) for name in CATEGORIES}


def _matrix(
    name: str,
    values: NDArray[np.float64],
    *,
    title: str,
    unit: str,
    direction: str,
    kind: Kind,
    range: tuple[float | None, float | None] | None = None,
    categories: tuple[str, ...] | None = None,
    n: int | None = None,
) -> Matrix:
    layers, heads = values.shape
    return Matrix(
        name=name,
        title=title,
        unit=unit,
        kind=kind,
        axes=("layer", "head"),
        rows=tuple(map(str, np.arange(layers))),
        columns=tuple(map(str, np.arange(heads))),
        values=values,
        direction=direction,
        range=range,
        categories=categories,
        n=n,
    )


def _facts(found: _Found, pairs: Pairs, level: int) -> dict[str, Scalar]:
    """Pairs of every relation, the largest chance of each, and how many heads have one at all."""
    facts: dict[str, Scalar] = {f"pairs:{name}": count for name, count in pairs.counts.items()}
    for place, relation in enumerate(pairs.relations):
        known = found.chance[place][~np.isnan(found.chance[place])]
        if known.size:
            k = functional.ks(relation.name)[level]
            facts[f"chance:{relation.name}@{k}"] = float(known.max())
    if pairs.relations:
        facts["measurable"] = len(pairs.relations)
        facts["classified"] = int(found.has.any((0, 1)).sum())
    return facts
