"""The quantised copies of the reference Llama: made again, read back, and the same model."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import gguf_models
import pytest
import torch
from safetensors.torch import load_file

from atlas import paths
from atlas.checkpoints import gguf_folder, locate
from atlas.entries import entry
from atlas.loaded import tokenizer
from atlas.loaded.checkpoint import Checkpoint
from atlas.paths import PACKAGE, Project
from atlas.pinned import corpus
from atlas.zoo import quantised
from atlas.zoo.__main__ import main

NAMES = sorted(quantised.COPIES)
ORIGINAL = paths.zoo_folder("llama")

every = pytest.mark.parametrize("name", NAMES)


def folder(name: str, root: Path) -> Path:
    found = locate.folder(f"zoo:{name}", None, root)
    assert found is not None
    return found


@every
def test_a_copy_is_quantised_from_the_committed_model(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command gives the committed file to the byte."""
    assert main(["quantise", name, "--out", str(tmp_path / "made")]) == 0
    made = tmp_path / "made" / gguf_folder.NAME
    assert capsys.readouterr().out == f"{name}: written to {made}\n"
    kept = paths.zoo_folder(name) / gguf_folder.NAME
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in (made, kept)]
    assert digests[0] == digests[1]
    assert [path.name for path in paths.zoo_folder(name).iterdir()] == [gguf_folder.NAME]


@every
def test_a_copy_holds_the_values_of_a_quantisation_of_its_own(name: str, tmp_path: Path) -> None:
    """Held to the tests' own writer: every tensor as it is computed with."""
    kind = quantised.COPIES[name].type
    read = Checkpoint.open(folder(name, tmp_path))
    plain = Checkpoint.open(ORIGINAL)
    assert read.architecture.modules == plain.architecture.modules
    assert read.geometry == plain.geometry
    for layer in range(read.geometry.layers):
        for (canonical, one), (other, original) in zip(
            read.layer(layer).items(), plain.layer(layer).items(), strict=True
        ):
            assert canonical == other
            left = original.float()
            if left.ndim > 1:
                left = torch.from_numpy(gguf_models.values(original, kind))
            assert torch.equal(one, left), canonical
    embedding = load_file(ORIGINAL / "model.safetensors")["model.embed_tokens.weight"]
    left = torch.from_numpy(gguf_models.values(embedding, kind))
    assert torch.equal(read.embedding(), left)
    assert torch.equal(read.unembedding(), left)
    gain = plain.final_norm()["weight"].float()
    assert torch.equal(read.final_norm()["weight"], gain)


@every
def test_a_copy_has_the_config_and_the_tokens_of_its_original(name: str, tmp_path: Path) -> None:
    made = json.loads((folder(name, tmp_path) / "config.json").read_text())
    stated = json.loads((ORIGINAL / "config.json").read_text())
    shared = made.keys() & stated.keys() - {"dtype"}
    assert {key: made[key] for key in shared} == {key: stated[key] for key in shared}
    assert "num_hidden_layers" in shared and "rms_norm_eps" in shared
    assert made["rope_theta"] == stated["rope_parameters"]["rope_theta"]
    ours, theirs = (tokenizer.load_transformers(one) for one in (folder(name, tmp_path), ORIGINAL))
    for passage in corpus.load("reference")[::20]:
        read = [one(passage.text, verbose=False)["input_ids"] for one in (ours, theirs)]
        assert read[0] == read[1]
    assert ours.bos_token_id == theirs.bos_token_id


@every
def test_a_copy_is_listed_as_one(name: str) -> None:
    slug = f"ref-{name.replace('_', '-')}"
    listed = entry.load(Project(PACKAGE.parent).entry(slug))
    assert (listed.source, listed.base) == (f"zoo:{name}", "ref-llama")
    assert listed.relation == "quantised" and listed.protocol == {"corpus": "reference"}


def test_an_unknown_copy_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quantise", "llama-q8"]) == 1
    told = capsys.readouterr().err
    assert "no quantised copy is called 'llama-q8'; did you mean 'llama-q8_0'" in told
    assert main(["train", "llama-q8_0"]) == 1
    assert "unknown reference model 'llama-q8_0'" in capsys.readouterr().err
