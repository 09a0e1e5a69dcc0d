"""`drift` of a quantised copy: blocks by hand, the closed form, and the two that are committed."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import gguf
import gguf_models
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from atlas import paths
from atlas.analyses.drift import rounding, tensor_change
from atlas.analyses.drift import run as drift
from atlas.checkpoints import locate
from atlas.loaded.checkpoint import Checkpoint
from atlas.profiles.statement import Measured

Values = NDArray[np.float64]


def opened(root: Path, file: Path) -> Checkpoint:
    folder = locate.folder(f"./{file.relative_to(root)}", None, root)
    assert folder is not None
    return Checkpoint.open(folder)


def measure(new: Checkpoint, base: Checkpoint) -> Measured:
    return drift.run(new, base, lambda done, total: None)


def values(measured: Measured, name: str) -> Values:
    return next(item.values for item in measured.matrices if item.name == name)


def saved_as(folder: Path, dtype: torch.dtype) -> None:
    file = folder / "model.safetensors"
    save_file({name: one.to(dtype) for name, one in load_file(file).items()}, file)


def short_gains(folder: Path) -> None:
    """Gains to 1/64: GGUF stores Gemma's with 1 added, which must not round them."""
    file = folder / "model.safetensors"
    short = {
        name: (64 * one).round() / 64 if "norm" in name else one
        for name, one in load_file(file).items()
    }
    save_file(short, file)


# The same values in another format

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


@pytest.mark.parametrize("stored", DTYPES)
@pytest.mark.parametrize("model_type", ["llama", "gpt2", "gemma2", "qwen3_moe"])
def test_the_same_values_have_not_moved(tmp_path: Path, stored: str, model_type: str) -> None:
    plain = gguf_models.make(tmp_path / "plain", model_type)
    short_gains(plain)
    saved_as(plain, DTYPES[stored])
    file = gguf_models.convert(plain, tmp_path / "x.gguf", stored)
    copy, base = opened(tmp_path, file), Checkpoint.open(plain)
    for one, other in ((copy, base), (base, copy), (copy, copy)):
        found = measure(one, other)
        assert all(np.nanmax(item.values) == 0 for item in found.matrices)
        assert "moved_furthest" not in found.facts
        assert "expected_relative_change" not in found.facts


@pytest.mark.parametrize("stored", ["Q8_0", "Q4_0", "Q4_1"])
def test_what_blocks_give_has_not_moved_from_them(tmp_path: Path, stored: str) -> None:
    """A safetensors file of the dequantised values, in float32 and rounded to bfloat16."""
    plain = gguf_models.make(tmp_path / "plain")
    copy = opened(tmp_path, gguf_models.convert(plain, tmp_path / "x.gguf", stored))
    file = plain / "model.safetensors"
    left = {
        name: torch.from_numpy(gguf_models.values(one, stored)) if one.ndim > 1 else one
        for name, one in load_file(file).items()
    }
    save_file(left, file)
    found = measure(copy, Checkpoint.open(plain))
    assert all(np.nanmax(item.values) == 0 for item in found.matrices)
    saved_as(plain, torch.bfloat16)
    rounded = measure(copy, Checkpoint.open(plain))
    assert values(rounded, "changed").max() == values(rounded, "rank_of_change").max() == 0
    assert 0 < values(rounded, "relative_change").max() < 0.004


# Which weights count as changed

STEP = 2.0**-7


def in_blocks(row: list[float]) -> torch.Tensor:
    """What Q8_0 gives for one block of 32."""
    given = np.array([row], dtype=np.float32)
    kind = gguf.GGMLQuantizationType.Q8_0
    return torch.from_numpy(gguf.dequantize(gguf.quantize(given, kind), kind))


def test_a_weight_changed_where_the_base_s_type_tells_the_two_apart() -> None:
    """One block by hand, of step 2**-7: the largest is 127 steps, the others are as they say.

    On a step: nothing moves. A 1/16 beyond 3 steps: moved, and float16 and float32 tell it. A
    2**-10 beyond 100 steps: moved in float32, while float16, which has 11 digits, has no number in
    between, so that a base in float16 holds 100 steps and has not changed.
    """
    row = [127 * STEP, 3.0625 * STEP, (100 + 2**-10) * STEP, *[5 * STEP] * 29]
    stored = in_blocks(row)
    assert (stored[0] / STEP).tolist() == [127, 3, 100, *[5] * 29]
    exact = torch.tensor([row])
    found = tensor_change.difference(stored, exact)
    assert (found.differing, found.elements) == (2, 32)
    assert found.square == pytest.approx((0.0625**2 + 2**-20) * STEP**2, rel=1e-6)
    half = tensor_change.difference(stored, exact.half())
    assert (half.differing, half.square) == (1, (0.0625 * STEP) ** 2)


def test_a_step_between_two_numbers_of_the_base_s_type_is_no_change() -> None:
    """Blocks whose step has 11 digits: many of its multiples have more than float16 has, and the
    base's value is the nearest that it can hold."""
    step = float(torch.tensor(0.0123).half())
    given = torch.tensor([[step * number for number in range(96, 128)]])
    stored = in_blocks(given[0].tolist())
    assert torch.equal(stored, given)
    base = given.half()
    found = tensor_change.difference(stored, base)
    assert found.square > 0 and found.differing == 0


# What rounding is expected to move


def test_the_closed_form_of_one_block() -> None:
    """31 values with an even error over the step 8 / 8 = 1: 31 times 1/12."""
    block = torch.linspace(-7, 8, 32).reshape(1, 32)
    assert rounding.expected_square(block, 8) == pytest.approx(31 / 12)
    assert rounding.expected_square(torch.zeros(2, 64), 127) == 0
    two = torch.cat([block, 3 * block], dim=1).half()
    assert rounding.expected_square(two, 8) == pytest.approx(10 * 31 / 12)


@pytest.mark.parametrize("stored", rounding.STEPS)
@pytest.mark.parametrize("kind", ["normal", "uniform", "laplace"])
def test_the_closed_form_against_the_package_that_quantises(stored: str, kind: str) -> None:
    random = np.random.default_rng(0)
    rows = getattr(random, kind)(size=(2000, 256)).astype(np.float32)
    moved = np.square(gguf_models.values(torch.from_numpy(rows), stored) - rows, dtype=float).sum()
    expected = rounding.expected_square(torch.from_numpy(rows), rounding.STEPS[stored])
    assert expected == pytest.approx(moved, rel={"Q8_0": 0.01, "Q5_0": 0.04, "Q4_0": 0.08}[stored])


@pytest.mark.parametrize("stored", ["Q4_1", "Q5_1", "F16"])
def test_nothing_is_expected_of_other_types(tmp_path: Path, stored: str) -> None:
    plain = gguf_models.make(tmp_path / "plain")
    copy = opened(tmp_path, gguf_models.convert(plain, tmp_path / "x.gguf", stored))
    base = Checkpoint.open(plain)
    assert rounding.steps(copy, base) is None
    assert "expected_relative_change" not in measure(copy, base).facts


def test_nothing_is_expected_of_a_base_in_blocks(tmp_path: Path) -> None:
    plain = gguf_models.make(tmp_path / "plain")
    eight = opened(tmp_path, gguf_models.convert(plain, tmp_path / "8.gguf", "Q8_0"))
    four = opened(tmp_path, gguf_models.convert(plain, tmp_path / "4.gguf", "Q4_0"))
    assert rounding.steps(four, eight) is None
    assert rounding.steps(four, Checkpoint.open(plain)) == 8
    found = measure(four, eight)
    assert found.conditions["stored_dtype"] == "Q4_0, float32"
    assert found.conditions["base_dtype"] == "Q8_0, float32"


# The quantised copies of the reference Llama

COPIES = {"llama-q8_0": "Q8_0", "llama-q4_0": "Q4_0"}
MODULES = {
    "attn.q": "self_attn.q_proj",
    "attn.k": "self_attn.k_proj",
    "attn.v": "self_attn.v_proj",
    "attn.o": "self_attn.o_proj",
    "mlp.up": "mlp.up_proj",
    "mlp.gate": "mlp.gate_proj",
    "mlp.down": "mlp.down_proj",
}


@cache
def committed(name: str, root: Path) -> Measured:
    folder = locate.folder(f"zoo:{name}", None, root)
    assert folder is not None
    return measure(Checkpoint.open(folder), Checkpoint.open(paths.zoo_folder("llama")))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("atlas")


@pytest.mark.parametrize("name", COPIES)
def test_the_committed_copies_against_numpy(name: str, root: Path) -> None:
    """Quantised and dequantised anew, matrix by matrix: norms of what that moves."""
    found = committed(name, root)
    base = load_file(paths.zoo_folder("llama") / "model.safetensors")
    squares = np.zeros(2)
    for at, (module, native) in enumerate(MODULES.items()):
        for layer in range(4):
            old = base[f"model.layers.{layer}.{native}.weight"]
            left = gguf_models.values(old, COPIES[name]).astype(float)
            moved = left - old.double().numpy()
            norms = np.linalg.norm(moved), np.linalg.norm(old.double().numpy())
            squares += np.square(norms)
            relative = values(found, "relative_change")[layer, at]
            assert relative == pytest.approx(norms[0] / norms[1], rel=1e-6), module
            differ = left.astype(np.float16) != old.numpy()
            assert values(found, "changed")[layer, at] == differ.mean()
            sigma = np.linalg.svd(moved, compute_uv=False)
            p = sigma / sigma.sum()
            rank = math.exp(-(p * np.log(p)).sum()) / len(sigma)
            assert values(found, "rank_of_change")[layer, at] == pytest.approx(rank, rel=1e-4)
    gains = [one for key, one in base.items() if "layers" in key and key.endswith("norm.weight")]
    squares[1] += sum(float(one.double().square().sum()) for one in gains)
    whole = math.sqrt(squares[0] / squares[1])
    assert found.facts["relative_change"] == pytest.approx(whole, rel=1e-6)
    assert values(found, "relative_change")[:, 7:].max() == 0  # gains are stored as they were


def test_four_bits_move_every_module_further_than_eight(root: Path) -> None:
    near, far = (values(committed(name, root), "relative_change")[:, :7] for name in COPIES)
    assert (near > 0).all() and (10 * near < far).all()


@pytest.mark.parametrize(("name", "within"), [("llama-q8_0", 0.01), ("llama-q4_0", 0.05)])
def test_the_committed_copies_moved_as_far_as_rounding_does(
    name: str, within: float, root: Path
) -> None:
    facts = committed(name, root).facts
    expected, moved = facts["expected_relative_change"], facts["relative_change"]
    assert isinstance(expected, float)
    assert moved == pytest.approx(expected, rel=within)
