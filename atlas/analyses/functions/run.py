"""Measures the analysis `functions`, which the package states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from atlas.analyses.functions import matrices, relation_scores, salient_mappings
from atlas.analyses.functions.attention_block import AttentionBlock, Sieve, Unembedding
from atlas.analyses.functions.matrices import HeadScores, Reading, Rule
from atlas.analyses.functions.relation_scores import Pairs, Place
from atlas.analyses.functions.salient_mappings import Cores
from atlas.analyses.functions.token_inputs import AttentionBlocks, Layer
from atlas.loaded import loading, memory, token_text, unfinished
from atlas.loaded import tokenizer as tokenizers
from atlas.loaded.checkpoint import Checkpoint
from atlas.pinned import relations
from atlas.pinned.choices import Choices
from atlas.pinned.relations import Relation
from atlas.profiles import shares
from atlas.profiles.statement import Measured, Progress

SIEVES = (Sieve(tf32=True), Sieve())
"""On CUDA: shortened float32 first, then float32 for what it leaves open."""


def run(checkpoint: Checkpoint, progress: Progress) -> Measured:
    """Score every head on every measurable relation, one layer in memory at a time; a layer that an
    interrupted run has scored is not scored again."""
    return measure(checkpoint, relations.load_all(), checkpoint.choices, progress)


def measure(
    checkpoint: Checkpoint, known: Sequence[Relation], choices: Choices, progress: Progress
) -> Measured:
    """The same for any relations, and under other choices of `fold` and `later`.

    Raises `AtlasError` for a model without heads, an unembedding or a tokenizer, and for weights
    that are infinite or NaN, with the layer.
    """
    checkpoint.architecture.require_attention()
    shape = checkpoint.geometry
    device = memory.device_of_weights()
    own = tokenizers.load_transformers(checkpoint.folder)
    tokenizer = own.backend_tokenizer
    pairs = Pairs.of(known, tokenizer, shape.vocabulary).to(device)
    rule = Rule(choices.fold, relation_scores.level(shape.vocabulary))
    blocks = AttentionBlocks(checkpoint, pairs.sources, choices, device)
    attending = checkpoint.architecture.attending
    found = HeadScores.empty(len(pairs.relations), shape, attending)
    texts, kept = token_text.TokenTexts(tokenizer), unfinished.layers(checkpoint.unfinished)
    for number in attending:
        if (held := kept.get(number)) is not None:
            found.put(number, held)
    left = [number for number in attending if number not in found.heads]
    for number, layer in zip(left, blocks.of(left), strict=True):
        _score(found, number, layer, blocks.U, pairs, rule)
        _copying(found, number, layer.block(rule.fold), layer.block(True), blocks.cores)
        _heads(found, number, layer, blocks.U, pairs, rule, texts)
        kept.put(number, found.of_layer(number))
        progress(number + 1, shape.layers)
    spectra = torch.cat([found.spectra[number] for number in attending])
    found.null = salient_mappings.copying_null(blocks.cores.centred, spectra)
    return Measured(
        matrices=tuple(matrices.build(found, pairs, rule)),
        facts=matrices.facts(found, pairs, rule),
        conditions={
            "k": relation_scores.OTHER_KS[rule.level],
            "k_copying": relation_scores.KS["copying"][rule.level],
            "stored_dtype": loading.dtype_name(loading.stored_dtype(checkpoint)),
            "computed_in": "float32",
            "device": device.type,
            **tokenizers.conditions(own, checkpoint.folder),
        },
        parts={
            "heads": [one for number in attending for one in found.heads[number]],
            "pairs": matrices.pairs_part(found.readings[rule.fold], pairs, known),
        },
    )


def _score(
    found: HeadScores, number: int, layer: Layer, U: Unembedding, pairs: Pairs, rule: Rule
) -> None:
    """Note the scores of a layer's heads, and chance where a score is above the threshold: at both
    k for the scores that are published so, else at the k that counts."""
    if not pairs.relations:
        return
    for fold in (False, True):
        block, reading = layer.block(fold), found.readings[fold]
        sieves = SIEVES if block.W_O.is_cuda else (Sieve(),)
        score = relation_scores.score(block, U, pairs, sieves).cpu().numpy()
        reading.score[:, :, :, number] = score
        high = np.argwhere(score > relation_scores.THRESHOLD).tolist()
        places = [
            Place(head, one, sign, level)
            for one, sign, level, head in high
            if level == rule.level or fold == rule.fold
        ]
        for place, chance in relation_scores.chance(block, U, pairs, places, sieves).items():
            at = (place.relation, place.sign, place.level, number, place.head)
            reading.chance[at] = chance


def _copying(
    found: HeadScores, number: int, block: AttentionBlock, folded: AttentionBlock, cores: Cores
) -> None:
    """Note how far a layer's heads copy, and what random ones are drawn after; centred copying with
    norm gains folded in, so that it does not depend on where a model keeps them."""
    found.copying[number] = salient_mappings.copying(cores.literal, block.W_V, block.W_O)
    found.centred[number] = salient_mappings.copying(cores.centred, folded.W_V, folded.W_O)
    found.spectra[number] = salient_mappings.spectra(folded.W_V, folded.W_O).cpu()


def _heads(
    found: HeadScores,
    number: int,
    layer: Layer,
    U: Unembedding,
    pairs: Pairs,
    rule: Rule,
    texts: token_text.TokenTexts,
) -> None:
    """Note what every single head of a layer does."""
    block = layer.block(rule.fold)
    kept = salient_mappings.sizes(len(found.attending) * block.heads)
    salient = _salient(block, layer.x, U, kept, texts)
    found.heads[number] = []
    for head in range(block.heads):
        high = _above_threshold(found.readings[rule.fold], number, head, pairs, rule.level)
        one = {"layer": number, "head": head, "relations": high, "salient": salient[head]}
        found.heads[number].append(one)


def _above_threshold(
    reading: Reading, layer: int, head: int, pairs: Pairs, level: int
) -> dict[str, list[float]]:
    """[score, interval's lower and upper end, chance] of a head's high scores, by matrix."""
    high = {}
    chance = reading.chance[:, :, level, layer, head]
    for one, sign in np.argwhere(~np.isnan(chance)).tolist():
        share = float(reading.score[one, sign, level, layer, head])
        low, top = shares.wilson(share, int(pairs.sizes[one]))
        name = matrices.matrix_name(matrices.SIGNS[sign], pairs.relations[one].name, level)
        high[name] = [share, float(low), float(top), float(chance[one, sign])]
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
