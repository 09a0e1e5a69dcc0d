"""Measures the analysis `functions`, which the package states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from atlas.analyses.functions import relation_scores, salient_mappings
from atlas.analyses.functions.block import Block, Sieve, Unembedding
from atlas.analyses.functions.relation_scores import Pairs, Place
from atlas.analyses.functions.token_inputs import Blocks, Options
from atlas.entries.entry import Geometry
from atlas.loaded import loading, token_text
from atlas.loaded import tokenizer as tokenizers
from atlas.loaded.checkpoint import Checkpoint
from atlas.pinned import relations
from atlas.pinned.relations import CATEGORIES, Relation
from atlas.profiles.matrix import Kind, Matrix
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured, Progress

SIGNS = ("score", "suppressive")
DIGITS = 3
"""Decimals of a score. A share of at most 500 pairs can be told from the next one."""

SIEVES = (Sieve(tf32=True), Sieve())
"""On CUDA: shortened float32 first, then float32 for what it leaves open."""


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
    tokenizer = tokenizers.load(checkpoint.folder)
    pairs = Pairs.of(known, tokenizer, shape.vocabulary).to(device)
    level = relation_scores.level(shape.vocabulary)
    model = Blocks(checkpoint, pairs.sources, options, device)
    found = _Found.empty(len(pairs.relations), shape)
    texts = token_text.Texts(tokenizer)
    for layer, (block, lengths) in enumerate(model):
        _score(found, layer, block, model.U, pairs, level)
        found.copying[layer] = salient_mappings.copying(model.core, block.W_V, block.W_O)
        mapped = _mapped(
            block, lengths, model.U, salient_mappings.sizes(shape.layers * shape.heads), texts
        )
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
            "k": relation_scores.OTHER_KS[level],
            "k_copying": relation_scores.KS["copying"][level],
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
    found.score[:, :, :, layer] = relation_scores.score(block, U, pairs, sieves).cpu().numpy()
    high = found.score[:, :, level, layer] > relation_scores.THRESHOLD
    places = [Place(head, one, sign, level) for one, sign, head in np.argwhere(high).tolist()]
    for place, by_chance in relation_scores.chance(block, U, pairs, places, sieves).items():
        at = (place.relation, place.sign, layer, place.head)
        share = found.score[place.relation, place.sign, level, layer, place.head]
        low, _ = relation_scores.wilson(share, int(pairs.sizes[place.relation]))
        found.chance[at], found.has[at] = by_chance, low > by_chance


def _near(found: _Found, layer: int, head: int, pairs: Pairs, level: int) -> dict[str, list[float]]:
    """Of every score of a head above the threshold: score, interval and chance, by matrix."""
    near = {}
    for one, sign in np.argwhere(~np.isnan(found.chance[:, :, layer, head])).tolist():
        share = float(found.score[one, sign, level, layer, head])
        low, high = relation_scores.wilson(share, int(pairs.sizes[one]))
        by_chance = float(found.chance[one, sign, layer, head])
        name = pairs.relations[one].name
        near[matrix_name(SIGNS[sign], name, level)] = [share, low, high, by_chance]
    return near


def _mapped(
    block: Block,
    lengths: torch.Tensor,
    U: Unembedding,
    kept: tuple[int, int],
    texts: token_text.Texts,
) -> list[list[list[Any]]]:
    """Of every head: [token, how much it is lengthened, [tokens it raises most]], largest first."""
    ids, ratios = salient_mappings.sources(lengths, block.W_V, block.W_O, kept[0])
    rows = torch.cat(
        [
            lengths[ids[head]] @ block.W_V[head // block.group].T @ block.W_O[head].T
            for head in range(block.heads)
        ]
    )
    raised = salient_mappings.targets(rows, U, kept[1]).reshape(*ids.shape, -1).tolist()
    return [
        [
            [texts(token), ratio, [texts(target) for target in targets]]
            for token, ratio, targets in zip(*of_head, strict=True)
        ]
        for of_head in zip(ids.tolist(), ratios.tolist(), raised, strict=True)
    ]


def matrix_name(sign: str, relation: str, level: int) -> str:
    """`score:capital@10`."""
    return f"{sign}:{relation}@{relation_scores.ks(relation)[level]}"


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
        for at, k in enumerate(relation_scores.ks(relation.name)):
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
    published: NDArray[np.bool_] = found.score[:, :, level] > relation_scores.THRESHOLD
    for name, has, rule in (
        ("categories", found.has, "above chance"),
        ("categories:maps", published, "published rule"),
    ):
        yield _matrix(
            name,
            relation_scores.categories(_by_category(has, pairs)),
            title=f"Categories of relations ({rule})",
            unit="category",
            direction="another category; from 5 on more of them",
            kind="categorical",
            categories=relation_scores.CODES,
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
            k = relation_scores.ks(relation.name)[level]
            facts[f"chance:{relation.name}@{k}"] = float(known.max())
    if pairs.relations:
        facts["measurable"] = len(pairs.relations)
        facts["classified"] = int(found.has.any((0, 1)).sum())
    return facts
