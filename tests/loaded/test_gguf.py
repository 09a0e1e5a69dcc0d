"""Values of GGUF files: those of transformers' own reader, in both tiers, and of the original."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import gguf_models
import pytest
import torch
import transformers

from atlas.checkpoints import locate
from atlas.errors import AtlasError
from atlas.loaded import memory, tokenizer
from atlas.loaded.checkpoint import Checkpoint, load
from atlas.loaded.live import LiveModel
from atlas.paths import Project

TYPES = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1")


def folder_of(project: Project, file: Path) -> Path:
    found = locate.folder(str(file), None, project.root)
    assert found is not None
    return found


def converted(project: Project, tmp_path: Path, model_type: str, stored: str, **more: Any) -> Path:
    """A tiny model as a GGUF file, as the folder that stands for it."""
    model = gguf_models.make(tmp_path / "model", model_type, **more)
    return folder_of(project, gguf_models.convert(model, tmp_path / "x.gguf", stored))


@pytest.mark.parametrize("model_type", gguf_models.ARCHITECTURES)
@pytest.mark.parametrize("stored", ["F32", "Q8_0"])
def test_values_are_those_of_transformers_own_reader(
    project: Project, tmp_path: Path, model_type: str, stored: str
) -> None:
    """Streamed and live, bit for bit, and so is what the model computes."""
    folder = converted(project, tmp_path, model_type, stored)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, gguf_file="x.gguf", dtype=torch.float32, attn_implementation="eager"
    ).eval()
    model = LiveModel.open(folder)
    own = model.live.state_dict()
    assert own.keys() == theirs.state_dict().keys()
    for name, values in theirs.state_dict().items():
        assert torch.equal(values, own[name]), name
    ids = torch.arange(40).reshape(2, 20)
    with torch.inference_mode():
        difference = model.live(ids).logits - theirs(ids).logits
    assert difference.abs().max() < 1e-5


CASES = {**{name: (name, {}) for name in gguf_models.ARCHITECTURES}, **gguf_models.OTHERS}


@pytest.mark.parametrize("case", CASES)
def test_values_are_those_that_were_converted(project: Project, tmp_path: Path, case: str) -> None:
    """The values, and what the model computes of them: the config is that of the original."""
    model_type, changes = CASES[case]
    folder = converted(project, tmp_path, model_type, "F32", **changes)
    original, copy = Checkpoint.open(tmp_path / "model"), Checkpoint.open(folder)
    assert copy.tensors.keys() == original.tensors.keys()
    for name, tensor in original.tensors.items():
        raised = model_type.startswith("gemma") and "norm" in name
        assert torch.allclose(load(copy.tensors[name]), load(tensor), rtol=0, atol=1e-6 * raised)
    ids = torch.arange(40).reshape(2, 20)
    with torch.inference_mode():
        own = LiveModel.open(tmp_path / "model").live(ids).logits
        again = LiveModel.open(folder).live(ids).logits
    assert torch.allclose(own, again, rtol=0, atol=1e-4)


@pytest.mark.parametrize("stored", TYPES)
def test_a_copy_holds_what_its_type_leaves_of_the_original(
    project: Project, tmp_path: Path, stored: str
) -> None:
    """Rows of queries and keys too, whose order llama.cpp changes: blocks lie within rows."""
    folder = converted(project, tmp_path, "llama", stored)
    original, copy = Checkpoint.open(tmp_path / "model"), Checkpoint.open(folder)
    for name, tensor in original.tensors.items():
        values = load(tensor)
        left = torch.from_numpy(gguf_models.values(values, stored)) if values.ndim > 1 else values
        assert torch.equal(load(copy.tensors[name]).float(), left), name
        if stored not in ("F32", "F16", "BF16") and values.ndim > 1:
            error = (left - values).norm() / values.norm()
            assert 0 < error < {"Q8_0": 0.01, "Q5_0": 0.06, "Q5_1": 0.06}.get(stored, 0.12)


@pytest.mark.parametrize("model_type", gguf_models.ARCHITECTURES)
def test_a_part_is_that_of_the_whole(project: Project, tmp_path: Path, model_type: str) -> None:
    folder = converted(project, tmp_path, model_type, "Q8_0")
    for tensor in Checkpoint.open(folder).tensors.values():
        whole = load(tensor)
        for index in {0, 1, len(whole) // 2, len(whole) - 1}:
            assert torch.equal(load(tensor.part(index)), whole[index]), (tensor.name, index)


def test_biases_of_queries_and_keys_are_put_back_as_well(project: Project, tmp_path: Path) -> None:
    folder = converted(project, tmp_path, "llama", "F32", attention_bias=True, mlp_bias=True)
    original, copy = Checkpoint.open(tmp_path / "model"), Checkpoint.open(folder)
    name = "model.layers.1.self_attn.q_proj.bias"
    assert torch.equal(load(copy.tensors[name]), load(original.tensors[name]))
    assert torch.equal(load(copy.tensors[name].part(5)), load(original.tensors[name])[5])
    assert copy.tensors.keys() == original.tensors.keys()


@pytest.mark.parametrize("stored", ["Q8_0", "BF16"])
def test_both_tiers_read_the_same_numbers(project: Project, tmp_path: Path, stored: str) -> None:
    folder = converted(project, tmp_path, "llama", stored)
    checkpoint, model = Checkpoint.open(folder), LiveModel.open(folder)
    assert model.dtype == (torch.float32 if stored == "Q8_0" else torch.bfloat16)
    for layer in range(3):
        streamed = checkpoint.layer(layer)
        for module in ("attn.q", "attn.k", "mlp.down", "norm.attn"):
            path = model.architecture.live(module)
            live = model.layer(layer).get_parameter(f"{path}.weight")
            assert torch.equal(streamed[f"{module}.weight"].to(model.dtype), live)


def test_rounded_only_where_float32_does_not_fit_and_then_said(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = converted(project, tmp_path, "llama", "Q4_0")
    assert "rounded" not in LiveModel.open(folder).conditions
    geometry = Checkpoint.open(folder).geometry
    room = memory.needed_bytes(geometry, 4) - 1
    monkeypatch.setattr(memory, "free_memory", lambda device: {"cpu": room})
    model = LiveModel.open(folder)
    assert model.dtype == torch.bfloat16
    assert model.conditions["rounded"] == "to bfloat16: in float32 it does not fit into memory"
    monkeypatch.setattr(memory, "free_memory", lambda device: {"cpu": 1000})
    with pytest.raises(AtlasError, match="GB of memory in float32; free"):
        LiveModel.open(folder)


def test_what_is_not_quantised_is_never_rounded(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = converted(project, tmp_path, "llama", "F32")
    room = memory.needed_bytes(Checkpoint.open(folder).geometry, 4) - 1
    monkeypatch.setattr(memory, "free_memory", lambda device: {"cpu": room})
    with pytest.raises(AtlasError, match="GB of memory in float32; free"):
        LiveModel.open(folder)


def test_without_the_gguf_package_blocks_cannot_be_read(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = converted(project, tmp_path, "llama", "Q8_0")
    monkeypatch.setitem(sys.modules, "gguf", None)
    tensors = Checkpoint.open(folder).tensors
    assert load(tensors["model.norm.weight"]).dtype == torch.float32
    with pytest.raises(AtlasError, match=r"the package gguf, .* is not installed; pip install"):
        load(tensors["model.embed_tokens.weight"])


def test_the_tokenizer_is_written_once(project: Project, tmp_path: Path) -> None:
    folder = converted(project, tmp_path, "llama", "F32")
    assert not (folder / "tokenizer.json").exists()
    made = tokenizer.load_transformers(folder)
    assert made.convert_ids_to_tokens(made("a b")["input_ids"]) == ["a", "\u0120", "b"]
    assert made.bos_token_id == 1
    written = (folder / "tokenizer.json").stat().st_mtime_ns
    again = tokenizer.load_transformers(folder)
    assert again("some words")["input_ids"] == made("some words")["input_ids"]
    assert (folder / "tokenizer.json").stat().st_mtime_ns == written
    assert tokenizer.conditions(again, folder) == {}


def test_digits_are_set_apart_where_the_file_says_so(project: Project, tmp_path: Path) -> None:
    model = gguf_models.make(tmp_path / "model")
    file = gguf_models.convert(model, tmp_path / "x.gguf", tokenizer__ggml__pre="smollm")
    folder = folder_of(project, file)
    tokenizer.load_transformers(folder)
    cut = json.loads((folder / "tokenizer.json").read_text())["pre_tokenizer"]["pretokenizers"]
    assert [(one["type"], one.get("individual_digits")) for one in cut] == [
        ("Digits", True),
        ("ByteLevel", None),
    ]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("pre", "deepseek-llm", r"ggml\.pre: rules 'deepseek-llm' for cutting texts are not known"),
        ("pre", "default", "rules 'default' for cutting texts are not known"),
        ("model", "bert", r"ggml\.model: 'bert' is not read; gpt2 and llama are"),
        ("model", "rwkv", "'rwkv' is not read"),
    ],
)
def test_tokenizers_that_would_cut_otherwise_are_refused(
    project: Project, tmp_path: Path, key: str, value: str, message: str
) -> None:
    model = gguf_models.make(tmp_path / "model")
    changed = {f"tokenizer__ggml__{key}": value}
    folder = folder_of(project, gguf_models.convert(model, tmp_path / "x.gguf", **changed))
    with pytest.raises(AtlasError, match=message):
        tokenizer.load_transformers(folder)
    assert not (folder / "tokenizer.json").exists()
