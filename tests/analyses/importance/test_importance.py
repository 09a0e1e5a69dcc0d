"""`importance` against slow float64 references, on tiny models of every decoder family."""

from __future__ import annotations

import math
import weakref
from pathlib import Path
from typing import Any

import kinds
import markdown  # type: ignore[import-untyped]
import numpy as np
import pytest
import tiny
import torch
from gated import size
from letters import letters

from atlas import architectures
from atlas.analyses.importance import backward, layer_groups, matrices, parameter_owners
from atlas.analyses.importance import run as importance
from atlas.analyses.importance.backward import Backward, GradientSums
from atlas.architectures.row import CHOOSING
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError
from atlas.loaded import fused
from atlas.loaded.checkpoint import Checkpoint
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage, batch
from atlas.passes import estimates, losses, observing, without_layers
from atlas.pinned import corpus
from atlas.profiles import statement
from atlas.profiles.statement import Measured
from atlas.site.figures import explanations

NAME = "importance"
DECODERS = [name for name in architectures.by_hand() if architectures.kind(name) == "decoder"]
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in DECODERS},
    "gpt_neox sequential": ("gpt_neox", {"use_parallel_residual": False}),
    "phi with norms of heads": ("phi", {"qk_layernorm": True}),
    "stablelm with norms of heads": ("stablelm", {"qk_layernorm": True}),
    "opt with norms after": ("opt", {"do_layer_norm_before": False}),
    "llama of one layer": ("llama", {"num_hidden_layers": 1}),
    "llama with tied embeddings": ("llama", {"tie_word_embeddings": True}),
}
LENGTHS = (7, 12, 3, 9, 5)
ROUTED = (
    *("gpt_oss", "mixtral", "olmoe", "qwen3_5_moe", "qwen3_5_moe_text", "qwen3_moe"),
    *("qwen3_next", "step3p7"),
)
"""In another precision a token may go to other experts."""


def quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


def made(folder: Path, variant: str, **options: Any) -> Path:
    model_type, overrides = VARIANTS[variant]
    return tiny.make(folder, model_type, **overrides, **options)


def drawn(lengths: tuple[int, ...] = LENGTHS) -> list[Passage]:
    rows = [tiny.tokens(1, length, seed=place)[0].tolist() for place, length in enumerate(lengths)]
    return [Passage(tuple(row), 1, len(row), size(row[1:])) for row in rows]


def gathered(
    folder: Path, passages: list[Passage], room: int = 2**40, **options: Any
) -> GradientSums:
    """All groups of layers in one."""
    model = LiveModel.open(folder, "cpu", **options)
    groups = layer_groups.layer_groups(model, room)
    found = [
        layer_groups.gather(model, passages, groups, number, quiet) for number in range(len(groups))
    ]
    for part in found[1:]:
        found[0].square.update(part.square)
        found[0].weight_square.update(part.weight_square)
    return found[0]


def reference_model(folder: Path, dtype: torch.dtype) -> Any:
    live = tiny.live(folder, dtype)
    live.set_experts_implementation("eager")  # the fused kernels take no float64
    return live


def loss_by_hand(live: Any, passage: Passage) -> torch.Tensor:
    logits = live(input_ids=torch.tensor([passage.ids]), use_cache=False).logits[0]
    surprises = [
        -torch.log_softmax(logits[place - 1].double(), -1)[passage.ids[place]]
        for place in range(passage.first, passage.last)
    ]
    return torch.stack(surprises).mean()


class Reference:
    """Everything by plain autograd, added up in float64: all gradients are kept."""

    def __init__(
        self, folder: Path, passages: list[Passage], dtype: torch.dtype = torch.float64
    ) -> None:
        self.architecture = Checkpoint.open(folder).architecture
        self.live = reference_model(folder, dtype)
        self.layers = self.live.get_submodule(self.architecture.live_layers)
        self.parameters = [dict(one.named_parameters()) for one in self.layers]
        everything = [p for held in self.parameters for p in held.values()]
        self.taylor: dict[tuple[int, str], float] = {}
        self.heads = torch.zeros(len(self.layers), self.architecture.geometry.heads).double()
        self.each: list[dict[tuple[int, str], float]] = []
        means: dict[tuple[int, str], torch.Tensor] = {}
        for passage in passages:
            loss = loss_by_hand(self.live, passage)
            found = torch.autograd.grad(loss, everything, allow_unused=True)
            gradients = iter(found)
            self.each.append({})
            for layer, held in enumerate(self.parameters):
                for path, parameter in held.items():
                    g = next(gradients)
                    weight = parameter.detach().double()
                    gradient = torch.zeros_like(weight) if g is None else g.double()
                    means.setdefault((layer, path), torch.zeros_like(weight)).add_(gradient)
                    for module, product in self.parts(layer, path, gradient * weight):
                        key = (layer, module)
                        self.taylor[key] = self.taylor.get(key, 0) + float(product.abs().sum())
                        own = self.each[-1]
                        own[key] = own.get(key, 0) + float(product.abs().sum())
                        if module == "attn.o" and path.endswith("weight"):
                            # A gate before the projection is one on the projection's columns.
                            columns = product.sum(0).reshape(self.architecture.heads[layer], -1)
                            self.heads[layer, : len(columns)] += columns.sum(-1).abs()
        self.elements: dict[tuple[int, str], int] = {}
        self.square: dict[tuple[int, str], float] = {}
        self.weight_square: dict[tuple[int, str], float] = {}
        for (layer, path), total in means.items():
            weight = self.parameters[layer][path].detach().double()
            for store, tensor in (
                (self.square, total / len(passages)),
                (self.weight_square, weight),
            ):
                for module, part in self.parts(layer, path, tensor):
                    key = (layer, module)
                    store[key] = store.get(key, 0) + float(part.square().sum())
            for module, part in self.parts(layer, path, weight):
                self.elements[layer, module] = self.elements.get((layer, module), 0) + part.numel()

    def parts(self, layer: int, path: str, tensor: torch.Tensor) -> list[tuple[str, torch.Tensor]]:
        """A tensor of a parameter's shape, split by module; weights as (out, in)."""
        found, view = [], self.architecture.layer(layer)
        for module in (name for name in view.modules if name not in CHOOSING):
            source = view.live_source(module)
            for kind in ("weight", "bias"):
                if path not in view.live_parameters(module, kind):
                    continue
                is_weight = kind == "weight" and tensor.ndim > 1
                turned = tensor.transpose(-2, -1) if is_weight and source.transposed else tensor
                dim = -2 if is_weight else -1
                found.append((module, fused.part(turned, source, self.architecture.geometry, dim)))
        return found


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_gradients_against_plain_autograd(tmp_path: Path, variant: str) -> None:
    folder, passages = made(tmp_path, variant), drawn()
    reference = Reference(folder, passages)
    for dtype, tolerance in ((torch.float64, 1e-5), (torch.float32, 1e-3)):
        found = gathered(folder, passages, dtype=dtype)
        assert dict(found.taylor) == pytest.approx(reference.taylor, rel=tolerance)
        assert dict(found.square) == pytest.approx(reference.square, rel=tolerance)
        assert dict(found.weight_square) == pytest.approx(reference.weight_square, rel=1e-5)
        assert dict(found.elements) == reference.elements
        assert found.passages == len(passages)
        scale = float(reference.heads.max())
        torch.testing.assert_close(
            found.heads, reference.heads, rtol=tolerance, atol=tolerance * scale
        )


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_gradients_in_bfloat16(tmp_path: Path, variant: str) -> None:
    """The same bfloat16 gradients, added up without loss; against float64 the model itself is
    coarse: half a percent at every step."""
    folder, passages = made(tmp_path, variant, dtype=torch.bfloat16), drawn()
    found = gathered(folder, passages)
    same = Reference(folder, passages, torch.bfloat16)
    assert dict(found.taylor) == pytest.approx(same.taylor, rel=1e-6)
    assert dict(found.square) == pytest.approx(same.square, rel=1e-6)
    torch.testing.assert_close(found.heads, same.heads, rtol=0, atol=0.01 * float(same.heads.max()))
    if variant in ROUTED:
        return  # a token may go to other experts
    reference = Reference(folder, passages)
    errors = [found.taylor[key] / value - 1 for key, value in reference.taylor.items()]
    assert np.sqrt(np.mean(np.square(errors))) < 0.05


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_a_loss_does_not_depend_on_padding(tmp_path: Path, variant: str) -> None:
    model = LiveModel.open(made(tmp_path, variant), "cpu", dtype=torch.float64)
    live, passages = reference_model(tmp_path, torch.float64), drawn()
    with torch.no_grad():
        together = losses.per_passage(model, batch(passages, range(len(passages))))
        for row, passage in enumerate(passages):
            by_hand = float(loss_by_hand(live, passage))
            assert float(together[row]) == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_blocks_are_bypassed(tmp_path: Path, variant: str) -> None:
    """Against a whole pass for every layer, whose output is replaced by its input."""
    model, passages = LiveModel.open(made(tmp_path, variant), "cpu", dtype=torch.float64), drawn()
    live = reference_model(tmp_path, torch.float64)
    layers = live.get_submodule(model.architecture.live_layers)

    def idle(module: Any, given: Any, output: Any) -> Any:
        return (given[0], *output[1:]) if type(output) is tuple else given[0]

    expected = torch.zeros(1 + len(layers), len(passages), dtype=torch.float64)
    with torch.no_grad():
        for row, passage in enumerate(passages):
            expected[0, row] = loss_by_hand(live, passage)
            for layer, one in enumerate(layers):
                handle = one.register_forward_hook(idle)
                expected[1 + layer, row] = loss_by_hand(live, passage)
                handle.remove()
    for tokens in (1, 20, 1000):
        found = without_layers.losses_without(model, passages, quiet, tokens)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    assert all("forward" not in vars(model.layer(layer)) for layer in range(len(layers)))


def test_a_prefix_runs_once(tmp_path: Path) -> None:
    """With 3 layers: 3 for the whole model, then 2, 1 and none."""
    model, passages = LiveModel.open(made(tmp_path, "llama"), "cpu"), drawn()
    ran: list[int] = []
    for layer in range(3):
        attention = model.layer(layer).get_submodule("self_attn")
        attention.register_forward_hook(lambda *_, at=layer: ran.append(at))
    without_layers.losses_without(model, passages, quiet, 1000)
    assert ran == [0, 1, 2, 1, 2, 2]


# Memory


@pytest.mark.parametrize("variant", ["gpt2", "llama", "phi", "mixtral"])
def test_gradients_leave_memory_as_they_appear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    """Never more of them than one layer has."""
    model = LiveModel.open(made(tmp_path, variant), "cpu")
    alive: list[weakref.ref[torch.Tensor]] = []
    most = 0
    summed = parameter_owners.summed

    def watched(function: Any, axis: int | None, *tensors: torch.Tensor) -> torch.Tensor:
        nonlocal most
        alive.append(weakref.ref(tensors[0]))
        held = [tensor for reference in alive if (tensor := reference()) is not None]
        most = max(most, sum(tensor.numel() for tensor in held))
        return summed(function, axis, *tensors)

    with Backward(model, range(3)) as backward, monkeypatch.context() as patch:
        patch.setattr(parameter_owners, "summed", watched)
        backward.add(drawn(), 0)
        grads = [parameter.grad for parameter in model.live.parameters()]
    assert grads == [None] * len(grads)
    assert len(alive) >= 3 * len([*model.layer(0).parameters()]) - 1
    assert 0 < most <= max(parameter.numel() for parameter in model.layer(0).parameters())


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_recomputing_blocks_changes_nothing(tmp_path: Path, variant: str) -> None:
    folder, passages = made(tmp_path, variant), drawn((7, 5))
    found = []
    for recompute in (False, True):
        model = LiveModel.open(folder, "cpu")
        ran: list[int] = []
        view = model.architecture.layer(0)
        first = view.live("attn.q" if view.has("attn.q") else "mixer.in")
        model.layer(0).get_submodule(first).register_forward_hook(
            lambda *_, seen=ran: seen.append(1)
        )
        layers = range(model.geometry.layers)
        found.append(layer_groups.gather(model, passages, [layers], 0, quiet, recompute))
        assert len(ran) == 2 * (1 + recompute)
    assert dict(found[0].taylor) == pytest.approx(dict(found[1].taylor), rel=1e-6)
    assert dict(found[0].square) == pytest.approx(dict(found[1].square), rel=1e-6)
    torch.testing.assert_close(found[0].heads, found[1].heads)


@pytest.mark.parametrize("failing", [1, 9, 20])
def test_what_runs_out_of_memory_is_repeated_and_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    folder, passages = made(tmp_path, "gpt2"), drawn()
    expected = gathered(folder, passages)
    calls, summed = 0, parameter_owners.summed

    def fails(*given: Any) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 bytes")
        return summed(*given)

    monkeypatch.setattr(parameter_owners, "summed", fails)
    found = gathered(folder, passages)
    assert calls > failing
    assert dict(found.taylor) == pytest.approx(dict(expected.taylor), rel=1e-5)
    assert dict(found.square) == pytest.approx(dict(expected.square), rel=1e-5)
    assert found.losses == pytest.approx(expected.losses, rel=1e-6)
    assert found.passages == len(passages)


def test_memory_that_never_suffices_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: Any) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(losses, "per_passage", fails)
    with pytest.raises(AtlasError, match="out of memory on cpu with a single passage of 7 tokens"):
        gathered(made(tmp_path, "gpt2"), drawn())
    with pytest.raises(AtlasError, match="with a single passage of 12 tokens"):
        without_layers.losses_without(LiveModel.open(tmp_path, "cpu"), drawn(), quiet)


def test_bypasses_go_on_with_half_as_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, passages = LiveModel.open(made(tmp_path, "gpt2"), "cpu"), drawn()
    expected = without_layers.losses_without(model, passages, quiet, 1)
    sizes, whole = [], losses.per_passage

    def small(model: LiveModel, tokens: Any) -> torch.Tensor:
        sizes.append(len(tokens.passages))
        if len(tokens.passages) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return whole(model, tokens)

    monkeypatch.setattr(losses, "per_passage", small)
    found = without_layers.losses_without(model, passages, quiet, 1000)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert max(sizes) == 5 and sizes[1] == 2


@pytest.mark.parametrize("variant", ["gpt2", "llama", "gpt_oss"])
def test_mean_gradients_in_groups_of_layers(tmp_path: Path, variant: str) -> None:
    folder, passages = made(tmp_path, variant), drawn()
    model = LiveModel.open(folder, "cpu")
    each = 4 * sum(parameter.numel() for parameter in model.layer(0).parameters())
    assert layer_groups.layer_groups(model, 3 * each) == [range(0, 3)]
    assert layer_groups.layer_groups(model, 2 * each) == [range(0, 2), range(2, 3)]
    assert layer_groups.layer_groups(model, 0) == [range(0, 1), range(1, 2), range(2, 3)]
    together, apart = gathered(folder, passages), gathered(folder, passages, room=0)
    assert dict(apart.square) == pytest.approx(dict(together.square), rel=1e-5)
    assert dict(apart.taylor) == pytest.approx(dict(together.taylor), rel=1e-6)


# Float16


def test_float16_does_not_lose_small_gradients(tmp_path: Path) -> None:
    """Of a model whose gradients are too small for float16 unless the loss is scaled."""
    live = tiny.build("llama")
    live.lm_head.weight.data *= 1e-4
    live.to(torch.float16).save_pretrained(tmp_path)
    passages = drawn()
    expected = gathered(tmp_path, passages, dtype=torch.float32)
    found = gathered(tmp_path, passages, dtype=torch.float16)
    for key, value in expected.taylor.items():
        assert found.taylor[key] == pytest.approx(value, rel=0.05), key


def test_float16_that_overflows_is_repeated_with_a_smaller_scale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, passages = made(tmp_path, "llama", dtype=torch.float16), drawn()
    expected = gathered(folder, passages, dtype=torch.float16)
    monkeypatch.setattr(backward, "SCALE", 2.0**26)
    found = gathered(folder, passages, dtype=torch.float16)
    for key, value in expected.taylor.items():
        assert found.taylor[key] == pytest.approx(value, rel=0.02), key
        assert found.square[key] == pytest.approx(expected.square[key], rel=0.02), key
    assert found.passages == len(passages)


# The analysis


def measure(folder: Path, passages: list[Passage], **options: Any) -> Measured:
    return importance.measure(LiveModel.open(folder, "cpu", **options), passages, quiet)


def values(measured: Measured, name: str) -> np.ndarray:
    return next(matrix.values for matrix in measured.matrices if matrix.name == name)


@pytest.mark.parametrize("variant", ["gpt2", "qwen3", "mixtral", "opt with norms after"])
def test_the_matrices(tmp_path: Path, variant: str) -> None:
    folder, passages = made(tmp_path, variant), drawn((7, 12, 3, 9, 5, 8, 8, 6, 4))
    letters(folder, bos_token="[ONE]")
    reference = Reference(folder, passages)
    seen: list[tuple[int, int]] = []
    model = LiveModel.open(folder, "cpu")
    measured = importance.measure(
        model, passages, lambda done, total: seen.append((done, total)), room=0
    )
    found = {matrix.name: matrix for matrix in measured.matrices}
    assert list(found) == [*matrices.QUANTITIES, "head_gate"]
    largest = max(reference.taylor.values())
    for layer in range(3):
        for column, module in enumerate(model.architecture.modules):
            total, count = reference.taylor[layer, module], reference.elements[layer, module]
            g, w = (
                math.sqrt(store[layer, module])
                for store in (reference.square, reference.weight_square)
            )
            for name, expected in (
                ("taylor", total / largest),
                ("taylor_per_weight", math.log10(total / 9 / count)),
                ("grad_norm", g),
                ("grad_norm_relative", g / w),
            ):
                value = found[name].values[layer, column]
                assert value == pytest.approx(expected, rel=2e-3), (name, layer, module)
    assert found["taylor"].columns == model.architecture.modules
    assert found["taylor"].native == tuple(model.architecture.native.values())
    assert (found["taylor"].n, found["block"].n) == (9, 3)
    np.testing.assert_allclose(
        found["head_gate"].values, reference.heads.numpy() / 9, rtol=1e-2, atol=1e-4
    )
    increase = found["block_increase"].values
    scaled = (increase - increase.min()) / (increase.max() - increase.min())
    np.testing.assert_allclose(found["block"].values, scaled, atol=1e-9)
    assert found["block"].columns == ("block",)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (3 * 9 + 3, 3 * 9 + 3)
    place = max(reference.taylor, key=lambda key: reference.taylor[key])
    leading = [f"layer {layer}, {module}" for layer, module in tied(reference.each)]
    rest = f"; {len(leading)} in all" if len(leading) > 3 else ""
    assert measured.facts["most_important"] == "; ".join(leading[:3]) + rest
    assert leading[0] == f"layer {place[0]}, {place[1]}"
    assert str(measured.facts["most_important_block"]).startswith(f"layer {increase.argmax()}")
    tokens = sum(passage.scored for passage in passages)
    assert measured.conditions["tokens"] == tokens


def tied(each: list[dict[tuple[int, str], float]]) -> list[tuple[int, str]]:
    """The highest sum and those within two errors of the difference from it, as a loop."""
    totals = {key: sum(one[key] for one in each) for key in each[0]}
    best = max(totals, key=lambda key: totals[key])
    found = []
    for key in totals:
        apart = [one[best] - one[key] for one in each]
        mean = sum(apart) / len(apart)
        variance = sum((one - mean) ** 2 for one in apart) / (len(apart) - 1)
        if mean <= 2 * math.sqrt(variance / len(apart)):
            found.append(key)
    return sorted(found, key=lambda key: -totals[key])


def test_bits_per_byte() -> None:
    """Two tokens of 4 bytes in all at 3 nats each, and one of 8 at 1: a ratio of sums."""
    passages = [Passage((5, 6, 7), 1, 3, 4), Passage((5, 6), 1, 2, 8), Passage((5,), 1, 1)]
    bits = losses.in_bits(np.array([3.0, 1.0, 0.0]), passages)
    found = estimates.ratio(bits, np.array([passage.bytes for passage in passages]))
    assert found == pytest.approx((2 * 3.0 + 1.0) / math.log(2) / 12)


def test_the_pinned_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder to matrices, on a few passages of the corpus, and the same bytes again."""
    folder = made(tmp_path, "gpt2", n_positions=128)
    letters(folder, bos_token="[ONE]")
    few = corpus.load()[::56]
    monkeypatch.setattr(corpus, "load", lambda name="pinned": few)
    first, second = (importance.run(LiveModel.open(folder, "cpu"), quiet) for _ in range(2))
    read = observing.read(LiveModel.open(folder, "cpu"))
    assert first.conditions["tokens"] == sum(passage.scored for passage in read) > 8 * 100
    assert first.conditions["scored_bytes"] == sum(passage.bytes for passage in read)
    assert [item.json_text() for item in first.matrices] == [
        item.json_text() for item in second.matrices
    ]
    assert first.facts == second.facts


def test_one_layer_is_neither_least_nor_most_important(tmp_path: Path) -> None:
    letters(made(tmp_path, "llama of one layer"), bos_token="[ONE]")
    measured = measure(tmp_path, drawn())
    names = [matrix.name for matrix in measured.matrices]
    assert "block" not in names and "block_increase" in names


def test_a_module_of_zeros_has_no_importance(tmp_path: Path) -> None:
    live = tiny.build("gpt2")
    for parameter in live.transformer.h[1].mlp.c_proj.parameters():
        parameter.data.zero_()
    live.save_pretrained(tmp_path)
    letters(tmp_path, bos_token="[ONE]")
    measured = measure(tmp_path, drawn())
    column = LiveModel.open(tmp_path, "cpu").architecture.modules.index("mlp.down")
    up = LiveModel.open(tmp_path, "cpu").architecture.modules.index("mlp.up")
    assert values(measured, "taylor")[1, [up, column]].tolist() == [0, 0]
    assert np.isnan(values(measured, "taylor_per_weight")[1, column])
    assert values(measured, "grad_norm")[1, column] > 0
    assert np.isnan(values(measured, "grad_norm_relative")[1, column])


def test_the_model_is_left_as_it_was(tmp_path: Path) -> None:
    folder = made(tmp_path, "gpt2")
    letters(folder, bos_token="[ONE]")
    model, passages = LiveModel.open(folder, "cpu"), drawn()
    frozen = next(iter(model.live.parameters()))
    frozen.requires_grad_(False)
    before = [parameter.requires_grad for parameter in model.live.parameters()]
    with torch.inference_mode():
        states = model.trunk(batch(passages, [0]))
    importance.measure(model, passages, quiet)
    assert [parameter.requires_grad for parameter in model.live.parameters()] == before
    assert all(parameter.grad is None for parameter in model.live.parameters())
    with torch.inference_mode():
        assert torch.equal(model.trunk(batch(passages, [0])), states)
    with torch.enable_grad():
        losses.per_passage(model, batch(passages, [0])).sum().backward()  # type: ignore[no-untyped-call]
    # No hook of ours is left to take it away.
    assert next(model.layer(0).parameters()).grad is not None


def test_weights_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    live = tiny.build("gpt2")
    live.transformer.h[1].mlp.c_fc.weight.data[0, 0] = torch.nan
    live.save_pretrained(tmp_path)
    with pytest.raises(AtlasError, match=r"the loss of passage 0 is nan in torch\.float32"):
        gathered(tmp_path, drawn())


def test_a_model_without_its_head_has_no_loss(tmp_path: Path) -> None:
    tiny.live(tiny.make(tmp_path / "whole", "llama")).model.save_pretrained(tmp_path / "bare")
    with pytest.raises(AtlasError, match="hold no language-model head"):
        gathered(tmp_path / "bare", drawn())


# What the analysis states about itself


def test_cost_is_that_of_the_known_shapes() -> None:
    gpt2 = Geometry(12, 12, 12, 768, 64, 3072, 50257, parameters=124_439_808)
    operations, peak = statement.cost("importance", gpt2)
    by_hand = 5.2e4 * (6 * 85e6 + 4 * 38.6e6) + 1.3e4 * 13 * (85e6 + 77e6)
    assert operations == pytest.approx(by_hand, rel=0.1)
    assert 1.5e9 < peak < 2.5e9
    llama = Geometry(32, 32, 8, 4096, 128, 14336, 128256, parameters=8_030_261_248)
    operations, peak = statement.cost("importance", llama)
    assert operations == pytest.approx(5.2e4 * 6 * 7e9 + 1.3e4 * 33 * 8e9, rel=0.1)
    assert 58e9 < peak < 68e9  # in float32, and the mean gradient


def test_statement_and_page_text() -> None:
    stated = statement.of(NAME)
    assert (stated.tier, stated.kinds) == ("backward", ("decoder",))
    assert stated.title == "Importance"
    assert str(importance.EVERY) == "4" and "fourth" in str(stated.protocol["bypassed"])
    page = markdown.markdown(explanations.page(stated.text))
    for name in (*matrices.QUANTITIES, "head_gate"):
        assert f"<code>{name}</code>" in page
    assert "<em>" not in page
    assert "<h2>What it does not tell</h2>" in page
    assert stated.parts == ("passages",)
    for source in ("Molchanov et al. 2019", "Zhang et al. 2025", "Michel, Levy &amp; Neubig 2019"):
        assert source in page
