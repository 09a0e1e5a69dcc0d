"""`weights` on tiny models of every architecture, against dense references from the live model."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import kinds
import markdown  # type: ignore[import-untyped]
import numpy as np
import pytest
import tiny
import torch
from safetensors.torch import load_file, save_file

from atlas.analyses.weights import run as weights
from atlas.architectures.row import EXPERT_MODULES
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError
from atlas.loaded.checkpoint import Checkpoint
from atlas.profiles import matrix, statement
from atlas.profiles.matrix import Matrix
from atlas.profiles.statement import Measured
from atlas.site.figures import explanations

NAMES = tuple(weights.QUANTITIES)


def measure(folder: Path) -> Measured:
    return weights.run(Checkpoint.open(folder), lambda done, total: None)


def values(measured: Measured, name: str) -> dict[tuple[int, str], float]:
    found = next(item for item in measured.matrices if item.name == name)
    return {
        (layer, column): float(value)
        for layer, row in enumerate(found.values)
        for column, value in zip(found.columns, row, strict=True)
    }


def reference(W: np.ndarray) -> dict[str, float]:
    """The definitions, from a full singular value decomposition in float64."""
    sigma = np.linalg.svd(W, compute_uv=False)
    p = sigma / sigma.sum()
    rms = math.sqrt((W**2).mean())
    centred = W - W.mean()
    step = np.abs(W).max(1, keepdims=True) / 127
    return {
        "rms": rms,
        "spectral_norm": sigma[0],
        "stable_rank": (W**2).sum() / sigma[0] ** 2,
        "effective_rank": math.exp(-(p * np.log(p)).sum()) / len(sigma),
        "kurtosis": (centred**4).mean() / (centred**2).mean() ** 2,
        "outlier": np.abs(W).max() / rms,
        "int8_error": np.linalg.norm(W - np.round(W / step) * step) / np.linalg.norm(W),
    }


FEW_NUMBERS = (
    *("attn.sinks", "router.correction", "shared.router", "mixer.step_bias"),
    *("act.alpha_p", "act.alpha_n"),
    *("mixer.conv", "mixer.A", "mixer.D"),
    *("mixer.norm", "mixer.norm_step", "mixer.norm_B", "mixer.norm_C"),
)
"""Modules that are no matrix that maps anything."""


def there(checkpoint: Checkpoint, item: Matrix) -> np.ndarray:
    """(layer, column): whether the layer has that module."""
    layers = [checkpoint.architecture.stored(layer) for layer in range(3)]
    return np.array([[name in modules for name in item.columns] for modules in layers])


@pytest.mark.parametrize("model_type", kinds.each(sorted(tiny.CONFIGS)))
def test_every_module_of_every_layer_has_every_quantity(model_type: str, tmp_path: Path) -> None:
    checkpoint = Checkpoint.open(tiny.make(tmp_path, model_type))
    seen: list[tuple[int, int]] = []
    measured = weights.run(checkpoint, lambda done, total: seen.append((done, total)))
    stored = {name for layer in range(3) for name in checkpoint.architecture.stored(layer)}
    modules = [name for name in checkpoint.architecture.modules if name in stored]
    largest = tuple(f"{name}:max" for name in NAMES) if checkpoint.architecture.routing else ()
    assert tuple(item.name for item in measured.matrices) == NAMES + largest
    for item in measured.matrices:
        if item.name in largest:
            assert item.columns == tuple(name for name in EXPERT_MODULES if name in modules)
            assert np.array_equal(np.isfinite(item.values), there(checkpoint, item))
            continue
        norms = [name for name in item.columns if name.startswith("norm")]
        gains = checkpoint.architecture.row.norm.gain
        assert bool(norms) == (item.name == "rms" and gains)
        assert item.columns == tuple(
            name
            for name in modules
            if item.name == "rms" or not ("norm" in name or name in FEW_NUMBERS)
        )
        assert item.native == tuple(checkpoint.architecture.native[name] for name in item.columns)
        assert item.rows == ("0", "1", "2")
        assert item.axes == ("layer", "module")
        assert np.array_equal(np.isfinite(item.values), there(checkpoint, item))
        assert not item.undefined
        assert matrix.from_json(json.loads(item.json_text())).columns == item.columns
    count = sum(len(checkpoint.architecture.stored(layer)) for layer in range(3))
    assert seen[-1] == (count, count)
    assert [done for done, _ in seen] == list(range(1, len(seen) + 1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_values_are_the_definitions_on_llamas_own_weights(
    dtype: torch.dtype, tmp_path: Path
) -> None:
    """Grouped key/value heads: key and value projections are not square."""
    measured = measure(tiny.make(tmp_path, "llama", dtype=dtype))
    live = tiny.live(tmp_path).model.layers
    for layer, module, native in [
        (0, "attn.k", "self_attn.k_proj"),
        (2, "mlp.down", "mlp.down_proj"),
    ]:
        W = live[layer].get_submodule(native).weight.detach().double().numpy()
        for name, expected in reference(W).items():
            found = values(measured, name)[layer, module]
            assert found == pytest.approx(expected, rel=1e-5), name
    gain = live[1].post_attention_layernorm.weight.detach().double()
    expected = gain.square().mean().sqrt().item()
    assert values(measured, "rms")[1, "norm.mlp"] == pytest.approx(expected, rel=1e-6)
    assert measured.conditions["stored_dtype"] == str(dtype).removeprefix("torch.")


def test_fused_and_transposed_projections_are_split(tmp_path: Path) -> None:
    measured = measure(tiny.make(tmp_path, "gpt2"))
    layer = tiny.live(tmp_path).transformer.h[1]
    fused = layer.attn.c_attn.weight.detach().double().numpy().T  # Conv1D is (in, out)
    for place, module in enumerate(("attn.q", "attn.k", "attn.v")):
        for name, expected in reference(fused[32 * place : 32 * (place + 1)]).items():
            found = values(measured, name)[1, module]
            assert found == pytest.approx(expected, rel=1e-5), name
    up = layer.mlp.c_fc.weight.detach().double().numpy().T
    assert values(measured, "int8_error")[1, "mlp.up"] == pytest.approx(
        reference(up)["int8_error"], rel=1e-5
    )


def test_four_bits_are_measured_by_channel_and_by_groups_of_128(tmp_path: Path) -> None:
    """300 inputs of the down projection: groups of 128, 128 and 44."""
    measured = measure(tiny.make(tmp_path, "llama", intermediate_size=300))
    W = tiny.live(tmp_path).model.layers[0].mlp.down_proj.weight.detach().double().numpy()
    for name, group in (("int4_error", 300), ("int4_g128", 128)):
        rounded = np.empty_like(W)
        for left in range(0, 300, group):
            part = W[:, left : left + group]
            step = np.abs(part).max(1, keepdims=True) / 7
            rounded[:, left : left + group] = np.round(part / step) * step
        expected = np.linalg.norm(W - rounded) / np.linalg.norm(W)
        assert values(measured, name)[0, "mlp.down"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("model_type", ["gpt_oss", "mixtral"])
def test_experts_are_measured_one_by_one(model_type: str, tmp_path: Path) -> None:
    """Stored in one tensor, gate and up interleaved, or expert by expert."""
    measured = measure(tiny.make(tmp_path, model_type))
    experts = tiny.live(tmp_path).model.layers[1].mlp.experts
    fused, down = (
        parameter.detach().double().numpy()
        for parameter in (experts.gate_up_proj, experts.down_proj)
    )
    if model_type == "gpt_oss":
        fused, down = fused.swapaxes(1, 2), down.swapaxes(1, 2)
        up = fused[:, 1::2]
    else:
        up = fused[:, 20:]
    for module, stacked in (("mlp.up", up), ("mlp.down", down)):
        found = [reference(W) for W in stacked]
        assert len(found) == 5
        for name in found[0]:
            each = [item[name] for item in found]
            assert values(measured, name)[1, module] == pytest.approx(np.mean(each), rel=1e-5)
            largest = values(measured, f"{name}:max")[1, module]
            assert largest == pytest.approx(max(each), rel=1e-5)


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "qwen3")
    first, second = measure(folder), measure(folder)
    assert [item.json_text() for item in first.matrices] == [
        item.json_text() for item in second.matrices
    ]
    assert (first.facts, first.conditions) == (second.facts, second.conditions)


def test_one_layer_and_tied_embeddings(tmp_path: Path) -> None:
    measured = measure(tiny.make(tmp_path, "qwen3", num_hidden_layers=1, tie_word_embeddings=True))
    assert all(item.rows == ("0",) for item in measured.matrices)


def edit(folder: Path, name: str, value: torch.Tensor | float) -> None:
    """Overwrite one stored tensor."""
    file = folder / "model.safetensors"
    tensors: dict[str, Any] = load_file(file)
    tensors[name] = torch.zeros_like(tensors[name]) + value
    save_file(tensors, file, metadata={"format": "pt"})


def test_matrix_of_zeros_is_measured_and_lacks_what_it_cannot_have(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "llama")
    edit(folder, "model.layers.1.self_attn.o_proj.weight", 0.0)
    measured = measure(folder)
    found = {name: values(measured, name)[1, "attn.o"] for name in NAMES}
    absent = {name for name, value in found.items() if math.isnan(value)}
    assert absent == {"alpha", "kurtosis", "outlier"}
    assert all(value == 0 for name, value in found.items() if name not in absent)
    alphas = values(measured, "alpha")
    known = [value for value in alphas.values() if not math.isnan(value)]
    assert len(known) == len(alphas) - 1
    assert measured.facts["mean_alpha"] == pytest.approx(np.mean(known))
    assert measured.facts["alpha_from_2_to_6"] == pytest.approx(
        sum(2 <= value <= 6 for value in known) / len(known)
    )


def test_model_without_any_tail_has_no_facts(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "llama", num_hidden_layers=1)
    for name in load_file(folder / "model.safetensors"):
        if "_proj" in name:
            edit(folder, name, 1.0)
    assert measure(folder).facts == {}


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize(
    ("name", "module"),
    [("mlp.gate_proj", "mlp.gate"), ("input_layernorm", "norm.attn")],
)
def test_damaged_weights_are_an_error_that_says_where(
    name: str, module: str, bad: float, tmp_path: Path
) -> None:
    folder = tiny.make(tmp_path, "llama")
    edit(folder, f"model.layers.2.{name}.weight", bad)
    with pytest.raises(AtlasError, match=f"layer 2, {module}: .*not finite.*fetch"):
        measure(folder)


def test_gain_of_a_norm_counts_the_offset_of_its_architecture(tmp_path: Path) -> None:
    checkpoint = Checkpoint.open(tiny.make(tmp_path, "llama"))
    row = checkpoint.architecture.row
    shifted = replace(
        checkpoint,
        architecture=replace(
            checkpoint.architecture, row=replace(row, norm=replace(row.norm, offset=1.0))
        ),
    )
    measured = weights.run(shifted, lambda done, total: None)
    gain = checkpoint.layer(0)["norm.attn.weight"].double() + 1
    expected = gain.square().mean().sqrt().item()
    assert values(measured, "rms")[0, "norm.attn"] == pytest.approx(expected, rel=1e-6)


# What the analysis states about itself

GPT2 = Geometry(12, 12, 12, 768, 64, 3072, 50257, 124_439_808)
LLAMA_8B = Geometry(32, 32, 8, 4096, 128, 14336, 128256, 8_030_261_248)


def test_cost_counts_experts() -> None:
    """The geometry of Mixtral-8x7B: 8 experts; their share of the work is 8 times a dense one's."""
    mixtral = replace(LLAMA_8B, vocabulary=32000, parameters=46_702_792_704)
    dense = replace(mixtral, parameters=7_241_732_096)
    (eight, peak), (one, same) = (statement.cost("weights", item) for item in (mixtral, dense))
    attention, _ = statement.cost("weights", replace(dense, d_mlp=1))
    assert (eight - attention) / (one - attention) == pytest.approx(8, rel=0.01)
    assert peak == same


def test_cost_counts_the_matrices_that_there_are() -> None:
    operations, peak = statement.cost("weights", GPT2)
    n = 768
    by_hand = 12 * (4 * n**3 + 2 * 3072 * n**2 + 6 * 4 / 3 * n**3)
    assert operations == pytest.approx(by_hand, rel=0.1)
    assert 0.4e9 < peak < 0.8e9
    gated, _ = statement.cost("weights", replace(GPT2, parameters=None))
    assert gated > operations
    operations, peak = statement.cost("weights", LLAMA_8B)
    assert operations == pytest.approx(
        32 * (3 * 14336 + 2 * 4096 + 5 * 4096 * 4 / 3) * 4096**2, rel=0.1
    )
    assert 1.5e9 < peak < 4e9
    assert peak < statement.cost("weights", replace(LLAMA_8B, d_mlp=28672))[1]


def test_statement_is_read_without_importing() -> None:
    stated = statement.of("weights")
    assert (stated.tier, stated.kinds) == ("weights", ("decoder", "encoder"))
    assert stated.title == "Weights"
    assert stated.version == statement.of("weights").version


def test_page_text_names_every_quantity_and_survives_markdown() -> None:
    text = statement.of("weights").text
    page = markdown.markdown(explanations.page(text))
    for name in NAMES:
        assert f"<code>{name}</code>" in page
    assert "<em>" not in page
    drawn = [
        "".join(ElementTree.fromstring(one).itertext())
        for one in re.findall(r"<math.*?</math>", page)
    ]
    for formula in ("α=1+k∑i=1kln(λi/λmin)", "step=max|w|2b−1−1", "error=‖W−Q(W)‖F‖W‖F"):
        assert formula in drawn
    for source in ("Rudelson &amp; Vershynin 2007", "Roy &amp; Vetterli 2007", "Newman 2009"):
        assert source in " ".join(page.split())
