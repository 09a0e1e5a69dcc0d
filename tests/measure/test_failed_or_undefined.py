"""What failed to be measured is an error; what cannot be defined is a value of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import thin_corpus
import tiny
import torch
from letters import letters
from safetensors.torch import load_file, save_file
from samples import matrix, write_entry

from atlas.entries import entry
from atlas.measure import run as measuring
from atlas.paths import Project
from atlas.pinned import corpus
from atlas.profiles import plan, profile_file
from atlas.profiles.account import Outcome
from atlas.profiles.settings import Settings
from atlas.profiles.statement import Measured
from atlas.review import check

State = Callable[..., Path]


@pytest.fixture(autouse=True)
def few_texts(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))
    few = thin_corpus.passages()
    monkeypatch.setattr(corpus, "chosen", lambda choices: few)


def model(project: Project, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    """A tiny model some of whose weights are changed."""
    folder = tiny.make(project.root / "weights", "llama", tie_word_embeddings=False)
    letters(folder)
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})
    write_entry(project, "m", source="./weights", revision=...)


def measured(project: Project, *names: str) -> dict[str, Outcome]:
    entries = entry.load_all(project)
    jobs = [one for one in plan.jobs(project, entries, Settings()) if one.analysis in names]
    found = measuring.outcomes(project, entries, jobs, lambda job: lambda done, total: None)
    return {outcome.job.analysis: outcome for outcome in found}


def zero_blocks(tensors: dict[str, torch.Tensor]) -> None:
    """A layer of which nothing is left, as pruning leaves it."""
    tensors["model.layers.1.self_attn.o_proj.weight"].zero_()
    tensors["model.layers.1.mlp.down_proj.weight"].zero_()


def spoilt_head(tensors: dict[str, torch.Tensor]) -> None:
    tensors["lm_head.weight"][5, 3] = math.nan


def spoilt_embedding(tensors: dict[str, torch.Tensor]) -> None:
    """The row of a token that no text has."""
    tensors["model.embed_tokens.weight"][-1, 3] = math.nan


def test_blocks_of_zeros_have_values_that_cannot_be_defined(project: Project) -> None:
    model(project, zero_blocks)
    names = ("weights", "functions", "activations", "residual", "attention", "importance")
    found = measured(project, *names)
    assert {name: one.reason for name, one in found.items()} == dict.fromkeys(names, None)
    read = {name: profile_file.load(project.profile("m", name)) for name in names}
    zeros = {("1", "attn.o"), ("1", "mlp.down")}
    for name in ("alpha", "kurtosis", "outlier"):
        assert set(read["weights"].matrix(name).undefined) == zeros
    assert set(read["weights"].matrix("rms").undefined) == set()
    heads = read["functions"].matrix("ov_copying")
    assert (heads.values[1] == 0).all() and not heads.undefined, "nothing is given, on balance 0"
    assert set(read["activations"].matrix("kurtosis").undefined) == zeros
    assert ("1", "attn.o") in read["importance"].matrix("grad_norm_relative").undefined
    for profile in read.values():
        for one in profile.matrices:
            assert (np.isnan(one.values) == one.is_undefined).all(), one.name
    assert check.problems(project) == []


@pytest.mark.parametrize(
    ("change", "name", "told"),
    [
        (spoilt_head, "functions", "unembedding: the weights hold values that are not finite"),
        (spoilt_head, "residual", "matrix 'lens_entropy': 3 of 3 values are not finite, first at"),
        (spoilt_embedding, "functions", "matrix 'ov_copying': 12 of 12 values are not finite"),
    ],
)
def test_failed_arithmetic_is_an_error(
    change: Callable[[dict[str, torch.Tensor]], None], name: str, told: str, project: Project
) -> None:
    model(project, change)
    outcome = measured(project, name)[name]
    assert outcome.result == "failed" and outcome.reason is not None
    assert told in outcome.reason and "the weights are damaged" in outcome.reason
    assert not project.profile("m", name).exists()


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (Measured((matrix(),)), "matrix 'rms': 1 of 6 values are not finite, first at layer 0, mo"),
        (Measured((matrix(undefined=(("0", "mlp.gate"),)),), {"x": math.nan}), "fact x: is nan"),
        (
            Measured((matrix(undefined=(("0", "mlp.gate"),), unit="volts"),)),
            "matrix 'rms': unit is 'volts', and alpha promises 'weight units'",
        ),
    ],
)
def test_what_an_analysis_did_not_promise_is_not_published(
    made: Measured, told: str, project: Project, state: State
) -> None:
    state("alpha", lambda subject, progress: made, was='"gaps": True', now='"gaps": False')
    tiny.make(project.root / "weights", "llama")
    write_entry(project, "m", source="./weights", revision=...)
    outcome = measured(project, "alpha")["alpha"]
    assert outcome.result == "failed" and told in (outcome.reason or "")
