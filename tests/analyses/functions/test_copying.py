"""Copying by eigenvalues, centred, and what random heads reach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import planted
import pytest
import torch

from atlas import paths
from atlas.analyses.functions import folding, salient_mappings, token_inputs
from atlas.analyses.functions import run as functions
from atlas.analyses.functions.attention_block import Unembedding
from atlas.loaded.checkpoint import Checkpoint
from atlas.pinned.choices import DEFAULT


def nothing(done: int, total: int) -> None:
    """Progress that nobody watches."""


@pytest.mark.parametrize("model_type", ["llama", "gpt2", "bloom", "gemma"])
def test_centred_copying_is_that_of_the_whole_centred_product(
    model_type: str, tmp_path: Path
) -> None:
    """With norm gains folded in, whatever the atlas chooses for scores."""
    folder = planted.make(tmp_path, model_type, vocab_size=200)
    checkpoint = Checkpoint.open(folder)
    x = token_inputs.entering(checkpoint, None, torch.float64)
    U = checkpoint.unembedding().double()
    measured = functions.measure(checkpoint, [], DEFAULT, nothing)
    values = next(one for one in measured.matrices if one.name == "ov_copying_centred").values
    for layer in range(3):
        heads = checkpoint.heads(layer)
        W_V, W_O = folding.folded(checkpoint, layer, heads.W_V.double(), heads.W_O.double())
        for head in range(2):
            W_VO = W_O[head] @ W_V[head]
            whole = (x - x.mean(0)) @ W_VO.T @ (U - U.mean(0)).T
            expected = float(whole.trace() / torch.linalg.eigvals(whole).abs().sum())
            assert values[layer, head] == pytest.approx(expected, abs=1e-5)


def test_a_mean_that_all_tokens_share_rules_only_the_literal_score() -> None:
    generator = torch.Generator().manual_seed(2)
    E, U = torch.randn(2, 300, 64, generator=generator)
    E, U = E + 6 * torch.ones(64), U + 6 * torch.ones(64)
    cores = salient_mappings.copying_cores(Unembedding(U), E)
    W_V, W_O = torch.randn(2, 40, 8, 64, generator=generator)
    W_O = W_O.transpose(1, 2)
    literal = np.abs(salient_mappings.copying(cores.literal, W_V, W_O))
    centred = np.abs(salient_mappings.copying(cores.centred, W_V, W_O))
    assert np.quantile(literal, 0.9) > 0.7 > 2 * np.quantile(centred, 0.9)
    plain = U.double().T @ E.double()
    assert torch.allclose(cores.literal, plain, rtol=1e-6, atol=1e-6 * float(plain.abs().max()))


@pytest.mark.parametrize("name", ["llama", "gpt2", "qwen3"])
def test_one_in_fifty_random_heads_lies_outside_the_null(name: str) -> None:
    """Other heads than those that the null was drawn from: rotations of the model's own, the same
    singular values in directions drawn at random."""
    checkpoint = Checkpoint.open(paths.zoo_folder(name))
    x = token_inputs.entering(checkpoint, None, torch.float32)
    cores = salient_mappings.copying_cores(Unembedding(checkpoint.unembedding()), x)
    generator = torch.Generator().manual_seed(11)
    d = checkpoint.geometry.d_model

    def turned() -> torch.Tensor:
        drawn = torch.randn(d, d, generator=generator, dtype=torch.float64)
        Q: torch.Tensor = torch.linalg.qr(drawn).Q.float()
        return Q

    spectra, random = [], []
    for layer in range(checkpoint.geometry.layers):
        heads = checkpoint.heads(layer)
        W_V, W_O = heads.W_V.float(), heads.W_O.float()
        spectra.append(salient_mappings.spectra(W_V, W_O))
        for _ in range(60):
            random += salient_mappings.copying(cores.centred, W_V @ turned(), turned() @ W_O)
    null = salient_mappings.copying_null(cores.centred, torch.cat(spectra))
    outside = float(np.mean(np.abs(random) > null))
    assert 0.003 < outside < 0.045, (len(random), null)
    assert null == salient_mappings.copying_null(cores.centred, torch.cat(spectra))
    assert 0 < null < 0.9


def test_spectra_are_those_of_the_whole_product() -> None:
    generator = torch.Generator().manual_seed(3)
    W_V = torch.randn(2, 8, 20, generator=generator)
    W_O = torch.randn(4, 20, 8, generator=generator)
    for head, found in enumerate(salient_mappings.spectra(W_V, W_O)):
        whole = torch.linalg.svdvals((W_O[head] @ W_V[head // 2]).double())[:8]
        assert torch.allclose(found, whole, rtol=1e-5)
    nothing_read = salient_mappings.spectra(torch.zeros(2, 8, 20), W_O)
    assert salient_mappings.copying_null(torch.eye(20, dtype=torch.float64), nothing_read) == 0
