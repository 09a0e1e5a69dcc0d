"""Headers read by hand: what is believed, what is refused, and digests of the content."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from atlas.checkpoints import digests, headers, hub_settings, locate, safetensors_file
from atlas.checkpoints import tensor as tensor_module
from atlas.errors import AtlasError

TENSORS = {
    "b": torch.arange(6, dtype=torch.float32).reshape(2, 3),
    "a": torch.ones(4, dtype=torch.bfloat16),
    "c": torch.zeros(0, 3, dtype=torch.int64),
}


def save(folder: Path, tensors: dict[str, torch.Tensor], name: str = headers.SINGLE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    safetensors.torch.save_file(tensors, folder / name)
    return folder / name


def save_sharded(folder: Path, shards: dict[str, dict[str, torch.Tensor]]) -> Path:
    for name, tensors in shards.items():
        save(folder, tensors, name)
    weight_map = {name: file for file, tensors in shards.items() for name in tensors}
    return write_index(folder, weight_map)


def write_index(folder: Path, weight_map: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / headers.INDEX).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return folder


def write_header(file: Path, header: object, content: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(struct.pack("<Q", len(text)) + text + content)
    return file


def entry(dtype: object = "F32", shape: object = None, offsets: object = None) -> dict[str, Any]:
    return {
        "dtype": dtype,
        "shape": [2] if shape is None else shape,
        "data_offsets": [0, 8] if offsets is None else offsets,
    }


def test_names_shapes_dtypes_and_bytes(tmp_path: Path) -> None:
    file = save(tmp_path, TENSORS)
    held = headers.read(tmp_path)
    assert list(held) == ["a", "b", "c"]
    for name, tensor in TENSORS.items():
        assert held[name].shape == tuple(tensor.shape)
        assert held[name].elements == tensor.numel()
        content = b"".join(tensor_module.chunks(file, held[name].start, held[name].stop))
        assert content == tensor.view(torch.uint8).numpy().tobytes()
    assert [tensor.dtype for tensor in held.values()] == ["BF16", "F32", "I64"]


def test_shards_come_together(tmp_path: Path) -> None:
    shards = {
        "model-00001-of-00002.safetensors": {"b": TENSORS["b"]},
        "model-00002-of-00002.safetensors": {"a": TENSORS["a"]},
    }
    held = headers.read(save_sharded(tmp_path, shards))
    assert {name: tensor.file.name for name, tensor in held.items()} == {
        "a": "model-00002-of-00002.safetensors",
        "b": "model-00001-of-00002.safetensors",
    }


def test_a_stray_copy_in_another_shard_is_not_the_models(tmp_path: Path) -> None:
    save(tmp_path, {"a": TENSORS["a"], "b": TENSORS["b"] + 1}, "1.safetensors")
    save(tmp_path, {"b": TENSORS["b"]}, "2.safetensors")
    write_index(tmp_path, {"a": "1.safetensors", "b": "2.safetensors"})
    assert headers.read(tmp_path)["b"].file.name == "2.safetensors"


@pytest.mark.parametrize("keep", [0, 4, 8, 40, -1])
def test_truncated_file_is_named(tmp_path: Path, keep: int) -> None:
    file = save(tmp_path, TENSORS)
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(AtlasError, match=r"model\.safetensors: truncated.*fetch this file again"):
        headers.read(tmp_path)


def test_truncated_shard_is_named(tmp_path: Path) -> None:
    save_sharded(tmp_path, {f"{name}.safetensors": {name: TENSORS[name]} for name in "ab"})
    file = tmp_path / "b.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(AtlasError, match=r"b\.safetensors: truncated: 95 bytes of 96"):
        headers.read(tmp_path)


def test_missing_shard_is_named(tmp_path: Path) -> None:
    save_sharded(tmp_path, {f"{name}.safetensors": {name: TENSORS[name]} for name in "ab"})
    (tmp_path / "b.safetensors").unlink()
    with pytest.raises(AtlasError, match=r"b\.safetensors: missing shard; fetch this file"):
        headers.read(tmp_path)


def test_shard_without_its_tensor_is_named(tmp_path: Path) -> None:
    save(tmp_path, {"a": TENSORS["a"]}, "a.safetensors")
    write_index(tmp_path, {"a": "a.safetensors", "z": "a.safetensors"})
    with pytest.raises(AtlasError, match=r"a\.safetensors: the index says that 'z' is here"):
        headers.read(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "../x.safetensors",
        "/etc/x.safetensors",
        "sub/x.safetensors",
        "..\\x.safetensors",
        "C:x.safetensors",
        "x\0.safetensors",
        "x.bin",
        "",
        7,
        None,
    ],
)
def test_shard_names_stay_in_the_folder(tmp_path: Path, name: object) -> None:
    save(tmp_path, {"a": TENSORS["a"]}, "x.safetensors")
    write_index(tmp_path / "model", {"a": name})
    with pytest.raises(AtlasError, match=r"weight_map\.a: .* is not a shard's file name"):
        headers.read(tmp_path / "model")


@pytest.mark.parametrize("weight_map", [None, {}, ["a"]])
def test_index_without_a_table(tmp_path: Path, weight_map: object) -> None:
    write_index(tmp_path, weight_map)
    with pytest.raises(AtlasError, match="weight_map: expected a table of tensor names"):
        headers.read(tmp_path)


@pytest.mark.parametrize(
    ("header", "content", "message"),
    [
        ({"a": entry("F31")}, bytes(8), "a: corrupt: dtype 'F31' is not one of F64"),
        ({"a": entry(["F32"])}, bytes(8), "a: corrupt: dtype"),
        ({"a": entry(shape=[-2])}, bytes(8), r"a: corrupt: shape \[-2\]"),
        ({"a": entry(shape=[2.0])}, bytes(8), r"a: corrupt: shape \[2.0\]"),
        ({"a": entry(shape=[True])}, bytes(8), r"a: corrupt: shape \[True\]"),
        ({"a": entry(shape=2)}, bytes(8), "a: corrupt: shape 2"),
        ({"a": entry(shape=[3])}, bytes(8), r"a: corrupt: 8 bytes for F32 \[3\], expected 12"),
        ({"a": entry(shape=[2**60, 2**60])}, bytes(8), "a: corrupt: 8 bytes for F32"),
        ({"a": entry(offsets=[0])}, bytes(8), "a: corrupt: data_offsets"),
        ({"a": entry(offsets=[8, 0])}, bytes(8), "a: corrupt: -8 bytes"),
        ({"a": entry(offsets=[-8, 0])}, bytes(8), "a: corrupt: data_offsets"),
        ({"a": entry(offsets=[4, 12])}, bytes(12), "a: corrupt: starts at byte"),
        ({"a": entry(), "b": entry()}, bytes(8), "b: corrupt: starts at byte"),
        ({"a": entry(), "b": entry(offsets=[12, 20])}, bytes(20), "b: corrupt: starts at byte"),
        ({"a": entry()}, bytes(9), "corrupt: 1 bytes after the last tensor"),
        ({"a": {**entry(), "x": 1}}, bytes(8), "a: corrupt: header entry is"),
        ({"a": 3}, bytes(8), "a: corrupt: header entry is 3"),
        ([1], b"", "corrupt: header: expected a JSON object"),
        (b"{", b"", "corrupt: header: is not valid JSON"),
        (b"\xff\xfe{}", b"", "corrupt: header: byte 0 is not UTF-8"),
        (b"[" * 100_000, b"", "corrupt: header: is not valid JSON"),
        (b'{"a": {}, "a": {}}', b"", "corrupt: header: is not valid JSON: key 'a' is repeated"),
    ],
)
def test_corrupt_headers_are_refused(
    tmp_path: Path, header: object, content: bytes, message: str
) -> None:
    write_header(tmp_path / headers.SINGLE, header, content)
    with pytest.raises(AtlasError, match=rf"model\.safetensors: {message}"):
        headers.read(tmp_path)


@pytest.mark.parametrize(
    ("dtype", "shape", "size", "said"),
    [
        ("F64", [2], 16, "F64, floats in double precision; atlas reads F32, F16, BF16; load"),
        ("C64", [3], 24, "C64, complex numbers; atlas reads"),
        ("F8_E4M3FNUZ", [2, 3], 6, "F8_E4M3FNUZ, floats of 8 bits; atlas reads"),
        ("F8_E5M2FNUZ", [2, 3], 6, "F8_E5M2FNUZ, floats of 8 bits; atlas reads"),
        ("F6_E2M3", [4], 3, "F6_E2M3, floats of 6 bits; atlas reads"),
        ("F6_E3M2", [2, 4], 6, "F6_E3M2, floats of 6 bits; atlas reads"),
        ("F4", [2, 3], 3, "F4, floats of 4 bits; atlas reads"),
        ("I8", [2], 2, "I8, integers of 8 bits; atlas reads F32, F16, BF16; quantised weights are"),
    ],
)
def test_dtypes_that_nothing_is_measured_in_are_called_by_name(
    tmp_path: Path, dtype: str, shape: list[int], size: int, said: str
) -> None:
    """Widths are those of the safetensors that is installed, which opens the same file."""
    file = tmp_path / headers.SINGLE
    write_header(file, {"a": entry(dtype, shape, [0, size])}, bytes(size))
    with safetensors.safe_open(file, "numpy") as opened:
        assert opened.get_slice("a").get_dtype() == dtype
    [tensor] = headers.read(tmp_path).values()
    assert (tensor.dtype, tensor.elements, tensor.size) == (dtype, math.prod(shape), size)
    assert f"model.safetensors: a: stored as {said}" in str(tensor_module.unread(tensor))
    assert ("quantised" in str(tensor_module.unread(tensor))) is (dtype not in ("F64", "C64"))


def test_every_dtype_of_the_installed_safetensors_is_known(tmp_path: Path) -> None:
    file = write_header(tmp_path / headers.SINGLE, {"a": entry("F31")}, bytes(8))
    with pytest.raises(safetensors.SafetensorError) as caught:
        safetensors.safe_open(file, "numpy")
    listed = re.findall(r"`([A-Z0-9_]+)`", str(caught.value).partition("expected")[2])
    assert set(listed) <= set(tensor_module.BITS) and "F4" in listed


def test_a_tensor_that_ends_within_a_byte_is_corrupt(tmp_path: Path) -> None:
    write_header(tmp_path / headers.SINGLE, {"a": entry("F4", [3], [0, 2])}, bytes(2))
    with pytest.raises(AtlasError, match=r"corrupt: F4 \[3\] does not end at a byte"):
        headers.read(tmp_path)


def test_a_header_larger_than_100_mb_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / headers.SINGLE
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", safetensors_file.LARGEST_HEADER + 1))
        stream.truncate(2 * safetensors_file.LARGEST_HEADER)
    with pytest.raises(AtlasError, match="header of 104,857,601 bytes, at most 100 MB are read"):
        headers.read(tmp_path)


def test_git_lfs_pointer(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    (tmp_path / headers.SINGLE).write_text(pointer)
    with pytest.raises(AtlasError, match=r"Git LFS pointer.*git lfs pull"):
        headers.read(tmp_path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "consolidated.00.pth", "model.pt"])
def test_pickles_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(
        AtlasError, match=rf"only pickled weights.*{name}.*save_pretrained\(folder\)"
    ):
        headers.read(tmp_path)


def test_no_weights(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=r"no weights here: neither model\.safetensors nor"):
        headers.read(tmp_path)


def test_digest_is_of_the_content_alone(tmp_path: Path) -> None:
    tensors = {name: TENSORS[name] for name in "ab"}
    file = save(tmp_path / "whole", tensors)
    save_sharded(tmp_path / "cut", {f"{name}.safetensors": {name: tensors[name]} for name in "ab"})
    first = digests.of_weights(tmp_path / "whole")
    os.utime(file, (1, 1))
    assert first == digests.of_weights(tmp_path / "whole") == digests.of_weights(tmp_path / "cut")
    lines = [
        ["a", "BF16", [4], hashlib.sha256(b"\x80\x3f" * 4).hexdigest()],
        ["b", "F32", [2, 3], hashlib.sha256(struct.pack("<6f", *range(6))).hexdigest()],
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    assert first == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


@pytest.mark.parametrize(
    "change",
    [
        lambda t: {**t, "a": t["a"] * 2},
        lambda t: {**t, "b": t["b"].reshape(3, 2)},
        lambda t: {**t, "b": t["b"].view(torch.int32)},
        lambda t: {"a": t["a"], "z": t["b"]},
        lambda t: {"a": t["a"]},
    ],
)
def test_digest_sees_every_change(
    tmp_path: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]
) -> None:
    tensors = {name: TENSORS[name] for name in "ab"}
    save(tmp_path / "one", tensors)
    save(tmp_path / "two", change(tensors))
    assert digests.of_weights(tmp_path / "one") != digests.of_weights(tmp_path / "two")


def test_digest_tells_its_progress(tmp_path: Path) -> None:
    save(tmp_path, {"a": torch.zeros(5), "b": torch.zeros(tensor_module.CHUNK, dtype=torch.int16)})
    seen: list[tuple[int, int]] = []
    digests.of_weights(tmp_path, lambda done, total: seen.append((done, total)))
    total = 20 + 2 * tensor_module.CHUNK
    assert seen == [(20, total), (total, total)]


def test_tokenizer_digest(tmp_path: Path) -> None:
    assert digests.of_tokenizer(tmp_path) is None
    (tmp_path / "tokenizer.json").write_text("{}")
    first = digests.of_tokenizer(tmp_path)
    assert first is not None and first.startswith("sha256:")
    (tmp_path / "README.md").write_text("no part of it")
    assert digests.of_tokenizer(tmp_path) == first
    (tmp_path / "tokenizer_config.json").write_text("{}")
    assert digests.of_tokenizer(tmp_path) != first


def test_config_is_a_small_json_object(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    with pytest.raises(AtlasError, match=r"config\.json: cannot be read"):
        headers.config(tmp_path)
    file.write_text('{"model_type": "llama"}')
    assert headers.config(tmp_path) == {"model_type": "llama"}
    file.write_text("[]")
    with pytest.raises(AtlasError, match="expected a JSON object"):
        headers.config(tmp_path)
    file.write_bytes(b" " * (headers.LARGEST_CONFIG + 1))
    with pytest.raises(AtlasError, match="4,194,305 bytes, larger than 4,194,304"):
        headers.config(tmp_path)


def test_locate_a_folder(tmp_path: Path) -> None:
    (tmp_path / "weights" / "tiny").mkdir(parents=True)
    assert locate.folder("./weights/tiny", None, tmp_path) is None
    (tmp_path / "weights" / "tiny" / "config.json").write_text("{}")
    found = (tmp_path / "weights" / "tiny").resolve()
    assert locate.folder("./weights/tiny", None, tmp_path) == found
    assert locate.folder(str(found), None, Path("elsewhere")) == found


def test_locate_a_reference_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "zoo_folder", lambda name: tmp_path / name)
    assert locate.folder("zoo:llama", None, Path()) is None
    (tmp_path / "llama").mkdir()
    (tmp_path / "llama" / "config.json").write_text("{}")
    assert locate.folder("zoo:llama", None, Path()) == tmp_path / "llama"
    with pytest.raises(AtlasError, match="names no reference model"):
        locate.folder("zoo:../llama", None, Path())


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model in a hub cache, its files links to blobs as the hub's client leaves them."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    model = tmp_path / "hub" / "models--org--name"
    folder = model / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (model / "blobs").mkdir()
    (model / "blobs" / "0a").write_text("{}")
    (folder / "config.json").symlink_to("../../blobs/0a")
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(COMMIT)
    return folder


@pytest.mark.parametrize(
    ("variable", "below"),
    [("HF_HOME", "."), ("HF_HUB_CACHE", "hub"), ("HUGGINGFACE_HUB_CACHE", "hub")],
)
def test_locate_in_the_hub_cache(
    snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, below: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / below))
    assert locate.folder("org/name", COMMIT, Path()) == snapshot
    assert locate.folder("org/name", "main", Path()) == snapshot
    assert locate.folder("org/name", None, Path()) == snapshot
    assert locate.folder("org/name", COMMIT.replace("0", "f"), Path()) is None
    assert locate.folder("org/other", COMMIT, Path()) is None


def test_locate_in_the_default_cache(
    snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cache" / "huggingface").mkdir(parents=True)
    (tmp_path / "cache" / "huggingface" / "hub").symlink_to(tmp_path / "hub")
    found = locate.folder("org/name", COMMIT, Path())
    assert found is not None and found.resolve() == snapshot
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert hub_settings.cache() == Path.home() / ".cache" / "huggingface" / "hub"


@pytest.mark.parametrize(
    ("source", "revision"), [("a/b/c", None), ("a", None), ("a/..", None), ("a/b", "../x")]
)
def test_locate_refuses_what_is_no_hub_id(source: str, revision: str | None) -> None:
    with pytest.raises(AtlasError, match="is not a hub id with a revision"):
        locate.folder(source, revision, Path())


def test_no_heavy_library_is_imported() -> None:
    code = (
        "import sys, atlas.checkpoints.headers, atlas.architectures;"
        "heavy = {'torch', 'transformers', 'safetensors'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    root = Path(headers.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stderr
