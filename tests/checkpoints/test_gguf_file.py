"""GGUF files as models: native names, configs, folders in the cache, and what is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import struct
from pathlib import Path
from typing import Any

import gguf
import gguf_models
import pytest
import transformers
from click.testing import CliRunner
from samples import write_entry

from atlas.checkpoints import (
    digests,
    gguf_config,
    gguf_file,
    gguf_header,
    headers,
    locate,
)
from atlas.checkpoints.gguf_architectures import ROWS
from atlas.commands import main
from atlas.entries import entry
from atlas.errors import AtlasError
from atlas.paths import Project
from atlas.profiles import remarks

UNSAID = {
    *("architectures", "transformers_version", "_name_or_path", "use_cache", "initializer_range"),
    *("n_inner", "intermediate_size", "attention_bias", "mlp_bias", "model_type", "head_dim"),
}
"""Keys of a config that change nothing, or that one of two says and the other means."""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return gguf_models.convert(gguf_models.make(tmp_path / "model"), tmp_path / "x.gguf", "Q8_0")


def remade(made: Path, **changes: Any) -> Path:
    """The same model with other metadata."""
    return gguf_models.convert(made.parent / "model", made, **changes)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_names_are_those_of_the_gguf_package(row: Any) -> None:
    """Every native name of a row leads to the name that the row says, in its architecture."""
    kind = next(arch for arch, name in gguf.MODEL_ARCH_NAMES.items() if name == row.name)
    names = gguf.get_tensor_name_map(kind, 3)
    for ours, native in row.outside.items():
        assert names.get_name(native) == ours
    for ours, native in row.layer.items():
        plain = native.replace("experts.{expert}", "experts")
        assert names.get_name(f"{row.layers}.2.{plain}") == f"blk.2.{ours}"


CASES = {**{name: (name, {}) for name in gguf_models.ARCHITECTURES}, **gguf_models.OTHERS}


@pytest.mark.parametrize("case", CASES)
def test_a_config_says_what_the_models_own_says(tmp_path: Path, case: str) -> None:
    model_type, changes = CASES[case]
    folder = gguf_models.make(tmp_path / "model", model_type, **changes)
    made = gguf_models.convert(folder, tmp_path / "x.gguf")
    found = gguf_config.config(gguf_header.read(made))
    own = transformers.AutoConfig.from_pretrained(folder).to_dict()
    again = transformers.AutoConfig.for_model(**found).to_dict()
    meant = {"mistral": "llama"}.get(model_type, model_type)
    differ = {key for key in own.keys() & again.keys() if own[key] != again[key]} - UNSAID
    assert again["model_type"] == meant
    assert not differ, {key: (own[key], again[key]) for key in differ}


def test_tensors_have_native_names_and_their_stored_types(made: Path) -> None:
    held = gguf_file.read_file(made)
    own = headers.read(made.parent / "model")
    assert {name: tensor.shape for name, tensor in held.items()} == {
        name: tensor.shape for name, tensor in own.items()
    }
    query = held["model.layers.0.self_attn.q_proj.weight"]
    assert (query.dtype, query.stored, query.size) == ("F32", "Q8_0", 64 * 64 // 32 * 34)
    norm = held["model.norm.weight"]
    assert (norm.dtype, norm.stored) == ("F32", "F32")
    assert headers.dequantised(held.values()) and not headers.dequantised(own.values())


def test_mixtures_have_a_tensor_for_each_expert(tmp_path: Path) -> None:
    folder = gguf_models.make(tmp_path / "model", "qwen3_moe")
    made = gguf_models.convert(folder, tmp_path / "x.gguf", "Q4_0")
    held, own = gguf_file.read_file(made), headers.read(folder)
    assert {name: tensor.shape for name, tensor in held.items()} == {
        name: tensor.shape for name, tensor in own.items()
    }


METADATA: dict[str, tuple[dict[str, Any], str]] = {
    "architecture": (
        {"general__architecture": "mamba"},
        "general.architecture: architecture 'mamba' is not read; architectures read from GGUF are",
    ),
    "adapter": ({"general__type": "adapter"}, "general.type: is of type 'adapter', not a model"),
    "parts": ({"split__count": 3}, "split.count: is one of 3 parts; join them"),
    "unknown": (
        {"llama__attention__clamp_kqv": 8.0},
        r"llama\.attention\.clamp_kqv: 8\.0 is nothing that can be read; take the original",
    ),
    "mixture": ({"llama__expert_count": 8}, r"llama\.expert_count: 8 is nothing that can be read"),
    "scaling": ({"llama__rope__scaling__type": "yarn"}, "'yarn' is nothing that can be read"),
    "window": ({"llama__attention__sliding_window": 512}, "512 is nothing that can be read"),
    "vocabulary": ({"llama__vocab_size": 60}, r"llama\.vocab_size: 60 is nothing"),
    "partly turned": (
        {"llama__rope__dimension_count": 8},
        r"llama\.rope\.dimension_count: is not the width of a head, 16",
    ),
    "narrow values": ({"llama__attention__value_length": 8}, "is not the width of a head, 16"),
    "layers": ({"leave": ["llama.block_count"]}, r"llama\.block_count: is no number from 1"),
    "no layers": ({"llama__block_count": 0}, r"llama\.block_count: is no number from 1"),
    "heads": ({"llama__attention__head_count": "four"}, "head_count: is no number from 1"),
    "by layer": ({"llama__attention__head_count_kv": [2, 2, 1]}, "differs between layers"),
    "not a number": ({"llama__rope__freq_base": float("inf")}, "rope.freq_base: is inf"),
}


@pytest.mark.parametrize("case", METADATA)
def test_metadata_that_changes_a_model_is_refused_by_name(made: Path, case: str) -> None:
    changes, message = METADATA[case]
    remade(made, **changes)
    with pytest.raises(AtlasError, match=rf"x\.gguf: .*{message}"):
        gguf_config.config(gguf_header.read(made))


def test_a_file_without_an_architecture(made: Path) -> None:
    whole = made.read_bytes()
    made.write_bytes(whole.replace(b"general.architecture", b"general.architecturf"))
    with pytest.raises(AtlasError, match="architecture None is not read"):
        gguf_config.config(gguf_header.read(made))


def test_metadata_that_changes_nothing_is_taken(made: Path) -> None:
    remade(
        made,
        llama__expert_count=0,
        llama__vocab_size=61,
        llama__rope__scaling__type="none",
        llama__attention__head_count_kv=[2, 2, 2],
        general__name="x",
        quantize__imatrix__file="x",
    )
    assert gguf_config.config(gguf_header.read(made))["num_key_value_heads"] == 2


@pytest.mark.parametrize("leave", ["head_count_kv", "key_length", "rope.freq_base"])
def test_what_metadata_leaves_out_is_as_llama_cpp_takes_it(made: Path, leave: str) -> None:
    whole = gguf_config.config(gguf_header.read(made))
    keys = [f"llama.attention.{leave}", f"llama.{leave}"]
    found = gguf_config.config(gguf_header.read(remade(made, leave=keys)))
    changed = {"num_key_value_heads": 4} if leave == "head_count_kv" else {}
    assert found == whole | changed


def test_factors_of_a_rotation_that_are_not_llama_3s_are_refused(tmp_path: Path) -> None:
    """They are found again from the factors; one that is changed leaves none that fits."""
    model_type, changes = gguf_models.OTHERS["llama 3"]
    folder = gguf_models.make(tmp_path / "model", model_type, **changes)
    made = gguf_models.convert(folder, tmp_path / "x.gguf")
    header = gguf_header.read(made)
    assert gguf_config.config(header)["rope_scaling"] == changes["rope_scaling"]
    [stored] = [tensor for tensor in header.tensors if tensor.name == "rope_freqs.weight"]
    whole = bytearray(made.read_bytes())
    whole[stored.start : stored.start + 4] = struct.pack("<f", 1.01)
    made.write_bytes(whole)
    with pytest.raises(
        AtlasError, match=r"rope_freqs\.weight: these factors .* not those of Llama 3"
    ):
        gguf_config.config(header)


@pytest.mark.parametrize("name", ["blk.0.attn_sinks.weight", "blk.00.attn_q.weight", "a.b.c"])
def test_tensors_that_an_architecture_does_not_have_are_refused(made: Path, name: str) -> None:
    whole = made.read_bytes()
    old = b"blk.0.ffn_down.weight"
    line = struct.pack("<Q", len(old)) + old
    assert whole.count(line) == 1
    # As long as the old one, so that nothing moves.
    new = name.encode().ljust(len(old), b"x") if len(name) < len(old) else name.encode()[: len(old)]
    made.write_bytes(whole.replace(line, struct.pack("<Q", len(new)) + new))
    with pytest.raises(AtlasError, match="is a tensor that architecture 'llama' does not have"):
        gguf_file.read_file(made)


def test_a_file_is_a_folder_in_the_cache(project: Project, made: Path) -> None:
    folder = locate.folder(str(made), None, project.root)
    assert folder is not None and folder.is_relative_to(project.gguf)
    assert folder.name.startswith("x-")
    assert headers.config(folder)["model_type"] == "llama"
    assert headers.read(folder).keys() == headers.read(made.parent / "model").keys()
    assert [file.resolve() for file in headers.weight_files(folder)] == [made.resolve()]
    assert headers.has_weights(folder)
    assert all(file.stat().st_size < 10_000 for file in folder.iterdir() if not file.is_symlink())


def test_the_folder_stays_while_the_file_does(project: Project, made: Path) -> None:
    folder = locate.folder(str(made), None, project.root)
    assert folder is not None
    (folder / "tokenizer.json").write_text("{}")
    first = (folder / "config.json").stat().st_mtime_ns
    assert locate.folder(str(made), None, project.root) == folder
    assert (folder / "config.json").stat().st_mtime_ns == first
    remade(made, llama__rope__freq_base=5.0)
    assert locate.folder(str(made), None, project.root) == folder
    assert headers.config(folder)["rope_theta"] == 5.0
    assert not (folder / "tokenizer.json").exists()


def test_a_broken_folder_is_made_again(project: Project, made: Path) -> None:
    folder = locate.folder(str(made), None, project.root)
    assert folder is not None
    (folder / "source.json").write_text("{")
    (folder / "config.json").unlink()
    assert locate.folder(str(made), None, project.root) == folder
    assert headers.config(folder)["model_type"] == "llama"


def test_a_file_that_is_not_there(project: Project) -> None:
    assert locate.folder("./none.gguf", None, project.root) is None


def test_the_digest_is_that_of_the_file(project: Project, made: Path) -> None:
    folder = locate.folder(str(made), None, project.root)
    assert folder is not None
    seen: list[tuple[int, int]] = []
    found = digests.of_weights(folder, lambda *done: seen.append(done))
    assert found == f"sha256:{hashlib.sha256(made.read_bytes()).hexdigest()}"
    assert seen[-1] == (made.stat().st_size,) * 2


def test_the_tokenizers_digest_is_of_metadata_alone(project: Project, made: Path) -> None:
    folder = locate.folder(str(made), None, project.root)
    assert folder is not None
    first = digests.of_tokenizer(folder)
    (folder / "tokenizer.json").write_text("{}")  # as it is written by whoever loads it first
    assert first is not None and digests.of_tokenizer(folder) == first
    remade(made, tokenizer__ggml__bos_token_id=2)
    locate.folder(str(made), None, project.root)
    assert digests.of_tokenizer(folder) != first


def test_a_file_without_a_tokenizer(project: Project, made: Path) -> None:
    remade(made, leave=["tokenizer.ggml.tokens"])
    folder = locate.folder(str(made), None, project.root)
    assert folder is not None
    assert digests.tokenizer_files(folder) == [] and digests.of_tokenizer(folder) is None


def test_conditions_say_how_it_is_stored_and_what_is_filled_in(
    project: Project, made: Path
) -> None:
    folder = locate.folder(str(made), None, project.root)
    assert folder is not None
    assert remarks.of_folder(folder) == {
        "format": "GGUF",
        "stored_dtype": "Q8_0 (weights), F32",
        "dequantised": "to float32",
    }
    gemma = gguf_models.make(made.parent / "gemma", "gemma3_text")
    folder = locate.folder(
        str(gguf_models.convert(gemma, made.parent / "g.gguf")), None, project.root
    )
    assert folder is not None
    said = remarks.of_folder(folder)
    assert said["stored_dtype"] == "F32 (weights)" and "dequantised" not in said
    assert "which layers slide" in said["config"]


def test_an_entry_of_a_file(project: Project, made: Path) -> None:
    path = write_entry(project, source="./models/x.gguf", revision=...)
    found = entry.load(path)
    assert (found.source_kind, found.file) == ("file", None)
    assert locate.of_entry(project, found) is None
    (project.root / "models").mkdir()
    made.rename(project.root / "models" / "x.gguf")
    assert locate.of_entry(project, found) is not None


def test_an_entry_of_a_file_of_a_hub_id(
    project: Project, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(project.root / "hub"))
    found = entry.load(write_entry(project, file="x.gguf"))
    assert (found.source_kind, found.file) == ("hub", "x.gguf")
    assert locate.of_entry(project, found) is None
    snapshot = project.root / "hub" / "models--some-org--Some-Model-1B" / "snapshots"
    (snapshot / str(found.revision)).mkdir(parents=True)
    os.link(made, snapshot / str(found.revision) / "x.gguf")
    folder = locate.of_entry(project, found)
    assert folder is not None and headers.config(folder)["model_type"] == "llama"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "./x.gguf"}, "revision .* is set for a file source"),
        ({"source": "./x", "revision": ..., "file": "x.gguf"}, "file 'x.gguf' is set for a folder"),
        ({"source": "zoo:x", "revision": ..., "file": "x.gguf"}, "file 'x.gguf' is set for a zoo"),
        ({"file": "../x.gguf"}, "file"),
        ({"file": "x.safetensors"}, "file"),
    ],
)
def test_an_entry_that_names_no_file_of_a_hub_id(
    project: Project, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(AtlasError) as caught:
        entry.load(write_entry(project, **changes))
    assert re.search(message, str(caught.value))


def test_a_missing_and_a_damaged_file_are_told(project: Project, made: Path) -> None:
    write_entry(project, source="./x.gguf", revision=...)
    plan = ["plan", "--project", str(project.root)]
    assert "put the GGUF file there" in CliRunner().invoke(main, plan).output
    (project.root / "x.gguf").write_bytes(made.read_bytes()[:2000])
    done = CliRunner().invoke(main, plan)
    assert done.exit_code == 0 and "x.gguf: truncated inside its header" in done.output


def test_a_tensor_is_one_thing(made: Path) -> None:
    """What is asked of a stored tensor is the same in both formats."""
    one = next(iter(gguf_file.read_file(made).values()))
    other = next(iter(headers.read(made.parent / "model").values()))
    for tensor in (one, other):
        assert tensor.file.is_file() and tensor.stored and tensor.elements
        assert len(tensor.read()) == tensor.size
        assert tensor.part(0).shape == tensor.shape[1:]
    assert dataclasses.asdict(one)["type"] == "Q8_0"
    assert json.dumps(one.shape)
