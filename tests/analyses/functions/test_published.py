"""Published answers, on real weights where the hub's cache on this machine has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from atlas.analyses.functions import relation_scores
from atlas.analyses.functions import run as functions
from atlas.analyses.functions.relation_scores import Pairs
from atlas.analyses.functions.token_inputs import AttentionBlocks
from atlas.checkpoints import locate
from atlas.loaded import tokenizer as tokenizers
from atlas.loaded.checkpoint import Checkpoint
from atlas.pinned import relations
from atlas.pinned.choices import DEFAULT


def nothing(done: int, total: int) -> None:
    """Progress that nobody watches."""


PUBLISHED = {
    "openai-community/gpt2-xl": {
        "capital": ((38, 12), 0.98),
        "year": ((31, 2), 0.95),
        "name": ((39, 4), 0.92),
        "comparative": ((40, 8), 0.88),
        "language": ((30, 8), 0.75),
        "product": ((36, 17), 0.65),
        "copying": ((25, 19), 0.52),
    },
    "EleutherAI/pythia-12b": {
        "year": ((16, 27), 1.00),
        "capital": ((27, 36), 0.97),
        "comparative": ((24, 34), 0.95),
        "first-letter": ((19, 1), 0.75),
    },
    "EleutherAI/pythia-6.9b": {
        "year": ((11, 14), 0.99),
        "capital": ((19, 28), 0.97),
        "name": ((20, 26), 0.96),
        "past-tense": ((9, 30), 0.81),
    },
    "meta-llama/Llama-3.1-8B": {
        "first-letter": ((22, 15), 0.89),
        "past-tense": ((22, 0), 0.73),
        "name": ((27, 20), 0.71),
        "comparative": ((25, 18), 0.60),
        "capital": ((24, 3), 0.49),
    },
}
"""The highest score of a relation in Elhelo & Geva 2025, by layer and head."""


def hub_folder(source: str) -> Path:
    """A model in the hub's cache on this machine; the test is skipped where it is not there."""
    folder = locate.folder(source, None, Path())
    if folder is None:
        pytest.skip(f"weights are not on this machine: hf download {source}")
    return folder


@pytest.mark.hub
@pytest.mark.parametrize("source", PUBLISHED)
def test_published_heads_have_their_published_scores(source: str) -> None:
    """Our pairs are not the paper's, so a score may differ by a tenth; the head may not."""
    checkpoint = Checkpoint.open(hub_folder(source))
    matrices = {one.name: one for one in functions.run(checkpoint, nothing).matrices}
    level = relation_scores.level(checkpoint.geometry.vocabulary)
    for name, (place, score) in PUBLISHED[source].items():
        values = matrices[f"score:{name}@{relation_scores.ks(name)[level]}"].values
        assert values[place] == values.max(), name
        assert values[place] == pytest.approx(score, abs=0.1), name


@pytest.mark.hub
def test_name_movers_of_gpt2_copy_names_and_negative_ones_suppress_them() -> None:
    """Wang et al. 2022, at k = 5 as there."""
    folder = hub_folder("openai-community/gpt2")
    checkpoint = Checkpoint.open(folder)
    tokenizer = tokenizers.load(folder)
    table = Pairs.of([relations.load("name")], tokenizer, checkpoint.geometry.vocabulary)
    at_five = replace(table, ks=torch.full_like(table.ks, 5))
    blocks = AttentionBlocks(checkpoint, at_five.sources, DEFAULT, torch.device("cpu"))
    scores = [relation_scores.score(one.plain, blocks.U, at_five)[0, :, 0] for one in blocks]
    for sign, heads in ((0, ((9, 9), (10, 0), (9, 6))), (1, ((10, 7), (11, 10)))):
        for layer, head in heads:
            assert scores[layer][sign, head] >= 0.95, (layer, head)
