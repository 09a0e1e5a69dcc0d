"""A live model measured in a notebook: the numbers of its files, and nothing left behind."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import thin_corpus
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import atlas
from atlas.paths import Project, zoo_folder
from atlas.pinned import corpus


@pytest.fixture(scope="module")
def live() -> tuple[Any, Any]:
    """The reference model ref-llama and its tokenizer."""
    folder = zoo_folder("llama")
    return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_weights_are_those_of_the_files(
    live: tuple[Any, Any], small: Project, scratch: Path
) -> None:
    found = atlas.profile(*live, analyses=["weights"], name="mine")
    opened = atlas.open(small.root)
    wanted = opened.model("ref-llama").matrix("weights", "rms")
    mine = found.matrix("weights", "rms")
    np.testing.assert_array_equal(mine.values, wanted.values)
    assert (mine.digest, mine.unit, mine.model) == (wanted.digest, wanted.unit, "mine")
    assert (found.about.layers, found.analyses) == (4, ("weights",))
    assert (opened.compare("ref-llama", found, "weights", "rms").values == 0).all()
    assert list(scratch.iterdir()) == [], "nothing is kept"


def test_what_was_changed_in_memory_is_measured(live: tuple[Any, Any], small: Project) -> None:
    model, tokenizer = live
    weight = model.model.layers[1].self_attn.q_proj.weight
    with torch.no_grad():
        weight.mul_(2)
    try:
        found = atlas.profile(model, tokenizer, analyses=["weights"])
    finally:
        with torch.no_grad():
            weight.div_(2)
    moved = atlas.open(small.root).compare("ref-llama", found, "weights", "rms", view="ratio")
    assert moved["1", "attn.q"] == pytest.approx(2, rel=1e-3)
    assert moved["0", "attn.q"] == moved["1", "attn.k"] == 1


def test_texts_are_read_and_parts_come_along(
    live: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, scratch: Path
) -> None:
    monkeypatch.setattr(corpus, "chosen", thin_corpus.passages)
    found = atlas.profile(*live, analyses=["attention"])
    assert found.matrix("attention", "induction").shape == (4, 4)
    assert len(found.heads()) == 16 and "attention/induction" in found.heads().columns
    assert list(scratch.iterdir()) == []


def test_what_cannot_be_measured_is_told(live: tuple[Any, Any], scratch: Path) -> None:
    model, _ = live
    for what, told in (
        ({"model": model, "analyses": ["attention"]}, "no tokenizer was given, and attention"),
        ({"model": model, "analyses": ["drift"]}, "drift does not fit: a live model has no base"),
        ({"model": model, "analyses": ["weight"]}, "did you mean 'weights'"),
        ({"model": torch.nn.Linear(2, 2)}, "a Linear is no model of transformers"),
        ({"model": model, "name": "../mine"}, "is not a slug"),
    ):
        with pytest.raises(atlas.AtlasError, match=told):
            atlas.profile(**what)
    with torch.no_grad():
        was = model.model.layers[0].mlp.up_proj.weight[0, 0].item()
        model.model.layers[0].mlp.up_proj.weight[0, 0] = float("inf")
    try:
        with pytest.raises(atlas.AtlasError, match=r"weights: .*") as refused:
            atlas.profile(model, analyses=["weights"])
    finally:
        with torch.no_grad():
            model.model.layers[0].mlp.up_proj.weight[0, 0] = was
    assert str(scratch) not in str(refused.value), "a folder that is gone says nothing"
    assert not [path for path in scratch.iterdir() if path.is_dir()]
