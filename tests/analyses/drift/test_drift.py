"""`drift` on planted differences, against numpy, on tiny models of every architecture."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import kinds
import markdown  # type: ignore[import-untyped]
import numpy as np
import pytest
import tiny
import torch
from safetensors.torch import load_file, save_file

from atlas import paths
from atlas.analyses.drift import run as drift
from atlas.analyses.drift import tensor_change
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError
from atlas.loaded.checkpoint import Checkpoint
from atlas.profiles import statement
from atlas.profiles.statement import Measured
from atlas.site.figures import explanations

NAME = "drift"
UP = "model.layers.1.mlp.up_proj.weight"
EXPERTS = ("mlp.up", "mlp.gate", "mlp.down")


def measure(tuned: Path, base: Path) -> Measured:
    return drift.run(Checkpoint.open(tuned), Checkpoint.open(base), lambda done, total: None)


def values(measured: Measured) -> dict[tuple[str, int, str], float]:
    return {
        (item.name, int(row), column): float(value)
        for item in measured.matrices
        for row, line in zip(item.rows, item.values, strict=True)
        for column, value in zip(item.columns, line, strict=True)
        if not np.isnan(value) or (row, column) in item.undefined
    }


def edit(folder: Path, changes: dict[str, torch.Tensor]) -> Path:
    """Overwrite stored tensors of a model in one file."""
    file = folder / "model.safetensors"
    save_file({**load_file(file), **changes}, file, metadata={"format": "pt"})
    return folder


def tuned_from(base: Path, folder: Path, name: str, change: Any, **options: Any) -> torch.Tensor:
    """A copy of a Llama in which one tensor was changed; the change as it is stored."""
    tiny.make(folder, "llama", **options)
    before = load_file(base / "model.safetensors")[name]
    after: torch.Tensor = change(before.double()).to(before.dtype)
    edit(folder, {name: after})
    moved: torch.Tensor = after.double() - before.double()
    return moved


def effective_rank(difference: np.ndarray) -> float:
    sigma = np.linalg.svd(difference, compute_uv=False)
    p = sigma[sigma > 1e-6 * sigma[0]] / sigma.sum()
    return float(math.exp(-(p * np.log(p)).sum()) / len(sigma))


def by_numpy(
    new: torch.Tensor, old: torch.Tensor, offset: float, *, is_map: bool = True
) -> dict[str, float]:
    """The definitions, in float64."""
    a, b = new.double().numpy(), old.double().numpy()
    found = {
        "relative_change": float(np.linalg.norm(a - b) / np.linalg.norm(b + offset)),
        "changed": float((a != b).mean()),
    }
    if new.ndim == 2 and is_map:
        found["rank_of_change"] = effective_rank(a - b)
    return found


@pytest.mark.parametrize("model_type", kinds.each(sorted(tiny.CONFIGS)))
def test_every_module_against_numpy(tmp_path: Path, model_type: str) -> None:
    """Two models that have nothing in common, the tuned one in shards."""
    tuned = Checkpoint.open(tiny.make(tmp_path / "tuned", model_type, seed=1, shard_size=20_000))
    base = Checkpoint.open(tiny.make(tmp_path / "base", model_type))
    told: list[tuple[int, int]] = []
    measured = drift.run(tuned, base, lambda done, total: told.append((done, total)))
    expected: dict[tuple[str, int, str], float] = {}
    for layer in range(3):
        new, old = tuned.layer(layer), base.layer(layer)
        for module in tuned.architecture.stored(layer):
            a, b = new[f"{module}.weight"], old[f"{module}.weight"]
            offset = tuned.architecture.row.norm.offset if module.startswith("norm") else 0.0
            if module.startswith("norm"):
                a, b = a.flatten(), b.flatten()
            stacked = a.ndim == 3 and module.startswith("mlp")
            pairs = zip(a, b, strict=True) if stacked else [(a, b)]
            is_map = module not in ("mixer.A", "shared.router")
            each = [by_numpy(one, two, offset, is_map=is_map) for one, two in pairs]
            for name in each[0]:
                found = [item[name] for item in each]
                expected[name, layer, module] = float(np.mean(found))
                if module.startswith("mlp.") and tuned.architecture.routing:  # dense: an expert
                    expected[f"{name}:max", layer, module] = max(found)
    assert values(measured) == pytest.approx(expected, rel=1e-6)
    for item in measured.matrices:
        assert item.axes == ("layer", "module")
        assert item.native == tuple(tuned.architecture.native[name] for name in item.columns)
    assert told[-1][0] == told[-1][1]
    assert measured.conditions == {
        "stored_dtype": "float32",
        "base_dtype": "float32",
        "device": "cpu",
    }


@pytest.mark.parametrize("model_type", kinds.each(sorted(tiny.CONFIGS)))
def test_a_model_has_not_moved_from_itself(tmp_path: Path, model_type: str) -> None:
    base = tiny.make(tmp_path / "base", model_type, dtype=torch.bfloat16)
    same = tiny.make(tmp_path / "same", model_type, dtype=torch.bfloat16, shard_size=20_000)
    measured = measure(same, base)
    assert set(values(measured).values()) == {0.0}
    changes = {key: value for key, value in measured.facts.items() if "rows" not in key}
    assert set(changes.values()) == {0.0}
    assert "moved_furthest" not in measured.facts


# Planted differences

DTYPES = [torch.float32, torch.float16, torch.bfloat16]


def planted(
    tmp_path: Path, dtype: torch.dtype, change: Any
) -> tuple[dict[str, float], dict[str, float]]:
    """What is found in the changed matrix, and what numpy says of the change as it is stored."""
    base = tiny.make(tmp_path / "base", "llama", dtype=dtype)
    delta = tuned_from(base, tmp_path / "tuned", UP, change, dtype=dtype)
    old = load_file(base / "model.safetensors")[UP].double()
    found = values(measure(tmp_path / "tuned", base))
    place = (1, "mlp.up")
    for key, value in found.items():
        assert key[1:] == place or value == 0
    expected = by_numpy(old + delta, old, 0.0)
    return {name: found[name, *place] for name in expected}, expected


@pytest.mark.parametrize("dtype", DTYPES)
def test_scaled(tmp_path: Path, dtype: torch.dtype) -> None:
    """A factor of 2 is exact in every type: the change is the matrix itself."""
    found, expected = planted(tmp_path, dtype, lambda W: 2 * W)
    assert found == pytest.approx(expected, rel=1e-6)
    assert found["relative_change"] == pytest.approx(1, rel=1e-9)
    assert found["changed"] == 1
    W = load_file(tmp_path / "base" / "model.safetensors")[UP].double().numpy()
    assert found["rank_of_change"] == pytest.approx(effective_rank(W), rel=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rank", [1, 3])
def test_low_rank(tmp_path: Path, dtype: torch.dtype, rank: int) -> None:
    """(48, 32): a change of rank r has at most r / 32; storage in 16 bits spreads it."""
    generator = torch.Generator().manual_seed(0)
    A, B = (
        torch.randn(size, rank, generator=generator, dtype=torch.float64).sign()
        for size in (48, 32)
    )
    found, expected = planted(tmp_path, dtype, lambda W: W + 0.25 * A @ B.T)
    assert found == pytest.approx(expected, rel=1e-4)
    assert found["changed"] > 0.5
    if dtype == torch.float32:
        assert 1 / 32 <= found["rank_of_change"] < (rank + 0.05) / 32
    assert found["rank_of_change"] < (rank + 1) / 32


@pytest.mark.parametrize("dtype", DTYPES)
def test_sparse(tmp_path: Path, dtype: torch.dtype) -> None:
    """Seven elements in one row of (48, 32)."""

    def change(W: torch.Tensor) -> torch.Tensor:
        W[5, ::5] += 1.0
        return W

    found, expected = planted(tmp_path, dtype, change)
    assert found == pytest.approx(expected, rel=1e-6)
    assert found["changed"] == 7 / (48 * 32)
    assert found["rank_of_change"] == pytest.approx(1 / 32)


def test_a_gain_that_is_stored_as_its_distance_from_one(tmp_path: Path) -> None:
    """Stored 0 is a gain of 1: 0.5 more is a change by half."""
    name = "model.layers.0.input_layernorm.weight"
    base = edit(tiny.make(tmp_path / "base", "gemma"), {name: torch.zeros(32)})
    tuned = edit(tiny.make(tmp_path / "tuned", "gemma"), {name: torch.full((32,), 0.5)})
    found = values(measure(tuned, base))
    assert found["relative_change", 0, "norm.attn"] == pytest.approx(0.5)
    assert found["changed", 0, "norm.attn"] == 1
    assert ("rank_of_change", 0, "norm.attn") not in found


@pytest.mark.parametrize(("dtype", "rounding"), [(torch.bfloat16, 1.5e-3), (torch.float16, 2e-4)])
def test_another_type_is_no_change_but_its_rounding(
    tmp_path: Path, dtype: torch.dtype, rounding: float
) -> None:
    base = tiny.make(tmp_path / "base", "llama")
    tuned = tiny.make(tmp_path / "tuned", "llama", dtype=dtype)
    for one, other in ((tuned, base), (base, tuned)):
        measured = measure(one, other)
        found = values(measured)
        for (name, _, module), value in found.items():
            if name == "relative_change" and not module.startswith("norm"):
                assert value == pytest.approx(rounding, rel=0.25)
            elif name != "relative_change":
                assert value == 0
    assert measured.conditions["stored_dtype"] == "float32"
    assert measured.conditions["base_dtype"] == str(dtype).removeprefix("torch.")


def test_a_change_beyond_the_coarser_type_is_counted(tmp_path: Path) -> None:
    """bfloat16 and float16 are held against each other in bfloat16."""
    assert tensor_change.coarser(torch.float16, torch.bfloat16) == torch.bfloat16
    assert tensor_change.coarser(torch.float32, torch.float16) == torch.float16
    old = torch.tensor([1.0, 1.0, 1.0])
    new = torch.tensor([1.0, 1.001, 1.01]).half()
    found = tensor_change.difference(new, old.bfloat16())
    assert (found.differing, found.elements) == (1, 3)


def test_a_base_of_zeros_has_no_relative_change(tmp_path: Path) -> None:
    base = edit(tiny.make(tmp_path / "base", "llama"), {UP: torch.zeros(48, 32)})
    found = values(measure(tiny.make(tmp_path / "tuned", "llama"), base))
    assert math.isnan(found["relative_change", 1, "mlp.up"])
    assert found["changed", 1, "mlp.up"] == 1
    assert values(measure(base, base))["relative_change", 1, "mlp.up"] == 0


def test_facts_are_those_of_the_whole_model(tmp_path: Path) -> None:
    base = tiny.make(tmp_path / "base", "gpt2")
    stored = load_file(base / "model.safetensors")
    name = "transformer.h.2.attn.c_attn.weight"  # (in, out): the key's share is the second third
    weight, bias = stored[name].clone(), stored["transformer.h.0.mlp.c_fc.bias"].clone()
    weight[:, 32:64] *= 1.5
    bias[:4] += 1
    changes = {name: weight, "transformer.h.0.mlp.c_fc.bias": bias}
    tuned = edit(tiny.make(tmp_path / "tuned", "gpt2"), changes)
    measured = measure(tuned, base)
    found = {key: value for key, value in values(measured).items() if value}
    assert {key[1:] for key in found} == {(2, "attn.k")}
    assert found["relative_change", 2, "attn.k"] == pytest.approx(0.5, rel=1e-6)
    layers = {key: value for key, value in stored.items() if ".h." in key}
    weights = [value for key, value in layers.items() if key.endswith("weight")]
    norm = math.sqrt(sum(float(value.double().square().sum()) for value in weights))
    moved = float((weight - stored[name]).double().norm())
    facts = measured.facts
    assert facts["relative_change"] == pytest.approx(moved / norm, rel=1e-6)
    assert facts["changed"] == 32 * 32 / sum(value.numel() for value in weights)
    assert facts["moved_furthest"] == "layer 2, attn.k"
    biases = [value for key, value in layers.items() if key.endswith("bias")]
    assert facts["biases_changed"] == 4 / sum(value.numel() for value in biases)
    assert facts["embedding_relative_change"] == facts["final_norm_changed"] == 0


# Models that do not match


def test_rows_that_the_vocabulary_has_gained_are_facts(tmp_path: Path) -> None:
    base = tiny.make(tmp_path / "base", "llama")
    tuned = tiny.make(tmp_path / "tuned", "llama", vocab_size=64)
    old = load_file(base / "model.safetensors")
    embedding = load_file(tuned / "model.safetensors")["model.embed_tokens.weight"]
    name = "model.embed_tokens.weight"
    grown = torch.cat([old[name], embedding[61:]])
    grown[0] += 1
    edit(tuned, {**{key: value for key, value in old.items() if "layers" in key}, name: grown})
    measured = measure(tuned, base)
    assert set(values(measured).values()) == {0.0}
    assert measured.facts["embedding_extra_rows"] == 3
    assert measured.facts["embedding_changed"] == pytest.approx(1 / 61)
    assert measured.facts["unembedding_extra_rows"] == 3
    assert measure(base, tuned).facts["embedding_extra_rows"] == -3


def test_modules_and_biases_of_one_model_alone_are_facts(tmp_path: Path) -> None:
    base = tiny.make(tmp_path / "base", "phi")
    tuned = tiny.make(tmp_path / "tuned", "phi", qk_layernorm=True)
    measured = measure(tuned, base)
    found = {item.name: item.columns for item in measured.matrices}
    assert "norm.q" not in found["relative_change"]
    assert measured.facts["only_in_tuned"] == "norm.q, norm.q.bias, norm.k, norm.k.bias"
    assert "only_in_base" not in measured.facts
    base = tiny.make(tmp_path / "with", "llama", attention_bias=True)
    tuned = tiny.make(tmp_path / "without", "llama")
    biases = "attn.q.bias, attn.k.bias, attn.v.bias, attn.o.bias"
    assert measure(tuned, base).facts["only_in_base"] == biases


@pytest.mark.parametrize(
    ("model_type", "overrides", "problem"),
    [
        ("qwen3", {}, "architecture 'qwen3' instead of 'llama'"),
        ("llama", {"num_hidden_layers": 2}, "layers 2 instead of 3"),
        (
            "llama",
            {"intermediate_size": 40, "num_key_value_heads": 4},
            "kv_heads 4 instead of 2, d_mlp 40 instead of 48",
        ),
    ],
)
def test_models_of_another_shape_are_an_error(
    tmp_path: Path, model_type: str, overrides: dict[str, Any], problem: str
) -> None:
    base = tiny.make(tmp_path / "base", "llama")
    tuned = tiny.make(tmp_path / "tuned", model_type, **overrides)
    with pytest.raises(AtlasError, match=f"cannot be compared with its base: {problem}; drift"):
        measure(tuned, base)


def test_another_number_of_experts_is_an_error(tmp_path: Path) -> None:
    base = tiny.make(tmp_path / "base", "mixtral")
    tuned = tiny.make(tmp_path / "tuned", "mixtral", num_local_experts=4)
    with pytest.raises(AtlasError, match="experts 4 instead of 5"):
        measure(tuned, base)


@pytest.mark.parametrize("damaged", ["tuned", "base"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_damaged_weights_are_an_error_that_says_where(
    tmp_path: Path, damaged: str, bad: float
) -> None:
    for name in ("tuned", "base"):
        tiny.make(tmp_path / name, "llama")
    weight = load_file(tmp_path / "base" / "model.safetensors")[UP]
    weight[3, 3] = bad
    edit(tmp_path / damaged, {UP: weight})
    with pytest.raises(AtlasError, match=r"layer 1, mlp\.up: .*infinite or not a number"):
        measure(tmp_path / "tuned", tmp_path / "base")


def test_the_same_models_give_the_same_bytes(tmp_path: Path) -> None:
    base = tiny.make(tmp_path / "base", "qwen3")
    tuned = tiny.make(tmp_path / "tuned", "qwen3", seed=1)
    first, second = measure(tuned, base), measure(tuned, base)
    assert [item.json_text() for item in first.matrices] == [
        item.json_text() for item in second.matrices
    ]
    assert (first.facts, first.conditions) == (second.facts, second.conditions)


@pytest.mark.parametrize("name", ["llama-instruct", "llama-topic"])
def test_the_reference_tunes_have_moved_from_their_base(name: str) -> None:
    measured = measure(paths.zoo_folder(name), paths.zoo_folder("llama"))
    found = {item.name: item.values for item in measured.matrices}
    assert found["relative_change"].shape == (4, 9)
    assert (found["relative_change"] > 0.01).all()
    assert 0.1 < float(str(measured.facts["relative_change"])) < 1
    assert found["changed"].min() > 0.5
    assert found["rank_of_change"].min() > 0.25


# What the analysis states about itself

LLAMA_8B = Geometry(32, 32, 8, 4096, 128, 14336, 128256, 8_030_261_248)


def test_cost_is_that_of_the_spectra_and_two_models() -> None:
    operations, peak = statement.cost(NAME, LLAMA_8B)
    assert operations == pytest.approx(
        32 * (3 * 14336 + 2 * 4096 + 5 * 4096 * 4 / 3) * 4096**2, rel=0.1
    )
    assert 3e9 < peak < 6e9
    small = replace(LLAMA_8B, d_model=64, d_mlp=64, parameters=None)
    assert statement.cost(NAME, small)[1] == pytest.approx(5e8 + 8 * 128256 * 64)


def test_statement_and_page_text() -> None:
    stated = statement.of(NAME)
    assert (stated.tier, stated.kinds) == ("weights", ("decoder", "encoder"))
    assert stated.title == "Drift"
    assert statement.of("drift").needs == ("base",)
    page = markdown.markdown(explanations.page(stated.text))
    for name in drift.QUANTITIES:
        assert f"<code>{name}</code>" in page
    assert "<em>" not in page
    for source in ("Mukherjee et al. 2025", "Roy &amp; Vetterli 2007"):
        assert source in page
