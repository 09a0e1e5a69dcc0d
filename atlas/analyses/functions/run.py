"""Measures the analysis `functions`, which the package states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from atlas.analyses.functions import matrices, relation_scores, salient_mappings
from atlas.analyses.functions.attention_block import AttentionBlock, Sieve, Unembedding
from atlas.analyses.functions.matrices import HeadScores
from atlas.analyses.functions.relation_scores import Pairs, Place
from atlas.analyses.functions.token_inputs import AttentionBlocks, Options
from atlas.loaded import loading, token_text
from atlas.loaded import tokenizer as tokenizers
from atlas.loaded.checkpoint import Checkpoint
from atlas.pinned import relations
from atlas.pinned.relations import Relation
from atlas.profiles.statement import Measured, Progress

SIEVES = (Sieve(tf32=True), Sieve())
"""On CUDA: shortened float32 first, then float32 for what it leaves open."""


def run(checkpoint: Checkpoint, progress: Progress) -> Measured:
    """Score every head on every measurable relation, one layer in memory at a time."""
    return measure(checkpoint, relations.load_all(), Options(), progress)


def measure(
    checkpoint: Checkpoint, known: Sequence[Relation], options: Options, progress: Progress
) -> Measured:
    """The same for any relations, and for other settings than the protocol's.

    Raises `AtlasError` for a model without an unembedding or a tokenizer, and for weights that are
    infinite or NaN, with the layer.
    """
    shape = checkpoint.geometry
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    own = tokenizers.load_transformers(checkpoint.folder)
    tokenizer = own.backend_tokenizer
    pairs = Pairs.of(known, tokenizer, shape.vocabulary).to(device)
    level = relation_scores.level(shape.vocabulary)
    blocks = AttentionBlocks(checkpoint, pairs.sources, options, device)
    found = HeadScores.empty(len(pairs.relations), shape)
    texts = token_text.TokenTexts(tokenizer)
    kept = salient_mappings.sizes(shape.layers * shape.heads)
    for layer, (block, x) in enumerate(blocks):
        _score(found, layer, block, blocks.U, pairs, level)
        found.copying[layer] = salient_mappings.copying(blocks.core, block.W_V, block.W_O)
        salient = _salient(block, x, blocks.U, kept, texts)
        for head in range(shape.heads):
            high = _above_threshold(found, layer, head, pairs, level)
            found.heads.append(
                {"layer": layer, "head": head, "relations": high, "salient": salient[head]}
            )
        progress(layer + 1, shape.layers)
    return Measured(
        matrices=tuple(matrices.build(found, pairs, level)),
        facts=matrices.facts(found, pairs, level),
        conditions={
            "k": relation_scores.OTHER_KS[level],
            "k_copying": relation_scores.KS["copying"][level],
            "stored_dtype": loading.dtype_name(loading.stored_dtype(checkpoint)),
            "computed_in": "float32",
            "device": device.type,
            **tokenizers.conditions(own, checkpoint.folder),
        },
        parts={"heads": found.heads},
    )


def _score(
    found: HeadScores, layer: int, block: AttentionBlock, U: Unembedding, pairs: Pairs, level: int
) -> None:
    """Note the scores of a layer's heads, and chance where a score is above the threshold."""
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


def _above_threshold(
    found: HeadScores, layer: int, head: int, pairs: Pairs, level: int
) -> dict[str, list[float]]:
    """[score, interval's lower and upper end, chance] of a head's high scores, by matrix."""
    high = {}
    for one, sign in np.argwhere(~np.isnan(found.chance[:, :, layer, head])).tolist():
        share = float(found.score[one, sign, level, layer, head])
        interval = relation_scores.wilson(share, int(pairs.sizes[one]))
        name = matrices.matrix_name(matrices.SIGNS[sign], pairs.relations[one].name, level)
        high[name] = [share, *interval, float(found.chance[one, sign, layer, head])]
    return high


def _salient(
    block: AttentionBlock,
    x: torch.Tensor,
    U: Unembedding,
    kept: tuple[int, int],
    texts: token_text.TokenTexts,
) -> list[list[list[Any]]]:
    """Of every head: [token, how much it is lengthened, [tokens it raises most]], largest first.

    x: (token, d_model), what the heads read of all tokens, rows of norm 1.
    """
    ids, ratios = salient_mappings.sources(x, block.W_V, block.W_O, kept[0])
    rows = torch.cat(
        [
            x[ids[head]] @ block.W_V[head // block.group].T @ block.W_O[head].T
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
