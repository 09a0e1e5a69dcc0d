"""`residual` against states that are all kept, in float64, on every architecture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import kinds
import numpy as np
import pytest
import tiny
import torch
from numpy.typing import NDArray

from atlas import architectures
from atlas.analyses.residual import PROTOCOL, cka, logit_lens
from atlas.analyses.residual import run as residual
from atlas.analyses.residual.cka import Similarity
from atlas.analyses.residual.stream_statistics import QUANTITIES, Movement
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage, Sample, batch
from atlas.passes import estimates, observing, token_frequencies
from atlas.profiles import statement
from atlas.profiles.statement import Measured

Values = NDArray[np.float64]
LENGTHS = (7, 12, 3, 12, 5, 9, 6)
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in architectures.by_hand()},
    "gemma2 with a cap": ("gemma2", {"final_logit_softcapping": 3.0}),
    "gpt_neox sequential": ("gpt_neox", {"use_parallel_residual": False}),
    "llama of one layer": ("llama", {"num_hidden_layers": 1}),
}


def passages(kind: str = "decoder", lengths: Iterable[int] = LENGTHS) -> list[Passage]:
    """Random tokens; those of an encoder end with one that is not scored."""
    rows = [tiny.tokens(1, length, seed=place)[0].tolist() for place, length in enumerate(lengths)]
    return [Passage(tuple(row), 1, len(row) - (kind == "encoder")) for row in rows]


def opened(folder: Path, variant: str = "llama", **options: Any) -> LiveModel:
    model_type, overrides = VARIANTS[variant]
    stored = options.pop("stored", torch.float32)
    return LiveModel.open(
        tiny.make(folder, model_type, dtype=stored, **overrides), "cpu", **options
    )


def measure(model: LiveModel, rows: list[Passage], tokens: int = 40) -> Measured:
    observer = residual.observe(model, rows)
    observing.run(model, rows, observer.taps, unheard, tokens=tokens)
    return observer.measured(unheard)


def values(measured: Measured) -> dict[str, Values]:
    return {matrix.name: matrix.values for matrix in measured.matrices}


def unheard(done: int, total: int) -> None:
    """Progress that nobody watches."""


BLOCKS: tuple[Literal["attn", "mlp"], ...] = ("attn", "mlp")


class States:
    """Everything, (layer, position, width), one passage at a time without padding: what goes into
    each layer as transformers returns it, what comes out, and what is added to it."""

    def __init__(self, model: LiveModel, rows: Iterable[Passage]) -> None:
        layers = range(model.geometry.layers)
        found: dict[tuple[str, int], list[torch.Tensor]] = {}
        final: list[torch.Tensor] = []
        for row in rows:
            here, n = slice(row.first, row.last), len(row.ids)

            def keep(x: torch.Tensor, key: tuple[str, int], here: slice = here) -> None:
                found.setdefault(key, []).append(x[0, here].clone())  # some are added to in place

            handles = []
            for layer in layers:
                module = model.layer(layer)
                view = model.architecture.layer(layer)
                for join in (join for name in view.blocks for join in view.joins(name)):
                    handles.append(
                        module.get_submodule(join).register_forward_hook(
                            lambda _, inputs, out, key=(join, layer), n=n: keep(
                                out.reshape(1, n, -1), key
                            )
                        )
                    )
                handles.append(
                    module.register_forward_hook(
                        lambda _, inputs, out, key=("out", layer): keep(
                            out[0] if isinstance(out, tuple) else out, key
                        )
                    )
                )
            with torch.inference_mode():
                out = model.live(input_ids=torch.tensor([row.ids]), output_hidden_states=True)
            for handle in handles:
                handle.remove()
            for layer in layers:
                keep(out.hidden_states[layer], ("in", layer))
            final.append(out.logits[0, here])
        self.final = torch.cat(final).double().numpy()
        self.held = {key: torch.cat(several).double().numpy() for key, several in found.items()}
        self.architecture = model.architecture

    def __call__(self, name: Literal["in", "out", "attn", "mlp"], layer: int) -> Values:
        if name == "in" or name == "out":
            return self.held[name, layer]
        view = self.architecture.layer(layer)
        parts = [self.held[join, layer] * by for join, by in view.joins(name).items()]
        found: Values = np.sum(parts, axis=0) * view.residual_scale
        return found


def turned(x: Values, y: Values, added: Values) -> list[float]:
    """Influence, angle and contribution by their formulas."""
    norms = [np.linalg.norm(part, axis=-1) for part in (x, y, added)]
    cosine = ((x * y).sum(-1) / norms[0] / norms[1]).clip(-1, 1)
    return [1 - cosine.mean(), np.arccos(cosine).mean() / np.pi, (norms[2] / norms[0]).mean()]


def normed(model: LiveModel, layer: int, x: Values) -> Values:
    """BERT's norm after attention."""
    module = model.layer(layer).get_submodule(model.architecture.live("norm.attn"))
    with torch.inference_mode():
        found: Values = module(torch.from_numpy(x).to(model.dtype)).double().numpy()
    return found


def expected(model: LiveModel, states: States) -> dict[str, Values]:
    found = np.zeros((model.geometry.layers, 3, 3))
    for layer in range(model.geometry.layers):
        x, end = states("in", layer), states("out", layer)
        blocks = model.architecture.layer(layer).blocks
        attn, mlp = (states(name, layer) if name in blocks else np.zeros_like(x) for name in BLOCKS)
        middle = x + attn
        if model.architecture.residual == "post-norm":
            middle = normed(model, layer, middle)
        found[layer, 0] = turned(x, middle, attn)
        if model.architecture.residual == "parallel":
            found[layer, 1] = turned(x, x + mlp, mlp)
        else:
            found[layer, 1] = turned(middle, end, mlp)
        found[layer, 2] = turned(x, end, end - x)
        for place, name in enumerate(BLOCKS):
            if name not in blocks:
                found[layer, place] = np.nan
    return {name: found[:, :, place] for place, name in enumerate(QUANTITIES)}


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_against_the_states_that_transformers_returns(tmp_path: Path, variant: str) -> None:
    model = opened(tmp_path, variant, dtype=torch.float64)
    rows = passages(model.architecture.kind)
    states = States(model, rows)
    found = values(measure(model, rows, tokens=1))
    for name, scores in expected(model, states).items():
        np.testing.assert_allclose(found[name], scores, rtol=1e-5, atol=1e-7, err_msg=name)
    for name, kept in (("cka", unit), ("cka_literal", np.asarray)):
        expect = similarity(states, found[name], kept)
        np.testing.assert_allclose(found[name], expect, atol=1e-7, err_msg=name)
    if model.architecture.kind == "encoder":
        assert set(found) == {*QUANTITIES, "cka", "cka_literal"}
        return
    for name, scores in read(model, states).items():
        # Some families compute their norms in float32 whatever the model's type.
        np.testing.assert_allclose(found[name][:, 0], scores, rtol=1e-4, atol=1e-5, err_msg=name)


def read(model: LiveModel, states: States) -> dict[str, Values]:
    """The lens by its formulas: the end is what transformers says, the rest is read by hand."""
    norm = model.live.get_submodule(model.architecture.live("final_norm"))
    head = model.live.get_submodule(model.architecture.live("unembedding"))
    cap = getattr(model.live.config, "final_logit_softcapping", None)
    end = log_softmax(states.final)
    entropy, divergence = [], []
    for layer in range(model.geometry.layers):
        with torch.inference_mode():
            logits = head(norm(torch.from_numpy(states("out", layer)))).numpy()
        logits = logits * model.architecture.logits_scale
        said = log_softmax(logits if cap is None else cap * np.tanh(logits / cap))
        entropy.append(-(np.exp(said) * said).sum(-1).mean() / math.log(2))
        divergence.append((np.exp(end) * (end - said)).sum(-1).mean() / math.log(2))
    return {"lens_entropy": np.array(entropy), "lens_kl": np.array(divergence)}


def log_softmax(x: Values) -> Values:
    x = x - x.max(-1, keepdims=True)
    found: Values = x - np.log(np.exp(x).sum(-1, keepdims=True))
    return found


def unit(x: Values) -> Values:
    found: Values = x / np.linalg.norm(x, axis=-1, keepdims=True)
    return found


def similarity(states: States, like: Values, kept: Callable[[Values], Values]) -> Values:
    """CKA of the groups that the analysis draws, by the estimator of Song et al. (2012)."""
    layers = range(len(like))
    count = len(states("out", 0))
    shuffled = torch.randperm(count, generator=torch.Generator().manual_seed(0)).numpy()
    size = count // 4
    products = np.zeros_like(like)
    for group in range(4):
        places = shuffled[group * size : (group + 1) * size]
        held = [kept(states("out", layer)[places]) for layer in layers]
        grams = [one @ one.T for one in held]
        products += [[hsic(one, other) for other in grams] for one in grams]
    own = np.sqrt(np.diag(products))
    found: Values = products / own / own[:, None]
    return found


def hsic(one: Values, other: Values) -> float:
    n, ones = len(one), np.ones(len(one))
    one, other = one - np.diag(np.diag(one)), other - np.diag(np.diag(other))
    trace = np.trace(one @ other)
    sums = (ones @ one @ ones) * (ones @ other @ ones) / (n - 1) / (n - 2)
    return float((trace + sums - 2 / (n - 2) * (ones @ one @ other @ ones)) / n / (n - 3))


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_in_float32_padded_or_not_whatever_the_batch(tmp_path: Path, variant: str) -> None:
    model = opened(tmp_path, variant)
    rows = passages(model.architecture.kind)
    alone = values(measure(model, rows, tokens=1))
    together = values(measure(model, rows, tokens=1000))
    reference = expected(model, States(model, rows))
    for name in alone:
        np.testing.assert_allclose(together[name], alone[name], rtol=1e-4, atol=1e-5, err_msg=name)
        if name in reference:
            np.testing.assert_allclose(alone[name], reference[name], rtol=0, atol=1e-4)


@pytest.mark.parametrize("variant", ["gpt2", "gpt_neox", "bert"])
def test_in_bfloat16(tmp_path: Path, variant: str) -> None:
    model = opened(tmp_path, variant, stored=torch.bfloat16)
    rows = passages(model.architecture.kind)
    measured = measure(model, rows, tokens=1)
    assert measured.conditions["dtype"] == "bfloat16"
    wide = opened(tmp_path / "wide", variant, dtype=torch.float64)
    for name, scores in values(measure(wide, rows, tokens=1)).items():
        if name != "lens_kl":
            np.testing.assert_allclose(values(measured)[name], scores, rtol=0.1, atol=0.05)


# Known answers


def moved(x: torch.Tensor, attn: torch.Tensor, mlp: torch.Tensor) -> Values:
    """What a sequential layer measures at one position."""
    movement = Movement("sequential")
    rows = batch([Passage((1, 2), 1, 2)], [0])
    parts = tuple(torch.stack([torch.full_like(part, 9), part])[None] for part in (x, attn, mlp))
    movement.add(movement.reduce(parts, rows))
    return movement.means


def test_angles_of_closed_forms() -> None:
    x, turn = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 3.0])
    found = moved(x, turn, torch.tensor([-3.0, 0.0]))
    np.testing.assert_allclose(found[0], [1 - 0.5**0.5, 0.25, 1.0], rtol=1e-6)
    np.testing.assert_allclose(found[1], [1 - 0.5**0.5, 0.25, 0.5**0.5], rtol=1e-6)
    np.testing.assert_allclose(found[2], [1.0, 0.5, 2**0.5], rtol=1e-6)
    np.testing.assert_allclose(moved(x, -2 * x, 0 * x)[0], [2.0, 1.0, 2.0], rtol=1e-6)


def test_a_small_turn_is_not_rounding() -> None:
    """In float32 1 minus the cosine would be 0."""
    x, little = torch.tensor([1000.0, 0, 0]), torch.tensor([0.02, 0.01, 0])
    angle = math.atan2(0.01, 1000.02)
    share = math.hypot(0.02, 0.01) / 1000
    found = moved(x, little, 0 * x)[0]
    expect = [2 * math.sin(angle / 2) ** 2, angle / math.pi, share]
    np.testing.assert_allclose(found, expect, rtol=1e-5)


def test_what_does_not_move_and_what_is_not_there() -> None:
    x = torch.tensor([1.0, 2.0])
    np.testing.assert_array_equal(moved(x, 0 * x, 0 * x), np.zeros((3, 3)))
    found = moved(0 * x, x, x)
    assert np.isnan(found[0]).all() and np.isnan(found[2]).all()
    np.testing.assert_allclose(found[1], [0, 0, 1], atol=1e-7)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_cka_of_what_is_known() -> None:
    x = drawn(64, 8)
    rotation = torch.linalg.qr(drawn(8, 8, seed=1)).Q
    several = Similarity(4)
    for group in range(4):
        x = drawn(64, 8, seed=group)
        others = drawn(64, 8, seed=group + 10)
        several.add([x, 3 * x @ rotation + 7, others, torch.zeros(64, 8)])
    found = several.values
    assert found[0, 0] == pytest.approx(1) and found[0, 1] == pytest.approx(1)
    assert abs(float(found[0, 2])) < 0.1  # with bias it would be about 0.12 + and more
    assert torch.isnan(found[3]).all()


def test_unrelated_layers_are_alike_by_nothing_on_average() -> None:
    """Wide states of few samples: plain CKA would be near 1."""
    found = []
    for seed in range(40):
        pair = Similarity(2)
        pair.add([drawn(32, 512, seed=seed), drawn(32, 512, seed=seed + 1000)])
        found.append(float(pair.values[0, 1]))
    assert abs(np.mean(found)) < 0.02


def test_u_centring_against_its_definition() -> None:
    one, other = drawn(9, 4), drawn(9, 5, seed=1)
    product = (cka.centred_gram(one) * cka.centred_gram(other)).sum() / (9 * 6)
    expect = hsic((one @ one.T).numpy(), (other @ other.T).numpy())
    assert float(product) == pytest.approx(expect, rel=1e-10)


def test_the_lens_at_the_last_layer_is_the_model(tmp_path: Path) -> None:
    model = opened(tmp_path, "granite", dtype=torch.float64)
    rows = passages()
    found = values(measure(model, rows))
    assert found["lens_kl"][-1, 0] == 0
    assert (found["lens_kl"][:-1] > 0).all()
    assert (found["lens_entropy"] <= math.log2(61)).all()


def test_the_lens_does_not_depend_on_its_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, rows = opened(tmp_path, "gpt2"), passages()
    whole = values(measure(model, rows))
    monkeypatch.setattr(logit_lens, "LOGITS", 61 * 7)
    told: list[tuple[int, int]] = []
    observer = residual.observe(model, rows)
    observing.run(model, rows, observer.taps, unheard)
    again = values(observer.measured(lambda done, total: told.append((done, total))))
    for name in ("lens_entropy", "lens_kl"):
        np.testing.assert_allclose(again[name], whole[name], rtol=1e-5, atol=1e-6)
    chunks = math.ceil(sum(row.scored for row in rows) / 7)
    assert told == [(done, 3 * chunks) for done in range(1, 3 * chunks + 1)]


def test_no_lens_without_a_head(tmp_path: Path) -> None:
    tiny.build("llama").model.save_pretrained(tmp_path)
    found = values(measure(LiveModel.open(tmp_path, "cpu"), passages()))
    assert set(found) == {*QUANTITIES, "cka", "cka_literal"}


# How sure it is


MANY = tuple(np.random.default_rng(3).integers(6, 40, 60).tolist())


@pytest.mark.parametrize("variant", ["llama", "bert", "gpt_neox"])
def test_errors_are_those_of_the_bootstrap_over_passages(tmp_path: Path, variant: str) -> None:
    model = opened(tmp_path, variant, dtype=torch.float64)
    rows = passages(model.architecture.kind, MANY)
    matrices = {one.name: one for one in measure(model, rows, tokens=200).matrices}
    alone = []
    for row in rows:
        states = States(model, [row])
        lens = read(model, states) if model.architecture.kind == "decoder" else {}
        alone.append(expected(model, states) | {key: one[:, None] for key, one in lens.items()})
    counts = np.array([row.scored for row in rows], dtype=np.float64)
    generator = np.random.default_rng(0)
    draws = generator.integers(0, len(rows), (2000, len(rows)))
    for name in alone[0]:
        spread, own = matrices[name].spread, matrices[name].largest_share
        assert spread is not None and own is not None
        totals = np.stack([one[name] for one in alone], -1) * counts
        error, share = estimates.ratio_error(totals, counts), estimates.largest_share(totals)
        if name == "lens_kl":  # the last layer is the model itself
            error[-1], share[-1] = 0, np.nan
        # Some families compute their norms in float32 whatever the model's type.
        close: Any = {"rtol": 1e-3, "atol": 1e-7, "err_msg": name}
        np.testing.assert_allclose(spread, error, **close)
        np.testing.assert_allclose(own, share, **close)
        again = totals[..., draws].sum(-1) / counts[draws].sum(-1)
        np.testing.assert_allclose(error, again.std(-1), rtol=0.1, atol=1e-7, err_msg=name)


def test_errors_of_the_lens_follow_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many draws of the sample as it takes to see how far the lens moves: about as far as is
    told, which counts that passages could have been others, too."""
    model, rows = opened(tmp_path, dtype=torch.float64), passages(lengths=MANY)
    monkeypatch.setitem(PROTOCOL, "sample", 80)
    found, told = [], []
    for seed in range(40):
        monkeypatch.setitem(PROTOCOL, "seed", seed)
        matrices = {one.name: one for one in measure(model, rows, tokens=2000).matrices}
        found.append(matrices["lens_entropy"].values[:, 0])
        told.append(matrices["lens_entropy"].spread)
    ratio = np.mean([one for one in told if one is not None], axis=0)[:, 0] / np.std(found, axis=0)
    assert (ratio > 0.8).all() and (ratio < 1.6).all()


def pair(seed: int, *, strength: float, size: int = 512, alike: int = 4) -> list[torch.Tensor]:
    """Two layers of `size` samples, `alike` neighbours about the same: one passage has them."""
    x = drawn(size // alike, 12, seed=seed).repeat_interleave(alike, 0)
    x = x + 0.5 * drawn(size, 12, seed=seed + 10**6)
    mixed = drawn(12, 12, seed=7)
    return [x, strength * x @ mixed + 3 * drawn(size, 12, seed=seed + 2 * 10**6)]


@pytest.mark.parametrize(("strength", "alike"), [(1.0, 4), (0.5, 1)])
def test_the_error_of_cka_is_how_far_it_moves(strength: float, alike: int) -> None:
    """By simulation: fresh passages every time. It is a little too large, as jackknives are."""
    found, told, passages_each = [], [], 512 // alike
    for seed in range(100):
        held = Similarity(2, 4 * passages_each)
        for group in range(4):
            owners = torch.arange(passages_each).repeat_interleave(alike) + passages_each * group
            held.add(pair(4 * seed + group, strength=strength, alike=alike), owners)
        found.append(float(held.values[0, 1]))
        told.append(float(held.errors[0, 1]))
        assert held.errors.diagonal().abs().max() < 1e-9
    assert 0.2 < np.mean(found) < 0.6
    assert 0.95 < np.mean(told) / np.std(found) < 1.25


def test_the_error_of_cka_is_not_too_small_where_layers_are_unrelated() -> None:
    """There the first order vanishes, and what is left is too large rather than too small."""
    found, told = [], []
    for seed in range(100):
        held = Similarity(2, 256)
        for group in range(4):
            layers = [drawn(64, 8, seed=1000 * layer + 4 * seed + group) for layer in range(2)]
            held.add(layers, torch.arange(64) + 64 * group)
        found.append(float(held.values[0, 1]))
        told.append(float(held.errors[0, 1]))
    assert np.std(found) < np.mean(told) < 2 * np.std(found)


def test_cka_of_massive_states() -> None:
    """A handful of states a thousand times as large decides the literal one, group by group; of
    unit states every sample counts as much as any other."""
    values: dict[str, list[float]] = {"unit": [], "literal": []}
    errors: dict[str, list[float]] = {"unit": [], "literal": []}
    for seed in range(20):
        held = {"unit": Similarity(2, 1024), "literal": Similarity(2, 1024)}
        for group in range(4):
            x, y = pair(100 * seed + group, strength=1.0, size=256, alike=1)
            big = torch.randperm(256, generator=torch.Generator().manual_seed(seed + group))[:3]
            x[big] *= 1000
            y[big[:2]] *= 1000  # at one of these tokens the later layer has none
            owners = torch.arange(256) + 256 * group
            held["unit"].add([cka.unit(x), cka.unit(y)], owners)
            held["literal"].add([x, y], owners)
        for name, one in held.items():
            values[name].append(float(one.values[0, 1]))
            errors[name].append(float(one.errors[0, 1]))
        assert float(held["literal"].largest_shares[0, 1]) > 0.05
        assert float(held["unit"].largest_shares[0, 1]) < 0.02
    assert np.std(values["literal"]) > 5 * np.std(values["unit"])
    assert np.mean(errors["literal"]) > 5 * np.mean(errors["unit"])
    assert np.mean(errors["unit"]) == pytest.approx(np.std(values["unit"]), rel=0.4)


def test_unit_states() -> None:
    x = torch.tensor([[3.0, 4.0], [0.0, 0.0], [3e30, 4e30]])
    expect = [[0.6, 0.8], [0.0, 0.0], [0.6, 0.8]]
    np.testing.assert_allclose(cka.unit(x).numpy(), expect, rtol=1e-6)


def test_layers_that_cannot_be_told_apart_are_all_named(tmp_path: Path) -> None:
    """The second layer does nothing, and so does the third."""
    live = tiny.build("llama")
    for layer in live.model.layers[1:]:
        layer.self_attn.o_proj.weight.data.zero_()
        layer.mlp.down_proj.weight.data.zero_()
    live.save_pretrained(tmp_path)
    facts = measure(LiveModel.open(tmp_path, "cpu"), passages()).facts
    assert (facts["least_influence"], facts["least_influence_layer"]) == (0, "1, 2")


# What the text is to the model


@pytest.mark.parametrize("sample", [2048, 300])
def test_the_loss_at_the_sampled_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: int
) -> None:
    """Where all are in the sample it is the loss that the head gives; else near it."""
    monkeypatch.setitem(PROTOCOL, "sample", sample)
    model = opened(tmp_path, "gemma2 with a cap", dtype=torch.float64)
    rows = [replace(row, bytes=4 * row.scored) for row in passages(lengths=MANY)]
    facts = measure(model, rows).facts
    bits = 0.0
    for row in rows:
        with torch.inference_mode():
            said = model.live(input_ids=torch.tensor([row.ids])).logits[0].log_softmax(-1)
        places = torch.arange(row.first, row.last)
        bits -= float(said[places - 1, torch.tensor(row.ids)[places]].sum()) / math.log(2)
    size = sum(row.bytes for row in rows)
    assert facts["bits_per_byte"] == pytest.approx(
        bits / size, rel=1e-5 if sample == 2048 else 0.05
    )
    counted = float(token_frequencies.bits(rows, 61).sum()) / size
    assert facts["bits_per_byte_by_frequency"] == pytest.approx(counted)
    assert facts["beats_frequencies"] is (bits / size < counted)


def test_no_loss_where_nothing_is_predicted(tmp_path: Path) -> None:
    rows = [replace(row, bytes=9) for row in passages("encoder")]
    assert "bits_per_byte" not in measure(opened(tmp_path, "bert"), rows).facts


# What is published


def test_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROTOCOL, "sample", 22)
    model, rows = opened(tmp_path), passages()
    observer = residual.observe(model, rows)
    observing.run(model, rows, observer.taps, unheard, tokens=20)
    places = torch.randperm(47, generator=torch.Generator().manual_seed(0))[:22].sort().values
    states = States(model, rows)
    for layer, kept in enumerate(observer.kept):
        assert kept.values is not None and kept.values.shape == (22, 32)
        expect = states("out", layer)[places.numpy()]
        np.testing.assert_allclose(kept.values.numpy(), expect, rtol=1e-4, atol=1e-5)
    matrices = {matrix.name: matrix for matrix in observer.measured(unheard).matrices}
    assert matrices["lens_kl"].n == 22 and matrices["cka"].n == 20


def test_a_sample_of_exactly_as_many() -> None:
    rows = passages()
    assert Sample(rows, 1, 30, 0, exactly=True).size == 30
    assert Sample(rows, 1, 30, 0).size < 30  # drawn with repeats


def test_the_matrices(tmp_path: Path) -> None:
    rows = passages()
    measured = measure(opened(tmp_path), rows)
    matrices = {matrix.name: matrix for matrix in measured.matrices}
    names = [*QUANTITIES, "lens_entropy", "lens_kl", "cka", "cka_literal"]
    assert list(matrices) == names
    for name in names:
        for array in (matrices[name].spread, matrices[name].largest_share):
            # At the last layer the divergence is 0, and no passage has a share in it.
            assert array is not None and np.isfinite(array[: 2 if name == "lens_kl" else 3]).all()
    tokens = sum(row.scored for row in rows)
    for name in QUANTITIES:
        assert matrices[name].axes == ("layer", "sublayer") and matrices[name].n == tokens
        assert matrices[name].columns == ("attn", "mlp", "block")
    assert matrices["cka"].axes == ("layer", "layer")
    np.testing.assert_allclose(np.diag(matrices["cka"].values), 1)
    layer = int(str(measured.facts["least_influence_layer"]).split(", ")[0])
    influence = matrices["block_influence"].values[:, 2]
    assert influence[layer] == influence.min() == measured.facts["least_influence"]


def test_states_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    live = tiny.build("llama")
    live.model.layers[1].mlp.down_proj.weight.data[0, 0] = torch.nan
    live.save_pretrained(tmp_path)
    with pytest.raises(AtlasError, match=r"layer 1: the residual stream is not finite"):
        measure(LiveModel.open(tmp_path, "cpu"), passages())


def test_too_few_positions_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=r"11 positions are too few .*; at least 16 must be"):
        residual.observe(opened(tmp_path), passages(lengths=(12,)))


def test_cost_is_that_of_the_known_shapes() -> None:
    gpt2 = Geometry(12, 12, 12, 768, 64, 3072, 50257, parameters=124_439_808)
    operations, peak = statement.cost("residual", gpt2)
    assert operations == pytest.approx(5.2e4 * 2 * 85e6 + 13 * 2048 * 2 * 38.6e6, rel=0.05)
    assert peak == pytest.approx(0.25e9 + 1.2e9, rel=0.1)
