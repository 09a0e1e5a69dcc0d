"""`attention` against the patterns that transformers returns, in float64, on every architecture."""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import kinds
import numpy as np
import pytest
import tiny
import torch
import transformers
from letters import letters
from numpy.typing import NDArray

from atlas import architectures, paths
from atlas.analyses.attention import run as attention
from atlas.analyses.attention import sound, strongest
from atlas.analyses.attention.pattern_scores import HeadScores, RepetitionScores
from atlas.entries.geometry import Geometry
from atlas.errors import AtlasError
from atlas.loaded import attention_patterns
from atlas.loaded.attention_patterns import Pattern
from atlas.loaded.live import LiveModel
from atlas.loaded.passages import Passage, batch
from atlas.measure import recording
from atlas.passes import estimates, observing
from atlas.passes.observing import PatternTap
from atlas.pinned import corpus
from atlas.pinned.choices import DEFAULT
from atlas.profiles import profile_file, statement
from atlas.profiles.profile_file import Scalar
from atlas.profiles.statement import Measured

LENGTHS = (7, 12, 3, 12, 5, 9, 6)
REPEATS = RepetitionScores.NAMES
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in architectures.by_hand()},
    "falcon with ALiBi": ("falcon", {"alibi": True, "parallel_attn": False}),
    "gemma2 with windows and a cap": (
        "gemma2",
        {"sliding_window": 4, "attn_logit_softcapping": 2.0},
    ),
    "gpt_oss with windows": ("gpt_oss", {"sliding_window": 4}),
    "mistral with windows": ("mistral", {"sliding_window": 3}),
    "gpt2 of one layer": ("gpt2", {"n_layer": 1}),
}


def passages(kind: str = "decoder", lengths: Iterable[int] = LENGTHS) -> list[Passage]:
    """Random tokens; those of an encoder end with one that is not scored."""
    rows = [tiny.tokens(1, length, seed=place)[0].tolist() for place, length in enumerate(lengths)]
    return [Passage(tuple(row), 1, len(row) - (kind == "encoder")) for row in rows]


def opened(folder: Path, variant: str = "llama", **options: Any) -> LiveModel:
    model_type, overrides = VARIANTS[variant]
    dtype = options.pop("stored", torch.float32)
    tiny.make(folder, model_type, dtype=dtype, **overrides)
    letters(folder, bos_token="[ONE]")
    return LiveModel.open(folder, "cpu", **options)


def measure(model: LiveModel, rows: list[Passage], tokens: int = 40) -> Measured:
    observer = attention.observe(model, rows)
    observing.run(model, rows, observer.taps, unheard, tokens=tokens)
    return observer.measured(unheard)


def values(measured: Measured) -> dict[str, NDArray[np.float64]]:
    return {matrix.name: matrix.values for matrix in measured.matrices}


def unheard(done: int, total: int) -> None:
    """Progress that nobody watches."""


def returned(
    model: LiveModel, rows: Iterable[Passage]
) -> list[tuple[Passage, NDArray[np.float64]]]:
    """Each passage, and what transformers says its patterns are, (layer, head, query, key)."""
    found = []
    for row in rows:
        with torch.inference_mode():
            out = model.live(input_ids=torch.tensor([row.ids]), output_attentions=True)
        heads = model.geometry.heads
        every = torch.full((model.geometry.layers, heads, *[len(row.ids)] * 2), torch.nan).double()
        held = [layer[0] for layer in out.attentions if layer is not None]
        for layer, own in zip(model.architecture.attending, held, strict=True):
            every[layer, : len(own)] = own.double()
        found.append((row, every.numpy()))
    return found


def expected(model: LiveModel, rows: list[Passage]) -> dict[str, NDArray[np.float64]]:
    """The scores by their formulas, a query at a time."""
    found: dict[str, list[NDArray[np.float64]]] = {}
    for row, every in returned(model, rows):
        for query in range(row.first, row.last):
            line = every[:, :, query]
            learned, weights = 1 - line.sum(-1), line / line.sum(-1, keepdims=True)
            keys = np.arange(len(row.ids))
            # Weights of tiny models never underflow: what is visible has some.
            visible = (weights > 0).sum(-1).clip(1)
            logs = np.log(np.where(weights > 0, weights, 1))
            scores = {
                "entropy": -(weights * logs).sum(-1) / np.log(visible),
                "sink": weights[:, :, 0],
                "distance": (weights * abs(query - keys)).sum(-1) / len(row.ids),
            }
            if model.architecture.kind == "decoder" and query > 1:  # 0 is the sink's
                scores["previous"] = weights[:, :, query - 1]
            if model.architecture.model_type == "gpt_oss":
                scores["learned_sink"] = learned
            for name, score in scores.items():
                found.setdefault(name, []).append(score)
    return {name: np.mean(several, axis=0) for name, several in found.items()}


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_against_the_patterns_that_transformers_returns(tmp_path: Path, variant: str) -> None:
    model = opened(tmp_path, variant, dtype=torch.float64)
    rows = passages(model.architecture.kind)
    # Alone: with padding, windows leave some queries without any key, and transformers' softmax in
    # float32 makes NaN of float64's lowest number.
    found = values(measure(model, rows, tokens=1))
    for name, scores in expected(model, rows).items():
        np.testing.assert_allclose(found.pop(name), scores, rtol=0, atol=1e-6, err_msg=name)
    repeats = {"duplicate", "induction"} if model.architecture.kind == "decoder" else set()
    assert set(found) == repeats


@pytest.mark.parametrize("variant", kinds.each(VARIANTS))
def test_in_float32_padded_or_not_whatever_the_batch(tmp_path: Path, variant: str) -> None:
    model = opened(tmp_path, variant)
    rows = passages(model.architecture.kind)
    alone = values(measure(model, rows, tokens=1))
    together = values(measure(model, rows[::-1], tokens=1000))
    reference = expected(opened(tmp_path / "wide", variant, dtype=torch.float64), rows)
    for name in alone:
        np.testing.assert_allclose(together[name], alone[name], rtol=0, atol=2e-5, err_msg=name)
        if name in reference:
            np.testing.assert_allclose(alone[name], reference[name], rtol=0, atol=1e-4)


@pytest.mark.parametrize("variant", kinds.each([*VARIANTS, "gpt2 in float32"]))
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_model_computes_what_it_computes_unwatched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variant: str, dtype: torch.dtype
) -> None:
    monkeypatch.setitem(VARIANTS, "gpt2 in float32", ("gpt2", {"reorder_and_upcast_attn": True}))
    model = opened(tmp_path, variant, stored=dtype)
    tokens = batch(passages(model.architecture.kind), range(len(LENGTHS)))
    seen: dict[int, tuple[int, ...]] = {}
    callbacks = {
        layer: lambda pattern, layer=layer: seen.update({layer: pattern.weights.shape})
        for layer in range(model.geometry.layers)
    }
    with torch.inference_mode():
        plain = model.trunk(tokens)
        with attention_patterns.watched(model, callbacks):
            watched = model.trunk(tokens)
        assert torch.equal(watched, plain) and torch.equal(model.trunk(tokens), plain)
    heads = {layer: count for layer, count in enumerate(model.architecture.heads) if count}
    assert seen == {layer: (7, count, 12, 12) for layer, count in heads.items()}


@pytest.mark.parametrize("variant", ["llama", "falcon"])
def test_a_model_that_runs_in_another_attention_is_itself_again(
    tmp_path: Path, variant: str
) -> None:
    eager = expected(opened(tmp_path / "eager", variant), passages())
    model = opened(tmp_path / "sdpa", variant, attention="sdpa")
    found = values(measure(model, passages()))
    for name, scores in eager.items():
        np.testing.assert_allclose(found[name], scores, rtol=0, atol=1e-4)
    live: Any = model.live
    assert live.config._attn_implementation == "sdpa" and not attention_patterns._CALLBACKS


@pytest.mark.parametrize("variant", ["llama", "gpt_oss", "gptj"])
def test_no_pattern_outlives_its_layer(tmp_path: Path, variant: str) -> None:
    model = opened(tmp_path, variant)
    alive: list[weakref.ref[torch.Tensor]] = []

    class Notes:
        def reduce(self, pattern: Pattern, batch: Any) -> None:
            assert not [one for one in alive if one() is not None]
            alive.append(weakref.ref(pattern.weights))

        def add(self, reduced: None) -> None:
            """Nothing."""

    taps = [PatternTap(layer, Notes()) for layer in range(model.geometry.layers)]
    observing.run(model, passages(), taps, unheard)
    assert len(alive) == 3 and not [one for one in alive if one() is not None]


@pytest.mark.parametrize(
    ("variant", "visible"),
    [
        ("llama", [1, 2, 3, 4, 5, 6]),
        ("mistral with windows", [1, 2, 3, 3, 3, 3]),
        ("falcon with ALiBi", [1, 2, 3, 4, 5, 6]),
        ("bert", [6, 6, 6, 6, 6, 6]),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_what_queries_may_see(
    tmp_path: Path, variant: str, visible: list[int], dtype: torch.dtype
) -> None:
    model = opened(tmp_path, variant, stored=dtype, dtype=dtype)
    seen: list[Pattern] = []
    rows = batch(passages(lengths=(6, 9)), [0, 1])
    with torch.inference_mode(), attention_patterns.watched(model, {1: seen.append}):
        model.trunk(rows)
    assert seen[0].visible[0, :6].tolist() == visible


# Known answers


def uniform(folder: Path, model_type: str) -> LiveModel:
    """Every query is zero: attention is spread evenly over what can be seen."""
    live = tiny.build(model_type)
    for name, parameter in live.named_parameters():
        if any(part in name for part in ("q_proj", "c_attn", "self.query", "norm.q")):
            parameter.data.zero_()
    live.save_pretrained(folder)
    letters(folder, bos_token="[ONE]")
    return LiveModel.open(folder, "cpu")


@pytest.mark.parametrize("model_type", ["llama", "gpt2"])
def test_even_attention_of_a_decoder(tmp_path: Path, model_type: str) -> None:
    found = values(measure(uniform(tmp_path, model_type), passages(lengths=(9, 5))))
    queries = [(q, n) for n in (9, 5) for q in range(1, n)]
    expect = {
        "entropy": 1.0,
        "sink": np.mean([1 / (q + 1) for q, _ in queries]),
        "previous": np.mean([1 / (q + 1) for q, _ in queries if q > 1]),
        "distance": np.mean([q / 2 / n for q, n in queries]),
        "induction": np.mean([1 / (q + 1) for q in range(51, 101)]),
    }
    for name, value in expect.items():
        np.testing.assert_allclose(found[name], np.full((3, 4), value), rtol=1e-5, err_msg=name)


def test_even_attention_of_an_encoder(tmp_path: Path) -> None:
    rows = passages("encoder", (9, 5))
    found = values(measure(uniform(tmp_path, "bert"), rows))
    away = [abs(q - np.arange(n)).mean() / n for n in (9, 5) for q in range(1, n - 1)]
    expect = {"entropy": 1.0, "sink": (7 / 9 + 3 / 5) / 10, "distance": np.mean(away)}
    assert set(found) == set(expect)
    for name, value in expect.items():
        np.testing.assert_allclose(found[name], np.full((3, 4), value), rtol=1e-5, err_msg=name)


VOCABULARY, POSITIONS = 61, 128


def hand_built(folder: Path, *, twins: bool = False) -> LiveModel:
    """A GPT-2 of two layers whose stream has a place for the token, the position and the token
    before. Head 0.0 looks at the previous position and copies its token, 1.0 at where the token
    before is the present one (the induction pair), 0.1 at every copy of the present token.
    `twins`: 1.1 is 1.0 once more."""
    width = 2 * POSITIONS  # a head asks for a position, and the stream has room for its places
    token, position = slice(0, VOCABULARY), slice(VOCABULARY, VOCABULARY + POSITIONS)
    before = slice(VOCABULARY + POSITIONS, VOCABULARY + POSITIONS + VOCABULARY)
    live = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=VOCABULARY,
            n_positions=POSITIONS,
            n_embd=width,
            n_layer=2,
            n_head=2,
            bos_token_id=1,
            eos_token_id=1,
        )
    )
    for name, parameter in live.named_parameters():
        if not (("ln_" in name) and name.endswith("weight")):
            parameter.data.zero_()
    body = live.transformer
    body.wte.weight.data[:, token] = torch.eye(VOCABULARY)
    body.wpe.weight.data[:, position] = torch.eye(POSITIONS)
    head, words, places = width // 2, torch.eye(VOCABULARY), torch.eye(POSITIONS - 1)

    def attend(layer: int, number: int, query: slice, key: slice) -> None:
        """c_attn is (in, out): queries of all heads, then keys, then values."""
        at = head * number
        fused = body.h[layer].attn.c_attn.weight.data
        if query is position:  # position q asks for what position q - 1 offers
            fused[query.start + 1 : query.stop, at : at + POSITIONS - 1] = 30 * places
            fused[key.start : key.stop - 1, width + at : width + at + POSITIONS - 1] = places
            return
        fused[query, at : at + VOCABULARY] = 30 * words
        fused[key, width + at : width + at + VOCABULARY] = words

    attend(0, 0, position, position)
    attend(0, 1, token, token)
    attend(1, 0, token, before)
    if twins:
        attend(1, 1, token, before)
    body.h[0].attn.c_attn.weight.data[token, 2 * width : 2 * width + VOCABULARY] = words
    body.h[0].attn.c_proj.weight.data[:VOCABULARY, before] = words
    live.save_pretrained(folder)
    letters(folder, bos_token="[ONE]")
    return LiveModel.open(folder, "cpu")


def different(model: LiveModel, n: int, sequences: int, seed: int) -> tuple[Passage, ...]:
    """No token twice in a segment: then there is one place to continue from."""
    generator = torch.Generator().manual_seed(seed)
    rows = [2 + torch.randperm(VOCABULARY - 2, generator=generator)[:n] for _ in range(16)]
    return tuple(
        Passage((1, *row.tolist(), *row.tolist()), 1, 1 + 2 * n) for row in rows[:sequences]
    )


def test_heads_built_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "repeated", different)
    measured = measure(hand_built(tmp_path), passages(lengths=(30, 90, 128)))
    found = values(measured)
    assert found["previous"][0, 0] == pytest.approx(1.0, abs=1e-6)
    assert found["entropy"][0, 0] == pytest.approx(0.0, abs=1e-5)
    assert found["induction"][1, 0] == pytest.approx(1.0, abs=1e-6)
    # The copy, and itself: two scores of hundreds, equal but for rounding.
    assert found["duplicate"][0, 1] == pytest.approx(0.5, abs=1e-5)
    assert found["induction"][0].max() < 0.1 and found["previous"][1].max() < 0.2
    assert measured.facts["strongest_induction_head"] == "1.0"
    assert measured.facts["strongest_induction"] == found["induction"][1, 0]


@pytest.mark.parametrize("name", ["llama", "gpt_neox", "phi"])
def test_the_reference_models_show_their_induction_heads(name: str) -> None:
    folder = paths.zoo_folder(name)
    card = json.loads((folder / "card.json").read_text())["figures"]["induction_head"]
    model = LiveModel.open(folder, "cpu")
    rows = attention.repeated(model, 50, 16, 0)
    held = attention.observe(model, []).repeats(rows, unheard)
    scores = np.stack([layer.mean("induction") for layer in held])
    layer, head = np.unravel_index(scores.argmax(), scores.shape)
    assert (layer, head) == (card["layer"], card["head"])
    assert scores[layer, head] == pytest.approx(card["score"], abs=0.03)  # other random tokens


def test_a_head_by_all_its_copies(tmp_path: Path) -> None:
    """A token that stands twice in a segment has three earlier copies in the second."""
    model = opened(tmp_path, "gpt2", dtype=torch.float64)
    (row,) = [Passage((1, *(5, 6, 5, 7) * 2), 1, 9)]
    statistic = RepetitionScores(1, 4)
    observing.run(model, [row], [PatternTap(1, statistic)], unheard)
    [(_, every)] = returned(model, [row])
    ids = np.array(row.ids)
    lines = [(query, every[1, :, query]) for query in range(5, 9)]
    copies = [line[:, :query][:, ids[:query] == ids[query]].sum(-1) for query, line in lines]
    np.testing.assert_allclose(statistic.mean("duplicate"), np.mean(copies, 0), atol=1e-9)
    followed = [line[:, query - 3] for query, line in lines]
    np.testing.assert_allclose(statistic.mean("induction"), np.mean(followed, 0), atol=1e-9)


def test_two_heads_that_are_alike_are_both_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "repeated", different)
    facts = measure(hand_built(tmp_path, twins=True), passages(lengths=(30, 90))).facts
    assert facts["strongest_induction_head"] == "1.0, 1.1"
    assert facts["strongest_duplicate_head"] == "0.1"
    assert facts["strongest_previous_head"] == "0.0"


@pytest.mark.parametrize("variant", ["llama", "gpt2", "gpt2 of one layer"])
def test_a_model_of_random_weights_has_no_strongest_head(tmp_path: Path, variant: str) -> None:
    facts = measure(opened(tmp_path, variant), passages(lengths=(60, 90, 100, 70))).facts
    names = [f"strongest_{name}" for name in ("previous", "duplicate", "induction")]
    assert {name: facts.get(name) for name in names} == dict.fromkeys(names, strongest.NONE)
    assert not [key for key in facts if key.endswith("_head")]


def test_who_leads_is_told_by_paired_differences() -> None:
    """Passages differ by far more than heads do: of a pair that moves together one surely leads."""
    generator = np.random.default_rng(0)
    common = generator.uniform(0.2, 0.8, 16)
    heads = [common, common - 0.01 + generator.normal(0, 0.001, 16)]
    apart = generator.normal(0, 0.05, 16)
    heads += [common - 0.01 + apart - apart.mean(), np.full(16, 0.02)]
    totals = 50 * np.array(heads)[None]
    sizes = np.full((1, 4, 16), 50.0)
    score, chance = np.array(heads).mean(1)[None], np.array([0.0133])
    found = strongest.facts("induction", score, totals, sizes, chance)
    assert found["strongest_induction_head"] == "0.0, 0.2"
    assert found["strongest_induction"] == pytest.approx(common.mean())
    weak = strongest.facts("induction", score[:, 3:], totals[:, 3:], sizes[:, 3:], chance)
    assert weak == {"strongest_induction": strongest.NONE}
    none = np.nan * score
    assert strongest.facts("induction", none, 0 * totals, 0 * sizes, np.nan * chance) == {}


# How sure it is


MANY = tuple(np.random.default_rng(3).integers(6, 40, 60).tolist())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_errors_are_those_of_the_bootstrap_over_passages(
    tmp_path: Path, dtype: torch.dtype
) -> None:
    rows = passages(lengths=MANY)
    measured = measure(opened(tmp_path, "gpt_oss", stored=dtype), rows, tokens=200)
    wide = opened(tmp_path / "wide", "gpt_oss", stored=dtype, dtype=torch.float64)
    alone = [expected(wide, [row]) for row in rows]
    generator = np.random.default_rng(0)
    draws = generator.integers(0, len(rows), (2000, len(rows)))
    for matrix in measured.matrices:
        if matrix.name not in alone[0]:
            continue
        counts = np.array([row.scored for row in rows], dtype=np.float64)
        counts -= matrix.name == "previous"
        totals = np.stack([one[matrix.name] for one in alone], -1) * counts
        close = 1e-3 if dtype == torch.float32 else 0.1
        error, share = estimates.ratio_error(totals, counts), estimates.largest_share(totals)
        assert matrix.spread is not None and matrix.largest_share is not None
        np.testing.assert_allclose(matrix.spread, error, rtol=close, err_msg=matrix.name)
        np.testing.assert_allclose(matrix.largest_share, share, rtol=close, err_msg=matrix.name)
        again = totals[..., draws].sum(-1) / counts[draws].sum(-1)
        np.testing.assert_allclose(error, again.std(-1), rtol=0.1, err_msg=matrix.name)


def test_errors_of_repeated_sequences_are_those_of_a_mean(tmp_path: Path) -> None:
    model = opened(tmp_path, "gpt2", dtype=torch.float64)
    rows = attention.repeated(model, 50, 16, 0)
    matrices = {one.name: one for one in measure(model, passages()).matrices}
    second = np.arange(rows[0].first + 50, rows[0].last)
    followed = [every[:, :, second, second - 49].mean(-1) for _, every in returned(model, rows)]
    expect = np.std(followed, axis=0, ddof=1) / 4
    np.testing.assert_allclose(matrices["induction"].values, np.mean(followed, 0), atol=1e-6)
    spread = matrices["induction"].spread
    assert spread is not None
    np.testing.assert_allclose(spread, expect, rtol=1e-4)


def test_the_chance_of_even_attention(tmp_path: Path) -> None:
    """A head that attends evenly has just what is called chance, and none is the strongest."""
    model, rows = uniform(tmp_path, "llama"), passages(lengths=(30, 12, 20))
    observer = attention.observe(model, rows)
    observing.run(model, rows, observer.taps, unheard)
    repeats = observer.repeats(attention.repeated(model, 50, 16, 0), unheard)
    scores: list[tuple[Sequence[HeadScores], str]] = [(observer.scores, "previous")]
    for held, name in [*scores, *((repeats, name) for name in REPEATS)]:
        for layer in held:
            _, _, chance = layer.compared(name)
            np.testing.assert_allclose(layer.mean(name), chance, rtol=1e-5)
    facts = measure(model, rows).facts
    assert {facts[f"strongest_{name}"] for name in ("previous", *REPEATS)} == {strongest.NONE}


def test_the_second_position_is_the_sinks(tmp_path: Path) -> None:
    """Without BOS, and where the first word is one token, the previous token of the second is the
    first position: a head at rest would look like one that looks back."""
    model = opened(tmp_path, "gpt2", dtype=torch.float64)
    row = passages(lengths=(12,))[0]
    later = Passage(row.ids, 2, row.last)
    found = [values(measure(model, [one]))["previous"] for one in (row, later)]
    np.testing.assert_allclose(found[0], found[1], atol=1e-12)


# Windows


@pytest.mark.parametrize("window", [3, 49, 50, 51, 200])
def test_a_window_that_is_too_short_has_no_score(tmp_path: Path, window: int) -> None:
    """Induction asks for what lies 49 positions back, the copy 50."""
    tiny.make(tmp_path, "mistral", sliding_window=window)
    letters(tmp_path, bos_token="[ONE]")
    measured = measure(LiveModel.open(tmp_path, "cpu"), passages())
    matrices = {one.name: one for one in measured.matrices}
    for name, least in (("induction", 50), ("duplicate", 51)):
        gone = np.isnan(matrices[name].values)
        assert gone.all() if window < least else not gone.any()
        assert (matrices[name].is_undefined == gone).all()
        assert (f"strongest_{name}" in measured.facts) == (window >= least)


def test_layers_without_a_window_keep_their_scores(tmp_path: Path) -> None:
    found = values(measure(opened(tmp_path, "gpt_oss with windows"), passages()))
    for name in REPEATS:
        gone = np.isnan(found[name])
        assert gone.any() and not gone.all()
        assert (gone.all(1) == gone.any(1)).all()


# What must agree


def test_a_fact_that_names_other_heads_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "repeated", different)
    measured = measure(hand_built(tmp_path, twins=True), passages(lengths=(30, 90)))
    pin = profile_file.Pin("tiny", "zoo:tiny", None, "sha256:0", None)
    made = recording.profile(pin, "attention", measured, 1.0, DEFAULT)
    assert list(sound.problems(made)) == []
    wrongs: dict[str, Scalar] = {
        "strongest_induction": 0.5,
        "strongest_induction_head": "0.0",
        "strongest_previous_head": "9.9",
    }
    for key, value in wrongs.items():
        wrong = replace(made, facts={**made.facts, key: value})
        assert len(list(sound.problems(wrong))) == 1


# The repeated sequences


@pytest.mark.parametrize("bos", ["[ONE]", None])
def test_repeated_sequences(tmp_path: Path, bos: str | None) -> None:
    folder = tiny.make(tmp_path, "gpt2", vocab_size=40)
    letters(folder, pad_token="[PAD]", **({} if bos is None else {"bos_token": bos}))
    model = LiveModel.open(folder, "cpu")
    rows = attention.repeated(model, 50, 16, 0)
    start = int(bos is not None)
    assert len(rows) == 16 and len({row.ids for row in rows}) == 16
    assert {row.ids[:start] for row in rows} == {(1,) * start}
    for row in rows:
        assert row.ids[start : start + 50] == row.ids[start + 50 :]
        assert (row.first, row.last) == (start, start + 100)
    drawn = {token for row in rows for token in row.ids[start:]}
    special = {0, 3} | ({1} if bos else set())  # [PAD], [UNK]; 31 and more are no tokens
    assert drawn == set(range(31)) - special
    assert attention.repeated(model, 50, 16, 0) == rows != attention.repeated(model, 50, 16, 1)


# What is published


def test_the_matrices(tmp_path: Path) -> None:
    rows = passages()
    measured = measure(opened(tmp_path, "gpt_oss"), rows)
    names = [matrix.name for matrix in measured.matrices]
    assert names == list(attention.SCORES)
    tokens = sum(row.scored for row in rows)
    for matrix in measured.matrices:
        assert matrix.axes == ("layer", "head") and matrix.range == (0, 1)
        assert matrix.rows == ("0", "1", "2") and matrix.columns == ("0", "1", "2", "3")
        # The query at the second position looks back at the first, and is not one of `previous`.
        counts = {"duplicate": 800, "induction": 800, "previous": tokens - len(rows)}
        assert matrix.n == counts.get(matrix.name, tokens)
        for array in (matrix.spread, matrix.largest_share):
            assert array is not None and np.isfinite(array).all()
        assert not np.isnan(matrix.values).any()
    assert measured.conditions == {
        "corpus": corpus.told(DEFAULT),
        "passages": len(rows),
        "tokens": tokens,
        "scored_bytes": 0,
        "dtype": "float32",
        "device": "cpu",
        "attention": "eager",
    }


def test_without_attention_in_any_layer_it_is_an_error(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path, "lfm2", layer_types=["conv"] * 3)
    with pytest.raises(AtlasError, match="no layer of this model has attention, so that it has no"):
        attention.observe(LiveModel.open(folder, "cpu"), [])


def test_attention_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    live = tiny.build("llama")
    live.model.layers[1].self_attn.q_proj.weight.data[0, 0] = torch.nan
    live.save_pretrained(tmp_path)
    letters(tmp_path)
    with pytest.raises(AtlasError, match=r"layer 1: attention is not a number"):
        measure(LiveModel.open(tmp_path, "cpu"), passages())


def test_cost_is_that_of_the_known_shapes() -> None:
    gpt2 = Geometry(12, 12, 12, 768, 64, 3072, 50257, parameters=124_439_808)
    operations, peak = statement.cost("attention", gpt2)
    assert operations == pytest.approx(5.4e4 * 2 * 85e6, rel=0.06)
    assert peak == pytest.approx(0.25e9 + 1.2e9, rel=0.1)


@pytest.mark.parametrize(("variant", "key"), [("gpt2", "n_positions"), ("llama", None)])
def test_repeats_that_a_model_cannot_read_have_no_score(
    variant: str, key: str | None, tmp_path: Path
) -> None:
    """Whether its positions are learned, which would end in an index error, or rotary."""
    overrides: dict[str, Any] = {key or "max_position_embeddings": 64}
    tiny.make(tmp_path, variant, **overrides)
    letters(tmp_path, bos_token="[ONE]")
    model = LiveModel.open(tmp_path, "cpu")
    measured = measure(model, passages())
    for matrix in measured.matrices:
        absent = matrix.name in ("duplicate", "induction")
        assert np.isnan(matrix.values).all() == absent
        assert len(matrix.undefined) == absent * matrix.values.size
    assert not [fact for fact in measured.facts if "duplicate" in fact or "induction" in fact]
    pin = profile_file.Pin("tiny", "zoo:tiny", None, "sha256:0", None)
    assert list(sound.problems(recording.profile(pin, "attention", measured, 1.0, DEFAULT))) == []
