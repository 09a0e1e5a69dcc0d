"""The live model: what its hooks and gates see and do, where it is put, what it refuses."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kinds
import pytest
import tiny
import torch
from letters import letters
from safetensors.torch import load_file, save_file

from atlas import architectures
from atlas.checkpoints.tensor import Tensor
from atlas.errors import AtlasError
from atlas.loaded import checkpoint, loading, memory
from atlas.loaded.checkpoint import Checkpoint
from atlas.loaded.live import LiveModel
from atlas.loaded.memory import place
from atlas.loaded.passages import Batch, Passage, batch

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in architectures.by_hand()},
    "gpt_neox sequential": ("gpt_neox", {"use_parallel_residual": False}),
    "phi with norms of heads": ("phi", {"qk_layernorm": True}),
    "stablelm with norms of heads": ("stablelm", {"qk_layernorm": True}),
    "llama of one layer": ("llama", {"num_hidden_layers": 1}),
}


def opened(folder: Path, variant: str = "llama", **options: Any) -> LiveModel:
    model_type, overrides = VARIANTS[variant]
    dtype = options.pop("stored", torch.float32)
    return LiveModel.open(tiny.make(folder, model_type, dtype=dtype, **overrides), "cpu", **options)


def ragged(lengths: tuple[int, ...] = (9, 4, 7)) -> Batch:
    """Passages of random tokens, in one batch."""
    rows = [
        Passage(tuple(tiny.tokens(1, length, seed=length)[0].tolist()), 1, length)
        for length in lengths
    ]
    return batch(rows, range(len(rows)))


def keep(seen: dict[str, torch.Tensor], name: str) -> Callable[[torch.Tensor], None]:
    """A callback that keeps what it is given, under a name."""

    def callback(x: torch.Tensor) -> None:
        seen[name] = x.clone()

    return callback


def run(held: LiveModel, tokens: Batch) -> torch.Tensor:
    with torch.inference_mode():
        return held.trunk(tokens)


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_padding_changes_nothing(tmp_path: Path, variant: str) -> None:
    held = opened(tmp_path, variant, dtype=torch.float64)
    together = run(held, ragged())
    for row, length in enumerate((9, 4, 7)):
        alone = run(held, ragged((length,)))
        # Not closer: some families compute parts in float32 whatever their type.
        torch.testing.assert_close(together[row, :length], alone[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_stored_dtype_is_kept(tmp_path: Path, dtype: torch.dtype) -> None:
    held = opened(tmp_path, stored=dtype)
    assert {parameter.dtype for parameter in held.live.parameters()} == {dtype}
    assert run(held, ragged()).dtype == dtype
    assert held.conditions == {
        "dtype": str(dtype).removeprefix("torch."),
        "device": "cpu",
        "attention": "eager",
    }


@pytest.mark.parametrize(
    ("model_type", "positions"), [("llama", 128), ("opt", 128), ("bert", 128), ("roberta", 126)]
)
def test_as_many_positions_as_the_model_has(
    tmp_path: Path, model_type: str, positions: int
) -> None:
    """RoBERTa's config counts two that no token has."""
    held = opened(tmp_path, model_type)
    assert held.positions == positions
    assert len(run(held, ragged((positions,)))[0]) == positions


def test_the_stored_dtype_is_not_what_the_config_says(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "qwen3", dtype=torch.bfloat16)
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, "dtype": "float32"}))
    assert LiveModel.open(folder, "cpu").dtype == torch.bfloat16


def test_the_model_is_that_of_transformers(tmp_path: Path) -> None:
    held, tokens = opened(tmp_path), ragged()
    with torch.inference_mode():
        logits = tiny.live(tmp_path)(input_ids=tokens.ids, attention_mask=tokens.mask.long()).logits
        head = held.live.get_submodule(held.architecture.live("unembedding"))
        torch.testing.assert_close(head(held.trunk(tokens)), logits)


# Gates


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
@pytest.mark.parametrize("point", ["attn", "mlp"])
def test_a_gate_of_0_removes_the_contribution(tmp_path: Path, variant: str, point: str) -> None:
    """By hand: what writes the contribution is set to zero, biases and shared experts too."""
    held, tokens = opened(tmp_path, variant), ragged()
    whole = run(held, tokens)
    layers = range(held.geometry.layers)
    last = [at for at in layers if point in held.architecture.layer(at).blocks][-1]
    with held.gates(**{point: {last: 0.0}}):
        gated = run(held, tokens)
    view = held.architecture.layer(last)
    for writer in {"attn": ("attn.o", "mixer.out"), "mlp": ("mlp.down", "shared.down")}[point]:
        if view.has(writer):
            removed = held.layer(last).get_submodule(view.live(writer))
            for parameter in removed.parameters():
                parameter.data.zero_()
    torch.testing.assert_close(gated, run(held, tokens), rtol=0, atol=0)
    assert not torch.allclose(gated, whole)


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_without_both_contributions_a_block_is_its_norms(tmp_path: Path, variant: str) -> None:
    held, tokens = opened(tmp_path, variant), ragged()
    seen: dict[str, torch.Tensor] = {}
    with (
        held.gates(attn={0: 0.0}, mlp={0: 0.0}),
        held.hook(0, "layer", keep(seen, "before"), "input"),
        held.hook(0, "layer", keep(seen, "after")),
    ):
        run(held, tokens)
    expected = seen["before"]
    if held.architecture.residual == "post-norm":
        for norm in ("norm.attn", "norm.mlp"):
            with torch.inference_mode():
                expected = held.layer(0).get_submodule(held.architecture.live(norm))(expected)
    assert torch.equal(seen["after"], expected)


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_gate_of_1_is_bit_identical(tmp_path: Path, variant: str, dtype: torch.dtype) -> None:
    held, tokens = opened(tmp_path, variant, stored=dtype), ragged()
    plain = run(held, tokens)
    for gate in (1.0, torch.tensor(1.0), torch.ones(3)):
        gates = dict.fromkeys(range(held.geometry.layers), gate)
        with held.gates(attn=gates, mlp=gates):
            assert torch.equal(run(held, tokens), plain)
    assert torch.equal(run(held, tokens), plain)


@pytest.mark.parametrize("variant", ["gpt_neox", "opt", "bert"])
def test_gates_per_sample(tmp_path: Path, variant: str) -> None:
    held, tokens = opened(tmp_path, variant), ragged()
    plain = run(held, tokens)
    with held.gates(attn={1: 0.0}, mlp={2: 0.5}):
        gated = run(held, tokens)
    with held.gates(attn={1: torch.tensor([1.0, 0, 1])}, mlp={2: torch.tensor([1, 0.5, 1])}):
        mixed = run(held, tokens)
    torch.testing.assert_close(mixed[1, :4], gated[1, :4])
    for row, length in ((0, 9), (2, 7)):
        torch.testing.assert_close(mixed[row, :length], plain[row, :length])


def test_gates_carry_gradients(tmp_path: Path) -> None:
    # gpt2: the norms of others compute in float32 whatever their type, too coarse for differences
    held, tokens = opened(tmp_path, "gpt2", dtype=torch.float64), ragged()
    gate = torch.ones(3, dtype=torch.float64, requires_grad=True)

    def loss(value: torch.Tensor) -> torch.Tensor:
        with held.gates(attn={1: value}):
            return held.trunk(tokens).square()[tokens.mask].sum()

    (gradient,) = torch.autograd.grad(loss(gate), gate)
    step = torch.tensor([0, 1e-6, 0], dtype=torch.float64)
    with torch.inference_mode():
        expected = (
            loss(torch.ones(3).double() + step) - loss(torch.ones(3).double() - step)
        ) / 2e-6
    assert float(gradient[1]) == pytest.approx(float(expected), rel=1e-5)


# Hooks


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_contributions_add_up_to_the_residual_stream(tmp_path: Path, variant: str) -> None:
    held, tokens = opened(tmp_path, variant, dtype=torch.float64), ragged()
    seen: dict[str, torch.Tensor] = {}
    last = held.geometry.layers - 1
    with contextlib.ExitStack() as stack:
        stack.enter_context(held.hook(last, "layer", keep(seen, "before"), "input"))
        for block in held.architecture.layer(last).blocks:
            stack.enter_context(held.hook(last, block, keep(seen, block)))
        stack.enter_context(held.hook(last, "layer", keep(seen, "after")))
        run(held, tokens)
    for absent in {"attn", "mlp"} - seen.keys():
        seen[absent] = torch.zeros(())
    middle = seen["before"] + seen["attn"]
    if held.architecture.residual == "post-norm":
        norms = [
            held.layer(last).get_submodule(held.architecture.live(name))
            for name in ("norm.attn", "norm.mlp")
        ]
        with torch.inference_mode():
            expected = norms[1](norms[0](middle) + seen["mlp"])
    else:
        expected = middle + seen["mlp"]
    torch.testing.assert_close(seen["after"], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_shapes_are_canonical(tmp_path: Path, variant: str) -> None:
    """Batch and positions come first, also where there are as many positions as heads."""
    held = opened(tmp_path, variant)
    shape = held.geometry
    assert not {"router", "attn.sinks"} & {*held.modules}
    words = {"attn.q": "q", "attn.k": "kv", "attn.v": "kv", "norm.q": "q", "norm.k": "kv"}
    words |= {"mlp.up": "d_mlp", "mlp.gate": "d_mlp", "shared.router": "one"}
    words |= {"shared.up": "d_shared", "shared.gate": "d_shared"}
    words["attn.gate"] = held.architecture.row.shapes.get("attn.gate", ("q",))[0]
    for length in (shape.heads, shape.heads + 2):
        for layer, module in every_module(held):
            seen: dict[str, torch.Tensor] = {}
            with held.hook(layer, module, keep(seen, module)):
                run(held, ragged((length, 3)))
            width = held.width(layer, module)
            if not module.startswith(("mixer.", "index.", "norm.index")):
                view = held.architecture.layer(layer)
                assert width == view.width(words.get(module, "d_model"))
            assert seen[module].flatten(2).shape == (2, length, width), module


def every_module(held: LiveModel) -> list[tuple[int, str]]:
    """What can be watched in the first layer, and what else there is, in the first that has it."""
    found: dict[str, int] = {}
    for layer in range(held.geometry.layers):
        blocks = held.architecture.layer(layer).blocks
        for module in (*held.modules_of(layer), "layer", *blocks):
            found.setdefault(module, layer)
    return [(layer, module) for module, layer in found.items()]


def test_norms_of_heads_are_laid_out_alike(tmp_path: Path) -> None:
    """One puts heads before positions, one after; with as many of both, shapes do not tell."""
    tokens = ragged((4, 4))
    for variant in ("qwen3", "phi with norms of heads"):
        held = opened(tmp_path / variant, variant)
        assert held.heads_first == (variant != "qwen3")
        seen: dict[str, torch.Tensor] = {}
        with (
            held.hook(0, "attn.q", keep(seen, "before")),
            held.hook(0, "norm.q", keep(seen, "after")),
            held.hook(0, "norm.q", keep(seen, "into"), "input"),
        ):
            run(held, tokens)
        norm = held.layer(0).get_submodule(held.architecture.live("norm.q"))
        per_head = seen["before"].reshape(2, 4, 4, held.geometry.d_head)
        assert torch.equal(seen["into"], per_head)
        with torch.inference_mode():
            torch.testing.assert_close(seen["after"], norm(per_head))


def test_hooks_end(tmp_path: Path) -> None:
    held = opened(tmp_path)
    seen: list[torch.Tensor] = []
    with pytest.raises(ZeroDivisionError), held.hook(0, "attn.q", seen.append):
        run(held, ragged())
        raise ZeroDivisionError
    run(held, ragged())
    assert len(seen) == 1


def test_unknown_modules_and_layers(tmp_path: Path) -> None:
    held = opened(tmp_path)
    with pytest.raises(AtlasError, match=r"no module 'attn.qq'; did you mean 'attn.q'"):
        held.hook(0, "attn.qq", print).__enter__()
    with pytest.raises(AtlasError, match="no layer 3 of 3"), held.gates(attn={3: 0.0}):
        pass


# Loading


def test_no_code_of_a_model_runs(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "llama")
    ran = tmp_path / "ran"
    (folder / "modeling.py").write_text(f"open({str(ran)!r}, 'w')\nclass Evil: pass\n")
    settings = json.loads((folder / "config.json").read_text())
    remote = {name: "modeling.Evil" for name in ("AutoConfig", "AutoModelForCausalLM")}
    (folder / "config.json").write_text(json.dumps({**settings, "auto_map": remote}))
    letters(folder)
    tokenizer = folder / "tokenizer_config.json"
    held = json.loads(tokenizer.read_text())
    evil = {"auto_map": {"AutoTokenizer": ["modeling.Evil", None]}}
    tokenizer.write_text(json.dumps({**held, **evil}))
    live = LiveModel.open(folder, "cpu")
    assert type(live.live).__name__ == "LlamaForCausalLM"
    assert live.tokenizer("ab")["input_ids"] == [5, 6]
    assert not ran.exists()


def test_only_safetensors_are_read(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "llama")
    torch.save(tiny.build("llama").state_dict(), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(AtlasError, match="safetensors"):
        LiveModel.open(folder, "cpu")


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("adapter_config.json", {"base_model_name_or_path": "x"}, "an adapter lies beside"),
        ("config.json", {"quantization_config": {"quant_method": "fp8"}}, "is to be quantised"),
    ],
)
def test_only_the_weights_of_the_folder_run(
    tmp_path: Path, file: str, content: dict[str, Any], problem: str
) -> None:
    folder = tiny.make(tmp_path, "llama")
    path = folder / file
    held = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**held, **content}))
    with pytest.raises(AtlasError, match=problem):
        LiveModel.open(folder, "cpu")


def test_a_missing_head_is_told(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path / "whole", "bert")
    assert LiveModel.open(folder, "cpu").has_head
    bare = tmp_path / "bare"
    tiny.live(folder).bert.save_pretrained(bare)
    assert not LiveModel.open(bare, "cpu").has_head


def test_a_folder_without_a_tokenizer(tmp_path: Path) -> None:
    held = opened(tmp_path)
    with pytest.raises(AtlasError, match="no tokenizer can be loaded"):
        _ = held.tokenizer


GB = 10**9


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        ({"cuda:0": 5 * GB, "cuda:1": 9 * GB, "cpu": 50 * GB}, ("cuda:1",)),
        ({"cuda:0": 3 * GB, "cuda:1": 3 * GB, "cpu": 50 * GB}, ("cuda:0", "cuda:1")),
        ({"cuda:0": 1 * GB, "cpu": 50 * GB}, ("cpu",)),
        ({"mps": 5 * GB, "cpu": 50 * GB}, ("mps",)),
        ({"mps": 3 * GB, "cpu": 50 * GB}, ("cpu",)),
        ({"cpu": 50 * GB}, ("cpu",)),
    ],
)
def test_devices_are_taken_in_order(free: dict[str, int], expected: tuple[str, ...]) -> None:
    assert place(4 * GB, free) == expected


def test_a_model_that_does_not_fit_says_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda device: {"cuda:0": 2 * GB, "cpu": GB})
    monkeypatch.setattr(memory, "needed_bytes", lambda geometry, itemsize: 14 * GB)
    with pytest.raises(AtlasError) as caught:
        opened(tmp_path)
    assert "needs about 14.0 GB of memory in float32" in str(caught.value)
    assert "free: 2.0 GB on cuda:0, 1.0 GB on cpu" in str(caught.value)


def test_what_a_model_needs_is_its_weights_and_one_passage(tmp_path: Path) -> None:
    held = opened(tmp_path)
    size = sum(parameter.nbytes for parameter in held.live.parameters())
    needed = memory.needed_bytes(held.geometry, 4)
    assert needed == int(1.05 * size) + memory.working_bytes(held.geometry, 4)


def test_float16_runs_in_float32_on_a_processor_with_room_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = opened(tmp_path, stored=torch.float16)
    assert held.dtype == torch.float32 and held.conditions["dtype"] == "float32"
    assert opened(tmp_path, stored=torch.float16, dtype=torch.float16).dtype == torch.float16
    assert opened(tmp_path, stored=torch.bfloat16).dtype == torch.bfloat16
    half = memory.needed_bytes(held.geometry, 2)
    monkeypatch.setattr(memory, "free_memory", lambda device: {"cpu": half})
    assert opened(tmp_path, stored=torch.float16).dtype == torch.float16


def test_sharing_devices_needs_accelerate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(AtlasError, match="pip install accelerate"):
        loading._device_map(("cuda:0", "cuda:1"), Path("m"))
    assert loading._device_map(("cuda:0",), Path("m")) is None


def test_an_unknown_device(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=r"no device 'tpu'; .*known: .*cpu"):
        LiveModel.open(tiny.make(tmp_path, "llama"), "tpu")


def test_the_live_model_is_given_the_tensors_that_are_streamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a stored tensor reads, from whichever format: both tiers have it."""
    tiny.make(tmp_path, "qwen2", dtype=torch.float32)
    read = Tensor.read

    def halved(tensor: Tensor) -> bytearray:
        values = torch.frombuffer(read(tensor), dtype=torch.float32) / 2
        return bytearray(values.numpy().tobytes())

    monkeypatch.setattr(Tensor, "read", halved)
    live = dict(LiveModel.open(tmp_path, device="cpu").live.named_parameters())
    stored = Checkpoint.open(tmp_path).tensors
    assert stored.keys() == live.keys()
    for name, tensor in stored.items():
        assert torch.equal(checkpoint.load(tensor), live[name])


@pytest.mark.parametrize("stored", [1.0, 2.0])
def test_a_tied_head_that_is_stored_is_the_same_in_both_tiers(
    tmp_path: Path, stored: float
) -> None:
    """Whether it repeats the embedding or not."""
    tiny.make(tmp_path, "llama", tie_word_embeddings=True)
    file = tmp_path / "model.safetensors"
    held = load_file(file)
    held["lm_head.weight"] = stored * held["model.embed_tokens.weight"]
    save_file(held, file, {"format": "pt"})
    head = LiveModel.open(tmp_path, "cpu").live.get_parameter("lm_head.weight")
    assert torch.equal(head, Checkpoint.open(tmp_path).unembedding())


@pytest.mark.parametrize("model_type", ["llama", "mixtral", "gpt2"])
def test_a_live_model_of_other_values_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model_type: str
) -> None:
    taken = loading._Lazy.__getitem__
    monkeypatch.setattr(loading._Lazy, "__getitem__", lambda *index: taken(*index) * 2)
    with pytest.raises(AtlasError, match="would run other weights than are stored: tensor '"):
        LiveModel.open(tiny.make(tmp_path, model_type), "cpu")


def test_a_tensor_that_transformers_leaves_out_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny.make(tmp_path, "mixtral")
    held = Checkpoint.open(folder)
    live, _ = loading.load(held, ("cpu",), torch.float32, "eager")
    taken = set(held.tensors) - {"model.layers.1.block_sparse_moe.experts.3.w2.weight"}
    with pytest.raises(AtlasError, match=r"experts\.3\.w2\.weight' is not among what it loads"):
        loading._require_streamed(live, held, taken)


@pytest.mark.parametrize("change", [{"rope_theta": None}, {"rope_parameters": {"rope_theta": "x"}}])
def test_a_config_that_transformers_cannot_read(tmp_path: Path, change: dict[str, Any]) -> None:
    folder = tiny.make(tmp_path, "llama")
    settings = json.loads((folder / "config.json").read_text())
    settings.pop("rope_parameters")
    (folder / "config.json").write_text(json.dumps({**settings, **change}))
    with pytest.raises(AtlasError, match=r"config\.json: transformers makes no model of it: "):
        LiveModel.open(folder, "cpu")
