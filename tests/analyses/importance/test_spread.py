"""How sure importance is: against the bootstrap, slow references, and in 16 bits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
import tiny
import torch
from gated import drawn, quiet, size
from published import published, told

from atlas.analyses.importance import backward, matrices, parameter_owners, trimming
from atlas.analyses.importance import run as importance
from atlas.analyses.importance.matrices import PassageSums
from atlas.loaded import in_float32, memory
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage
from atlas.passes import estimates
from atlas.profiles import comparable
from atlas.profiles.matrix import Matrix
from atlas.profiles.statement import Measured

LENGTHS = (7, 12, 3, 9, 5, 8, 8, 6, 4, 10, 7, 9)
NAMES = {"attn.q": "q", "mlp.up": "up"}


def named(found: Measured, name: str) -> Matrix:
    return next(matrix for matrix in found.matrices if matrix.name == name)


def sums(passages: int = 80, seed: int = 0, trimmed: bool = False) -> PassageSums:
    """Drawn for 3 layers, 2 modules and 4 heads: what moves one passage moves all of its sums."""
    generator = np.random.default_rng(seed)
    sizes = np.round(generator.uniform(100, 350, passages))
    shared = generator.lognormal(0, 0.4, passages)
    taylor = generator.uniform(1, 5, (3, 2, 1)) * shared
    taylor *= generator.lognormal(0, 0.2, taylor.shape)
    heads = generator.uniform(0.1, 1, (3, 4, 1)) * shared * generator.lognormal(0, 0.3, passages)
    bypassed = tuple(range(0, passages, 2))
    rates = np.array([[0.9], [0.1], [0.3]]) + generator.normal(0, 0.1, (3, len(bypassed)))
    return PassageSums(
        rows=tuple(range(passages)),
        tokens=np.round(0.3 * sizes),
        sizes=sizes,
        bits=1.5 * sizes,
        taylor=taylor,
        heads=heads,
        increase=rates * sizes[list(bypassed)],
        bypassed=bypassed,
        trimmed=trimmed,
    )


def all_matrices(found: PassageSums) -> dict[str, Matrix]:
    elements = np.full((3, 2), 1000.0)
    made = [
        *matrices.of_gradients(found, elements, NAMES),
        *matrices.of_layers(found, "layers.*"),
        matrices.of_heads(found),
    ]
    return {matrix.name: matrix for matrix in made}


def again(found: PassageSums, generator: np.random.Generator) -> PassageSums:
    """Passages drawn anew, those that layers are bypassed on among themselves."""
    count, some = len(found.rows), len(found.bypassed)
    rows = generator.integers(0, count, count)
    few = generator.integers(0, some, some)
    sizes = found.sizes[rows]
    sizes[list(found.bypassed)] = found.sizes[list(found.bypassed)][few]
    return replace(
        found,
        sizes=sizes,
        taylor=found.taylor[..., rows],
        heads=found.heads[..., rows],
        increase=found.increase[:, few],
    )


@pytest.mark.parametrize("trimmed", [False, True])
def test_spreads_are_those_of_the_bootstrap(trimmed: bool) -> None:
    found = sums(trimmed=trimmed)
    generator = np.random.default_rng(1)
    held = all_matrices(found)
    top = np.unravel_index(held["taylor"].values.argmax(), (3, 2))
    draws: dict[str, list[np.ndarray]] = {}
    for _ in range(2000):
        each = all_matrices(again(found, generator))
        for name, matrix in each.items():
            values = matrix.values
            if name == "taylor":  # against the same module in every draw
                values = values / values[top]
            draws.setdefault(name, []).append(values)
    for name, matrix in held.items():
        spread = np.std(draws[name], axis=0)
        assert matrix.spread is not None
        tolerance = 0.15 if trimmed else 0.1  # quantiles of 80 passages are coarse
        np.testing.assert_allclose(matrix.spread, spread, rtol=tolerance, atol=1e-12)
    assert held["taylor"].spread is not None and held["taylor"].spread[top] == 0
    block = held["block"]
    assert block.spread is not None and (block.spread[block.values == 0] == 0).all()
    assert (block.spread[block.values == 1] == 0).all()


def test_a_trimmed_mean_is_that_of_scipy_and_so_is_its_error() -> None:
    values = np.random.default_rng(2).lognormal(0, 1, (4, 64))
    values[1, 5] *= 100
    found = trimming.pseudo_values(values)
    expected = scipy.stats.trim_mean(values, trimming.TENTH, axis=-1)
    np.testing.assert_allclose(found.mean(-1), expected, rtol=1e-12)
    by_scipy = scipy.stats.mstats.trimmed_stde(values, (0.1, 0.1), (True, True), axis=-1)
    cut, count = 6, 64
    exactly = by_scipy * (1 - 0.2) / (1 - 2 * cut / count)  # scipy takes the share as it is told
    np.testing.assert_allclose(estimates.ratio_error(found, np.ones(64)), exactly, rtol=1e-9)
    few = values[:, :9]
    np.testing.assert_allclose(trimming.pseudo_values(few), few, rtol=1e-12)


def test_one_passage_does_not_rule_a_trimmed_mean() -> None:
    """As in bfloat16: one of 64 passages that is far too large makes half of a mean."""
    plain = sums(64)
    spoilt = plain.taylor.copy()
    spoilt[2, 1, 17] *= 100
    held = all_matrices(replace(plain, taylor=spoilt))["taylor"]
    assert held.largest_share is not None and held.largest_share[2, 1] > 0.4
    trimmed = all_matrices(replace(plain, taylor=spoilt, trimmed=True))["taylor"]
    without = all_matrices(replace(plain, trimmed=True))["taylor"]
    np.testing.assert_allclose(trimmed.values, without.values, rtol=0.05)
    assert trimmed.largest_share is not None and trimmed.largest_share[2, 1] < 0.1


def test_largest_shares() -> None:
    found = sums()
    held = all_matrices(found)
    share = found.taylor.max(-1) / found.taylor.sum(-1)
    for name in ("taylor", "taylor_per_weight"):
        assert held[name].largest_share is not None
        np.testing.assert_allclose(held[name].largest_share, share)  # type: ignore[arg-type]
    bits = np.abs(found.increase)
    np.testing.assert_allclose(
        held["block_increase"].largest_share[:, 0],  # type: ignore[index]
        bits.max(1) / bits.sum(1),
    )
    assert held["block"].largest_share is None, (
        "a value made of three layers has no passage's share"
    )


# Facts


def test_facts_name_the_ties() -> None:
    found = sums()
    found.taylor[1, 0] = found.taylor[2, 1] = 20 * found.taylor[0, 0]
    found.heads[:] = 0.1 * found.heads
    found.heads[0, 3] = 50
    facts = matrices.facts(found, tuple(NAMES))
    assert facts["most_important"] == "layer 1, attn.q; layer 2, mlp.up"
    assert facts["most_important_block"] == "layer 0"
    assert facts["most_important_head"] == "layer 0, head 3"
    found.increase[:] = found.sizes[list(found.bypassed)]
    assert matrices.facts(found, tuple(NAMES))["most_important_block"] == (
        "layer 0; layer 1; layer 2"
    )
    found.taylor[:] = 1
    assert str(matrices.facts(found, tuple(NAMES))["most_important"]).endswith("; 6 in all")


# Against plain transformers


@pytest.mark.parametrize("variant", ["llama", "gpt2"])
def test_block_increase_is_a_ratio_of_sums_by_hand(tmp_path: Path, variant: str) -> None:
    """Whole passes in float64, one passage at a time, a layer's output replaced by its input."""
    passages = drawn(LENGTHS)
    model = LiveModel.open(tiny.make(tmp_path, variant), "cpu", torch.float64)
    found = importance.measure(model, passages, quiet)
    live = tiny.live(tmp_path, torch.float64)

    def bits(passage: Passage) -> float:
        with torch.no_grad():
            logits = live(input_ids=torch.tensor([passage.ids]), use_cache=False).logits[0]
        chances = torch.log_softmax(logits, -1)
        places = range(passage.first, passage.last)
        return -sum(float(chances[at - 1, passage.ids[at]]) for at in places) / math.log(2)

    def idle(module: Any, given: Any, output: Any) -> Any:
        return (given[0], *output[1:]) if type(output) is tuple else given[0]

    some = passages[:: importance.EVERY]
    text = sum(passage.bytes for passage in some)
    whole = [bits(passage) for passage in some]
    for layer, one in enumerate(live.get_submodule(model.architecture.live_layers)):
        bypass = one.register_forward_hook(idle)
        increases = [bits(passage) - base for passage, base in zip(some, whole, strict=True)]
        bypass.remove()
        value = named(found, "block_increase").values[layer, 0]
        assert value == pytest.approx(sum(increases) / text, rel=1e-5, abs=1e-9)
        of = [item["increase"][layer] for item in found.parts["passages"] if item["increase"]]
        assert of == pytest.approx(increases, rel=1e-4, abs=1e-7)
    everything = sum(map(bits, passages)) / sum(passage.bytes for passage in passages)
    assert found.facts["bits_per_byte"] == pytest.approx(everything, rel=1e-6)


# The part


def test_passages_make_the_matrices(tmp_path: Path) -> None:
    """What is read back is sound, and a wrong sum is told."""
    passages = [*drawn((7, 12)), Passage((5,), 1, 1), *drawn(LENGTHS)]
    model = LiveModel.open(tiny.make(tmp_path, "qwen3"), "cpu")
    found = importance.measure(model, passages, quiet)
    whole, parts = published(tmp_path, "importance", found)
    assert told(whole, parts, tmp_path) == []
    items = parts["passages"]
    assert [item["passage"] for item in items] == [0, 1, *range(3, 15)]
    assert [item["increase"] is not None for item in items] == [at % 4 == 0 for at in range(14)]
    each = np.array([item["taylor"] for item in items])
    assert each.shape == (14, 3, len(named(found, "taylor").columns))
    total = each.sum(0)
    np.testing.assert_allclose(named(found, "taylor").values, total / total.max(), rtol=2e-3)
    assert sum(item["bytes"] for item in items) == whole.conditions["scored_bytes"]
    changes: tuple[tuple[Callable[[dict[str, Any]], object], str], ...] = (
        (lambda item: item["taylor"][1].__setitem__(2, 99.0), "matrix 'taylor' has value"),
        (lambda item: item["increase"].__setitem__(0, 99.0), "matrix 'block_increase' has value"),
        (lambda item: item.update(bits=500.0), "the fact bits_per_byte is"),
        (lambda item: item.update(tokens=500), "tokens are"),
        (lambda item: item["taylor"].pop(), "sums are not those of 3 layers"),
        (lambda item: item["increase"].pop(), "are not those of 3 layers"),
    )
    for change, line in changes:
        _, parts = published(tmp_path, "importance", found)
        change(parts["passages"][4])
        assert any(line in one for one in told(whole, parts, tmp_path)), line
    items.pop()
    assert any("passages are 13 here" in one for one in told(whole, {"passages": items}, tmp_path))


def test_a_trimmed_profile_is_sound_and_bound_to_its_estimator(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "llama", dtype=torch.bfloat16)
    passages = drawn(LENGTHS)
    model = LiveModel.open(folder, "cpu")
    narrow = importance.measure(model, passages, quiet, fits=False)
    assert narrow.conditions["estimator"] == "trimmed mean of 10%, in bfloat16"
    assert narrow.conditions["dtype"] == "bfloat16"
    whole, parts = published(tmp_path, "importance", narrow)
    assert told(whole, parts, tmp_path) == []
    wide, _ = published(tmp_path, "importance", importance.measure(model, passages, quiet))
    assert "estimator" not in wide.conditions and wide.conditions["dtype"] == "float32"
    assert comparable.terms(whole) != comparable.terms(wide)


def test_a_model_of_one_layer_and_a_single_passage(tmp_path: Path) -> None:
    model = LiveModel.open(tiny.make(tmp_path, "llama", num_hidden_layers=1), "cpu")
    found = importance.measure(model, drawn((9,)), quiet)
    assert found.facts["most_important_block"] == "layer 0"
    assert str(found.facts["most_important"]).endswith(" in all"), "of one passage nothing is known"
    spread = named(found, "taylor").spread
    assert spread is not None and np.isnan(spread).all()
    whole, parts = published(tmp_path, "importance", found)
    assert told(whole, parts, tmp_path) == []


def test_a_model_without_heads(tmp_path: Path) -> None:
    """Its blocks and weights are measured; of heads nothing leads."""
    folder = tiny.make(tmp_path, "lfm2", layer_types=["conv"] * 3)
    found = importance.measure(LiveModel.open(folder, "cpu"), drawn(LENGTHS[:3]), quiet)
    assert found.facts["most_important_head"] is None
    assert str(found.facts["most_important_block"]).startswith("layer ")
    assert "head_gate" not in {matrix.name for matrix in found.matrices}


def test_two_tokenizers_on_the_same_text() -> None:
    """Half as many tokens for the same bits and bytes: blocks and loss are the same."""
    fine = sums()
    coarse = replace(fine, tokens=np.round(fine.tokens / 2))
    one, other = (all_matrices(each)["block_increase"] for each in (fine, coarse))
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.spread, other.spread)


# Sixteen bits


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("variant", ["llama", "gpt2", "mixtral", "gemma2", "gpt_neox"])
def test_gradients_are_those_of_float32(tmp_path: Path, variant: str, dtype: torch.dtype) -> None:
    """A model stored in 16 bits is measured as one that was opened in float32; but what Gemma
    multiplies embeddings by is a buffer, rounded as the model runs, and stays so."""
    exact = 5e-3 if variant == "gemma2" else 1e-3
    folder, passages = tiny.make(tmp_path, variant, dtype=dtype), drawn(LENGTHS[:5])
    model = LiveModel.open(folder, "cpu", dtype)
    before = {name: (t.dtype, t.clone()) for name, t in model.live.state_dict().items()}
    buffers = {name: (t.dtype, t.clone()) for name, t in model.live.named_buffers()}
    found = importance.measure(model, passages, quiet, fits=True)
    wide = importance.measure(LiveModel.open(folder, "cpu", torch.float32), passages, quiet)
    for matrix in found.matrices:
        other = named(wide, matrix.name)
        np.testing.assert_allclose(matrix.values, other.values, rtol=exact, atol=1e-5)
    for held, now in (
        (before, dict(model.live.state_dict())),
        (buffers, dict(model.live.named_buffers())),
    ):
        for name, (stored, values) in held.items():
            assert now[name].dtype == stored and torch.equal(now[name], values), name


def test_every_gradient_is_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny.make(tmp_path, "llama", dtype=torch.bfloat16)
    seen: list[torch.dtype] = []
    products = backward._products

    def watched(gradient: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return products(gradient, weight)

    summed = parameter_owners.summed

    def watching(function: Any, axis: int | None, *tensors: torch.Tensor) -> torch.Tensor:
        seen.extend(tensor.dtype for tensor in tensors)
        return summed(function, axis, *tensors)

    monkeypatch.setattr(backward, "_products", watched)
    monkeypatch.setattr(parameter_owners, "summed", watching)
    importance.measure(LiveModel.open(folder, "cpu"), drawn(LENGTHS[:3]), quiet, fits=True)
    assert set(seen) == {torch.float32}


def test_a_gradient_that_bfloat16_spoils_is_right_in_float32(tmp_path: Path) -> None:
    """Norm gains in bfloat16 see sums of many products rounded to 3 digits: against float64, some
    passage is off by percents there, and by nothing here."""
    folder = tiny.make(tmp_path, "llama", dtype=torch.bfloat16)
    passages = drawn(LENGTHS)
    exact = importance.measure(LiveModel.open(folder, "cpu", torch.float64), passages, quiet)
    model = LiveModel.open(folder, "cpu")
    off = {}
    for fits in (True, False):
        found = importance.measure(model, passages, quiet, fits=fits)
        each, truth = (
            np.array([item["taylor"] for item in one.parts["passages"]]) for one in (found, exact)
        )
        off[fits] = float(np.abs(each / truth - 1).max())
    assert off[True] < 1e-3 < 0.02 < off[False]


def test_where_float32_does_not_fit_the_model_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = LiveModel.open(tiny.make(tmp_path, "llama", dtype=torch.bfloat16), "cpu")
    assert in_float32.has_room(model)
    monkeypatch.setattr(memory, "free_memory", lambda device: {"cpu": 10_000})
    assert not in_float32.has_room(model)
    with in_float32.where_it_fits(model) as running:
        assert running is model


def test_the_room_counts_weights_logits_and_the_gradients_of_a_layer(tmp_path: Path) -> None:
    model = LiveModel.open(tiny.make(tmp_path, "llama", dtype=torch.bfloat16), "cpu")
    weights = sum(parameter.numel() for parameter in model.live.parameters())
    layer = sum(parameter.numel() for parameter in model.layer(0).parameters())
    least = 2 * weights + 8 * layer + 16 * 128 * model.geometry.vocabulary
    least += memory.working_bytes(model.geometry, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "free_memory", lambda device: {"cpu": least})
        assert not in_float32.has_room(model)
        patch.setattr(memory, "free_memory", lambda device: {"cpu": 1.1 * least})
        assert in_float32.has_room(model)


def test_what_raises_leaves_the_weights_as_they_were(tmp_path: Path) -> None:
    model = LiveModel.open(tiny.make(tmp_path, "llama", dtype=torch.bfloat16), "cpu")
    with pytest.raises(KeyError), in_float32.where_it_fits(model, True) as running:
        assert running.dtype == torch.float32
        assert {one.dtype for one in running.live.parameters()} == {torch.float32}
        raise KeyError
    assert {one.dtype for one in model.live.parameters()} == {torch.bfloat16}


def test_float16_on_a_processor_is_float32_from_the_start(tmp_path: Path) -> None:
    """`LiveModel` runs it so where there is room, and this is then measured, untrimmed."""
    folder, passages = tiny.make(tmp_path, "llama", dtype=torch.float16), drawn(LENGTHS[:4])
    model = LiveModel.open(folder, "cpu")
    assert model.dtype == torch.float32
    found = importance.measure(model, passages, quiet, fits=False)
    assert found.conditions["dtype"] == "float32" and "estimator" not in found.conditions
    narrow = LiveModel.open(folder, "cpu", torch.float16)
    told = importance.measure(narrow, passages, quiet, fits=False).conditions
    assert told["estimator"] == "trimmed mean of 10%, in float16"


def test_bytes_of_passages_here_differ_from_tokens() -> None:
    assert all(one.bytes == size(list(one.ids[1:])) > one.scored for one in drawn(LENGTHS))
