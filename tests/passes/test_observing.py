"""One pass: every passage once, what runs out of memory begins again in halves, nothing is kept."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from letters import letters

from atlas.errors import AtlasError
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Batch, Passage, Sample, batch, encode
from atlas.passes import observing
from atlas.passes.observing import Joint, PatternTap, Tap
from atlas.passes.running_statistics import Moments, SampledValues, Sparsity
from atlas.pinned import corpus

LENGTHS = (3, 9, 5, 9, 1, 7, 2, 8)


@pytest.fixture
def held(tmp_path: Path) -> LiveModel:
    return LiveModel.open(tiny.make(tmp_path, "llama"), "cpu")


def passages(lengths: tuple[int, ...] = LENGTHS) -> list[Passage]:
    return [
        Passage(tuple(tiny.tokens(1, length, seed=place)[0].tolist()), 1, length)
        for place, length in enumerate(lengths)
    ]


class Seen:
    """A statistic that notes which passages were counted, and with how many others."""

    def __init__(self) -> None:
        self.counted: list[tuple[int, ...]] = []
        self.tensors: list[weakref.ref[torch.Tensor]] = []

    def reduce(self, x: torch.Tensor, batch: Batch) -> tuple[int, ...]:
        self.tensors.append(weakref.ref(x))
        return batch.passages

    def add(self, reduced: tuple[int, ...]) -> None:
        self.counted.append(reduced)


class Fails(Seen):
    """Raises, as often as told, for micro-batches of more passages than it has room for."""

    def __init__(self, room: int, error: RuntimeError, times: int = 100) -> None:
        super().__init__()
        self.room, self.error, self.times = room, error, times

    def reduce(self, x: torch.Tensor, batch: Batch) -> tuple[int, ...]:
        if len(batch.passages) > self.room and self.times:
            self.times -= 1
            raise self.error
        return super().reduce(x, batch)


OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("MPS backend out of memory (MPS allocated: 18 GB)"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"),
]


def test_every_passage_once_the_longest_first(held: LiveModel) -> None:
    seen, told = Seen(), []
    observing.run(
        held,
        passages(),
        [Tap(0, "attn.q", seen)],
        lambda done, total: told.append((done, total)),
        tokens=18,
    )
    # The passage of one token has nothing to score.
    assert seen.counted == [(1, 3), (7, 5), (2, 0, 6)]
    assert told == [(2, 7), (4, 7), (7, 7)]


def test_a_passage_longer_than_the_budget_runs_alone(held: LiveModel) -> None:
    seen = Seen()
    observing.run(held, passages((9, 8)), [Tap(0, "attn.q", seen)], _unheard, tokens=1)
    assert seen.counted == [(0,), (1,)]


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_out_of_memory_halves_the_batch_and_goes_on(held: LiveModel, error: RuntimeError) -> None:
    """It runs out in the last layer, when statistics of the first have long seen the batch."""
    early, late = Seen(), Fails(2, error)
    taps = [Tap(0, "attn.q", early), Tap(2, "mlp.down", late)]
    observing.run(held, passages((8,) * 7), taps, _unheard, tokens=8 * 7)
    assert early.counted == late.counted == [(0,), (1,), (2,), (3,), (4,), (5,), (6,)]
    assert len(early.tensors) == 9  # 7, 3 and seven times 1


def test_out_of_memory_does_not_change_what_is_measured(held: LiveModel) -> None:
    def measure(*others: Tap, tokens: int) -> tuple[float, ...]:
        moments, sparsity = Moments(), Sparsity()
        taps = [Tap(1, "attn.k", moments), Tap(1, "mlp.down", sparsity, "input"), *others]
        observing.run(held, passages(), taps, _unheard, tokens=tokens)
        return moments.count, moments.rms, moments.kurtosis, moments.largest, sparsity.mean

    expected = measure(tokens=18)
    failing = Tap(2, "norm.mlp", Fails(3, OUT_OF_MEMORY[0]))
    assert measure(failing, tokens=1000) == pytest.approx(expected, rel=1e-5)


def test_one_passage_that_does_not_fit_is_an_error(held: LiveModel) -> None:
    taps = [Tap(0, "attn.q", Fails(0, OUT_OF_MEMORY[0]))]
    with pytest.raises(AtlasError, match="out of memory on cpu with a single passage of 9 tokens"):
        observing.run(held, passages(), taps, _unheard)


def test_other_errors_are_not_taken_for_it(held: LiveModel) -> None:
    taps = [Tap(0, "attn.q", Fails(0, RuntimeError("shapes cannot be multiplied")))]
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        observing.run(held, passages(), taps, _unheard)
    assert not held.layer(0).get_submodule("self_attn.q_proj")._forward_hooks


def test_what_was_counted_is_never_counted_again(held: LiveModel) -> None:
    """Memory that runs out while sums are added up ends the pass: half of them have been."""

    class Full(Seen):
        def add(self, reduced: tuple[int, ...]) -> None:
            raise OUT_OF_MEMORY[0]

    taps = [Tap(0, "attn.q", Seen()), Tap(0, "attn.k", Full())]
    with pytest.raises(torch.OutOfMemoryError):
        observing.run(held, passages(), taps, _unheard)


def test_nothing_is_kept(held: LiveModel) -> None:
    seen = Seen()
    observing.run(held, passages(), [Tap(1, "mlp.up", seen)], _unheard, tokens=20)
    assert len(seen.tensors) > 2
    assert not any(reference() is not None for reference in seen.tensors)


def test_state_does_not_grow_with_passages(held: LiveModel) -> None:
    def size(lengths: tuple[int, ...]) -> int:
        moments, sparsity = Moments(), Sparsity()
        taps = [Tap(1, "mlp.up", moments), Tap(1, "mlp.down", sparsity, "input")]
        observing.run(held, passages(lengths), taps, _unheard, tokens=20)
        held_now = [*vars(moments).values(), *vars(moments.sums).values()]
        held_now += vars(sparsity.sums).values()
        # The passages that wait for a direction are let go once there is one.
        assert not moments._pilot and not moments._waiting
        return sum(getattr(one, "nbytes", 0) for one in held_now)

    assert size((5,) * 40) == size((5,) * 80)


def test_the_pass_takes_no_gradients(held: LiveModel) -> None:
    class Graphless(Seen):
        def reduce(self, x: torch.Tensor, batch: Batch) -> tuple[int, ...]:
            assert not x.requires_grad and x.is_inference()
            return super().reduce(x, batch)

    observing.run(held, passages(), [Tap(0, "attn.o", Graphless())], _unheard)


def test_the_first_batch_follows_the_free_memory(
    held: LiveModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = {}
    for free in (10**4, 10**7, 2 * 10**7, 10**12):
        rooms = {"cuda:0": 1, "cpu": free}  # a device that holds nothing of the model
        monkeypatch.setattr(observing, "free_memory", lambda device, rooms=rooms: rooms)
        planned[free] = observing.planned_tokens(held)
    assert planned[10**4] == 1
    assert planned[2 * 10**7] == pytest.approx(2 * planned[10**7], rel=0.01)
    assert planned[10**12] == observing.MOST_TOKENS["cpu"]


def test_the_corpus_is_read_with_the_models_tokenizer(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "llama", max_position_embeddings=16)
    letters(folder, bos_token="[ONE]")
    model = LiveModel.open(folder, "cpu")
    read = observing.read(model)
    assert len(read) == 448
    assert {passage.ids[0] for passage in read} == {1}
    assert {len(passage.ids) for passage in read} == {16}
    told = observing.conditions(model, read)
    assert told["shortened"] == "448 passages end at the 16 tokens it can read"
    assert told["scored_bytes"] == sum(passage.bytes for passage in read)
    whole = encode(model.tokenizer, [one.text for one in corpus.load()], "decoder")
    assert "shortened" not in observing.conditions(model, whole)
    assert told["scored_bytes"] < sum(passage.bytes for passage in whole)


# Statistics, against plain formulas


def test_moments_against_numpy() -> None:
    x = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 9, 2])
    x[0, 0] = 1e6  # never scored
    rows = batch([Passage((1, 2, 3, 4), 1, 4), Passage((1, 2, 3), 1, 3)], [0, 1])
    moments = Moments()
    moments.add(moments.reduce(x, rows))
    every = torch.cat([x[0, 1:], x[1, 1:3]]).double().numpy()
    squares = (every**2).mean(0)
    assert moments.count == 5
    assert moments.rms == pytest.approx((every**2).mean() ** 0.5)
    assert moments.kurtosis == pytest.approx((squares**2).mean() / squares.mean() ** 2)
    assert moments.largest == pytest.approx(abs(every).max())


def test_errors_of_moments_are_those_of_the_bootstrap() -> None:
    """Of channels that differ, over passages that differ too."""
    generator, width = np.random.default_rng(0), 32
    lengths, base = generator.integers(6, 40, 80), np.exp(generator.normal(0, 0.7, width))
    each = [
        generator.normal(size=(length, width)) * base * np.exp(generator.normal(0, 0.15, width))
        for length in lengths
    ]
    rows = [Passage((1,) * (length + 1), 1, int(length) + 1) for length in lengths]
    moments = Moments()
    for place in sorted(range(80), key=lambda place: -lengths[place]):
        x = torch.zeros(1, len(rows[place].ids), width, dtype=torch.float64)
        x[0, 1:] = torch.from_numpy(each[place])
        moments.add(moments.reduce(x, batch(rows, [place])))
    squares = np.array([(x**2).sum(0) for x in each])
    draws = generator.integers(0, 80, (4000, 80))
    sums, counts = squares[draws].sum(1), lengths[draws].sum(1)
    rms = np.sqrt(sums.mean(1) / counts)
    kurtosis = (sums**2).mean(1) / sums.mean(1) ** 2
    assert moments.errors == pytest.approx((rms.std(), kurtosis.std()), rel=0.1)
    totals = squares.sum(1)
    assert moments.largest_shares[0] == pytest.approx((totals / totals.sum()).max())


@pytest.mark.parametrize(
    ("row", "expected"),
    [([3.0, 0, 0, 0], 1.0), ([2.0, -2, 2, -2], 0.0), ([1.0, 1, 0, 0], 2 - 2**0.5)],
)
def test_hoyer_sparsity_of_closed_forms(row: list[float], expected: float) -> None:
    x = torch.tensor([[[9.0, 0, 0, 0], row, [0.0] * 4]])  # an idle vector does not count
    rows = batch([Passage((1, 2, 3), 1, 3)], [0])
    sparsity = Sparsity()
    sparsity.add(sparsity.reduce(x, rows))
    assert sparsity.mean == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("statistic", [Moments(), Sparsity()])
def test_silence_has_no_shape(statistic: Any) -> None:
    rows = batch([Passage((1, 2, 3), 1, 3)], [0])
    statistic.add(statistic.reduce(torch.zeros(1, 3, 4), rows))
    if isinstance(statistic, Moments):
        assert (statistic.rms, statistic.largest) == (0.0, 0.0)
        assert statistic.kurtosis != statistic.kurtosis
    else:
        assert statistic.mean != statistic.mean


def test_a_narrow_type_is_widened_before_it_is_squared() -> None:
    x = torch.full((1, 3, 2), 6e4, dtype=torch.float16)
    rows = batch([Passage((1, 2, 3), 1, 3)], [0])
    moments, sample = Moments(), Sample([Passage((1, 2, 3), 1, 3)], 2, 9, 0)
    drawn = SampledValues(sample)
    moments.add(moments.reduce(x, rows))
    drawn.add(drawn.reduce(x, rows))
    assert moments.rms == moments.largest == drawn.median == float(x[0, 0, 0])


def _unheard(done: int, total: int) -> None:
    """Progress that nobody watches."""


# Several values at once, and patterns


class Together(Seen):
    """A joint statistic: the layer is its input and what is added."""

    def reduce(self, x: Any, batch: Batch) -> tuple[int, ...]:
        start, attn, mlp, end = x
        torch.testing.assert_close(end, start + attn + mlp)
        self.tensors += [weakref.ref(each) for each in x]
        return batch.passages


WHOLE: Any = (("layer", "input"), ("attn", "output"), ("mlp", "output"), ("layer", "output"))


def test_a_joint_sees_all_of_its_points_at_once(held: LiveModel) -> None:
    seen = [Together() for _ in range(3)]
    taps = [Joint(layer, WHOLE, each) for layer, each in enumerate(seen)]
    observing.run(held, passages(), taps, _unheard, tokens=18)
    for each in seen:
        assert each.counted == [(1, 3), (7, 5), (2, 0, 6)]
        assert len(each.tensors) == 12
        assert not any(reference() is not None for reference in each.tensors)


def test_a_joint_that_was_cut_short_begins_again(held: LiveModel) -> None:
    """Memory runs out between its points."""
    seen = Together()
    taps: list[observing.AnyTap] = [
        Joint(1, WHOLE, seen),
        Tap(1, "mlp.up", Fails(2, OUT_OF_MEMORY[0])),
    ]
    observing.run(held, passages((8,) * 7), taps, _unheard, tokens=8 * 7)
    assert seen.counted == [(0,), (1,), (2,), (3,), (4,), (5,), (6,)]


def test_patterns_go_to_every_statistic_of_their_layer(held: LiveModel) -> None:
    class Rows(Seen):
        def reduce(self, x: Any, batch: Batch) -> tuple[int, ...]:
            torch.testing.assert_close(x.weights.sum(-1), torch.ones(x.weights.shape[:3]))
            return super().reduce(x.weights, batch)

    seen = [Rows() for _ in range(3)]
    taps = [PatternTap(layer, each) for layer, each in zip((0, 2, 2), seen, strict=True)]
    observing.run(held, passages(), taps, _unheard, tokens=18)
    for each in seen:
        assert each.counted == [(1, 3), (7, 5), (2, 0, 6)]
        assert not any(reference() is not None for reference in each.tensors)
