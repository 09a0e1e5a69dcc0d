"""Shares of pairs, their intervals and their chance, against plain counting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import planted
import pytest
import tokenizers
import torch

from atlas import paths
from atlas.analyses.functions import attention_block, relation_scores
from atlas.analyses.functions import run as functions
from atlas.analyses.functions.relation_scores import Pairs, Place
from atlas.analyses.functions.token_inputs import AttentionBlocks
from atlas.loaded.checkpoint import Checkpoint
from atlas.pinned import relations
from atlas.pinned.choices import DEFAULT
from atlas.profiles import shares


def llama_blocks() -> tuple[Pairs, AttentionBlocks]:
    folder = paths.zoo_folder("llama")
    checkpoint = Checkpoint.open(folder)
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    pairs = Pairs.of(relations.load_all(), tokenizer, checkpoint.geometry.vocabulary)
    return pairs, AttentionBlocks(checkpoint, pairs.sources, DEFAULT, torch.device("cpu"))


def test_with_permuted_targets_every_score_falls_to_its_chance() -> None:
    """Of all heads, relations and signs of the reference Llama, knowing and not."""
    pairs, blocks = llama_blocks()
    generator = torch.Generator().manual_seed(0)
    shuffled = pairs.target.clone()
    for relation in range(len(pairs.relations)):
        mine = (pairs.relation == relation).nonzero().flatten()
        shuffled[mine] = pairs.target[mine[torch.randperm(len(mine), generator=generator)]]
    permuted = Pairs(
        pairs.relations,
        pairs.counts,
        pairs.ids,
        pairs.sources,
        pairs.relation,
        pairs.source,
        shuffled,
        pairs.ks,
    )
    inside, compared, largest = 0, 0, 0.0
    for layer in blocks:
        block = layer.plain
        scores = relation_scores.score(block, blocks.U, permuted)
        places = [
            Place(head, relation, sign, 0)
            for head in range(block.heads)
            for relation in range(len(pairs.relations))
            for sign in (0, 1)
        ]
        true = relation_scores.score(block, blocks.U, pairs)
        for place, chance in relation_scores.chance(block, blocks.U, pairs, places).items():
            at = (place.relation, place.sign, 0, place.head)
            low, high = shares.wilson(float(scores[at]), int(pairs.sizes[place.relation]))
            inside += low <= chance <= high
            compared += 1
            largest = max(largest, float(true[at]) - chance)
            spread = (high - low) / 2 / shares.Z
            assert abs(float(scores[at]) - chance) < 5 * spread, place
    assert compared == 16 * 20 * 2
    # Less than 95% for small chances: where 0.1 hits are expected, a single one lies outside.
    assert inside >= 0.92 * compared
    assert largest > 0.7, "the true scores are far from chance"


def test_chance_counts_every_source_with_every_target(tmp_path: Path) -> None:
    """Few targets that stand often, by the whole product."""
    folder = planted.make(tmp_path, "llama", vocab_size=300)
    checkpoint = Checkpoint.open(folder)
    rows = planted.products(checkpoint)
    common = rows[1, 0, 40:80].sum(0).argsort(descending=True)[:6].tolist()
    pairs = [(f"w{s}", f"w{max(common[s % 6 if s % 2 else 0], 2)}") for s in range(40, 80)]
    known = [planted.relation("superclass", "knowledge", pairs)]
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    table = Pairs.of(known, tokenizer, 300)
    blocks = AttentionBlocks(checkpoint, table.sources, DEFAULT, torch.device("cpu"))
    ids = torch.tensor([[int(word[1:]) for word in pair] for pair in pairs])
    for layer, one in enumerate(blocks):
        block = one.plain
        places = [Place(h, 0, s, at) for h in range(2) for s in (0, 1) for at in (0, 1)]
        for place, chance in relation_scores.chance(block, blocks.U, table, places).items():
            chosen = rows[layer, place.head, ids[:, 0]] * (-1 if place.sign else 1)
            k = (10, 25)[place.level]
            hits = [
                (chosen[s] > chosen[s, t]).sum() < k for s in range(40) for t in ids[:, 1].tolist()
            ]
            assert chance == pytest.approx(np.mean(hits)), place


def test_intervals() -> None:
    """Wilson's, from the tables of Newcombe 1998: 81 of 263, 15 of 148, 0 of 20."""
    assert shares.wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert shares.wilson(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert shares.wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert shares.wilson(1, 20)[1] == 1


def test_level_of_k_by_vocabulary() -> None:
    assert relation_scores.level(50257) == 0
    assert relation_scores.level(128256) == 1
    assert relation_scores.ks("copying") == relation_scores.ks("name") == (1, 3)
    assert relation_scores.ks("capital") == (10, 25)
    assert {"copying", "name"} < set(relations.names())


def test_sieves_of_cuda_give_the_same_answers(tmp_path: Path) -> None:
    """Their order is tried here on the processor, where float32 is never shortened."""
    pairs, blocks = llama_blocks()
    block = next(iter(blocks)).plain
    plain = relation_scores.score(block, blocks.U, pairs)
    assert torch.equal(relation_scores.score(block, blocks.U, pairs, functions.SIEVES), plain)
    coarse = (attention_block.Sieve(torch.bfloat16), attention_block.Sieve())
    assert torch.equal(relation_scores.score(block, blocks.U, pairs, coarse), plain)
