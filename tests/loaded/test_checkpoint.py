"""Weights streamed layer by layer: what is read, what is refused, and how much memory it takes."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import tiny
import torch

from atlas.checkpoints import headers
from atlas.checkpoints.tensor import Tensor
from atlas.errors import AtlasError
from atlas.loaded import checkpoint
from atlas.loaded.checkpoint import Checkpoint

MODEL = "model.safetensors"


def rewrite(folder: Path, changes: dict[str, torch.Tensor | None]) -> Path:
    """Replace or (None) remove tensors of a saved single-file model."""
    held = {**safetensors.torch.load_file(folder / MODEL), **changes}
    kept = {name: tensor for name, tensor in held.items() if tensor is not None}
    safetensors.torch.save_file(kept, folder / MODEL)
    return folder


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("shard_size", [None, 8_000])
def test_blocks_are_what_is_stored(
    tmp_path: Path, dtype: torch.dtype, shard_size: int | None
) -> None:
    folder = tiny.make(tmp_path, "llama", dtype=dtype, shard_size=shard_size)
    assert (len(list(folder.glob("*.safetensors"))) > 1) == (shard_size is not None)
    held = tiny.live(folder).state_dict()
    opened = Checkpoint.open(folder)
    for layer in range(3):
        for name, tensor in opened.layer(layer).items():
            module, _, kind = name.rpartition(".")
            native = opened.architecture.native[module]
            assert tensor.dtype == dtype
            assert torch.equal(tensor, held[f"model.layers.{layer}.{native}.{kind}"])
    assert torch.equal(opened.embedding(), held["model.embed_tokens.weight"])
    assert torch.equal(opened.final_norm()["weight"], held["model.norm.weight"])
    assert opened.positions() == {}


def test_conv1d_thirds(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "gpt2")
    held = safetensors.torch.load_file(folder / MODEL)
    fused = held["transformer.h.1.attn.c_attn.weight"]
    tensors = Checkpoint.open(folder).layer(1)
    for part, name in enumerate(("attn.q", "attn.k", "attn.v")):
        assert torch.equal(tensors[f"{name}.weight"], fused[:, 32 * part : 32 * part + 32].T)
    assert torch.equal(tensors["mlp.up.weight"], held["transformer.h.1.mlp.c_fc.weight"].T)
    assert tensors["mlp.up.weight"].is_contiguous()


def test_only_what_is_asked_for_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Checkpoint.open(tiny.make(tmp_path, "gpt_neox"))
    read: list[str] = []
    load = checkpoint.load

    def noted(tensor: Tensor) -> torch.Tensor:
        read.append(tensor.name)
        return load(tensor)

    monkeypatch.setattr(checkpoint, "load", noted)
    opened.layer(2, ["attn.q", "attn.v", "norm.mlp"])
    layer = "gpt_neox.layers.2."
    assert sorted(read) == [
        f"{layer}attention.query_key_value.bias",
        f"{layer}attention.query_key_value.weight",
        f"{layer}post_attention_layernorm.bias",
        f"{layer}post_attention_layernorm.weight",
    ]


def test_grouped_heads_stand_once_per_query_head(tmp_path: Path) -> None:
    opened = Checkpoint.open(tiny.make(tmp_path, "llama"))
    tensors, heads = opened.layer(0), opened.heads(0)
    assert heads.W_K.shape == heads.W_V.shape == (4, 6, 32)
    assert heads.W_O.shape == (4, 32, 6)
    for head in range(4):
        group = slice(6 * (head // 2), 6 * (head // 2) + 6)
        assert torch.equal(heads.W_V[head], tensors["attn.v.weight"][group])
        assert torch.equal(heads.W_O[head], tensors["attn.o.weight"][:, 6 * head : 6 * head + 6])
    assert (heads.B_Q, heads.B_O) == (None, None)


def test_prefixes_do_not_matter(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path / "with", "gpt2")
    held = safetensors.torch.load_file(folder / MODEL)
    bare = tmp_path / "without"
    bare.mkdir()
    (bare / "config.json").write_bytes((folder / "config.json").read_bytes())
    safetensors.torch.save_file(
        {name.removeprefix("transformer."): tensor for name, tensor in held.items()}, bare / MODEL
    )
    one, two = Checkpoint.open(folder), Checkpoint.open(bare)
    assert one.geometry == two.geometry
    for name, tensor in one.layer(2).items():
        assert torch.equal(tensor, two.layer(2)[name])


def test_unknown_tensors_are_ignored_and_listed(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "llama")
    rewrite(folder, {"score.weight": torch.zeros(2, 32)})
    assert Checkpoint.open(folder).unknown == ("score.weight",)


@pytest.mark.parametrize(
    ("model_type", "one", "other", "plain"),
    [
        ("llama", "model.norm.weight", "norm.weight", "norm.weight"),
        (
            "bert",
            "bert.embeddings.LayerNorm.weight",
            "bert.embeddings.LayerNorm.gamma",
            "embeddings.LayerNorm.weight",
        ),
        ("gpt_neox", "embed_out.weight", "lm_head.weight", "lm_head.weight"),
    ],
)
def test_two_tensors_of_one_name_are_refused(
    tmp_path: Path, model_type: str, one: str, other: str, plain: str
) -> None:
    """Both tiers would take one of them, and not the same."""
    folder = tiny.make(tmp_path, model_type)
    stored = safetensors.torch.load_file(folder / MODEL)[one]
    rewrite(folder, {other: torch.randn_like(stored)})
    with pytest.raises(AtlasError) as caught:
        Checkpoint.open(folder)
    first, second = sorted((one, other))
    told = f"{folder}: tensors {first!r} and {second!r} are both {plain!r} of the model"
    assert str(caught.value).startswith(told)


def test_missing_tensor_names_tensor_and_row(tmp_path: Path) -> None:
    folder = rewrite(tiny.make(tmp_path, "qwen3"), {"model.layers.1.self_attn.k_norm.weight": None})
    with pytest.raises(AtlasError) as caught:
        Checkpoint.open(folder)
    message = str(caught.value)
    assert message.startswith(str(folder))
    assert "tensor 'layers.1.self_attn.k_norm.weight' (norm.k.weight) is missing" in message
    assert "the row 'qwen3' in atlas/architectures" in message


def test_wrong_shape_names_file_and_tensor(tmp_path: Path) -> None:
    name = "model.layers.0.mlp.up_proj.weight"
    folder = rewrite(tiny.make(tmp_path, "llama"), {name: torch.zeros(47, 32)})
    with pytest.raises(AtlasError) as caught:
        Checkpoint.open(folder)
    assert f"{MODEL}: {name}: mlp.up.weight has shape [47, 32], expected [48, 32]" in str(
        caught.value
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.int8, torch.float8_e4m3fn])
def test_other_dtypes_are_refused(tmp_path: Path, dtype: torch.dtype) -> None:
    name = "model.layers.2.mlp.up_proj.weight"
    folder = rewrite(tiny.make(tmp_path, "llama"), {name: torch.zeros(48, 32).to(dtype)})
    with pytest.raises(
        AtlasError, match=r"up_proj\.weight: stored as .* atlas reads F32, F16, BF16"
    ):
        Checkpoint.open(folder)


def test_quantised_weights_are_refused(tmp_path: Path) -> None:
    """MXFP4, as gpt-oss is published: blocks and scales in the place of the experts' weights."""
    folder = tiny.make(tmp_path, "gpt_oss", dtype=torch.bfloat16)
    name = "model.layers.0.mlp.experts.gate_up_proj"
    blocks = {f"{name}_blocks": torch.zeros(5, 40, 1, 16, dtype=torch.uint8)}
    rewrite(folder, {name: None, **blocks})
    settings = json.loads((folder / "config.json").read_text())
    settings["quantization_config"] = {"quant_method": "mxfp4"}
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(AtlasError) as caught:
        Checkpoint.open(folder)
    message = str(caught.value)
    assert "config.json: quantization_config: the weights are stored quantised ('mxfp4')" in message
    assert "take the original ones" in message


def test_only_one_expert_is_read_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = {
        name: Checkpoint.open(tiny.make(tmp_path / name, name)) for name in ("gpt_oss", "mixtral")
    }
    read: list[Tensor] = []
    load = checkpoint.load

    def noted(tensor: Tensor) -> torch.Tensor:
        read.append(tensor)
        return load(tensor)

    monkeypatch.setattr(checkpoint, "load", noted)
    next(opened["mixtral"].experts(1, ["mlp.down", "norm.mlp"]))
    assert [item.name for item in read] == ["model.layers.1.block_sparse_moe.experts.0.w2.weight"]
    read.clear()
    next(opened["gpt_oss"].experts(1, ["mlp.up", "mlp.gate"]))
    # Gate and up lie in one tensor, of which a fifth is read, once, and its biases.
    assert [item.shape for item in read] == [(32, 40), (40,)]


def test_pieces_of_different_types_lose_nothing(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "mixtral", dtype=torch.bfloat16)
    name = "model.layers.0.block_sparse_moe.experts.{}.w1.weight"
    wide = torch.full((20, 32), 1 + 2**-20)
    rewrite(folder, {name.format(1): wide})
    stacked = Checkpoint.open(folder).layer(0, ["mlp.gate"])["mlp.gate.weight"]
    assert torch.equal(stacked[1], wide)


def test_missing_expert(tmp_path: Path) -> None:
    name = "model.layers.2.mlp.experts.4.up_proj.weight"
    folder = rewrite(tiny.make(tmp_path, "qwen3_moe"), {name: None})
    with pytest.raises(AtlasError, match=r"'layers\.2\.mlp\.experts\.4\.up_proj\.weight'.*missing"):
        Checkpoint.open(folder)


def test_positions_begin_at_the_first(tmp_path: Path) -> None:
    """OPT keeps two rows before them that belong to no position."""
    folder = tiny.make(tmp_path, "opt")
    held = safetensors.torch.load_file(folder / MODEL)["model.decoder.embed_positions.weight"]
    found = Checkpoint.open(folder).positions()["weight"]
    assert found.shape == (128, 32) and held.shape == (130, 32)
    assert torch.equal(found, held[2:])


def test_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "llama")
    opened = Checkpoint.open(folder)
    with (folder / MODEL).open("r+b") as stream:
        stream.truncate(5_000)
    with pytest.raises(AtlasError, match=r"model\.safetensors: .*: ends before this tensor does"):
        opened.layer(2)


def test_unembedding_that_is_not_stored(tmp_path: Path) -> None:
    folder = rewrite(tiny.make(tmp_path, "llama"), {"lm_head.weight": None})
    settings = json.loads((folder / "config.json").read_text())
    for tied, expected in ((True, True), (None, False), (False, False)):
        settings["tie_word_embeddings"] = tied
        (folder / "config.json").write_text(json.dumps(settings))
        opened = Checkpoint.open(folder)
        if expected:
            assert torch.equal(opened.unembedding(), opened.embedding())
        else:
            with pytest.raises(AtlasError, match=r"no unembedding is stored.*lm_head\.weight"):
                opened.unembedding()


def test_no_such_layer_or_module(tmp_path: Path) -> None:
    opened = Checkpoint.open(tiny.make(tmp_path, "llama"))
    for layer in (-1, 3):
        with pytest.raises(AtlasError, match=f"no layer {layer} of 3"):
            opened.layer(layer)
    with pytest.raises(AtlasError, match=r"no module 'attn\.qq'; did you mean 'attn\.q'"):
        opened.layer(0, ["attn.qq"])


BLOCK = 32 * 2**20
LAYERS = 24

STREAM = """
import resource, sys
from pathlib import Path
import torch
from atlas.checkpoints import digests
from atlas.loaded.checkpoint import Checkpoint

def status(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key + ":"))

folder, limit, task = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(1)
torch.ones(512, 512) @ torch.ones(512, 512)
opened = Checkpoint.open(folder)
before = status("VmRSS")
resource.setrlimit(resource.RLIMIT_DATA, (status("VmData") + limit,) * 2)
peak, kept = 0, []
for layer in range(opened.geometry.layers):
    tensors = opened.layer(layer)
    peak = max(peak, status("VmRSS"))
    if task == "keep":
        kept.append(tensors)
    del tensors
digests.of_weights(folder)
print(max(peak, status("VmRSS")) - before)
"""


def sparse(folder: Path) -> Path:
    """A sharded llama of 24 layers, 768 MiB of zeros that take no room on the disk."""
    width, d_mlp = 1024, 4096
    config = {
        "model_type": "llama",
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 8,
        "hidden_size": width,
        "intermediate_size": d_mlp,
        "vocab_size": 8,
        "tie_word_embeddings": True,
    }
    (folder / "config.json").write_text(json.dumps(config))
    shapes: dict[str, tuple[int, ...]] = {
        f"self_attn.{name}_proj": (width, width) for name in "qkvo"
    }
    shapes |= {f"mlp.{name}_proj": (d_mlp, width) for name in ("up", "gate")}
    shapes |= {"mlp.down_proj": (width, d_mlp)}
    shapes |= dict.fromkeys(("input_layernorm", "post_attention_layernorm"), (width,))
    weight_map: dict[str, str] = {}
    for first in range(0, LAYERS, 4):
        layers = range(first, first + 4)
        tensors = {
            f"model.layers.{layer}.{name}.weight": shape
            for layer in layers
            for name, shape in shapes.items()
        }
        if first == 0:
            tensors |= {"model.embed_tokens.weight": (8, width), "model.norm.weight": (width,)}
        shard = f"model-{first:05}.safetensors"
        write_zeros(folder / shard, tensors)
        weight_map |= dict.fromkeys(tensors, shard)
    (folder / headers.INDEX).write_text(json.dumps({"weight_map": weight_map}))
    return folder


def write_zeros(file: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    header, end = {}, 0
    for name, shape in shapes.items():
        size = 2 * int(torch.Size(shape).numel())
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        stream.truncate(8 + len(text) + end)


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA and /proc are Linux's")
def test_streaming_holds_a_block_at_a_time(tmp_path: Path) -> None:
    """768 MiB pass through 96 MiB, mapped pages counted; keeping the layers does not fit."""
    folder = sparse(tmp_path)
    limit = 3 * BLOCK

    def run(task: str) -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "-c", STREAM, str(folder), str(limit), task]
        root = Path(checkpoint.__file__).parents[1]
        return subprocess.run(arguments, capture_output=True, text=True, cwd=root)

    assert sum(file.stat().st_size for file in folder.glob("*.safetensors")) > 8 * limit
    streamed = run("stream")
    assert streamed.returncode == 0, streamed.stderr
    assert BLOCK // 2 < int(streamed.stdout) < limit
    kept = run("keep")
    assert kept.returncode != 0 and "MemoryError" in kept.stderr
